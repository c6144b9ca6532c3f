"""Waiting list: who waits for a place with whom on which day, and what is offered to them; first who
waits now.

Staff see everybody, a practitioner those who wait for him, a client himself. A row opens one place in a line
(`?id=`): what is offered and for how long, with its answers; a client answers for himself, staff for a client.
"""

import uuid

import streamlit as st

from avenrae.enums import Role, WaitlistStatus
from avenrae.queries.listing import key_of, limit_of
from avenrae.queries.people import name_of
from avenrae.queries.waiting_list import (
    OPEN,
    WaitRow,
    WaitView,
    count_waiting,
    get_waiting,
    list_waiting,
    wait_filters,
)
from avenrae.scheduling.zones import spoken_day
from avenrae.ui.actions import actor, load
from avenrae.ui.details import fact, fact_link
from avenrae.ui.format import badge, plain_text, status_word, time_range, when
from avenrae.ui.history import show_history
from avenrae.ui.lists import choice, given, is_narrowed, link, search_box, show_list, tabs, understood
from avenrae.ui.records import Cell, Column
from avenrae.ui.waiting import answers, offer_left, place, standing

VIEWS = {WaitView.OPEN: "Waiting now", WaitView.OVER: "Over", WaitView.ALL: "All"}
EMPTY = {
    WaitView.OPEN: "Nobody waits. Where a day is full, a new booking offers to wait for a place on it.",
    WaitView.OVER: "No wait is over yet.",
    WaitView.ALL: "Nobody has waited yet. Where a day is full, a new booking offers to wait for a place on it.",
}

who = actor()


def main() -> None:
    """Draw the page."""
    if chosen := key_of(st.query_params.get("id")):
        _one(chosen)
    else:
        _all()


def _all() -> None:
    st.title("Waiting list")
    standard = WaitView.ALL if is_narrowed("view") else WaitView.OPEN
    view = WaitView(
        tabs(
            "Which part",
            WaitView,
            key="view",
            name=lambda view: VIEWS[WaitView(view)],
            otherwise=standard,
            ends="status",
        )
    )
    left, right = st.columns([3, 2])
    search = ""
    if who.role is not Role.CLIENT:
        with left:
            search = search_box("Client or practitioner" if who.is_staff else "Client")
    with right if who.role is not Role.CLIENT else left:
        offered = [s for s in WaitlistStatus if view is WaitView.ALL or (s in OPEN) == (view is WaitView.OPEN)]
        status = choice("Status", offered, key="status", every="Every status")
    params = {"view": view.value, "q": search, "status": status, **given("practitioner", "client")}
    filters = understood(wait_filters, params, who.time_zone)
    narrowed = {}
    for key in ("practitioner", "client"):
        if value := params.get(key):
            narrowed[key] = load(name_of, **{"client": None, "practitioner": None, key: key_of(value)}) or f"one {key}"
    hidden = {Role.PRACTITIONER: "Practitioner", Role.CLIENT: "Client"}.get(who.role)
    show_list(
        noun="place in line",
        nouns="places in line",
        filters=filters,
        params=params,
        count=count_waiting,
        limit=limit_of(search),
        rows=list_waiting,
        columns=[c for c in _columns() if c.label != hidden],
        opens="care/waiting_list",
        sort="on_date" if view is WaitView.OPEN else "-on_date",
        export="waiting-list",
        narrowed=narrowed,
        empty=EMPTY[view],
    )


def _columns() -> list[Column[WaitRow]]:
    return [
        Column("Day", lambda w: Cell(spoken_day(w.on_date), sub=w.service_title), key="on_date", primary=True),
        Column("Client", lambda w: w.client_name),
        Column("Practitioner", lambda w: w.practitioner_name),
        Column("Status", lambda w: badge(w.status)),
        Column("Place", _place),
        Column("Waits since", lambda w: when(w.joined_at, who.time_zone), key="joined_at", wrap=False),
    ]


def _place(row: WaitRow) -> Cell:
    """Return where somebody stands: how many are ahead, or the time that he has or is offered."""
    if row.ahead is not None:
        return Cell("First in line" if row.ahead == 0 else f"{row.ahead} ahead")
    if row.starts_at is None or row.ends_at is None or row.status in (WaitlistStatus.EXPIRED, WaitlistStatus.LEFT):
        return Cell("")
    until = f"until {when(row.offer_expires_at, who.time_zone)}" if row.status is WaitlistStatus.OFFERED else ""
    return Cell(time_range(row.starts_at, row.ends_at, row.time_zone), sub=until)


def _one(entry_id: uuid.UUID) -> None:
    entry = load(get_waiting, entry_id)
    link("care/waiting_list", "Waiting list", icon=":material/arrow_back:")
    st.title(spoken_day(entry.on_date))
    st.markdown(status_word(entry.status))
    st.markdown(plain_text(standing(entry)))
    if entry.is_offered:
        offer_left(entry)
    answers(entry)
    facts, history = st.tabs(["Place in line", "History"])
    with facts, st.container(border=True):
        fact("Service", entry.service_title)
        fact_link("Practitioner", entry.practitioner_name, "care/practitioner", id=str(entry.practitioner_id))
        if who.is_staff:
            fact_link("Client, with all bookings", entry.client_name, "care/bookings", client=str(entry.client_id))
        else:
            fact("Client", entry.client_name)
        fact("Waits since", when(entry.joined_at, who.time_zone))
        if entry.offered_at:
            fact("Offered", f"{when(entry.offered_at, who.time_zone)}: {place(entry)}")
            fact("To be answered until", when(entry.offer_expires_at, who.time_zone))
        if entry.booking_id:
            link("care/booking", "The booking", icon=":material/event:", id=str(entry.booking_id))
    with history:
        show_history("booking_waitlist", entry.id)


main()
