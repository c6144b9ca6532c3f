"""New booking, in three steps that are seen at once: who comes, for what, and when.

Staff agree a session for a client, or for somebody who stands at the door and is no client yet; it is confirmed at
once, may begin now or outside the hours, and can be the first of a weekly series. A client asks for one himself: its
time is held until the practitioner has answered or the hold has run out. Where a day is full, one can wait for a
place. The address holds what was chosen (`?client=&practitioner=&service=&day=`).
"""

from datetime import date, timedelta
from typing import Any

import streamlit as st

from avenrae.enums import BookingStatus, Role
from avenrae.permissions import Permission
from avenrae.queries.bookings import BookingFilters, list_bookings
from avenrae.queries.directory import PractitionerRow
from avenrae.queries.periods import midnight, today
from avenrae.queries.practitioners import ServiceRow
from avenrae.scheduling.policies import SENTENCES
from avenrae.scheduling.recurrence import EVERY, SERIES
from avenrae.services.bookings import book_walk_in, create_booking
from avenrae.settings import settings
from avenrae.ui.actions import Form, actor, load
from avenrae.ui.booking_steps import Who, what_step, who_step
from avenrae.ui.details import fact
from avenrae.ui.format import badge, show_money, time_range, words
from avenrae.ui.lists import link, open_screen
from avenrae.ui.records import Cell, Column, records
from avenrae.ui.series import series_form
from avenrae.ui.slot_picker import Picked, pick_start
from avenrae.ui.waiting import when_full

who = actor()


def main() -> None:
    """Draw the page."""
    link("care/bookings", "Bookings", icon=":material/arrow_back:")
    st.title("New booking")
    left, right = st.columns([3, 2])
    with left.container(border=True):
        st.subheader("1 Who")
        person = who_step()
    with left.container(border=True):
        st.subheader("2 What")
        chosen = what_step()
    with left.container(border=True):
        st.subheader("3 When")
        if chosen is None:
            st.caption("The free times of the service will be here.")
        else:
            _when(person, *chosen)
    with right:
        if chosen is None:
            st.info("Choose a practitioner and a service; what it costs and its terms will be here.")
        else:
            _terms(*chosen)


def _when(person: Who | None, practitioner: PractitionerRow, service: ServiceRow) -> None:
    key = f"new-{service.id}"

    def full(day: date) -> None:
        if person and person.client_id:
            when_full(person.client_id, practitioner.id, service.id, day)
        else:
            st.caption("Choose the client first to put him on the waiting list for this day.")

    picked = pick_start(
        service.id,
        practitioner.time_zone,
        key=key,
        day=_day_in_address(),
        can_be_now=who.is_staff,
        weeks=SERIES[-1] * EVERY[-1] + 1 if who.may(Permission.BOOKING_CREATE_SERIES) else 4,
        to_day=_to_address,
        when_full=full,
    )
    if person is None:
        st.caption("Say who comes to book this time.")
        return
    repeats = (
        who.may(Permission.BOOKING_CREATE_SERIES)
        and person.client_id is not None
        and picked.at is not None
        and st.toggle("Repeat it, week by week", key=f"{key}:repeats")
    )
    if repeats and person.client_id and picked.at and picked.diary:
        series_form(person.client_id, service.id, picked.diary, picked.at)
    else:
        _form(key, person, service, picked)


def _form(key: str, person: Who, service: ServiceRow, picked: Picked) -> None:
    by_client = who.role is Role.CLIENT
    with Form(f"{key}-{person.client_id}") as form:
        label = "What should the practitioner know?" if by_client else "Notes for practitioner and staff"
        st.text_area(label, key=form.key("notes"), max_chars=5000)
        if not picked.is_chosen:
            st.caption("Choose a time to book.")
        known: dict[str, Any] = {"client_id": person.client_id} if person.client_id else person.newcomer
        form.submit(
            "Ask for this session" if by_client else "Book this session",
            create_booking if person.client_id else book_walk_in,
            lambda booking: (
                f"{booking.reference} is held for you."
                if by_client
                else f"{booking.reference} is booked and confirmed."
            ),
            refused=not picked.is_chosen,
            service_id=service.id,
            starts_at=picked.start,
            outside_hours=picked.outside,
            notes=form.field("notes"),
            then=lambda booking: open_screen("care/booking", id=str(booking.id)),
            **known,
        )


def _terms(practitioner: PractitionerRow, service: ServiceRow) -> None:
    with st.container(border=True):
        fact("Price", f"{show_money(service.price_minor, service.currency)} for {service.duration_minutes} minutes")
        fact("Cancellation", SENTENCES[service.policy])
        fact("The practitioner is now", words(practitioner.availability_status))
        if who.role is Role.CLIENT:
            minutes = settings().hold_minutes
            fact("Until it is confirmed", f"The time is held for you for {minutes} minutes")
    if who.is_staff:
        shown = st.session_state.get(f"new-{service.id}:day") or _day_in_address()
        _taken(practitioner, shown or today(practitioner.time_zone) + timedelta(days=1))


def _day_in_address() -> date | None:
    """Return the day that the address names; anything else is no day."""
    try:
        return date.fromisoformat(st.query_params.get("day", ""))
    except ValueError:
        return None


def _to_address(day: date | None) -> None:
    if day:
        st.query_params["day"] = day.isoformat()


def _taken(practitioner: PractitionerRow, day: date) -> None:
    """Draw what the practitioner has on that day, so that a free time can be seen."""
    zone = practitioner.time_zone
    span = BookingFilters(
        practitioner_id=practitioner.id,
        starts_from=midnight(day, zone),
        starts_before=midnight(day + timedelta(days=1), zone),
    )
    live = [
        b
        for b in load(list_bookings, span, sort="starts_at", size=100)
        if b.status in (BookingStatus.PENDING, BookingStatus.CONFIRMED)
    ]
    st.markdown(f"**Booked on {day:%a} {day.day} {day:%b}**")
    records(
        live,
        [
            Column("When", lambda b: Cell(time_range(b.starts_at, b.ends_at, zone), sub=b.service_title), primary=True),
            Column("Client", lambda b: b.client_name),
            Column("Status", lambda b: badge(b.status)),
        ],
        label="bookings of the day",
        key="taken",
        row_id=lambda b: str(b.id),
        url_path="booking",
        on_open=lambda chosen: open_screen("care/booking", id=chosen),
        empty="Nothing yet: the whole day is free of bookings.",
    )


main()
