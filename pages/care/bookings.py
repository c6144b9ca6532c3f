"""Bookings: every session the reader may see, found by person, reference, status and date; first those from today on.

Admins and support see all of them and can make one for a client; a practitioner sees his own, a client hers, who can
ask for another.
A row opens the booking.
"""

import streamlit as st

from avenrae.enums import BookingStatus, PaymentStatus, Role
from avenrae.permissions import Permission
from avenrae.queries.bookings import TO_ANSWER, TO_CLOSE, BookingRow, booking_filters, count_bookings, list_bookings
from avenrae.queries.listing import key_of, limit_of
from avenrae.queries.people import name_of
from avenrae.queries.periods import PRESETS, Side
from avenrae.ui.actions import actor, load
from avenrae.ui.format import badge, day, show_money, time_range
from avenrae.ui.lists import choice, given, is_narrowed, link, search_box, show_list, tabs, understood
from avenrae.ui.records import Cell, Column

COLUMNS: list[Column[BookingRow]] = [
    Column("Booking", lambda b: Cell(b.reference, sub=b.service_title), key="reference", primary=True),
    Column(
        "When",
        lambda b: Cell(day(b.starts_at, b.time_zone), sub=time_range(b.starts_at, b.ends_at, b.time_zone)),
        key="starts_at",
        wrap=False,
    ),
    Column("Client", lambda b: Cell(b.client_name, href=f"/client?id={b.client_id}" if actor().is_staff else "")),
    Column("Practitioner", lambda b: b.practitioner_name),
    Column("Status", lambda b: badge(b.status)),
    Column("Payment", lambda b: badge(b.payment_status)),
    Column("Price", lambda b: show_money(b.price_minor, b.currency), align="right"),
]

SIDES = {Side.UPCOMING: "From today", Side.PAST: "Before today", Side.ALL: "All"}
WAITING = {TO_ANSWER: "To come, to be answered", TO_CLOSE: "Over, to be closed"}
AHEAD = [key for key, (_, first, _) in PRESETS.items() if first >= 0]
EMPTY = {
    Side.UPCOMING: "Nothing is booked from today on. Earlier sessions stand under “Before today”.",
    Side.PAST: "Nothing was booked before today.",
    Side.ALL: "No bookings yet.",
}
OWN = {Role.PRACTITIONER: "Practitioner", Role.CLIENT: "Client"}
FIND = {Role.PRACTITIONER: "Client or reference", Role.CLIENT: "Practitioner or reference"}

who = actor()
head = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
head.title("Bookings")
if who.may(Permission.BOOKING_CREATE):
    with head:
        link("care/new_booking", "New booking", icon=":material/add:")

is_to_come = st.query_params.get("when", "") in [*AHEAD, TO_ANSWER] or not is_narrowed("view")
side = Side(
    tabs(
        "Which bookings",
        Side,
        key="view",
        name=lambda side: SIDES[Side(side)],
        otherwise=Side.UPCOMING if is_to_come else Side.ALL,
        ends="when",
    )
)
row = st.columns([3, 2, 2, 2])
with row[0]:
    search = search_box(FIND.get(who.role, "Client, practitioner or reference"))
with row[1]:
    status = choice("Status", BookingStatus, key="status", every="Every status")
with row[2]:
    payment = choice("Payment", PaymentStatus, key="payment", every="Paid or not")
with row[3]:
    times = {key: name for key, (name, _, _) in PRESETS.items()} | WAITING
    behind = [key for key in PRESETS if key not in AHEAD]
    offered = {Side.UPCOMING: [*AHEAD, TO_ANSWER], Side.PAST: behind, Side.ALL: times}[side]
    when = choice("When", offered, key="when", every=SIDES[side], name=times.__getitem__)

params = {"view": side.value, "q": search, "status": status, "payment": payment, "when": when}
params |= given("practitioner", "client", "from", "to")
filters = understood(booking_filters, params, who.time_zone)
narrowed = {}
for key in ("practitioner", "client"):
    if value := params.get(key):
        narrowed[key] = load(name_of, **{"client": None, "practitioner": None, key: key_of(value)}) or f"one {key}"
for key, since in (("from", "from"), ("to", "until")):
    if value := params.get(key):
        narrowed[key] = f"{since} {value}"
show_list(
    noun="booking",
    filters=filters,
    params=params,
    count=count_bookings,
    limit=limit_of(search),
    rows=list_bookings,
    columns=[c for c in COLUMNS if c.label != OWN.get(who.role)],
    opens="care/booking",
    sort="starts_at" if side is Side.UPCOMING or "from" in params else "-starts_at",
    export="bookings",
    empty=EMPTY[side],
    narrowed=narrowed,
)
