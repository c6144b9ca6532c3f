"""One product: what it is, its stock and the ledger behind it, and its history.

Admins receive, adjust and count its stock, read every movement with the balance after it, and change what is said
about it; practitioners and clients see its price and whether it is in stock.
"""

from typing import Any
from urllib.parse import quote

import streamlit as st

from avenrae.enums import MovementReason
from avenrae.errors import InvalidInput
from avenrae.permissions import Permission
from avenrae.queries.listing import COUNT_LIMIT, key_of
from avenrae.queries.products import MovementRow, count_movements, get_product, list_movements
from avenrae.services.products import ADJUSTMENTS, MOST_PIECES, adjust_stock, count_stock, receive_stock
from avenrae.ui.actions import Form, actor, load
from avenrae.ui.details import fact, no_record_chosen
from avenrae.ui.format import count, day, plain_text, show_money, when, words
from avenrae.ui.history import show_history
from avenrae.ui.lists import asked_page, follow, link, turn_pages
from avenrae.ui.navigation import title_of
from avenrae.ui.product_form import product_form
from avenrae.ui.records import Cell, Column, records

REASONS = {
    MovementReason.ADJUSTED: "The books were wrong",
    MovementReason.DAMAGED: "Damaged or lost",
    MovementReason.RETURNED: "Came back without an order",
}

who = actor()
inventory = title_of("store/inventory", who)
product = load(get_product, key_of(st.query_params.get("id")) or no_record_chosen("store/inventory", inventory))
keeps_stock = who.may(Permission.STOCK_CHANGE)


def main() -> None:
    """Draw the page."""
    link("store/inventory", inventory, icon=":material/arrow_back:")
    st.title(plain_text(product.title))
    st.markdown(f"{words(product.product_type)} · {plain_text(product.sku)} {_badges()}")
    if not keeps_stock:
        _facts()
        return
    on_hand, promised, available = st.columns(3)
    on_hand.metric("On hand", _number(product.on_hand), border=True)
    promised.metric(
        "Promised to orders", _number(product.allocated), border=True, help="Ordered, and not sent or cancelled yet."
    )
    available.metric("Available", _number(product.available), border=True, help="On hand less promised.")
    tabs = ["Stock", "Movements"] + ["Edit"] * who.may(Permission.PRODUCT_EDIT) + ["History"]
    drawn = dict(zip(tabs, st.tabs(tabs), strict=True))
    with drawn["Stock"]:
        left, right = st.columns([2, 3])
        with left:
            _facts()
        with right:
            _changes()
    with drawn["Movements"]:
        _movements()
    if "Edit" in drawn:
        with drawn["Edit"]:
            product_form(product)
    with drawn["History"]:
        show_history("products", product.id, product.currency)


def _badges() -> str:
    stock = ":green-badge[In stock]" if product.in_stock else ":red-badge[Out of stock]"
    low = " :orange-badge[Running low]" if product.is_low and product.in_stock else ""
    return f"{stock}{low}{'' if product.is_active else ' :gray-badge[Withdrawn]'}"


def _number(n: int | None) -> str:
    return f"{n or 0:,}".replace(",", "\u00a0")


def _facts() -> None:
    with st.container(border=True):
        fact("Price", show_money(product.price_minor, product.currency))
        fact("Category", product.category)
        fact("Description", product.description)
        if keeps_stock:
            fact("Reorder at", count(product.reorder_level or 0, "piece"))
            fact("Added", day(product.created_at, who.time_zone))
        if who.may(Permission.ORDER_VIEW):
            link("store/orders", "Orders with this product", icon=":material/shopping_bag:", product=str(product.id))


def _changes() -> None:
    """Draw the three ways in which stock changes by hand; each writes one line of the ledger."""
    receive, adjust, shelf = st.tabs(["Receive", "Adjust", "Count"])
    with receive, Form(f"receive-{product.id}") as form:
        _number_of(form, "Pieces received", minimum=1)
        st.text_input("Delivery note or purchase order", key=form.key("reference"), max_chars=100)
        st.text_input("Note", key=form.key("note"), max_chars=500)
        form.submit(
            "Receive",
            receive_stock,
            lambda p: f"Received. {_number(p.on_hand)} on hand.",
            product.id,
            quantity=form.field("pieces", _entered),
            reference=form.field("reference"),
            note=form.field("note"),
        )
    with adjust, Form(f"adjust-{product.id}") as form:
        st.selectbox("Why", ADJUSTMENTS, format_func=lambda reason: REASONS[reason], key=form.key("reason"))
        _number_of(form, "Change (a minus takes away)", minimum=-MOST_PIECES)
        st.text_input("What happened", key=form.key("note"), max_chars=500)
        form.submit(
            "Adjust",
            adjust_stock,
            lambda p: f"Adjusted. {_number(p.on_hand)} on hand.",
            product.id,
            delta=form.field("pieces", _entered),
            reason=form.field("reason"),
            note=form.field("note"),
        )
    with shelf, Form(f"count-{product.id}") as form:
        st.caption("Everything on the shelf counts, what is promised to orders too. The books are set to it.")
        _number_of(form, "Pieces counted", minimum=0)
        st.text_input("Note", key=form.key("note"), max_chars=500)
        form.submit(
            "Save count",
            count_stock,
            lambda p: f"Counted. {_number(p.on_hand)} on hand.",
            product.id,
            counted=form.field("pieces", _entered),
            note=form.field("note"),
        )


def _number_of(form: Form, label: str, *, minimum: int) -> None:
    st.number_input(label, min_value=minimum, max_value=MOST_PIECES, value=None, step=1, key=form.key("pieces"))


def _entered(typed: Any) -> int:
    if typed is None:
        raise InvalidInput(f"Enter a number, at most {_number(MOST_PIECES)}.")
    return int(typed)


def _movements() -> None:
    total, asked = load(count_movements, product.id), asked_page()
    st.caption(count(total, "movement", limit=COUNT_LIMIT))
    table = st.container()
    found = load(list_movements, product.id, page=asked)
    found = turn_pages(total, asked, found, lambda number: load(list_movements, product.id, page=number))
    columns: list[Column[MovementRow]] = [
        Column("When", lambda m: when(m.occurred_at, who.time_zone), wrap=False),
        Column("Why", lambda m: Cell(words(m.reason), sub=m.note)),
        Column("Reference", _reference),
        Column("Change", lambda m: f"{'+' if m.delta > 0 else '−' if m.delta else ''}{abs(m.delta)}", align="right"),
        Column("On hand after", lambda m: _number(m.balance), align="right"),
    ]
    with table:
        records(
            found,
            columns,
            label="movements",
            key="movements",
            row_id=lambda m: str(m.id),
            on_follow=follow,
            empty="Nothing has moved yet. Receive the first pieces on the Stock tab.",
        )


def _reference(movement: MovementRow) -> Cell:
    of_order = movement.reason in (MovementReason.SOLD, MovementReason.RETURNED) and movement.reference
    return Cell(movement.reference, href=f"/orders?q={quote(movement.reference)}" if of_order else "")


main()
