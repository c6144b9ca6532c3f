"""Reads of when a practitioner works, for whoever may see it, and what a change of it would mean."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus
from avenrae.errors import NotFound
from avenrae.models import (
    AvailabilityOverride,
    AvailabilityRule,
    BlockedPeriod,
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
from avenrae.scheduling.diary import Blocked
from avenrae.scheduling.hours import ONE_DAY, Override, Range, Rule, by_day, less, open_ranges
from avenrae.scheduling.zones import instant, local_day, zone_named

Hours = tuple[int, time, time]
"""A weekday (0 = Monday) and from–to on the practitioner's clock; an end at 00:00 is midnight."""
_LONGEST_LOOK = timedelta(days=800)
_PAST = timedelta(days=31)
_ALWAYS = [Rule(time(), time(), weekday) for weekday in range(7)]
PREVIEWED = 28
"""How many days a preview shows."""


@dataclass(frozen=True)
class OtherRule:
    """Hours that the week editor does not show: by an RRULE, or a weekday's for some dates only."""

    id: uuid.UUID
    starts: time
    ends: time
    weekday: int | None
    rrule: str | None
    valid_from: date | None
    valid_until: date | None


@dataclass(frozen=True)
class OwnDate:
    """What is said of one date instead of the week; without hours it is closed."""

    on_date: date
    hours: tuple[tuple[time, time], ...]
    note: str


@dataclass(frozen=True)
class Availability:
    """Everything a practitioner says about when he works; minutes, the horizon in days.

    Dates and blocked periods are those of the last month and to come; `busy` is what other calendars say of the
    days that a preview shows.
    """

    practitioner_id: uuid.UUID
    name: str
    time_zone: str
    buffer_before: int
    buffer_after: int
    min_notice: int
    max_horizon: int
    slot_step: int | None
    week: tuple[Hours, ...]
    others: tuple[OtherRule, ...]
    dates: tuple[OwnDate, ...]
    away: tuple[Away, ...]
    busy: tuple[Away, ...]
    country_code: str | None
    has_feed: bool

    def rules(self, week: Sequence[Hours] | None = None) -> list[Rule]:
        """Return all opening hours for the pure functions, with this week in place of the stored one."""
        weekly = [Rule(starts, ends, weekday) for weekday, starts, ends in (self.week if week is None else week)]
        return weekly + [Rule(r.starts, r.ends, r.weekday, r.rrule, r.valid_from, r.valid_until) for r in self.others]

    def overrides(self, instead: OwnDate | None = None) -> list[Override]:
        """Return the dates' own hours for the pure functions, with `instead` in place of what its date has."""
        dates = [d for d in self.dates if instead is None or d.on_date != instead.on_date]
        return [o for d in (*dates, *([instead] if instead else [])) for o in _overrides_of(d)]

    def blocked(self) -> list[Blocked]:
        """Return the times away for the pure functions."""
        return [Blocked(b.starts_at, b.ends_at, b.reason) for b in (*self.away, *self.busy)]


@dataclass(frozen=True)
class Outside:
    """An agreed or requested session that the hours do not hold; times in UTC."""

    id: uuid.UUID
    reference: str
    starts_at: datetime
    ends_at: datetime
    status: BookingStatus
    client_name: str
    service_title: str


@dataclass(frozen=True)
class OpenDay:
    """One day of a preview: when it is open, blocked times taken out, and what blocks it."""

    day: date
    hours: tuple[Range, ...]
    away: tuple[str, ...]


def get_availability(session: Session, actor: Actor, practitioner_id: uuid.UUID) -> Availability:
    """Return when a practitioner works.

    Raises:
        NotFound: There is no such practitioner for this actor.
        NotPermitted: The role does not see availability.
    """
    require(actor, Permission.AVAILABILITY_VIEW)
    found = session.execute(
        select(Practitioner, User.first_name.concat(" ").concat(User.last_name))
        .join(User, User.id == Practitioner.user_id)
        .where(Practitioner.id == practitioner_id, visible_practitioners(actor))
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such practitioner, or the profile is not yours to see.")
    practitioner, name = found
    since = clock.now() - _PAST
    rules = session.scalars(
        select(AvailabilityRule)
        .where(AvailabilityRule.practitioner_id == practitioner_id)
        .order_by(AvailabilityRule.weekday, AvailabilityRule.starts_local, AvailabilityRule.id)
    ).all()
    overrides = session.scalars(
        select(AvailabilityOverride)
        .where(AvailabilityOverride.practitioner_id == practitioner_id, AvailabilityOverride.on_date >= since.date())
        .order_by(AvailabilityOverride.on_date, AvailabilityOverride.starts_local, AvailabilityOverride.id)
    )
    away = session.execute(
        select(BlockedPeriod.id, BlockedPeriod.starts_at, BlockedPeriod.ends_at, BlockedPeriod.reason)
        .where(BlockedPeriod.practitioner_id == practitioner_id, BlockedPeriod.ends_at >= since)
        .order_by(BlockedPeriod.starts_at, BlockedPeriod.id)
    )
    terms = ("time_zone", "country_code", "buffer_before", "buffer_after", "min_notice", "max_horizon", "slot_step")
    return Availability(
        practitioner_id=practitioner.id,
        name=name,
        **{term: getattr(practitioner, term) for term in terms},
        week=week_of(rules),
        others=tuple(
            OtherRule(r.id, r.starts_local, r.ends_local, r.weekday, r.rrule, r.valid_from, r.valid_until)
            for r in rules
            if not is_weekly(r)
        ),
        dates=tuple(_dates(overrides)),
        away=tuple(Away(*row) for row in away),
        busy=tuple(a for a in list_away(session, actor, practitioner_id, *_previewed()) if a.id is None),
        has_feed=practitioner.feed_token_hash is not None,
    )


def _previewed() -> tuple[datetime, datetime]:
    """Return the span of a preview, and a day around it for whatever zone it is in."""
    return clock.now() - ONE_DAY, clock.now() + (PREVIEWED + 1) * ONE_DAY


def is_weekly(rule: AvailabilityRule) -> bool:
    """Whether hours come every week without end: the ones that the week editor shows and replaces."""
    return rule.weekday is not None and rule.valid_from is None and rule.valid_until is None


def week_of(rules: Sequence[AvailabilityRule]) -> tuple[Hours, ...]:
    """Return the plain week among stored hours, in order; what a form of it shows and `set_week` compares."""
    return tuple(
        sorted((r.weekday, r.starts_local, r.ends_local) for r in rules if r.weekday is not None and is_weekly(r))
    )


def sessions_outside(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID,
    rules: Sequence[Rule],
    overrides: Sequence[Override],
    until: datetime,
    *,
    blocked: Sequence[Blocked] = (),
) -> list[Outside]:
    """Return the sessions from now until an instant that these hours do not hold whole, in order of time.

    A session is held when it lies within open hours and touches no blocked period; buffers may reach beyond. Those
    that wait for an answer count while their hold lasts.

    Raises:
        NotFound: There is no such practitioner for this actor.
        InvalidInput: Their time zone is none.
    """
    require(actor, Permission.AVAILABILITY_VIEW)
    name = session.execute(
        select(Practitioner.time_zone).where(Practitioner.id == practitioner_id, visible_practitioners(actor))
    ).scalar_one_or_none()
    if name is None:
        raise NotFound("There is no such practitioner, or the profile is not yours to see.")
    zone, now = zone_named(name), clock.now()
    ahead = session.execute(
        select(
            Booking.id,
            Booking.reference,
            Booking.starts_at,
            Booking.ends_at,
            Booking.status,
            User.first_name.concat(" ").concat(User.last_name),
            Service.title,
        )
        .join(Client, Client.id == Booking.client_id)
        .join(User, User.id == Client.user_id)
        .join(Service, Service.id == Booking.service_id)
        .where(
            Booking.practitioner_id == practitioner_id,
            visible_bookings(actor),
            Booking.status.in_([BookingStatus.PENDING, BookingStatus.CONFIRMED]),
            or_(Booking.status == BookingStatus.CONFIRMED, is_not_expired()),
            Booking.starts_at > now,
            Booking.starts_at <= min(until, now + _LONGEST_LOOK),
        )
        .order_by(Booking.starts_at, Booking.id)
    ).all()
    if not ahead:
        return []
    first, last = local_day(ahead[0].starts_at, zone), local_day(max(b.ends_at for b in ahead), zone)
    held = open_ranges(rules, overrides, zone, first - ONE_DAY, last)
    return [
        Outside(*b[:4], BookingStatus(b.status), *b[5:])
        for b in ahead
        if not any(r.start <= b.starts_at and b.ends_at <= r.end for r in held)
        or any(away.start < b.ends_at and b.starts_at < away.end for away in blocked)
    ]


def newly_outside(
    session: Session, actor: Actor, now: Availability, rules: Sequence[Rule], overrides: Sequence[Override]
) -> tuple[list[Outside], int]:
    """Return the sessions that a change of hours would newly leave outside, and how many lie outside already."""
    until = clock.now() + _LONGEST_LOOK
    before = sessions_outside(session, actor, now.practitioner_id, now.rules(), now.overrides(), until)
    after = sessions_outside(session, actor, now.practitioner_id, rules, overrides, until)
    known = {b.id for b in before}
    return [b for b in after if b.id not in known], sum(b.id in known for b in after)


def sessions_within(
    session: Session, actor: Actor, practitioner_id: uuid.UUID, starts_at: datetime, ends_at: datetime
) -> list[Outside]:
    """Return the sessions to come that a blocked period would touch, in order of time."""
    return sessions_touched(session, actor, practitioner_id, [Blocked(starts_at, ends_at)])


def sessions_touched(
    session: Session, actor: Actor, practitioner_id: uuid.UUID, blocked: Sequence[Blocked]
) -> list[Outside]:
    """Return the sessions to come that any of these blocked times would touch, in order of time."""
    until = max((b.end for b in blocked), default=clock.now())
    return sessions_outside(session, actor, practitioner_id, _ALWAYS, [], until, blocked=blocked)


def sessions_within_days(
    session: Session, actor: Actor, practitioner_id: uuid.UUID, days: Sequence[date]
) -> dict[date, list[Outside]]:
    """Return the sessions to come on each of these days of the practitioner's calendar, in order of time.

    Raises:
        NotFound: There is no such practitioner for this actor.
    """
    name = session.execute(
        select(Practitioner.time_zone).where(Practitioner.id == practitioner_id, visible_practitioners(actor))
    ).scalar_one_or_none()
    if name is None:
        raise NotFound("There is no such practitioner, or the profile is not yours to see.")
    zone = zone_named(name)
    spans = {day: (instant(day, time(), zone), instant(day + ONE_DAY, time(), zone)) for day in sorted(days)}
    found = sessions_touched(session, actor, practitioner_id, [Blocked(*span) for span in spans.values()])
    of_day = {day: [b for b in found if b.starts_at < end and start < b.ends_at] for day, (start, end) in spans.items()}
    return {day: sessions for day, sessions in of_day.items() if sessions}


def open_days(
    now: Availability, rules: Sequence[Rule], overrides: Sequence[Override], days: int = PREVIEWED
) -> list[OpenDay]:
    """Return the coming days from today, each with its open hours less what is blocked.

    Raises:
        InvalidInput: The practitioner's time zone is none.
    """
    zone = zone_named(now.time_zone)
    first = local_day(clock.now(), zone)
    last = first + timedelta(days=days - 1)
    found = dict(by_day(rules, overrides, zone, first, last))
    blocked = [b for b in now.blocked() if local_day(b.end, zone) >= first and local_day(b.start, zone) <= last]
    drawn = []
    for n in range(days):
        day = first + timedelta(days=n)
        hours = found.get(day, [])
        cuts = [b for b in blocked if any(b.start < r.end and r.start < b.end for r in hours)]
        left = tuple(less(hours, [Range(b.start, b.end) for b in cuts]))
        drawn.append(OpenDay(day, left, tuple(dict.fromkeys(b.label or "Time away" for b in cuts))))
    return drawn


def _overrides_of(date_: OwnDate) -> list[Override]:
    return [Override(date_.on_date, *hours) for hours in date_.hours] or [Override(date_.on_date)]


def _dates(overrides: Any) -> Iterator[OwnDate]:
    """Yield what is said of each date; one closed row closes it, whatever else there is (R-BOOK-05)."""
    of_date: dict[date, list[AvailabilityOverride]] = {}
    for override in overrides:
        of_date.setdefault(override.on_date, []).append(override)
    for on_date, rows in of_date.items():
        hours = [
            (o.starts_local, o.ends_local) for o in rows if o.starts_local is not None and o.ends_local is not None
        ]
        yield OwnDate(
            on_date,
            tuple(hours) if len(hours) == len(rows) else (),
            " · ".join(dict.fromkeys(o.note for o in rows if o.note)),
        )
