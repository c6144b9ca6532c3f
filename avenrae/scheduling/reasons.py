"""Why a time is not offered: the one rule that removed it, in a sentence (R-BOOK-13)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from avenrae.errors import InvalidInput
from avenrae.scheduling.diary import Diary, Taken
from avenrae.scheduling.hours import ONE_DAY, Override, Range, open_ranges
from avenrae.scheduling.slots import bookable, conflict, slots
from avenrae.scheduling.zones import local_day, spoken, spoken_day, zone_mark

_LONGEST_VIEW = timedelta(days=45)


class ReasonKind(StrEnum):
    """The rules that can remove a time, in the order in which they are asked."""

    PAST = "past"
    HORIZON = "horizon"
    OVERRIDE = "override"
    HOURS = "hours"
    BLOCKED = "blocked"
    HOLD = "hold"
    BOOKING = "booking"
    NOTICE = "notice"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Reason:
    """The rule that removed a time, and a sentence that says so; times in it are the practitioner's, named.

    `cause` is the booking or the blocked period that is in the way, `day` the date with hours of its own.
    """

    kind: ReasonKind
    sentence: str
    cause: uuid.UUID | None = None
    day: date | None = None


def why_not(diary: Diary, now: datetime, start: datetime) -> Reason | None:
    """Return the one rule that keeps a session from starting at this instant; None exactly where it is bookable."""
    if bookable(diary, now, start):
        return None
    if start < now.astimezone(UTC):
        return Reason(ReasonKind.PAST, "This time has passed.")
    if start > diary.latest(now):
        days = diary.terms.max_horizon // ONE_DAY
        last = spoken(diary.latest(now), diary.terms.zone)
        return Reason(ReasonKind.HORIZON, f"Bookings open {days} days ahead, now until {last}.")
    start = start.astimezone(UTC)
    return (
        _closed(diary, start)
        or _blocked(diary, start)
        or _taken(diary, start)
        or _too_soon(diary, now, start)
        or _off_grid(diary, start)
    )


def removed(diary: Diary, now: datetime, since: datetime, until: datetime) -> list[tuple[datetime, Reason]]:
    """Return the starts that the weekly hours would give in [since, until) but that are not offered, with why.

    Raises:
        InvalidInput: More than 45 days are asked for.
    """
    if until - since > _LONGEST_VIEW:
        raise InvalidInput("Reasons are shown for at most 45 days together; choose a shorter time.")
    terms = replace(diary.terms, min_notice=timedelta(), max_horizon=_LONGEST_VIEW)
    whole = replace(diary, terms=terms, blocked=(), taken=())
    regular = slots(replace(whole, overrides=()), since, since, until)
    possible = {*slots(whole, since, since, until), *regular}
    found = ((start, why_not(diary, now, start)) for start in sorted(possible))
    return [(start, reason) for start, reason in found if reason is not None and reason.kind is not ReasonKind.STEP]


def _closed(diary: Diary, start: datetime) -> Reason | None:
    if _fits(diary, start, diary.overrides):
        return None
    zone = diary.terms.zone
    days = (local_day(start, zone), local_day(start + diary.terms.duration, zone))
    own = {override.on_date for override in diary.overrides}
    if own and _fits(diary, start, ()):
        day = next((day for day in days if day in own), days[0])
        hours = _spoken_hours(diary, day)
        return Reason(
            ReasonKind.OVERRIDE,
            f"{spoken_day(day)} has its own hours instead of the usual ones: {hours}."
            if hours
            else f"{spoken_day(day)} is closed, other than usual.",
            day=day,
        )
    hours = _spoken_hours(diary, days[0])
    if not hours:
        return Reason(ReasonKind.HOURS, f"{spoken(start, zone)} is outside the hours: that day has none.")
    return Reason(
        ReasonKind.HOURS, f"A session from {spoken(start, zone)} does not lie within the hours of that day: {hours}."
    )


def _fits(diary: Diary, start: datetime, overrides: Sequence[Override]) -> bool:
    zone, end = diary.terms.zone, start + diary.terms.duration
    first, last = local_day(start, zone) - ONE_DAY, local_day(end, zone)
    ranges = open_ranges(diary.rules, overrides, zone, first, last)
    return any(r.start <= start and end <= r.end for r in ranges)


def _spoken_hours(diary: Diary, day: date) -> str:
    ranges = open_ranges(diary.rules, diary.overrides, diary.terms.zone, day, day)
    return ", ".join(_clock(diary, r) for r in ranges)


def _blocked(diary: Diary, start: datetime) -> Reason | None:
    end = start + diary.terms.duration
    for away in sorted(diary.blocked, key=lambda away: away.start):
        if away.start < end and start < away.end:
            why = f" ({away.label})" if away.label else ""
            zone = diary.terms.zone
            sentence = f"Blocked{why} from {spoken(away.start, zone)} to {spoken(away.end, zone)}."
            return Reason(ReasonKind.BLOCKED, sentence, away.cause)
    return None


def _taken(diary: Diary, start: datetime) -> Reason | None:
    taken = conflict(diary, start)
    if taken is None:
        return None
    kind = ReasonKind.HOLD if taken.is_hold else ReasonKind.BOOKING
    hours = _clock(diary, Range(taken.start, taken.end))
    if not (taken.start < start + diary.terms.duration and start < taken.end):
        sentence = f"The time kept free around this session would run into {_named(taken)} ({hours})."
    elif taken.is_hold:
        sentence = f"{taken.label} holds {hours}, buffers included, and awaits payment; it may come free."
    else:
        sentence = f"{taken.label} occupies {hours}, buffers included."
    return Reason(kind, sentence, taken.cause)


def _named(taken: Taken) -> str:
    return f"{taken.label}, which is held and awaits payment" if taken.is_hold else taken.label


def _too_soon(diary: Diary, now: datetime, start: datetime) -> Reason | None:
    earliest = diary.earliest(now)
    if start >= earliest:
        return None
    minutes = diary.terms.min_notice // timedelta(minutes=1)
    notice = f"{minutes // 60} hours" if minutes % 60 == 0 and minutes > 60 else f"{minutes} minutes"
    return Reason(
        ReasonKind.NOTICE,
        f"Bookings need {notice} of notice; the earliest start is now {spoken(earliest, diary.terms.zone)}.",
    )


def _off_grid(diary: Diary, start: datetime) -> Reason:
    minutes = diary.terms.grid // timedelta(minutes=1)
    return Reason(
        ReasonKind.STEP,
        f"Sessions start every {minutes} minutes from opening; {spoken(start, diary.terms.zone)} is between two.",
    )


def _clock(diary: Diary, span: Range) -> str:
    start, end = (at.astimezone(diary.terms.zone) for at in span)
    if start.date() != end.date() and span.end - span.start > ONE_DAY:
        return f"{spoken(start, diary.terms.zone)} – {spoken(end, diary.terms.zone)}"
    return f"{start:%H:%M}–{end:%H:%M} {zone_mark(span.start, diary.terms.zone)}"
