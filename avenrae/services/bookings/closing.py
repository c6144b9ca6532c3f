"""Sessions end: they took place, or the client did not come."""

import uuid

from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus, PaymentStatus
from avenrae.errors import Conflict
from avenrae.letters import bookings as letters
from avenrae.models import Booking, Transaction
from avenrae.permissions import Actor, Permission
from avenrae.queries.due import is_to_complete
from avenrae.queries.reviewable import OPEN_FOR
from avenrae.services.booking_notices import tell_client
from avenrae.services.bookings.calendars import WORDS, lock_calendar_of, locked_booking
from avenrae.services.bookings.holds import claim_due
from avenrae.services.money import (
    book_booking_sale,
    book_refund,
    book_retained_fee,
    find_payment,
    find_refunds,
    record_payment,
)
from avenrae.settings import settings


def complete_booking(session: Session, actor: Actor, booking_id: uuid.UUID, *, paid_on_site: bool = False) -> Booking:
    """Close a session that took place, and put it into the books on the day it began.

    Raises:
        Conflict: It is not confirmed, has not begun yet, or has not been paid.
    """
    booking = locked_booking(session, actor, booking_id, Permission.BOOKING_COMPLETE)
    payment = _held(session, booking, "completed", paid_on_site=paid_on_site)
    booking.status, booking.completed_at = BookingStatus.COMPLETED, clock.now()
    book_booking_sale(session, booking, payment)
    for refunded in find_refunds(session, booking):
        book_refund(session, booking, refunded)
    session.flush()
    until = clock.now() + OPEN_FOR
    tell_client(session, actor, booking, letters.COMPLETED, once=f"completed:{booking.id}", until=until)
    return booking


def complete_unclosed(session: Session, actor: Actor, booking_id: uuid.UUID) -> bool:
    """Close a paid session that ended long enough ago (a setting) and nobody closed; returns whether it was due."""
    lock_calendar_of(session, actor, booking_id)
    due = claim_due(session, actor, booking_id, is_to_complete(settings().auto_complete_hours))
    if due is not None:
        complete_booking(session, actor, due.id)
    return due is not None


def mark_no_show(session: Session, actor: Actor, booking_id: uuid.UUID) -> Booking:
    """Close a session to which the client did not come; what was paid is kept.

    Raises:
        Conflict: It is not confirmed or has not begun yet.
    """
    booking = locked_booking(session, actor, booking_id, Permission.BOOKING_NO_SHOW)
    payment = _held(session, booking, "marked as a no-show", must_be_paid=False)
    booking.status = BookingStatus.NO_SHOW
    if kept := still_paid(booking):
        book_retained_fee(session, booking, payment, kept, "No-show, payment kept")
    session.flush()
    money = letters.money_kept(kept, booking.currency)
    tell_client(session, actor, booking, letters.MISSED, once=f"missed:{booking.id}", money=money)
    return booking


def _held(
    session: Session, booking: Booking, done: str, *, must_be_paid: bool = True, paid_on_site: bool = False
) -> Transaction | None:
    """Check that the session was due and paid, recording a payment made on site; returns the payment."""
    if booking.status != BookingStatus.CONFIRMED:
        raise Conflict(f"This booking cannot be {done}: it is {WORDS[booking.status]}.")
    if booking.starts_at > clock.now():
        raise Conflict(f"This booking cannot be {done} before it has begun.")
    if must_be_paid and booking.payment_status == PaymentStatus.UNPAID:
        if booking.price_minor and not paid_on_site:
            raise Conflict("This session has not been paid. Say that it was paid on site to complete it.")
        return record_payment(session, booking, booking.price_minor)
    return find_payment(session, booking)


def still_paid(booking: Booking) -> int:
    """Return what was paid for a booking and has not gone back, in minor units."""
    return 0 if booking.payment_status == PaymentStatus.UNPAID else booking.price_minor - booking.refunded_minor
