"""The form in which an admin adds a product or changes one."""

from typing import Any

import streamlit as st

from avenrae import money
from avenrae.enums import ProductType
from avenrae.queries.products import ProductDetail
from avenrae.services.products import MOST_PIECES, add_product, edit_product
from avenrae.settings import settings
from avenrae.ui.actions import Form
from avenrae.ui.format import words

_AS_TYPED = ("sku", "title", "product_type", "category", "description", "reorder_level")


def product_form(product: ProductDetail | None = None) -> bool:
    """Draw the form, over a product or for a new one; returns whether it was just saved."""
    currency = product.currency if product else settings().currency
    kinds = list(ProductType)
    seen = {name: getattr(product, name) for name in (*_AS_TYPED, "price_minor", "is_active")} if product else None
    with Form(f"product-{product.id if product else 'new'}", border=product is not None, of=seen) as form:
        left, right = st.columns(2)
        left.text_input("Title", value=product.title if product else "", key=form.key("title"), max_chars=200)
        right.text_input("SKU", value=product.sku if product else "", key=form.key("sku"), max_chars=64)
        left.selectbox(
            "Type",
            kinds,
            index=kinds.index(product.product_type) if product else 0,
            format_func=words,
            key=form.key("product_type"),
        )
        right.text_input("Category", value=product.category if product else "", key=form.key("category"), max_chars=100)
        left.text_input(
            f"Price ({currency})",
            value=money.plain(product.price_minor, currency) if product else "",
            key=form.key("price"),
            max_chars=20,
            placeholder="149.90",
        )
        right.number_input(
            "Reorder level",
            min_value=0,
            max_value=MOST_PIECES,
            value=(product.reorder_level or 0) if product else 0,
            step=1,
            key=form.key("reorder_level"),
            help="The product is listed as running low when no more than this can be sold.",
        )
        st.text_area(
            "Description",
            value=product.description if product else "",
            key=form.key("description"),
            height=120,
            max_chars=5000,
        )
        fields: dict[str, Any] = {name: form.field(name) for name in _AS_TYPED}
        price = form.field("price", lambda typed: money.parse(typed, currency))
        if product is None:
            return form.submit("Add product", add_product, "Product added.", price_minor=price, **fields)
        st.toggle(
            "On sale",
            value=product.is_active,
            key=form.key("is_active"),
            help="Orders that exist keep a product that is withdrawn.",
        )
        return form.submit(
            "Save product",
            edit_product,
            "Product saved.",
            product.id,
            price_minor=price,
            is_active=form.field("is_active"),
            seen=seen,
            **fields,
        )
