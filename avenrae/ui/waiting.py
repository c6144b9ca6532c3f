"""The waiting list where people meet it: beside a full day, on the home page, and on its own screen."""

import uuid
from datetime import date

import streamlit as st

from avenrae.enums import Role
from avenrae.permissions import Permission
from avenrae.queries.waiting_list import OPEN, WaitRow, find_waiting
from avenrae.scheduling.zones import spoken_day
from avenrae.services.waiting_list import accept_offer, join_waiting_list, leave_waiting_list
from avenrae.ui.actions import action, actor, load
from avenrae.ui.countdown import countdown
from avenrae.ui.format import count, day, plain_text, time_range
from avenrae.ui.lists import link, open_screen


def when_full(client_id: uuid.UUID, practitioner_id: uuid.UUID, service_id: uuid.UUID, on_date: date) -> None:
    """Draw what a client can do about a day on which nothing is offered: wait for it, or see where he stands."""
    entry = load(find_waiting, client_id=client_id, practitioner_id=practitioner_id, on_date=on_date)
    if entry is None:
        action(
            "Tell me when a place frees" if actor().role is Role.CLIENT else "Put the client on the waiting list",
            join_waiting_list,
            f"Waiting for a place on {spoken_day(on_date)}.",
            key=f"join-{client_id}-{practitioner_id}-{on_date}",
            icon=":material/notifications_active:",
            client_id=client_id,
            service_id=service_id,
            on_date=on_date,
        )
        return
    st.markdown(plain_text(standing(entry)))
    if entry.is_offered:
        offer_left(entry)
    answers(entry)


def standing(entry: WaitRow) -> str:
    """Return where somebody stands in the line for a day, in a sentence."""
    of_day = spoken_day(entry.on_date)
    if entry.is_offered:
        return f"A place is free: {place(entry)}."
    if entry.ahead is not None:
        before = f"{count(entry.ahead, 'person', 'people')} ahead" if entry.ahead else "first in line"
        return f"On the waiting list for {of_day}, {before}."
    endings = {
        "booked": f"Booked for {of_day}.",
        "left": f"No longer waiting for {of_day}.",
    }
    return endings.get(entry.status.value, f"The wait for {of_day} is over: nothing was taken up in time.")


def place(entry: WaitRow) -> str:
    """Return the time of the session that is offered, on the practitioner's clock."""
    if entry.starts_at is None or entry.ends_at is None:
        return "–"
    return f"{day(entry.starts_at, entry.time_zone)}, {time_range(entry.starts_at, entry.ends_at, entry.time_zone)}"


def offer_left(entry: WaitRow) -> None:
    """Draw how long an offer can still be accepted."""
    if entry.offer_expires_at is not None:
        countdown(entry.offer_expires_at, key=f"offer-{entry.id}", over="The offer has run out.")


def answers(entry: WaitRow) -> None:
    """Draw what can be done with a place in a line, each in its place; what is not possible says why."""
    who = actor()
    over = "" if entry.status in OPEN else "This wait is over."
    with st.container(horizontal=True):
        if who.may(Permission.BOOKING_CREATE):
            action(
                "Accept",
                accept_offer,
                lambda booking: (
                    f"{booking.reference} is "
                    + ("booked and confirmed." if who.is_staff else "held for you until it is confirmed.")
                ),
                entry.id,
                key=f"accept-{entry.id}",
                icon=":material/check:",
                primary=entry.is_offered,
                refused=over or ("" if entry.is_offered else "Nothing is offered yet."),
                then=lambda booking: open_screen("care/booking", id=str(booking.id)),
            )
        if who.may(Permission.BOOKING_CANCEL):
            action(
                "Decline" if entry.is_offered else "Leave the waiting list",
                leave_waiting_list,
                "Declined; the next person gets it." if entry.is_offered else "No longer waiting.",
                entry.id,
                key=f"leave-{entry.id}",
                icon=":material/close:",
                refused=over,
            )


def offer_cards(offers: list[WaitRow]) -> None:
    """Draw what is offered to the reader, each with its answers."""
    for entry in offers:
        with st.container(border=True):
            st.markdown(
                f"**{plain_text(standing(entry))}**  \n"
                f"{plain_text(entry.service_title)} with {plain_text(entry.practitioner_name)}"
            )
            offer_left(entry)
            answers(entry)
            link("care/waiting_list", "Open", icon=":material/arrow_forward:", id=str(entry.id))
