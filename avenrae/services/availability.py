"""Writes of when a practitioner works: the week, single dates, times away, and the terms of booking.

Sessions that are agreed keep their time whatever changes here; `queries/availability.py` says which would lie outside.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.models import AvailabilityOverride, AvailabilityRule, BlockedPeriod, Practitioner
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.availability import Hours, is_weekly, week_of
from avenrae.queries.scopes import visible_practitioners
from avenrae.scheduling.hours import MIDNIGHT, ONE_DAY
from avenrae.scheduling.zones import instant, spoken_day, zone_named
from avenrae.services.edits import refuse_stale

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_BUFFER, MOST_HORIZON, MOST_NOTICE, STEPS = 480, 730, 60 * 24 * 365, (5, 480)
"""Most minutes of a buffer, days ahead, minutes of notice; shortest and longest step from start to start."""
_MOST_ROWS = 200
_YEARS = range(1900, 2201)


def set_week(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID,
    hours: Sequence[Hours],
    seen: Sequence[Hours] | None = None,
) -> tuple[Hours, ...]:
    """Replace the hours that come every week; returns them as they are kept, those that overlap or touch made one.

    `seen` is the week that the form showed. Hours by an RRULE or for some dates only stay. What does not change is
    not written again.

    Raises:
        InvalidInput: Hours end before they start, or the weekday is none.
        Conflict: Somebody changed the week since the form showed `seen`.
    """
    practitioner = locked_practitioner(session, actor, practitioner_id, Permission.AVAILABILITY_EDIT)
    stored = session.scalars(
        select(AvailabilityRule)
        .where(AvailabilityRule.practitioner_id == practitioner.id)
        .order_by(AvailabilityRule.id)
        .with_for_update()
    ).all()
    if seen is not None and tuple(sorted(seen)) != week_of(stored):
        raise Conflict(
            "Somebody changed this week meanwhile. Close this to see what they saved, then make your change."
        )
    wanted = merged_week(hours)
    missing = set(wanted)
    for rule in filter(is_weekly, stored):
        row = (rule.weekday, rule.starts_local, rule.ends_local)
        if row in missing:
            missing.remove(row)
        else:
            session.delete(rule)
    for weekday, starts, ends in sorted(missing):
        session.add(
            AvailabilityRule(practitioner_id=practitioner.id, weekday=weekday, starts_local=starts, ends_local=ends)
        )
    session.flush()
    return wanted


def merged_week(hours: Iterable[Hours]) -> tuple[Hours, ...]:
    """Return a week in order, hours that overlap or touch made one (R-BOOK-03); an end at 00:00 is midnight.

    Raises:
        InvalidInput: Hours end before they start, the weekday is none, or there are too many of them.
    """
    of_day: dict[int, list[tuple[time, time]]] = {}
    for n, (weekday, starts, ends) in enumerate(hours):
        if weekday not in range(7) or n >= _MOST_ROWS:
            raise InvalidInput(f"A week has seven days, from 0 (Monday) to 6, and at most {_MOST_ROWS} hours in all.")
        of_day.setdefault(weekday, []).append((starts, ends))
    return tuple(
        (weekday, starts, ends)
        for weekday in sorted(of_day)
        for starts, ends in merged_hours(of_day[weekday], f"{WEEKDAYS[weekday]}: ")
    )


def merged_hours(hours: Iterable[tuple[time, time]], of: str = "") -> tuple[tuple[time, time], ...]:
    """Return one day's hours in order, those that overlap or touch made one; `of` begins the sentence of a refusal.

    Raises:
        InvalidInput: Hours end before they start.
    """
    merged: list[list[time]] = []
    for starts, ends in sorted(hours):
        if starts >= ends != MIDNIGHT:
            raise InvalidInput(
                f"{of}{starts:%H:%M} to {ends:%H:%M} ends before it starts; an end at 00:00 is midnight."
            )
        last = merged[-1][1] if merged else None
        if last is not None and (last == MIDNIGHT or starts <= last):
            merged[-1][1] = MIDNIGHT if MIDNIGHT in (last, ends) else max(last, ends)
        else:
            merged.append([starts, ends])
    return tuple((starts, ends) for starts, ends in merged)


def remove_rule(session: Session, actor: Actor, practitioner_id: uuid.UUID, rule_id: uuid.UUID) -> None:
    """Take away hours that repeat by an RRULE or are for some dates only.

    Raises:
        NotFound: The practitioner has no such hours (any more).
    """
    _remove(session, actor, practitioner_id, AvailabilityRule, rule_id)


def add_override(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID,
    *,
    on_date: date,
    hours: Sequence[tuple[time, time]] = (),
    note: str = "",
) -> None:
    """Give one date its own hours instead of the week's, or close it where there are none (R-BOOK-05).

    What was said of the date before is replaced.

    Raises:
        InvalidInput: There is no such date, hours end before they start, or the note is too long.
    """
    practitioner = locked_practitioner(session, actor, practitioner_id, Permission.AVAILABILITY_EDIT)
    _check_day(on_date)
    kept = merged_hours(hours, f"{spoken_day(on_date)}: ")
    said = _text(note, "note")
    _clear_date(session, practitioner.id, on_date)
    for starts, ends in kept or [(None, None)]:
        session.add(
            AvailabilityOverride(
                practitioner_id=practitioner.id, on_date=on_date, starts_local=starts, ends_local=ends, note=said
            )
        )
    session.flush()


def remove_override(session: Session, actor: Actor, practitioner_id: uuid.UUID, on_date: date) -> None:
    """Let the week's hours count again on a date.

    Raises:
        NotFound: Nothing is said of this date (any more).
    """
    practitioner = locked_practitioner(session, actor, practitioner_id, Permission.AVAILABILITY_EDIT)
    if not _clear_date(session, practitioner.id, on_date):
        raise NotFound("This date has no hours of its own any more.")


def block_time(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID,
    *,
    first_day: date,
    starts: time,
    last_day: date,
    ends: time,
    reason: str = "",
) -> BlockedPeriod:
    """Keep a time free of sessions, from–to on the practitioner's clock; an end at 00:00 is the last day's end.

    Sessions that are agreed stay; nobody can book a new one.

    Raises:
        InvalidInput: It ends before it starts, the time zone is none, or the reason is too long.
    """
    practitioner = locked_practitioner(session, actor, practitioner_id, Permission.AVAILABILITY_EDIT)
    starts_at, ends_at = span_of_days(practitioner.time_zone, first_day, starts, last_day, ends)
    period = BlockedPeriod(
        practitioner_id=practitioner.id, starts_at=starts_at, ends_at=ends_at, reason=_text(reason, "reason")
    )
    session.add(period)
    session.flush()
    return period


def span_of_days(
    time_zone: str, first_day: date, starts: time, last_day: date, ends: time
) -> tuple[datetime, datetime]:
    """Return the instants of a from–to on a zone's clock (R-BOOK-04); an end at 00:00 is the last day's end.

    Raises:
        InvalidInput: It ends before it starts, or there is no such zone or date.
    """
    zone = zone_named(time_zone)
    for day in (first_day, last_day):
        _check_day(day)
    starts_at = instant(first_day, starts, zone)
    ends_at = instant(last_day + ONE_DAY if ends == MIDNIGHT else last_day, ends, zone)
    if ends_at <= starts_at:
        raise InvalidInput("The end lies before the start; swap them. An end at 00:00 is midnight after the last day.")
    return starts_at, ends_at


def unblock(session: Session, actor: Actor, practitioner_id: uuid.UUID, period_id: uuid.UUID) -> None:
    """Open a blocked time again.

    Raises:
        NotFound: The practitioner has blocked no such time (any more).
    """
    _remove(session, actor, practitioner_id, BlockedPeriod, period_id)


def edit_terms(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID,
    *,
    buffer_before: int,
    buffer_after: int,
    min_notice: int,
    max_horizon: int,
    slot_step: int | None,
    seen: Mapping[str, Any] | None = None,
) -> Practitioner:
    """Change how sessions are offered: time kept free around them, notice (minutes), horizon (days), step of starts.

    Bookings that exist keep the buffers they were made with (R-BOOK-10).

    Raises:
        InvalidInput: A number is out of range.
        Conflict: Somebody changed the terms since the form showed `seen`.
    """
    practitioner = locked_practitioner(session, actor, practitioner_id, Permission.AVAILABILITY_EDIT)
    refuse_stale(practitioner, seen)
    check_buffers(buffer_before, buffer_after)
    if not 0 <= min_notice <= MOST_NOTICE:
        raise InvalidInput("Notice is from nothing to a year.")
    if not 1 <= max_horizon <= MOST_HORIZON:
        raise InvalidInput(f"Bookings open 1 to {MOST_HORIZON} days ahead.")
    if slot_step is not None and not STEPS[0] <= slot_step <= STEPS[1]:
        raise InvalidInput(f"The step from start to start is {STEPS[0]} to {STEPS[1]} minutes.")
    practitioner.buffer_before, practitioner.buffer_after = buffer_before, buffer_after
    practitioner.min_notice, practitioner.max_horizon, practitioner.slot_step = min_notice, max_horizon, slot_step
    session.flush()
    return practitioner


def check_buffers(*buffers: int | None) -> None:
    """Refuse a time kept free around a session that is none; None is the practitioner's own.

    Raises:
        InvalidInput: It is negative or longer than eight hours.
    """
    if any(b is not None and not 0 <= b <= MOST_BUFFER for b in buffers):
        raise InvalidInput(f"The time kept free around a session is 0 to {MOST_BUFFER} minutes.")


def locked_practitioner(
    session: Session, actor: Actor, practitioner_id: uuid.UUID, permission: Permission
) -> Practitioner:
    """Return a practitioner the actor sees, locked, when he has the permission.

    Raises:
        NotFound: There is no such profile for this actor.
        NotPermitted: The role may not do this.
    """
    query = (
        select(Practitioner)
        .where(Practitioner.id == practitioner_id, visible_practitioners(actor))
        .with_for_update(key_share=True)
    )
    practitioner = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if practitioner is None:
        raise NotFound("There is no such practitioner, or the profile is not yours to see.")
    require(actor, permission)
    return practitioner


def _remove(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID,
    model: type[AvailabilityRule] | type[BlockedPeriod],
    row_id: uuid.UUID,
) -> None:
    practitioner = locked_practitioner(session, actor, practitioner_id, Permission.AVAILABILITY_EDIT)
    row = session.execute(
        select(model).where(model.id == row_id, model.practitioner_id == practitioner.id)
    ).scalar_one_or_none()
    if row is None:
        raise NotFound("This has been removed already.")
    session.delete(row)
    session.flush()


def _clear_date(session: Session, practitioner_id: uuid.UUID, on_date: date) -> bool:
    gone = session.scalars(
        delete(AvailabilityOverride)
        .where(AvailabilityOverride.practitioner_id == practitioner_id, AvailabilityOverride.on_date == on_date)
        .returning(AvailabilityOverride.id)
    ).all()
    return bool(gone)


def _check_day(day: date) -> None:
    if day.year not in _YEARS:
        raise InvalidInput(f"A date lies between {_YEARS[0]} and {_YEARS[-1]}.")


def _text(given: str, name: str) -> str:
    text = given.strip()
    if len(text) > 200 or "\0" in text:
        raise InvalidInput(f"The {name} can have 200 letters at most.")
    return text
