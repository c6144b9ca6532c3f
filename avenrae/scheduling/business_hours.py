"""Business hours of a desk: the open time between two instants, and the instant at which an amount of it is over."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from avenrae.scheduling.hours import MIDNIGHT, ONE_DAY, Override, Range, Rule, by_day, merge
from avenrae.scheduling.zones import instant, local_day

_NOTHING = timedelta()


@dataclass(frozen=True)
class DeskHours:
    """When a desk works: weekly hours by the wall clock of its zone, and holidays, each with its name."""

    zone: ZoneInfo
    weekly: tuple[Rule, ...]
    holidays: Mapping[date, str] = field(default_factory=dict)

    def between(self, first_day: date, last_day: date) -> "OpenTime":
        """Return the open time of these days, both included."""
        closed = [Override(day) for day in self.holidays]
        days = by_day(self.weekly, closed, self.zone, first_day, last_day)
        return OpenTime(merge(r for _, ranges in days for r in ranges))

    def closed(self, since: datetime, until: datetime) -> Iterator[tuple[Range, str]]:
        """Yield the parts of a closed time, each with why the desk does not work then."""
        at, why = since, self._why(local_day(since, self.zone))
        while (midnight := instant(local_day(at, self.zone) + ONE_DAY, MIDNIGHT, self.zone)) < until:
            following = self._why(local_day(midnight, self.zone))
            if following != why:
                yield Range(since, midnight), why
                since, why = midnight, following
            at = midnight
        yield Range(since, until), why

    def _why(self, day: date) -> str:
        holiday = self.holidays.get(day)
        return f"holiday: {holiday}" if holiday else "outside business hours"


class OpenTime:
    """Open ranges of one stretch of days, added up once so that each question is a binary search."""

    def __init__(self, ranges: Sequence[Range]) -> None:
        self.ranges = ranges
        self._starts = [r.start for r in ranges]
        self._until_end: list[timedelta] = []
        total = _NOTHING
        for r in ranges:
            total += r.end - r.start
            self._until_end.append(total)

    def within(self, since: datetime, until: datetime) -> timedelta:
        """Return how much open time lies between two instants; nothing where the second comes first."""
        return max(_NOTHING, self._passed(until) - self._passed(since))

    def after(self, since: datetime, amount: timedelta) -> datetime | None:
        """Return the instant at which this much open time has passed since another; None beyond the days known.

        An amount that ends with a day's hours ends there, not at the next morning (R-SLA-02).
        """
        goal = self._passed(since) + amount
        n = bisect_left(self._until_end, goal)
        if n == len(self.ranges):
            return None
        return max(since, self.ranges[n].end - (self._until_end[n] - goal))

    def before(self, until: datetime, amount: timedelta) -> datetime | None:
        """Return the latest instant since which this much open time has passed; None before the days known.

        An amount that began with a day's hours reaches back to them, not to the evening before.
        """
        goal = self._passed(until) - amount
        if goal < _NOTHING or not self.ranges:
            return None
        n = bisect_right(self._until_end, goal)
        if n == len(self.ranges):
            return until
        return min(until, self.ranges[n].end - (self._until_end[n] - goal))

    def is_open(self, at: datetime) -> bool:
        """Say whether an instant is of the open time."""
        n = bisect_right(self._starts, at) - 1
        return n >= 0 and at < self.ranges[n].end

    def cut(self, since: datetime, until: datetime) -> list[Range]:
        """Return the open ranges between two instants."""
        n = max(0, bisect_right(self._starts, since) - 1)
        found = []
        for r in self.ranges[n:]:
            if r.start >= until:
                break
            if r.end > since:
                found.append(Range(max(r.start, since), min(r.end, until)))
        return found

    def _passed(self, at: datetime) -> timedelta:
        n = bisect_right(self._starts, at) - 1
        if n < 0:
            return _NOTHING
        r = self.ranges[n]
        return self._until_end[n] - max(_NOTHING, r.end - at)
