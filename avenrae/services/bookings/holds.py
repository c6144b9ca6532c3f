"""Holds that nobody paid for in time, and offers that nobody accepted: the time is free again and people are told."""

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import acting_as
from avenrae.enums import BookingStatus, CancelledBy, WaitlistStatus
from avenrae.letters import bookings as letters
from avenrae.models import Booking
from avenrae.permissions import Actor
from avenrae.queries.due import is_hold_over
from avenrae.queries.scopes import visible_bookings
from avenrae.services.booking_notices import tell_both, tell_client
from avenrae.services.bookings.calendars import CONSOLE, close_offer

HOLD_RAN_OUT = "The hold ran out before it was paid"
OFFER_RAN_OUT = "The offer ran out before it was accepted"


def expire_holds_between(
    session: Session, practitioner_id: uuid.UUID, since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """Cancel the holds of a practitioner that ran out unpaid and touch this time, and tell people (R-BOOK-09).

    For a caller who holds the practitioner's lock and has a use for the time; returns the times that came free, of
    which he offers what he does not need.
    """
    query = select(Booking).where(
        Booking.practitioner_id == practitioner_id,
        is_hold_over(),
        Booking.starts_at < until,
        Booking.ends_at > since,
    )
    locked = query.order_by(Booking.id).with_for_update().execution_options(populate_existing=True)
    over = session.scalars(locked).all()
    if over:
        with acting_as(session, CONSOLE, "expire_hold"):
            for booking in over:
                release(session, booking)
    return [(booking.starts_at, booking.ends_at) for booking in over]


def claim_due(session: Session, actor: Actor, booking_id: uuid.UUID, due: ColumnElement[bool]) -> Booking | None:
    """Lock a booking that is still due; None where it is not, or where somebody else is at it right now."""
    query = select(Booking).where(Booking.id == booking_id, visible_bookings(actor), due)
    locked = query.with_for_update(skip_locked=True, of=Booking).execution_options(populate_existing=True)
    return session.scalars(locked).one_or_none()


def release(session: Session, booking: Booking) -> None:
    """Cancel a hold that ran out, the offer too that it may have been, and tell people."""
    offered = close_offer(session, booking, WaitlistStatus.EXPIRED)
    booking.status, booking.cancelled_at, booking.cancelled_by = (
        BookingStatus.CANCELLED,
        clock.now(),
        CancelledBy.SYSTEM,
    )
    booking.cancellation_reason = OFFER_RAN_OUT if offered else HOLD_RAN_OUT
    booking.hold_expires_at = None
    session.flush()
    if offered:
        tell_client(session, CONSOLE, booking, letters.OFFER_OVER, once=f"hold:{booking.id}")
    else:
        tell_both(session, CONSOLE, booking, letters.EXPIRED, once=f"hold:{booking.id}")
