"""The whole person on one panel: facts, the newest of everything with what can be done about it, and notes."""

import uuid
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TypeVar

import streamlit as st

from avenrae import clock
from avenrae.queries.client_panel import NEWEST, ClientPanel, Note, PanelPayment, PanelTicket, Person, get_client_panel
from avenrae.services.client_notes import add_note
from avenrae.ui.actions import Form, actor, load
from avenrae.ui.booking_actions import quiet_booking_actions
from avenrae.ui.details import fact
from avenrae.ui.format import count, day, number, plain_text, show_money, status_word, time_range, when, words
from avenrae.ui.lists import has_screen, link
from avenrae.ui.order_actions import quiet_order_actions

Row = TypeVar("Row")


def show_client_panel(key: uuid.UUID, *, ticket_id: uuid.UUID | None = None, wide: bool = False) -> None:
    """Draw a person for the desk, by the key of the user or of the client; for nobody else there is nothing.

    In a ticket's column it is narrow; `ticket_id` is that ticket, from which refunds are asked for.
    """
    if not actor().is_staff:
        return
    draw_client_panel(load(get_client_panel, key, ticket_id=ticket_id), ticket_id=ticket_id, wide=wide)


def draw_client_panel(panel: ClientPanel, *, ticket_id: uuid.UUID | None = None, wide: bool = False) -> None:
    """Draw a panel that was read already."""
    left, right = st.columns([2, 3]) if wide else (st.container(), st.container())
    with left:
        _facts(panel.person, named=not wide)
        _notes(panel)
    with right:
        _bookings(panel, ticket_id)
        _orders(panel, ticket_id)
        _payments(panel)
        _tickets(panel, others=ticket_id is not None)


def standing(person: Person) -> str:
    """Return the role, and whether the person can sign in, as badges."""
    shut = " :gray-badge[Erased]" if person.is_erased else "" if person.is_active else " :red-badge[Suspended]"
    return f":blue-badge[{words(person.role)}]{shut}"


def _facts(person: Person, *, named: bool) -> None:
    zone = actor().time_zone
    with st.container(border=True):
        if named:
            st.markdown(f"**{plain_text(person.name)}** {standing(person)}")
        fact("E-mail", person.email)
        fact("Phone", person.phone)
        fact("Local time", f"{when(clock.now(), person.time_zone)} ({person.time_zone})")
        fact("With us since", day(person.since, zone))
        fact("Last sign-in", when(person.last_sign_in_at, zone) if person.last_sign_in_at else "Never")
        spent = ", ".join(show_money(minor, currency) for currency, minor in person.spent)
        fact("Spent, less what went back", spent or "Nothing yet")
        with st.container(horizontal=True):
            link("office/mail", "Mails to this person", icon=":material/mail:", person=str(person.id))
            link("office/told", "What this person was told", icon=":material/contact_support:", person=str(person.id))


def _notes(panel: ClientPanel) -> None:
    with st.expander(_head("Notes of the desk", len(panel.notes)), icon=":material/sticky_note_2:", expanded=True):
        with Form(f"note-{panel.person.id}", border=False) as form:
            st.text_area(
                "New note",
                key=form.key("body"),
                max_chars=5000,
                height=80,
                placeholder="What should everybody of the desk know?",
            )
            form.submit("Add note", add_note, "Note added.", panel.person.id, primary=False, body=form.field("body"))
        for note in panel.notes:
            _note(note)


def _note(note: Note) -> None:
    st.markdown(
        f"{plain_text(note.body)}  \n"
        f":small[:gray[{plain_text(note.author)} · {when(note.created_at, actor().time_zone)}]]"
    )


def _bookings(panel: ClientPanel, ticket_id: uuid.UUID | None) -> None:
    person = panel.person
    with st.expander(_head("Bookings", person.bookings), icon=":material/event:", expanded=bool(panel.bookings)):
        for booking in _each(panel.bookings, "No booking yet."):
            _title("care/booking", booking.reference, booking.id, booking.status, booking.payment_status)
            with_whom = booking.practitioner_name if person.client_id else booking.client_name
            _line(
                f"{day(booking.starts_at, booking.time_zone)},"
                f" {time_range(booking.starts_at, booking.ends_at, booking.time_zone)}",
                f"{booking.service_title} with {with_whom} · {show_money(booking.price_minor, booking.currency)}",
            )
            quiet_booking_actions(booking, ticket_id)
        if person.bookings > NEWEST:
            whose = (
                {"client": str(person.client_id)} if person.client_id else {"practitioner": str(person.practitioner_id)}
            )
            link("care/bookings", f"All {_number(person.bookings)} bookings", icon=":material/list:", **whose)


def _orders(panel: ClientPanel, ticket_id: uuid.UUID | None) -> None:
    person = panel.person
    with st.expander(_head("Orders", person.orders), icon=":material/shopping_bag:", expanded=bool(panel.orders)):
        for order in _each(panel.orders, "No order yet."):
            _title("store/order", order.reference, order.id, order.status, order.payment_status)
            back = f", {show_money(order.refunded_minor, order.currency)} given back" if order.refunded_minor else ""
            _line(
                day(order.placed_at, actor().time_zone),
                f"{count(order.pieces, 'piece')} · {show_money(order.total_minor, order.currency)}{back}",
            )
            quiet_order_actions(order, ticket_id)
        if person.orders > NEWEST:
            link(
                "store/orders",
                f"All {_number(person.orders)} orders",
                icon=":material/list:",
                client=str(person.client_id),
            )


def _payments(panel: ClientPanel) -> None:
    person = panel.person
    with st.expander(_head("Payments", person.payments), icon=":material/payments:"):
        for payment in _each(panel.payments, "No payment yet."):
            _payment(payment)
        if person.payments > NEWEST:
            st.caption(
                f"The newest {NEWEST} of {_number(person.payments)}; the others are on their bookings and orders."
            )


def _payment(payment: PanelPayment) -> None:
    script, key = ("care/booking", payment.booking_id) if payment.booking_id else ("store/order", payment.order_id)
    if key is not None:
        _title(script, payment.reference, key, payment.status)
    _line(
        f"{words(payment.kind)} of {show_money(payment.amount_minor, payment.currency)}",
        f"{when(payment.occurred_at, actor().time_zone)} · {words(payment.provider)}",
    )


def _tickets(panel: ClientPanel, *, others: bool) -> None:
    person = panel.person
    title = "Other tickets" if others else "Tickets"
    with st.expander(_head(title, person.tickets), icon=":material/confirmation_number:"):
        for ticket in _each(panel.tickets, "No other ticket." if others else "No ticket yet."):
            _ticket(ticket)
        if person.tickets > NEWEST and has_screen("support/queue"):
            link(
                "support/queue",
                f"All {_number(person.tickets)} tickets",
                icon=":material/list:",
                view="all",
                requester=str(person.id),
            )


def _ticket(ticket: PanelTicket) -> None:
    if has_screen("support/ticket"):
        _title("support/ticket", ticket.number, ticket.id, ticket.status)
    _line(ticket.subject, f"{day(ticket.created_at, actor().time_zone)} · {words(ticket.status)}")


def _title(script: str, reference: str, key: uuid.UUID, *statuses: StrEnum) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        link(script, f"**{plain_text(reference)}**", id=str(key))
        st.markdown(" ".join(status_word(status) for status in statuses), width="content")


def _line(first: str, second: str) -> None:
    st.markdown(f"{plain_text(first)}  \n:small[{plain_text(second)}]")


def _each(rows: Iterable[Row], nothing: str) -> Iterator[Row]:
    """Yield each row in a container of its own, or say that there is nothing."""
    shown = list(rows)
    if not shown:
        st.caption(nothing)
    for row in shown:
        with st.container(gap=None):
            yield row


def _head(title: str, n: int) -> str:
    return f"{title} · {_number(n)}"


def _number(n: int) -> str:
    return number(n) + ("+" if n >= 1000 else "")
