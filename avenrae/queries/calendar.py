"""What a calendar shows of a span of days: sessions, times away and open hours, in three queries at most."""

import uuid
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Integer, String, Time, cast, literal, null, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from avenrae.enums import BookingStatus, Role
from avenrae.errors import InvalidInput
from avenrae.models import (
    AvailabilityOverride,
    AvailabilityRule,
    Booking,
    Client,
    Practitioner,
    Service,
    User,
)
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.away import Away, list_away
from avenrae.queries.bookings import is_not_expired
from avenrae.queries.scopes import visible_bookings, visible_practitioners
from avenrae.scheduling.hours import ONE_DAY, Override, Range, Rule, open_ranges

MOST = 500
"""A calendar shows no more sessions than this, the first ones, and says so."""
_LONGEST = timedelta(days=45)
_LONGEST_SESSION = timedelta(hours=12)
_client_user = aliased(User, name="client_user")
_practitioner_user = aliased(User, name="practitioner_user")


@dataclass(frozen=True)
class CalendarBooking:
    """One session as a calendar shows it; times in UTC, buffers in minutes and not for clients."""

    id: uuid.UUID
    reference: str
    starts_at: datetime
    ends_at: datetime
    buffer_before: int
    buffer_after: int
    status: BookingStatus
    hold_expires_at: datetime | None
    client_name: str
    practitioner_name: str
    service_title: str


@dataclass(frozen=True)
class CalendarDays:
    """A span's contents, each in order of time; there are more bookings where it is not complete.

    Blocked periods and open hours are of one practitioner and for whoever may see his availability; `open_hours`
    is None where they are not asked for or not to be seen.
    """

    bookings: list[CalendarBooking]
    blocked: list[Away]
    open_hours: list[Range] | None
    is_complete: bool = True


def calendar_days(
    session: Session,
    actor: Actor,
    *,
    practitioner_id: uuid.UUID | None,
    start: datetime,
    end: datetime,
    with_cancelled: bool = False,
) -> CalendarDays:
    """Return what lies in [start, end), also in part; without a practitioner the sessions of everybody seen.

    Holds that have run out keep no time and are left out, and so is what was cancelled unless asked for.

    Raises:
        NotPermitted: The role sees no bookings.
        InvalidInput: The span is longer than a month's view, or ends before it begins.
    """
    require(actor, Permission.BOOKING_VIEW)
    if not timedelta() <= end - start <= _LONGEST:
        raise InvalidInput("A calendar shows at most six weeks together; choose a shorter time.")
    bookings = _bookings(session, actor, practitioner_id, start, end, with_cancelled=with_cancelled)
    shown, is_complete = bookings[:MOST], len(bookings) <= MOST
    if practitioner_id is None or not (actor.is_staff or actor.practitioner_id == practitioner_id):
        return CalendarDays(shown, [], None, is_complete)
    return CalendarDays(
        shown,
        list_away(session, actor, practitioner_id, start, end, limit=MOST),
        _open_hours(session, actor, practitioner_id, start, end),
        is_complete,
    )


def _bookings(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID | None,
    start: datetime,
    end: datetime,
    *,
    with_cancelled: bool,
) -> list[CalendarBooking]:
    query = (
        select(
            *(getattr(Booking, f.name) for f in fields(CalendarBooking)[:8]),
            (_client_user.first_name + " " + _client_user.last_name).label("client_name"),
            (_practitioner_user.first_name + " " + _practitioner_user.last_name).label("practitioner_name"),
            Service.title.label("service_title"),
        )
        .join(Client, Client.id == Booking.client_id)
        .join(_client_user, _client_user.id == Client.user_id)
        .join(Practitioner, Practitioner.id == Booking.practitioner_id)
        .join(_practitioner_user, _practitioner_user.id == Practitioner.user_id)
        .join(Service, Service.id == Booking.service_id)
        .where(
            visible_bookings(actor),
            # No session is longer, and the index on starts can be walked from there.
            Booking.starts_at > start - _LONGEST_SESSION,
            Booking.starts_at < end,
            Booking.ends_at > start,
            or_(Booking.status != BookingStatus.PENDING, is_not_expired()),
        )
        .order_by(Booking.starts_at, Booking.id)
        .limit(MOST + 1)
    )
    if practitioner_id is not None:
        query = query.where(Booking.practitioner_id == practitioner_id)
    if not with_cancelled:
        query = query.where(Booking.status != BookingStatus.CANCELLED)
    hidden = {"buffer_before": 0, "buffer_after": 0} if actor.role is Role.CLIENT else {}
    return [
        CalendarBooking(**{**r._mapping, "status": BookingStatus(r.status), **hidden}) for r in session.execute(query)
    ]


def _open_hours(
    session: Session, actor: Actor, practitioner_id: uuid.UUID, start: datetime, end: datetime
) -> list[Range]:
    """Return the open hours of the span, cut to it, on the practitioner's own clock."""
    first, last = (start - ONE_DAY).astimezone(UTC).date(), (end + ONE_DAY).astimezone(UTC).date()
    rules = (
        select(
            literal("rule").label("kind"),
            AvailabilityRule.weekday.label("weekday"),
            AvailabilityRule.rrule.label("rrule"),
            AvailabilityRule.starts_local.label("starts"),
            AvailabilityRule.ends_local.label("ends"),
            AvailabilityRule.valid_from.label("valid_from"),
            AvailabilityRule.valid_until.label("valid_until"),
            Practitioner.time_zone.label("time_zone"),
        )
        .join(Practitioner, Practitioner.id == AvailabilityRule.practitioner_id)
        .where(AvailabilityRule.practitioner_id == practitioner_id, visible_practitioners(actor))
    )
    own_dates = (
        select(
            literal("date"),
            cast(null(), Integer),
            cast(null(), String),
            cast(AvailabilityOverride.starts_local, Time),
            cast(AvailabilityOverride.ends_local, Time),
            cast(AvailabilityOverride.on_date, Date),
            cast(null(), Date),
            Practitioner.time_zone,
        )
        .join(Practitioner, Practitioner.id == AvailabilityOverride.practitioner_id)
        .where(
            AvailabilityOverride.practitioner_id == practitioner_id,
            AvailabilityOverride.on_date.between(first, last),
            visible_practitioners(actor),
        )
    )
    found: list[Any] = list(session.execute(union_all(rules, own_dates)))
    if not found:
        return []
    ranges = open_ranges(
        [Rule(r.starts, r.ends, r.weekday, r.rrule, r.valid_from, r.valid_until) for r in found if r.kind == "rule"],
        [Override(r.valid_from, r.starts, r.ends) for r in found if r.kind == "date"],
        ZoneInfo(found[0].time_zone),
        first,
        last,
    )
    return [Range(max(r.start, start), min(r.end, end)) for r in ranges if r.start < end and r.end > start]
