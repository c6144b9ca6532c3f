"""Reads of series: what a series to come would meet, and the sessions of one that was agreed."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock, money
from avenrae.enums import BookingStatus, CancellationPolicy, PaymentStatus, Role
from avenrae.models import Booking
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.diaries import get_diary
from avenrae.queries.scopes import visible_bookings
from avenrae.scheduling.policies import refund_share
from avenrae.scheduling.series import Planned, plan

_AROUND = timedelta(days=2)
_OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)


@dataclass(frozen=True)
class Part:
    """One session of an agreed series; `back_minor` is what the reader would get or give back by calling it off now."""

    id: uuid.UUID
    reference: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    status: BookingStatus
    payment_status: PaymentStatus
    currency: str
    back_minor: int
    can_be_cancelled: bool


def plan_series(
    session: Session, actor: Actor, service_id: uuid.UUID, first: datetime, times: int, every: int
) -> list[Planned]:
    """Return every session of a weekly series with what stands against it, by one reading of the diary.

    Raises:
        NotFound: There is no such service for this actor.
        InvalidInput: Fewer than 2 or more than 26 times, or not every 1 to 4 weeks.
    """
    require(actor, Permission.BOOKING_CREATE_SERIES)
    until = first + _AROUND + timedelta(weeks=times * every)
    return plan(get_diary(session, actor, service_id, first - _AROUND, until), clock.now(), first, times, every)


def list_series(session: Session, actor: Actor, series_id: uuid.UUID) -> list[Part]:
    """Return the sessions of a series that the actor sees, in order of time."""
    require(actor, Permission.BOOKING_VIEW)
    found = session.scalars(
        select(Booking)
        .where(Booking.series_id == series_id, visible_bookings(actor))
        .order_by(Booking.starts_at, Booking.id)
        .limit(100)
    )
    return [_part(actor, booking) for booking in found]


def _part(actor: Actor, b: Booking) -> Part:
    is_client = actor.role is Role.CLIENT
    paid = 0 if b.payment_status == PaymentStatus.UNPAID else b.price_minor - b.refunded_minor
    share = refund_share(CancellationPolicy(b.policy), b.starts_at - clock.now()) if is_client else 10_000
    is_open = b.status in _OPEN and not (is_client and b.starts_at <= clock.now())
    return Part(
        b.id,
        b.reference,
        b.starts_at,
        b.ends_at,
        b.time_zone,
        BookingStatus(b.status),
        PaymentStatus(b.payment_status),
        b.currency,
        money.share(paid, share) if is_open else 0,
        is_open,
    )
