"""One booking: what was agreed, its people and its money, what can be done with it now, and its history.

Practitioners confirm, decline, complete and mark no-shows of their own; support confirms and cancels any;
admins do everything; a client sees and cancels his own, with the refund of its policy shown before the click.
"""

import streamlit as st

from avenrae import clock, money
from avenrae.enums import BookingStatus, PaymentStatus, Role
from avenrae.permissions import Permission
from avenrae.queries.bookings import get_booking
from avenrae.queries.listing import key_of
from avenrae.scheduling.policies import SENTENCES, refund_share
from avenrae.services.bookings import (
    cancel_booking,
    complete_booking,
    confirm_booking,
    decline_booking,
    edit_booking_notes,
    mark_no_show,
)
from avenrae.ui.actions import Form, action, actor, load, opener
from avenrae.ui.details import fact, fact_link, no_record_chosen
from avenrae.ui.format import day, show_money, status_word, time_range, when
from avenrae.ui.history import show_history
from avenrae.ui.lists import link

who = actor()
booking_id = key_of(st.query_params.get("id")) or no_record_chosen("care/bookings", "Bookings")
booking = load(get_booking, booking_id)
begun = booking.starts_at <= clock.now()


def main() -> None:
    """Draw the page."""
    link("care/bookings", "Bookings", icon=":material/arrow_back:")
    st.title(booking.reference)
    st.markdown(f"{status_word(booking.status)} {status_word(booking.payment_status)}")
    _actions()
    facts, notes, history = st.tabs(["Booking", "Notes", "History"])
    with facts:
        _facts()
    with notes:
        _notes()
    with history:
        show_history("bookings", booking.id, booking.currency)


def _facts() -> None:
    left, right = st.columns(2)
    with left.container(border=True):
        fact("When", f"{day(booking.starts_at, booking.time_zone)}, {_hours()}")
        if who.time_zone != booking.time_zone:
            fact("On your clock", when(booking.starts_at, who.time_zone))
        fact("Service", f"{booking.service_title} · {booking.duration_minutes} minutes")
        fact_link("Practitioner", booking.practitioner_name, "care/practitioner", id=str(booking.practitioner_id))
        if who.is_staff:
            fact_link("Client, with all bookings", booking.client_name, "care/bookings", client=str(booking.client_id))
            fact("Reach the client", " · ".join(filter(None, (booking.client_email, booking.client_phone))))
        else:
            fact("Client", booking.client_name)
    with right.container(border=True):
        fact("Price", show_money(booking.price_minor, booking.currency))
        if booking.refunded_minor:
            fact("Given back", show_money(booking.refunded_minor, booking.currency))
        if who.role is not Role.CLIENT:
            commission = money.share(booking.price_minor, booking.commission_bps)
            fact(
                "Commission",
                f"{show_money(commission, booking.currency)} ({booking.commission_bps / 100:g} % as agreed then)",
            )
        fact("Cancellation", SENTENCES[booking.policy])
        fact("Made", when(booking.created_at, who.time_zone))
        if booking.hold_expires_at:
            fact("Held until", when(booking.hold_expires_at, who.time_zone))
        if booking.cancelled_at:
            fact("Cancelled", f"{when(booking.cancelled_at, who.time_zone)} by the {booking.cancelled_by}")
            fact("Reason", booking.cancellation_reason or "–")


def _hours() -> str:
    return time_range(booking.starts_at, booking.ends_at, booking.time_zone)


def _actions() -> None:
    """Draw the actions of the role, each always in the same place; what is not possible now says why."""
    closing = _unless(BookingStatus.CONFIRMED, must_have_begun=True)
    waiting = _unless(BookingStatus.PENDING)
    open_ = _unless(BookingStatus.PENDING, BookingStatus.CONFIRMED)
    possible = {
        Permission.BOOKING_CONFIRM: _confirm,
        Permission.BOOKING_COMPLETE: lambda: opener(
            "Complete", _complete, refused=closing, primary=not closing, icon=":material/task_alt:"
        ),
        Permission.BOOKING_NO_SHOW: lambda: opener("No-show", _no_show, refused=closing, icon=":material/person_off:"),
        Permission.BOOKING_DECLINE: lambda: opener("Decline", _decline, refused=waiting, icon=":material/close:"),
        Permission.BOOKING_CANCEL: lambda: opener("Cancel", _cancel, refused=open_, icon=":material/event_busy:"),
    }
    mine = [draw for permission, draw in possible.items() if who.may(permission)]
    with st.container(horizontal=True):
        for draw in mine:
            draw()


def _unless(*statuses: BookingStatus, must_have_begun: bool = False) -> str:
    if booking.status not in statuses:
        return f"Not possible: the booking is {booking.status.value.replace('_', '-')}."
    return "Possible once the session has begun." if must_have_begun and not begun else ""


def _confirm() -> None:
    action(
        "Confirm",
        confirm_booking,
        "Booking confirmed.",
        booking.id,
        key=f"confirm-{booking.id}",
        primary=booking.status == BookingStatus.PENDING,
        icon=":material/check:",
        refused=_unless(BookingStatus.PENDING),
    )


@st.dialog("Complete this session")
def _complete() -> None:
    st.write(
        f"{show_money(booking.price_minor, booking.currency)} will be in the books as a sale on"
        f" {day(booking.starts_at, booking.time_zone)}. This cannot be undone."
    )
    unpaid = booking.payment_status == PaymentStatus.UNPAID and booking.price_minor > 0
    with Form(f"complete-{booking.id}", border=False) as form:
        if unpaid:
            st.checkbox("The client has paid on site", key=form.key("paid_on_site"))
        paid = {"paid_on_site": form.field("paid_on_site")} if unpaid else {}
        if form.submit("Complete session", complete_booking, "Session completed.", booking.id, **paid):
            st.rerun()


@st.dialog("The client did not come")
def _no_show() -> None:
    kept = booking.payment_status == PaymentStatus.PAID
    st.write(
        f"The booking is closed as a no-show. {_paid() if kept else 'Nothing was paid'}"
        f"{' is kept.' if kept else ', so nothing is kept.'} This cannot be undone."
    )
    with Form(f"no-show-{booking.id}", border=False) as form:
        if form.submit("Mark as no-show", mark_no_show, "Marked as a no-show.", booking.id):
            st.rerun()


@st.dialog("Decline this request")
def _decline() -> None:
    st.write(f"The time becomes free again. {_paid_back(10_000)}")
    _reason_form("decline", "Decline request", decline_booking, "Request declined.")


@st.dialog("Cancel this booking")
def _cancel() -> None:
    share = 10_000
    if who.role is Role.CLIENT:
        share = refund_share(booking.policy, booking.starts_at - clock.now())
    st.write(f"{_hours()} becomes free again. {_paid_back(share)} This cannot be undone.")
    _reason_form("cancel", "Cancel booking", cancel_booking, "Booking cancelled.")


def _reason_form(name: str, label: str, service, done: str) -> None:  # type: ignore[no-untyped-def]
    with Form(f"{name}-{booking.id}", border=False) as form:
        st.text_area("Reason", key=form.key("reason"), max_chars=500, placeholder="What should the others know?")
        if form.submit(label, service, done, booking.id, reason=form.field("reason")):
            st.rerun()


def _paid() -> str:
    return show_money(booking.price_minor - booking.refunded_minor, booking.currency)


def _paid_back(share: int) -> str:
    if booking.payment_status != PaymentStatus.PAID:
        return "Nothing was paid, so nothing goes back."
    back = money.share(booking.price_minor, share)
    return f"{show_money(back, booking.currency)} of {_paid()} goes back to the client."


def _notes() -> None:
    if not who.may(Permission.BOOKING_CONFIRM):
        st.write(booking.notes or "No notes.")
        return
    with Form(f"notes-{booking.id}") as form:
        st.text_area(
            "Notes for practitioner and staff", value=booking.notes, key=form.key("notes"), height=160, max_chars=5000
        )
        form.submit("Save notes", edit_booking_notes, "Notes saved.", booking.id, notes=form.field("notes"))


main()
