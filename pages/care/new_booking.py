"""New booking: staff agree a session for a client, confirmed at once.

The client and the practitioner are found by typing; the page shows the price and what the practitioner has on
that day. Offered times are one press away, on the practitioner's clock; staff may choose another one outside the
hours. A time that has just gone is refused with the nearest that are left, and what was typed is kept.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TypeVar

import streamlit as st

from avenrae.enums import BookingStatus, VerificationStatus
from avenrae.queries.bookings import BookingFilters, list_bookings
from avenrae.queries.directory import PractitionerRow, list_practitioners
from avenrae.queries.directory_filters import PractitionerFilters
from avenrae.queries.listing import key_of
from avenrae.queries.people import find_clients
from avenrae.queries.periods import midnight, today
from avenrae.queries.practitioners import ServiceRow, get_practitioner, list_services
from avenrae.scheduling.policies import SENTENCES
from avenrae.services.bookings import create_booking
from avenrae.ui.actions import Form, load
from avenrae.ui.details import fact
from avenrae.ui.format import badge, show_money, time_range, words
from avenrae.ui.lists import link, open_screen
from avenrae.ui.records import Cell, Column, records
from avenrae.ui.slot_picker import Picked, pick_start

T = TypeVar("T")
APPROVED = VerificationStatus.APPROVED


def main() -> None:
    """Draw the page."""
    link("care/bookings", "Bookings", icon=":material/arrow_back:")
    st.title("New booking")
    left, right = st.columns([3, 2])
    with left:
        client_id = _client()
        practitioner = _practitioner()
        service = _service(practitioner) if practitioner else None
    if client_id is None or practitioner is None or service is None:
        right.info("Choose a client, a practitioner and a service.", icon=":material/touch_app:")
        return
    with left:
        key = f"new-{client_id}-{service.id}"
        _form(key, client_id, service, pick_start(service.id, practitioner.time_zone, key=key))
    with right:
        with st.container(border=True):
            fact("Price", f"{show_money(service.price_minor, service.currency)} for {service.duration_minutes} minutes")
            fact("Cancellation", SENTENCES[service.policy])
            fact("The practitioner is now", words(practitioner.availability_status))
        day = st.session_state.get(f"{key}:day") or today(practitioner.time_zone)
        _taken(practitioner, day)


def _client() -> uuid.UUID | None:
    search = st.text_input("Find the client", key="find-client", placeholder="Name or e-mail", type="search")
    found = load(find_clients, search) if search.strip() else []
    chosen = _one_of(found, "Client", f"client-{search}", lambda c: f"{c.name} · {c.email}", searched=search)
    return chosen.id if chosen else None


def _practitioner() -> PractitionerRow | None:
    if named := key_of(st.query_params.get("practitioner")):
        profile = load(get_practitioner, named)
        fact("Practitioner", f"{profile.name} · {words(profile.kind)}")
        link("care/new_booking", "Choose another practitioner", icon=":material/close:")
        return profile
    search = st.text_input(
        "Find the practitioner", key="find-practitioner", placeholder="Name, city or specialty", type="search"
    )
    filters = PractitionerFilters(search=search, status=APPROVED)
    found = load(list_practitioners, filters, size=20) if search.strip() else []
    return _one_of(
        found,
        "Practitioner",
        f"practitioner-{search}",
        lambda p: " · ".join(filter(None, (p.name, words(p.kind), p.city))),
        searched=search,
    )


def _service(practitioner: PractitionerRow) -> ServiceRow | None:
    if practitioner.verification_status != APPROVED:
        st.warning(f"This practitioner cannot be booked: the profile is {practitioner.verification_status}.")
        return None
    found = load(list_services, practitioner.id, offered_only=True)
    if not found:
        st.warning("This practitioner offers nothing at the moment.")
        return None
    return _one_of(
        found,
        "Service",
        f"service-{practitioner.id}",
        lambda s: f"{s.title} · {s.duration_minutes} min · {show_money(s.price_minor, s.currency)}",
    )


def _one_of(found: Sequence[T], label: str, key: str, name: Callable[[T], str], *, searched: str = "") -> T | None:
    """Draw the choice among what was found; the only one is chosen already."""
    if not found:
        if searched.strip():
            st.caption("Nobody is called that. Try fewer letters.")
        return None
    number = st.selectbox(
        label,
        range(len(found)),
        index=0 if len(found) == 1 else None,
        format_func=lambda n: name(found[n]),
        key=key,
        placeholder=f"Choose of {len(found)}",
    )
    return None if number is None else found[number]


def _form(key: str, client_id: uuid.UUID, service: ServiceRow, picked: Picked) -> None:
    with Form(key) as form:
        st.text_area("Notes for practitioner and staff", key=form.key("notes"), max_chars=5000)
        if not picked.is_chosen:
            st.caption("Choose a time to book.")
        form.submit(
            "Book this session",
            create_booking,
            lambda booking: f"{booking.reference} is booked and confirmed.",
            refused=not picked.is_chosen,
            client_id=client_id,
            service_id=service.id,
            starts_at=picked.start,
            outside_hours=picked.outside,
            notes=form.field("notes"),
            then=lambda booking: open_screen("care/booking", id=str(booking.id)),
        )


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
