"""Holds that nobody paid for in time: the time is free again and both sides are told."""

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus, CancelledBy, NoticeKind
from avenrae.models import Booking
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.due import is_hold_over
from avenrae.queries.scopes import visible_bookings
from avenrae.services.booking_notices import tell_both


def expire_hold(session: Session, actor: Actor, booking_id: uuid.UUID) -> bool:
    """Cancel a hold that ran out unpaid and tell both sides; returns whether it was due (R-BOOK-09)."""
    require(actor, Permission.BOOKING_CANCEL)
    booking = claim_due(session, actor, booking_id, is_hold_over())
    if booking is not None:
        _release(session, booking)
    return booking is not None


def expire_holds_between(session: Session, practitioner_id: uuid.UUID, since: datetime, until: datetime) -> None:
    """Cancel the holds of a practitioner that ran out unpaid and touch this time, and tell both sides (R-BOOK-09).

    For a caller who holds the practitioner's lock and has a use for the time.
    """
    query = select(Booking).where(
        Booking.practitioner_id == practitioner_id,
        is_hold_over(),
        Booking.starts_at < until,
        Booking.ends_at > since,
    )
    locked = query.order_by(Booking.id).with_for_update().execution_options(populate_existing=True)
    for booking in session.scalars(locked).all():
        _release(session, booking)


def claim_due(session: Session, actor: Actor, booking_id: uuid.UUID, due: ColumnElement[bool]) -> Booking | None:
    """Lock a booking that is still due; None where it is not, or where somebody else is at it right now."""
    query = select(Booking).where(Booking.id == booking_id, visible_bookings(actor), due)
    locked = query.with_for_update(skip_locked=True, of=Booking).execution_options(populate_existing=True)
    return session.scalars(locked).one_or_none()


def _release(session: Session, booking: Booking) -> None:
    booking.status, booking.cancelled_at, booking.cancelled_by = (
        BookingStatus.CANCELLED,
        clock.now(),
        CancelledBy.SYSTEM,
    )
    booking.cancellation_reason = "The hold ran out before it was paid"
    booking.hold_expires_at = None
    session.flush()
    tell_both(
        session,
        booking,
        NoticeKind.BOOKING,
        subject="Not booked: {service} with {other}, {time}",
        text="{service} ({reference}) with {other} on {time} was held but not paid in time. The time is free again.",
        once=f"hold:{booking.id}",
    )
