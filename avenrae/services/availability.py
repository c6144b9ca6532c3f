"""Writes of when a practitioner works: the week, hours beside it, single dates, and times away.

Sessions that are agreed keep their time whatever changes here; `queries/availability.py` says which would lie outside.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.models import AvailabilityOverride, AvailabilityRule, BlockedPeriod, Practitioner
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.availability import Hours, is_weekly, week_of
from avenrae.queries.scopes import visible_practitioners
from avenrae.scheduling.hours import MIDNIGHT, ONE_DAY, Rule, next_days
from avenrae.scheduling.zones import instant, spoken_day, zone_named

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MOST_ROWS, _MOST_OTHERS, _MOST_DAYS = 200, 50, 100
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


def add_rule(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID,
    *,
    rrule: str,
    starts: time,
    ends: time,
    valid_from: date,
    valid_until: date | None = None,
) -> AvailabilityRule:
    """Open hours beside the week, on days that an RRULE names from a first day on; an end at 00:00 is midnight.

    Raises:
        InvalidInput: They end before they start, the rule is none, or it never falls.
        Conflict: The same hours are there already, or there are too many of them.
    """
    practitioner = locked_practitioner(session, actor, practitioner_id, Permission.AVAILABILITY_EDIT)
    for day in (valid_from, valid_until or valid_from):
        _check_day(day)
    merged_hours([(starts, ends)])
    wanted = Rule(starts, ends, None, rrule, valid_from, valid_until)
    if not next_days(wanted, valid_from, 1):
        raise InvalidInput("These hours would never come. Choose other days.")
    stored = session.scalars(select(AvailabilityRule).where(AvailabilityRule.practitioner_id == practitioner.id)).all()
    others = [r for r in stored if not is_weekly(r)]
    if len(others) >= _MOST_OTHERS:
        raise Conflict(f"{_MOST_OTHERS} hours beside the week are the most. Remove some that are over.")
    if any(
        (r.rrule, r.starts_local, r.ends_local, r.valid_from, r.valid_until)
        == (rrule, starts, ends, valid_from, valid_until)
        for r in others
    ):
        raise Conflict("These hours are there already.")
    rule = AvailabilityRule(
        practitioner_id=practitioner.id,
        rrule=rrule,
        starts_local=starts,
        ends_local=ends,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    session.add(rule)
    session.flush()
    return rule


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


def block_days(session: Session, actor: Actor, practitioner_id: uuid.UUID, *, days: Mapping[date, str]) -> int:
    """Block whole days, each with its reason, but those that are blocked whole already; returns how many were not.

    Raises:
        InvalidInput: There is no such date, a reason is too long, or there are too many days.
    """
    practitioner = locked_practitioner(session, actor, practitioner_id, Permission.AVAILABILITY_EDIT)
    if len(days) > _MOST_DAYS:
        raise InvalidInput(f"At most {_MOST_DAYS} days can be blocked together.")
    spans = {day: span_of_days(practitioner.time_zone, day, MIDNIGHT, day, MIDNIGHT) for day in sorted(days)}
    if not spans:
        return 0
    first, last = min(s for s, _ in spans.values()), max(e for _, e in spans.values())
    there = session.execute(
        select(BlockedPeriod.starts_at, BlockedPeriod.ends_at).where(
            BlockedPeriod.practitioner_id == practitioner.id,
            BlockedPeriod.starts_at < last,
            BlockedPeriod.ends_at > first,
        )
    ).all()
    new = {
        day: span
        for day, span in spans.items()
        if not any(starts <= span[0] and span[1] <= ends for starts, ends in there)
    }
    session.add_all(
        BlockedPeriod(
            practitioner_id=practitioner.id, starts_at=span[0], ends_at=span[1], reason=_text(days[day], "reason")
        )
        for day, span in new.items()
    )
    session.flush()
    return len(new)


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
