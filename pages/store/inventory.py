"""Inventory, or Products: every product the reader may see, found by title or SKU, type and stock.

Admins see the stock of each, what is promised to orders and what runs low, and add products; practitioners and
clients see what is on sale, its price and whether it is in stock. A row opens the product.
"""

import streamlit as st

from avenrae.enums import ProductType
from avenrae.permissions import Permission
from avenrae.queries.products import (
    OnSale,
    ProductRow,
    StockLevel,
    count_products,
    list_products,
    product_filters,
)
from avenrae.ui.actions import actor, opener
from avenrae.ui.format import show_money, words
from avenrae.ui.lists import choice, search_box, show_list
from avenrae.ui.navigation import title_of
from avenrae.ui.product_form import product_form
from avenrae.ui.records import Cell, Column

LEVELS = {StockLevel.LOW: "Running low", StockLevel.OUT: "Out of stock", StockLevel.IN: "In stock"}
SALE = {OnSale.YES: "On sale", OnSale.NO: "Withdrawn"}

who = actor()
keeps_stock = who.may(Permission.STOCK_CHANGE)


def _available(product: ProductRow) -> Cell:
    if not product.available:
        return Cell("0", tone="red")
    return Cell(_number(product.available), tone="amber" if product.is_low else "")


def _number(n: int | None) -> str:
    return f"{n or 0:,}".replace(",", "\u00a0")


def _columns() -> list[Column[ProductRow]]:
    columns: list[Column[ProductRow]] = [
        Column("Product", lambda p: Cell(p.title, sub=p.sku), key="title", primary=True),
        Column("Type", lambda p: Cell(words(p.product_type), sub=p.category)),
        Column("Price", lambda p: show_money(p.price_minor, p.currency), key="price", align="right"),
    ]
    if not keeps_stock:
        shown = Column[ProductRow](
            "Stock", lambda p: Cell("In stock", tone="green") if p.in_stock else Cell("Out of stock", tone="grey")
        )
        return [*columns, shown]
    return [
        *columns,
        Column("On hand", lambda p: _number(p.on_hand), align="right"),
        Column("Promised", lambda p: _number(p.allocated), align="right"),
        Column("Available", _available, align="right"),
        Column("Reorder at", lambda p: _number(p.reorder_level), align="right"),
        Column("Sale", lambda p: Cell("On sale", tone="green") if p.is_active else Cell("Withdrawn", tone="grey")),
    ]


@st.dialog("New product", width="large")
def _new_product() -> None:
    st.caption("It is on sale at once, with nothing in stock; receive its first pieces on its page.")
    if product_form():
        st.rerun()


head = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
head.title(title_of("store/inventory", who))
if who.may(Permission.PRODUCT_EDIT):
    with head:
        opener("New product", _new_product, icon=":material/add:", primary=True)

row = st.columns([3, 2, 2, 2] if keeps_stock else [3, 2, 2])
with row[0]:
    search = search_box("Title or SKU")
with row[1]:
    kind = choice("Type", ProductType, key="type", every="Every type")
with row[2]:
    levels = [level for level in LEVELS if keeps_stock or level is not StockLevel.LOW]
    stock = choice("Stock", levels, key="stock", every="Any stock", name=lambda v: LEVELS[StockLevel(v)])
active = ""
if keeps_stock:
    with row[3]:
        active = choice("Sale", OnSale, key="active", every="On sale or not", name=lambda v: SALE[OnSale(v)])

params = {"q": search, "type": kind, "stock": stock, "active": active}
show_list(
    noun="product",
    filters=product_filters(params, who.time_zone),
    params=params,
    count=count_products,
    rows=list_products,
    columns=_columns(),
    opens="store/product",
    sort="title",
    export="products",
)
