"""What can be done with a booking, with dialogs that say what will happen before it does."""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from avenrae import clock, money
from avenrae.enums import BookingStatus, CancelledBy, PaymentStatus, Role
from avenrae.permissions import Permission
from avenrae.queries.bookings import BookingDetail, BookingRow, get_booking
from avenrae.queries.series import Part
from avenrae.scheduling.policies import refund_share
from avenrae.services.bookings import (
    cancel_booking,
    complete_booking,
    confirm_booking,
    decline_booking,
    mark_no_show,
    reschedule_booking,
)
from avenrae.services.confirmations import resend_booking_confirmation
from avenrae.services.refunds import refund_booking
from avenrae.ui.actions import Form, action, actor, load, opener
from avenrae.ui.countdown import countdown
from avenrae.ui.format import day, show_money, time_range
from avenrae.ui.lists import link
from avenrae.ui.reason_form import reason_form
from avenrae.ui.refund_form import Refundable, refund_form, resend_action
from avenrae.ui.series import cancel_series_opener
from avenrae.ui.slot_picker import pick_start

_WAITING = (BookingStatus.PENDING,)
_AGREED = (BookingStatus.CONFIRMED,)


def booking_actions(booking: BookingDetail, series: Sequence[Part] = ()) -> None:
    """Draw the actions of the reader's role, each always in its place; what is not possible now says why.

    `series` is the series that it is part of.
    """
    who = actor()
    closing = _unless(booking, _AGREED) or _too_early(booking)
    waiting = _unless(booking, _WAITING)
    cancelling = moving = _unless(booking, _WAITING + _AGREED)
    if not who.is_staff and not _too_early(booking):
        moving = moving or "The session has begun and cannot be moved any more."
    moving = moving or _not_offered(booking)
    if who.role is Role.CLIENT and not _too_early(booking):
        cancelling = "The session has begun. Ask the practitioner or support about it."

    def opens(label: str, dialog: Callable[[BookingDetail], None], refused: str, icon: str) -> Callable[[], None]:
        next_step = label == "Complete" and not refused
        return partial(opener, label, partial(dialog, booking), refused=refused, primary=next_step, icon=icon)

    possible: dict[Permission, Callable[[], None]] = {
        Permission.BOOKING_CONFIRM: partial(_confirm, booking, waiting),
        Permission.BOOKING_COMPLETE: opens("Complete", _complete, closing, ":material/task_alt:"),
        Permission.BOOKING_NO_SHOW: opens("No-show", _no_show, closing, ":material/person_off:"),
        Permission.BOOKING_RESCHEDULE: opens("Move", _move, moving, ":material/event_repeat:"),
        Permission.BOOKING_DECLINE: opens("Decline", _decline, waiting, ":material/close:"),
        Permission.BOOKING_CANCEL: opens("Cancel", _cancel, cancelling, ":material/event_busy:"),
        Permission.PAYMENT_REFUND: opens("Refund", refund_dialog, _nothing_left(booking), ":material/undo:"),
    }
    with st.container(horizontal=True):
        for permission, draw in possible.items():
            if who.may(permission):
                draw()
        if series and who.may(Permission.BOOKING_CANCEL):
            cancel_series_opener(series, booking)


def hold_left(booking: BookingDetail) -> None:
    """Draw how long the time is held, and the way to book again once that is over."""
    over = "The hold on this time has run out."
    if booking.hold_expires_at is None or booking.payment_status != PaymentStatus.UNPAID:
        ran_out = booking.cancelled_by is CancelledBy.SYSTEM
    else:
        countdown(booking.hold_expires_at, key=f"hold-{booking.id}", over=over)
        ran_out = hold_is_over(booking)
    if not ran_out or booking.starts_at <= clock.now():
        return
    st.warning(over if _not_offered(booking) else f"{over} It may still be free.", icon=":material/timer_off:")
    if actor().may(Permission.BOOKING_CREATE) and booking.is_practitioner_visible:
        client = {"client": str(booking.client_id)} if actor().is_staff else {}
        link(
            "care/new_booking",
            "Book again",
            icon=":material/event_repeat:",
            practitioner=str(booking.practitioner_id),
            service=str(booking.service_id),
            day=f"{booking.starts_at.astimezone(ZoneInfo(booking.time_zone)):%Y-%m-%d}",
            **client,
        )


def next_actions(where: str, booking_id: uuid.UUID, status: BookingStatus, starts_at: datetime) -> None:
    """Draw, in a list, what comes next for a session; `where` tells the lists of one page apart."""
    who = actor()

    def opens(label: str, dialog: Callable[[BookingDetail], None], icon: str, *, primary: bool = False) -> None:
        draw = partial(_after_reading, booking_id, dialog)
        opener(label, draw, icon=icon, primary=primary, key=f"{where}-{label}-{booking_id}")

    if status is BookingStatus.PENDING:
        if who.may(Permission.BOOKING_CONFIRM):
            key = f"{where}-confirm-{booking_id}"
            action("Confirm", confirm_booking, "Booking confirmed.", booking_id, key=key, icon=":material/check:")
        if who.may(Permission.BOOKING_DECLINE):
            opens("Decline", _decline, ":material/close:")
    elif status is BookingStatus.CONFIRMED and starts_at <= clock.now() and who.may(Permission.BOOKING_COMPLETE):
        opens("Complete", _complete, ":material/task_alt:", primary=True)
        opens("No-show", _no_show, ":material/person_off:")


def _after_reading(booking_id: uuid.UUID, dialog: Callable[[BookingDetail], None]) -> None:
    dialog(load(get_booking, booking_id))


def quiet_booking_actions(booking: BookingRow, ticket_id: uuid.UUID | None = None) -> None:
    """Draw what the desk can do with a booking that is one of several on the page, with the dialogs of its own page."""
    who = actor()
    is_live = booking.status in _WAITING + _AGREED
    possible: list[tuple[bool, Permission, str, Callable[[BookingDetail], None], str]] = [
        (is_live, Permission.BOOKING_RESCHEDULE, "Move", _move, "event_repeat"),
        (is_live, Permission.BOOKING_CANCEL, "Cancel", _cancel, "event_busy"),
        (
            not _nothing_left(booking),
            Permission.PAYMENT_REFUND,
            "Refund",
            partial(refund_dialog, ticket_id=ticket_id),
            "undo",
        ),
    ]
    with st.container(horizontal=True, gap="small"):
        for is_possible, permission, label, dialog, icon in possible:
            if is_possible and who.may(permission):
                shown = partial(_after_reading, booking.id, dialog)
                opener(label, shown, quiet=True, icon=f":material/{icon}:", key=f"{label}:{booking.id}")
        if booking.status == BookingStatus.CONFIRMED and who.may(Permission.TICKET_WORK):
            resend_action(resend_booking_confirmation, booking.id)


def hold_is_over(booking: BookingDetail) -> bool:
    """Return whether the time was held until a moment that has passed, and was not paid by then."""
    is_unpaid = booking.payment_status == PaymentStatus.UNPAID
    return bool(is_unpaid and booking.hold_expires_at and booking.hold_expires_at <= clock.now())


def _unless(booking: BookingDetail, statuses: tuple[BookingStatus, ...]) -> str:
    if booking.status in statuses:
        return ""
    return f"Not possible: the booking is {booking.status.value.replace('_', '-')}."


def _nothing_left(booking: BookingRow) -> str:
    is_paid = booking.payment_status in (PaymentStatus.PAID, PaymentStatus.PARTIALLY_REFUNDED)
    return "" if is_paid and booking.price_minor else "Nothing of what was paid is left."


def _too_early(booking: BookingDetail) -> str:
    return "Possible once the session has begun." if booking.starts_at > clock.now() else ""


def _not_offered(booking: BookingDetail) -> str:
    if booking.is_practitioner_visible:
        return ""
    name = booking.practitioner_name
    return f"{name} offers no times at the moment. The session stands as agreed; support can move it, or cancel it."


def _confirm(booking: BookingDetail, refused: str) -> None:
    action(
        "Confirm",
        confirm_booking,
        "Booking confirmed.",
        booking.id,
        key=f"confirm-{booking.id}",
        primary=booking.status == BookingStatus.PENDING,
        icon=":material/check:",
        refused=refused or ("The hold on this time has run out." if hold_is_over(booking) else ""),
    )


@st.dialog("Complete this session")
def _complete(booking: BookingDetail) -> None:
    st.write(
        f"{_show(booking.price_minor, booking)} will be in the books as a sale on"
        f" {day(booking.starts_at, booking.time_zone)}. This cannot be undone."
    )
    unpaid = booking.payment_status == PaymentStatus.UNPAID and booking.price_minor > 0
    with Form(f"complete-{booking.id}", border=False) as form:
        if unpaid:
            st.checkbox("The client has paid on site", key=form.key("paid_on_site"))
        paid: dict[str, Any] = {"paid_on_site": form.field("paid_on_site")} if unpaid else {}
        if form.submit("Complete session", complete_booking, "Session completed.", booking.id, **paid):
            st.rerun()


@st.dialog("The client did not come")
def _no_show(booking: BookingDetail) -> None:
    kept = booking.payment_status == PaymentStatus.PAID
    money_kept = f"{_show(_paid(booking), booking)} is kept." if kept else "Nothing was paid, so nothing is kept."
    st.write(f"The booking is closed as a no-show. {money_kept} This cannot be undone.")
    with Form(f"no-show-{booking.id}", border=False) as form:
        if form.submit("Mark as no-show", mark_no_show, "Marked as a no-show.", booking.id):
            st.rerun()


@st.dialog("Move this session")
def _move(booking: BookingDetail) -> None:
    agreed = f"{day(booking.starts_at, booking.time_zone)}, {_hours(booking)}"
    st.write(f"It is agreed for {agreed}. The booking stays the same: its reference, price and terms do not change.")
    if booking.series_id:
        st.write("Only this session of the series moves.")
    agreed_day = booking.starts_at.astimezone(ZoneInfo(booking.time_zone)).date()
    picked = pick_start(
        booking.service_id, booking.time_zone, key=f"move-{booking.id}", leave_out=booking.id, day=agreed_day
    )
    moved = action(
        "Move session",
        reschedule_booking,
        "Session moved.",
        booking.id,
        key=f"move-{booking.id}",
        primary=True,
        refused="" if picked.is_chosen else "Choose a day and a time first.",
        starts_at=picked.start,
        outside_hours=picked.outside,
    )
    if moved:
        st.rerun()


@st.dialog("Decline this request")
def _decline(booking: BookingDetail) -> None:
    st.write(f"The time becomes free again. {_paid_back(booking, 10_000)}")
    reason_form(
        "Decline request", decline_booking, "Request declined.", booking.id, hint="What should the others know?"
    )


@st.dialog("Cancel this booking")
def _cancel(booking: BookingDetail) -> None:
    share = 10_000
    if actor().role is Role.CLIENT:
        share = refund_share(booking.policy, booking.starts_at - clock.now())
    st.write(f"{_hours(booking)} becomes free again. {_paid_back(booking, share)} This cannot be undone.")
    if actor().role is not Role.CLIENT and booking.payment_status == PaymentStatus.PAID:
        st.caption("The terms are for clients who call off themselves; what we call off is given back in full.")
    reason_form("Cancel booking", cancel_booking, "Booking cancelled.", booking.id, hint="What should the others know?")


@st.dialog("Refund this booking")
def refund_dialog(booking: BookingDetail, ticket_id: uuid.UUID | None = None) -> None:
    """Ask how much goes back and why; above the agent's limit an admin is asked."""
    stays = {
        BookingStatus.COMPLETED: "The session stays completed; the sale is reversed in the books.",
        BookingStatus.CANCELLED: "It is of the fee that was kept.",
        BookingStatus.NO_SHOW: "It is of the fee that was kept.",
    }.get(booking.status, "The booking stays as it is; cancel it instead to free its time.")
    subject = Refundable(booking.reference, booking.currency, _paid(booking), booking.refunded_minor)
    refund_form(
        subject,
        stays,
        key=f"refund-{booking.id}",
        service=refund_booking,
        record_id=booking.id,
        asked={"booking_id": booking.id, "ticket_id": ticket_id},
    )


def _hours(booking: BookingDetail) -> str:
    return time_range(booking.starts_at, booking.ends_at, booking.time_zone)


def _paid(booking: BookingDetail) -> int:
    return booking.price_minor - booking.refunded_minor


def _paid_back(booking: BookingDetail, share: int) -> str:
    if booking.payment_status != PaymentStatus.PAID:
        return "Nothing was paid, so nothing goes back."
    back = money.share(booking.price_minor, share)
    whom = "you" if actor().role is Role.CLIENT else "the client"
    return f"{_show(back, booking)} of {_show(_paid(booking), booking)} goes back to {whom}."


def _show(minor: int, booking: BookingDetail) -> str:
    return show_money(minor, booking.currency)
