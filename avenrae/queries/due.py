"""What comes due by itself: holds that ran out, reminders, sessions that nobody closed. Each is bounded by an index."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Interval, and_, func, literal, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger

from avenrae import clock
from avenrae.enums import BookingStatus, PaymentStatus
from avenrae.models import Booking, Notification
from avenrae.permissions import Actor
from avenrae.queries.scopes import visible_bookings

LIMIT = 1000
"""No run takes more at once; the next one, a minute later, goes on."""
REMINDERS = (24, 2)
"""How many hours before a session people are reminded, the longest first."""
_LOOK_BACK = timedelta(days=30)


def is_hold_over() -> ColumnElement[bool]:
    """Whether a booking is a hold that nobody paid for in time (R-BOOK-09)."""
    return and_(
        Booking.status == BookingStatus.PENDING,
        Booking.payment_status == PaymentStatus.UNPAID,
        Booking.hold_expires_at <= clock.now(),
    )


def is_reminder_due(hours: int) -> ColumnElement[bool]:
    """Whether people are to be reminded of a session `hours` before it, now and not yet for this start.

    A worker that was away reminds late, but never of less than the next reminder's hours, and never of a time that
    was agreed later than this reminder would have gone out.
    """
    sooner = max((h for h in REMINDERS if h < hours), default=0)
    before = literal(timedelta(hours=hours), Interval)
    agreed = func.greatest(func.coalesce(Booking.confirmed_at, Booking.created_at), Booking.moved_at)
    start = func.floor(func.extract("epoch", Booking.starts_at)).cast(BigInteger)
    once = func.concat(f"reminder:{hours}:", Booking.id, ":", start)
    return and_(
        Booking.status == BookingStatus.CONFIRMED,
        Booking.starts_at > clock.now() + timedelta(hours=sooner),
        Booking.starts_at <= clock.now() + timedelta(hours=hours),
        agreed <= Booking.starts_at - before,
        ~select(Notification.id).where(Notification.once == once).exists(),
    )


def reminder_key(hours: int, booking: Booking) -> str:
    """Return the key under which a reminder of this session at this start is told once."""
    return f"reminder:{hours}:{booking.id}:{int(booking.starts_at.timestamp())}"


def is_to_complete(hours: int) -> ColumnElement[bool]:
    """Whether a session ended `hours` ago or earlier, was paid (or is free) and has not been closed.

    What has been open for a month is left to a person.
    """
    until = clock.now() - timedelta(hours=hours)
    return and_(
        Booking.status == BookingStatus.CONFIRMED,
        Booking.starts_at.between(until - _LOOK_BACK, until),
        Booking.ends_at <= until,
        or_(Booking.payment_status != PaymentStatus.UNPAID, Booking.price_minor == 0),
    )


def list_due(session: Session, actor: Actor, condition: ColumnElement[bool], limit: int = LIMIT) -> Sequence[uuid.UUID]:
    """Return the bookings of a condition, the earliest start first."""
    return session.scalars(
        select(Booking.id)
        .where(visible_bookings(actor), condition)
        .order_by(Booking.starts_at, Booking.id)
        .limit(limit)
    ).all()
