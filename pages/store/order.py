"""One order: its lines and totals, its client and its money, what can be done with it now, and its history.

Support fulfils, cancels and refunds up to its limit; admins also record payments; a client sees his own. What an
action does to the stock and to the client's money is said before the click.
"""

import streamlit as st

from avenrae.enums import OrderKind
from avenrae.permissions import Permission
from avenrae.queries.listing import key_of
from avenrae.queries.orders import OrderLine, Payment, get_order
from avenrae.ui.actions import actor, load
from avenrae.ui.details import fact, no_record_chosen
from avenrae.ui.format import badge, plain_text, show_money, status_word, when, words
from avenrae.ui.history import show_history
from avenrae.ui.lists import follow, link
from avenrae.ui.order_actions import order_actions
from avenrae.ui.records import Cell, Column, records

who = actor()
order = load(get_order, key_of(st.query_params.get("id")) or no_record_chosen("store/orders", "Orders"))


def main() -> None:
    """Draw the page."""
    link("store/orders", "Orders", icon=":material/arrow_back:")
    st.title(plain_text(order.reference))
    note = f" :violet-badge[{words(order.kind)}]" if order.kind == OrderKind.CREDIT_NOTE else ""
    payment = "" if words(order.payment_status) == words(order.status) else f" {status_word(order.payment_status)}"
    st.markdown(f"{status_word(order.status)}{payment}{note}")
    order_actions(order)
    content, payments, history = st.tabs(["Order", "Payments", "History"])
    with content:
        _lines()
        _facts()
    with payments:
        _payments()
    with history:
        show_history("orders", order.id, order.currency)


def _show(minor: int) -> str:
    return show_money(minor, order.currency)


def _lines() -> None:
    def product(line: OrderLine) -> Cell:
        href = f"/product?id={line.product_id}" if who.may(Permission.PRODUCT_VIEW) else ""
        return Cell(line.title, sub=line.sku, href=href)

    columns: list[Column[OrderLine]] = [
        Column("Product", product),
        Column("Quantity", lambda line: f"{line.quantity:,}".replace(",", "\u00a0"), align="right"),
        Column("Price", lambda line: _show(line.unit_price_minor), align="right"),
        Column("Sum", lambda line: _show(line.line_total_minor), align="right"),
    ]
    records(
        order.lines,
        columns,
        label="lines",
        key="lines",
        row_id=lambda line: str(line.product_id),
        on_follow=follow,
        empty="This order has no lines.",
    )


def _facts() -> None:
    left, right = st.columns(2)
    with left.container(border=True):
        if who.is_staff:
            fact("Client", order.client_name or "Not known in the books that were imported")
        if who.is_staff and order.client_id:
            fact("Reach the client", " · ".join(filter(None, (order.client_email, order.client_phone))))
            link("support/client", "The whole client", icon=":material/person_search:", id=str(order.client_id))
            link("office/told", "Who was told?", icon=":material/contact_support:", record=order.reference)
        fact("Country", order.country or "")
        fact("Placed", when(order.placed_at, who.time_zone))
        fact("Paid", when(order.paid_at, who.time_zone))
        fact("Fulfilled", when(order.fulfilled_at, who.time_zone))
        if order.cancelled_at:
            fact("Cancelled", when(order.cancelled_at, who.time_zone))
            fact("Reason", order.cancellation_reason or "")
        if order.notes:
            fact("Notes", order.notes)
    with right.container(border=True):
        fact("Products", _show(order.items_minor))
        fact("Shipping", _show(order.shipping_minor))
        if order.discount_minor:
            fact("Discount", _show(-order.discount_minor))
        fact("Total", _show(order.total_minor))
        if order.refunded_minor:
            fact("Given back", _show(order.refunded_minor))
            fact("Kept", _show(order.kept_minor))


def _payments() -> None:
    columns: list[Column[Payment]] = [
        Column("When", lambda p: when(p.occurred_at, who.time_zone), wrap=False),
        Column("What", lambda p: Cell(words(p.kind), sub=p.reason)),
        Column("How", lambda p: words(p.provider)),
        Column("Status", lambda p: badge(p.status)),
        Column("Amount", lambda p: show_money(p.amount_minor, p.currency), align="right"),
    ]
    records(
        order.payments,
        columns,
        label="payments",
        key="payments",
        row_id=lambda p: f"{p.occurred_at.isoformat()}{p.kind}{p.amount_minor}",
        empty="No money has moved for this order.",
    )


main()
