"""Opening hours: weekly and repeating rules and one date's own hours, as ranges of instants."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from avenrae.errors import InvalidInput
from avenrae.scheduling import recurrence
from avenrae.scheduling.zones import instant

MIDNIGHT = time()
ONE_DAY = timedelta(days=1)
_LONGEST_WINDOW = timedelta(days=1100)


class Range(NamedTuple):
    """From one instant up to, and without, another; both aware UTC (R-BOOK-02)."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """Hours by the wall clock, on a weekday (0 = Monday) or by an RRULE; an end at 00:00 is the day's end.

    Both dates of validity are included; an RRULE counts from `valid_from`.

    Raises:
        InvalidInput: It ends before it starts, or the day is not said in exactly one way.
    """

    starts: time
    ends: time
    weekday: int | None = None
    rrule: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None

    def __post_init__(self) -> None:
        _check_hours(self.starts, self.ends)
        if (self.weekday is None) == (self.rrule is None):
            raise InvalidInput("Opening hours need either a weekday or a repeating rule.")
        if self.weekday is not None and not 0 <= self.weekday <= 6:
            raise InvalidInput("A weekday is a number from 0 (Monday) to 6 (Sunday).")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise InvalidInput("The hours end before the day from which they are valid.")
        if self.rrule is not None:
            recurrence.parse(self.rrule, self.valid_from)

    def falls_on(self, day: date) -> bool:
        """Say whether these hours apply on this day."""
        if self.weekday is not None and self.weekday != day.weekday():
            return False
        if (self.valid_from and day < self.valid_from) or (self.valid_until and day > self.valid_until):
            return False
        return self.rrule is None or recurrence.parse(self.rrule, self.valid_from).falls_on(day)


def next_days(rule: Rule, since: date, n: int) -> list[date]:
    """Return the first days on which hours come, from a day on; fewer where they do not come so often in ten years."""
    ahead = (since + timedelta(days=d) for d in range(3653))
    return list(islice((day for day in ahead if rule.falls_on(day)), n))


@dataclass(frozen=True, slots=True)
class Override:
    """One date's own hours instead of all rules; without hours the date is closed, whatever else is said of it.

    Raises:
        InvalidInput: It ends before it starts, or has only one of the two times.
    """

    on_date: date
    starts: time | None = None
    ends: time | None = None

    def __post_init__(self) -> None:
        if self.starts is not None and self.ends is not None:
            _check_hours(self.starts, self.ends)
        elif self.starts is not None or self.ends is not None:
            raise InvalidInput("A date's own hours need both a start and an end, or neither to close it.")


def merge(ranges: Iterable[Range]) -> list[Range]:
    """Return ranges in order, those that overlap or touch made one (R-BOOK-03)."""
    merged: list[Range] = []
    for found in sorted(ranges):
        if merged and found.start <= merged[-1].end:
            if found.end > merged[-1].end:
                merged[-1] = Range(merged[-1].start, found.end)
        else:
            merged.append(found)
    return merged


def less(ranges: Iterable[Range], cuts: Iterable[Range]) -> Iterator[Range]:
    """Yield what is left of ranges without the cuts, in order."""
    ordered = sorted(cuts)
    for found in ranges:
        start = found.start
        for cut in ordered:
            if cut.start < found.end and start < cut.end:
                if start < cut.start:
                    yield Range(start, cut.start)
                start = max(start, cut.end)
        if start < found.end:
            yield Range(start, found.end)


def next_gap(opened: Iterable[Range], taken: Iterable[Range], now: datetime, least: timedelta) -> Range | None:
    """Return the first open time from now on that is free and long enough; one that has begun counts from now."""
    gaps = (Range(max(gap.start, now), gap.end) for gap in less(opened, taken))
    return next((gap for gap in gaps if gap.end - gap.start >= least), None)


def open_ranges(
    rules: Sequence[Rule], overrides: Sequence[Override], zone: ZoneInfo, first_day: date, last_day: date
) -> list[Range]:
    """Return when the hours of these days (both included) are open, merged, in UTC (R-BOOK-03, 04, 05).

    Raises:
        InvalidInput: The last day lies before the first or more than three years after it, or in another age.
    """
    if last_day < first_day:
        raise InvalidInput("The last day lies before the first; swap them.")
    if last_day - first_day > _LONGEST_WINDOW or not 1900 <= first_day.year <= 2200:
        raise InvalidInput("At most three years, between 1900 and 2200, can be looked at together.")
    return merge(r for _, ranges in by_day(rules, overrides, zone, first_day, last_day) for r in ranges)


def by_day(
    rules: Sequence[Rule], overrides: Sequence[Override], zone: ZoneInfo, first_day: date, last_day: date
) -> Iterator[tuple[date, list[Range]]]:
    """Yield each day that has hours, with its own ranges merged."""
    own: dict[date, list[Override]] = {}
    for override in overrides:
        own.setdefault(override.on_date, []).append(override)
    day = first_day
    while day <= last_day:
        if ranges := _hours_of(day, rules, own, zone):
            yield day, ranges
        day += ONE_DAY


def _hours_of(day: date, rules: Sequence[Rule], own: Mapping[date, list[Override]], zone: ZoneInfo) -> list[Range]:
    if day in own:
        if any(override.starts is None for override in own[day]):
            return []
        walls = [(o.starts, o.ends) for o in own[day] if o.starts is not None and o.ends is not None]
    else:
        today = (None, day.weekday())  # asked before the rule itself: most rules are another weekday's
        walls = [(rule.starts, rule.ends) for rule in rules if rule.weekday in today and rule.falls_on(day)]
    ranges = []
    for starts, ends in walls:
        start = instant(day, starts, zone)
        end = instant(day + ONE_DAY if ends == MIDNIGHT else day, ends, zone)
        if start < end:
            ranges.append(Range(start, end))
    return merge(ranges) if len(ranges) > 1 else ranges


def _check_hours(starts: time, ends: time) -> None:
    if starts >= ends != MIDNIGHT:
        raise InvalidInput(f"{starts:%H:%M} to {ends:%H:%M} ends before it starts; an end at 00:00 is the day's end.")
