"""The starts that a practitioner offers: opening hours less what is blocked, taken, too soon or too far.

`slots`, `bookable` and `free_between` are three questions to one enumeration, so a page offers exactly what a
booking accepts (R-BOOK-07). Everything given and returned is an instant; who reads it, and where, plays no part.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import nsmallest
from typing import TypeVar

from avenrae.errors import InvalidInput
from avenrae.scheduling.diary import Diary, Taken
from avenrae.scheduling.hours import MIDNIGHT, ONE_DAY, Range, by_day
from avenrae.scheduling.zones import instant, local_day

_TICK = timedelta.resolution
_Key = TypeVar("_Key")


def slots(diary: Diary, now: datetime, since: datetime, until: datetime) -> list[datetime]:
    """Return the offered starts from `since` up to, and without, `until`, in order, as aware UTC."""
    return list(_starts(diary, now, since, until))


def bookable(diary: Diary, now: datetime, start: datetime) -> bool:
    """Say whether a session may start at this instant: whether `slots` has it (R-BOOK-07)."""
    if not diary.earliest(now) <= start <= diary.latest(now):
        return False
    start = start.astimezone(UTC)
    return next(_starts(diary, now, start, start + _TICK), None) is not None


def free_between(
    diaries: Mapping[_Key, Diary], now: datetime, since: datetime, until: datetime
) -> dict[_Key, datetime]:
    """Return who can still have a whole session from `since` to `until`, each with the first start.

    Raises:
        InvalidInput: The time ends before it starts.
    """
    if until < since:
        raise InvalidInput("The end lies before the start; swap them.")
    until, found = until.astimezone(UTC), {}
    for key, diary in diaries.items():
        first = next(_starts(diary, now, since, until - diary.terms.duration + _TICK), None)
        if first is not None:
            found[key] = first
    return found


def nearest(offered: Sequence[datetime], wanted: datetime, n: int = 3) -> list[datetime]:
    """Return the offered starts closest to a wanted one, in order of time; of two as close, the earlier."""
    at = bisect_left(offered, wanted.astimezone(UTC))
    close = offered[max(0, at - n) : at + n]
    return sorted(nsmallest(n, close, key=lambda start: abs(start - wanted)))


def conflict(diary: Diary, start: datetime) -> Taken | None:
    """Return the first that a session at this start would overlap, the buffers of both counted (R-BOOK-02).

    Staff may book outside the hours; what this returns they may not.
    """
    terms = diary.terms
    start = start.astimezone(UTC)
    occupied = Range(start - terms.buffer_before, start + terms.duration + terms.buffer_after)
    found = [taken for taken in diary.taken if taken.start < occupied.end and occupied.start < taken.end]
    return min(found, key=lambda taken: taken.start, default=None)


@dataclass(slots=True)
class _Grid:
    """Starts counted from the beginning of an open range; `stop` bounds the starts, `run` the sessions."""

    start: datetime
    run: "_Run"
    stop: datetime | None = None


@dataclass(slots=True)
class _Run:
    """One merged open range."""

    end: datetime
    grids: list[_Grid] = field(default_factory=list)


def _starts(diary: Diary, now: datetime, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield every offered start in [since, until): the one implementation of what is offered."""
    earliest, after_latest = diary.earliest(now), diary.latest(now) + _TICK
    if since >= after_latest or until <= earliest:
        return
    since = earliest if since < earliest else since.astimezone(UTC)
    until = after_latest if until > after_latest else until.astimezone(UTC)
    if since >= until:
        return
    step, duration = diary.terms.grid, diary.terms.duration
    bars, at = _bars(diary, since, until), 0
    for grid in _grids(diary, since, until):
        start = grid.start
        stop = min(until, grid.run.end - duration + _TICK, grid.stop or until)
        if start < since:
            start += -((start - since) // step) * step
        while start < stop:
            while at < len(bars) and bars[at].end <= start:
                at += 1
            if at < len(bars) and bars[at].start < start:
                start += -((start - bars[at].end) // step) * step
                continue
            free = stop if at == len(bars) else min(stop, bars[at].start + _TICK)
            while start < free:
                yield start
                start += step


def _bars(diary: Diary, since: datetime, until: datetime) -> list[Range]:
    """Return the open intervals in which nothing may start, disjoint and in order."""
    terms = diary.terms
    duration, before, after = terms.duration, terms.buffer_before, terms.duration + terms.buffer_after
    ends, begins = since - before, until + after
    bars = [Range(t.start - after, t.end + before) for t in diary.taken if t.end > ends and t.start < begins]
    if diary.blocked:
        begins = until + duration
        bars += [Range(b.start - duration, b.end) for b in diary.blocked if b.end > since and b.start < begins]
    if len(bars) < 2:
        return bars
    bars.sort()
    apart = [bars[0]]
    for bar in bars:
        if bar.start >= apart[-1].end:
            apart.append(bar)
        elif bar.end > apart[-1].end:
            apart[-1] = Range(apart[-1].start, bar.end)
    return apart


def _grids(diary: Diary, since: datetime, until: datetime) -> Iterator[_Grid]:
    """Yield the grids of starts that reach into [since, until).

    A range that begins at midnight where the day before ends goes on with the grid of the evening before it, one
    that is open all day begins its own. So the day before is all that a day needs to know, and somebody who is
    open day and night has the same starts whichever weeks are looked at.
    """
    zone = diary.terms.zone
    first, last = local_day(since, zone) - ONE_DAY, local_day(until + diary.terms.duration, zone)
    run: _Run | None = None
    for day, ranges in by_day(diary.rules, diary.overrides, zone, first, last):
        for start, end in ranges:
            if run is None or start > run.end:
                if run is not None:
                    yield from run.grids
                run = _Run(end)
                run.grids.append(_Grid(start, run))
                continue
            if end >= instant(day + ONE_DAY, MIDNIGHT, zone):
                run.grids[-1].stop = start
                run.grids.append(_Grid(start, run))
            run.end = max(run.end, end)
    if run is not None:
        yield from run.grids
