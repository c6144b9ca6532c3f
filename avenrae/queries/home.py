"""What needs whoever signs in today: the counts on the home page, in one query, and a practitioner's day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus, OrderStatus, VerificationStatus
from avenrae.errors import NotFound
from avenrae.models import Booking, Order, Practitioner, Product, Review
from avenrae.permissions import Actor, Permission
from avenrae.queries.bookings import has_ended, is_not_expired, is_offer
from avenrae.queries.calendar import CalendarBooking, calendar_days
from avenrae.queries.products import IS_LOW
from avenrae.queries.reviews import is_flag_open
from avenrae.queries.scopes import (
    visible_bookings,
    visible_orders,
    visible_practitioners,
    visible_products,
    visible_reviews,
)
from avenrae.scheduling.hours import Range, next_gap

_LOOK_AHEAD, _SHORTEST_GAP = timedelta(days=14), timedelta(minutes=30)
_MOST = 1000
"""Counting for a hint stops here."""


@dataclass(frozen=True)
class Needs:
    """How many there are of each; None is not for this role. `to_close` are confirmed sessions that have ended."""

    requests: int | None
    to_close: int | None
    orders_to_fulfil: int | None
    profiles_to_check: int | None
    products_low: int | None
    reviews_flagged: int | None


@dataclass(frozen=True)
class PractitionerDay:
    """The sessions of a day in order of time, the first one after it, and the next free gap in the open hours.

    A gap leaves out what is kept free around sessions and what is blocked.
    """

    sessions: tuple[CalendarBooking, ...]
    following: CalendarBooking | None
    gap: Range | None


def practitioner_day(session: Session, actor: Actor, start: datetime, end: datetime) -> PractitionerDay:
    """Return a practitioner's day from its first to its last instant, and what comes after it in two weeks.

    Raises:
        NotFound: The actor is no practitioner.
    """
    if actor.practitioner_id is None:
        raise NotFound("Only a practitioner has a day of sessions.")
    now = clock.now()
    found = calendar_days(session, actor, practitioner_id=actor.practitioner_id, start=start, end=end + _LOOK_AHEAD)
    taken = [
        Range(b.starts_at - timedelta(minutes=b.buffer_before), b.ends_at + timedelta(minutes=b.buffer_after))
        for b in found.bookings
        if b.status in (BookingStatus.PENDING, BookingStatus.CONFIRMED)
    ]
    taken += [Range(a.starts_at, a.ends_at) for a in found.blocked]
    return PractitionerDay(
        sessions=tuple(b for b in found.bookings if b.starts_at < end),
        following=next((b for b in found.bookings if b.starts_at >= max(now, end)), None),
        gap=next_gap(found.open_hours or [], taken, now, _SHORTEST_GAP),
    )


def count_needs(session: Session, actor: Actor) -> Needs:
    """Return what waits for the actor, each count stopping at a thousand."""
    counts = {
        "requests": _of(
            Booking,
            visible_bookings(actor),
            Booking.status == BookingStatus.PENDING,
            Booking.starts_at > clock.now(),
            is_not_expired(),
            ~is_offer(),
            when=actor.may(Permission.BOOKING_VIEW),
        ),
        "to_close": _of(
            Booking,
            visible_bookings(actor),
            Booking.status == BookingStatus.CONFIRMED,
            has_ended(clock.now()),
            when=actor.may(Permission.BOOKING_COMPLETE),
        ),
        "orders_to_fulfil": _of(
            Order, visible_orders(actor), Order.status == OrderStatus.PAID, when=actor.may(Permission.ORDER_FULFIL)
        ),
        "profiles_to_check": _of(
            Practitioner,
            visible_practitioners(actor),
            Practitioner.verification_status == VerificationStatus.SUBMITTED,
            when=actor.may(Permission.PRACTITIONER_REVIEW),
        ),
        "products_low": _of(
            Product,
            visible_products(actor),
            IS_LOW,
            when=actor.may(Permission.STOCK_CHANGE),
        ),
        "reviews_flagged": _of(Review, visible_reviews(actor), is_flag_open(), when=actor.may(Permission.REVIEW_HIDE)),
    }
    asked = {name: query for name, query in counts.items() if query is not None}
    found = session.execute(select(*(query.label(name) for name, query in asked.items()))).one()._mapping
    return Needs(**{name: found.get(name) for name in counts})


def _of(model: Any, *conditions: ColumnElement[bool], when: bool) -> Any:
    if not when:
        return None
    rows = select(model.id).where(*conditions).limit(_MOST).subquery()
    return select(func.count()).select_from(rows).scalar_subquery()
