"""Orders: every order the reader may see, found by client, reference, status, payment and date.

Admins and support see all of them, a client his own; practitioners have none. A row opens the order.
"""

import streamlit as st

from avenrae.enums import OrderKind, OrderStatus, PaymentStatus
from avenrae.queries.listing import key_of, limit_of
from avenrae.queries.orders import OrderRow, count_orders, list_orders, order_filters
from avenrae.queries.people import name_of
from avenrae.queries.periods import PRESETS
from avenrae.ui.actions import actor, load
from avenrae.ui.format import badge, count, day, show_money, words
from avenrae.ui.lists import choice, given, search_box, show_list, understood
from avenrae.ui.records import Cell, Column

who = actor()


def _placed(order: OrderRow) -> Cell:
    return Cell(day(order.placed_at, who.time_zone), sub=order.country or "")


def _order(order: OrderRow) -> Cell:
    kind = words(order.kind) if order.kind is not OrderKind.SALE else ""
    return Cell(order.reference, sub=kind or count(order.pieces, "piece"))


def _client(order: OrderRow) -> Cell:
    href = f"/client?id={order.client_id}" if who.is_staff and order.client_id else ""
    return Cell(order.client_name or "–", href=href)


def _total(order: OrderRow) -> Cell:
    back = f"{show_money(order.refunded_minor, order.currency)} given back" if order.refunded_minor else ""
    return Cell(show_money(order.total_minor, order.currency), sub=back)


COLUMNS: list[Column[OrderRow]] = [
    Column("Order", _order, key="reference", primary=True),
    Column("Placed", _placed, key="placed_at", wrap=False),
    Column("Client", _client),
    Column("Status", lambda o: badge(o.status)),
    Column("Payment", lambda o: badge(o.payment_status)),
    Column("Total", _total, key="total", align="right"),
]

st.title("Orders")
row = st.columns([3, 2, 2, 2, 2] if who.is_staff else [3, 2, 2, 2])
with row[0]:
    search = search_box("Client or reference" if who.is_staff else "Reference")
with row[1]:
    status = choice("Status", OrderStatus, key="status", every="Every status")
with row[2]:
    payment = choice("Payment", PaymentStatus, key="payment", every="Paid or not")
with row[3]:
    past = [name for name, (_, first, _) in PRESETS.items() if first < 0 or name == "today"]
    when = choice("When", past, key="when", every="Any time", name=lambda p: PRESETS[p][0])
kind = ""
if who.is_staff:
    with row[4]:
        kind = choice("Kind", OrderKind, key="kind", every="Sales and credit notes")

params = {"q": search, "status": status, "payment": payment, "when": when, "kind": kind}
params |= given("client", "product", "from", "to")
filters = understood(order_filters, params, who.time_zone)
narrowed = {}
if client := params.get("client"):
    narrowed["client"] = load(name_of, client=key_of(client), practitioner=None) or "one client"
if "product" in params:
    narrowed["product"] = "orders with one product"
for key, since in (("from", "from"), ("to", "until")):
    if value := params.get(key):
        narrowed[key] = f"{since} {value}"
show_list(
    noun="order",
    filters=filters,
    params=params,
    count=count_orders,
    limit=limit_of(search),
    rows=list_orders,
    columns=[c for c in COLUMNS if who.is_staff or c.label != "Client"],
    opens="store/order",
    sort="-placed_at",
    export="orders",
    narrowed=narrowed,
)
