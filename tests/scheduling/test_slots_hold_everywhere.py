"""Properties of slots for random hours, zones and bookings, most of them around a change of the clocks."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from avenrae.scheduling.diary import Blocked, Diary, Taken, Terms
from avenrae.scheduling.hours import Override, Range, Rule, merge, open_ranges
from avenrae.scheduling.reasons import removed, why_not
from avenrae.scheduling.slots import bookable, conflict, free_between, nearest, slots
from avenrae.scheduling.zones import instant

UNIT = timedelta(minutes=5)
DAY = timedelta(days=1)
TICK = timedelta.resolution
CHANGES = [
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/London", date(2026, 3, 29)),
    ("Europe/London", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Africa/Johannesburg", date(2026, 3, 17)),
    ("Asia/Kathmandu", date(2026, 3, 17)),
    ("America/Nuuk", date(2026, 3, 28)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("America/Santiago", date(2026, 4, 5)),
    ("America/Santiago", date(2026, 9, 6)),
]
READERS = st.sampled_from(["Asia/Tokyo", "America/New_York", "Europe/London", "Pacific/Kiritimati"]).map(ZoneInfo)


@dataclass(frozen=True)
class Case:
    """A diary, the clock, and four days around the change."""

    diary: Diary
    now: datetime
    since: datetime
    until: datetime


@st.composite
def walls(draw: st.DrawFn) -> tuple[time, time]:
    """From–to by the clock, each a multiple of five minutes; an end of 00:00 is the day's end."""
    start = draw(st.integers(0, 287) | st.sampled_from([0, 12, 24, 30]))
    end = draw(st.integers(start + 1, 288) | st.just(288))
    return tuple(time(n * 5 // 60 % 24, n * 5 % 60) for n in (start, end))


@st.composite
def spans(draw: st.DrawFn, first: datetime) -> tuple[datetime, datetime]:
    start = first + draw(st.integers(0, 1152)) * UNIT
    return start, start + draw(st.integers(1, 60)) * UNIT


@st.composite
def cases(draw: st.DrawFn) -> Case:
    name, change = draw(st.sampled_from(CHANGES))
    zone, first_day = ZoneInfo(name), change - 2 * DAY
    since = instant(first_day, time(), zone)
    days = st.integers(0, 6)
    rules = [Rule(*draw(walls()), weekday=draw(days)) for _ in range(draw(st.integers(0, 6)))]
    rules += [Rule(*draw(walls()), rrule="FREQ=DAILY;INTERVAL=2", valid_from=first_day)] * draw(st.integers(0, 1))
    rules += [Rule(time(), time(), weekday=n) for n in draw(st.sets(days, max_size=4))]
    dates = st.integers(0, 4).map(lambda n: first_day + n * DAY)
    overrides = [Override(draw(dates), *draw(walls())) for _ in range(draw(st.integers(0, 2)))]
    overrides += [Override(draw(dates))] * draw(st.integers(0, 1))
    minutes = st.integers(0, 12).map(lambda n: n * 5)
    terms = Terms.of_minutes(
        name,
        draw(st.sampled_from([5, 20, 45, 60, 90, 720])),
        step=draw(st.sampled_from([None, 10, 15, 25, 50])),
        buffer_before=draw(minutes),
        buffer_after=draw(minutes),
        min_notice=draw(st.sampled_from([0, 60, 1500])),
        max_horizon_days=draw(st.sampled_from([2, 90])),
    )
    blocked = [Blocked(*draw(spans(since))) for _ in range(draw(st.integers(0, 2)))]
    taken = [Taken(*draw(spans(since)), "B-1", draw(st.booleans())) for _ in range(draw(st.integers(0, 5)))]
    now = since - draw(st.integers(-200, 300)) * UNIT
    return Case(Diary(terms, rules, overrides, blocked, taken), now, since, since + 4 * DAY)


def units(start: datetime, end: datetime) -> set[int]:
    """The five minutes from one instant to another, numbered since 2020."""
    zero = datetime(2020, 1, 1, tzinfo=UTC)
    return set(range((start - zero) // UNIT, (end - zero) // UNIT))


def by_hand(case: Case) -> list[datetime]:
    """What is offered, read off sets of five minutes: slow, and nothing of the module but `instant`."""
    diary, terms = case.diary, case.diary.terms
    first = case.since.astimezone(terms.zone).date() - 3 * DAY
    opened: set[int] = set()
    restarts: set[int] = set()
    for day in (first + n * DAY for n in range(12)):
        own = [o for o in diary.overrides if o.on_date == day]
        hours = own or [rule for rule in diary.rules if rule.falls_on(day)]
        if any(o.starts is None for o in own):
            hours = []
        midnight, next_midnight = instant(day, time(), terms.zone), instant(day + DAY, time(), terms.zone)
        of_day: set[int] = set()
        for span in hours:
            end = next_midnight if span.ends == time() else instant(day, span.ends, terms.zone)
            of_day |= units(instant(day, span.starts, terms.zone), end)
        if units(midnight, next_midnight) <= of_day:
            restarts |= units(midnight, midnight + UNIT)
        opened |= of_day
    away = {unit for b in diary.blocked for unit in units(b.start, b.end)}
    busy = {unit for t in diary.taken for unit in units(t.start, t.end)}
    found, start = [], case.since - UNIT
    while (start := start + UNIT) < case.until:
        end = start + terms.duration
        session = units(start, end)
        if not session <= opened or session & away:
            continue
        if units(start - terms.buffer_before, end + terms.buffer_after) & busy:
            continue
        if not case.now + terms.min_notice <= start <= case.now + terms.max_horizon:
            continue
        first_unit = origin = min(session)
        while origin not in restarts and origin - 1 in opened:
            origin -= 1
        if (first_unit - origin) * UNIT % terms.grid == timedelta(0):
            found.append(start)
    return found


@settings(deadline=None, max_examples=100)
@given(cases())
def test_slots_are_what_one_reads_off_by_hand(case: Case) -> None:
    """R-BOOK-02, R-BOOK-03, R-BOOK-04, R-BOOK-05, R-BOOK-06: an independent, slow reading offers the same."""
    assert slots(case.diary, case.now, case.since, case.until) == by_hand(case)


@settings(deadline=None)
@given(cases(), st.lists(st.integers(0, 4 * 24 * 60), min_size=10, max_size=30), READERS)
def test_bookable_is_in_slots_and_why_not_is_silent_for_just_these(
    case: Case, minutes: list[int], reader: ZoneInfo
) -> None:
    """R-BOOK-07, R-BOOK-13: for slots, their neighbours and any other instant, in any reader's zone."""
    found = slots(case.diary, case.now, case.since, case.until)
    instants = [case.since + timedelta(minutes=m) for m in minutes]
    instants += [start + shift for start in found[::7] for shift in (-TICK, timedelta(), TICK, UNIT)]
    offered = set(found)
    for at in instants:
        if case.since <= at < case.until:
            assert bookable(case.diary, case.now, at) == (at in offered)
            assert bookable(case.diary, case.now, at.astimezone(reader)) == (at in offered)
            assert (why_not(case.diary, case.now, at.astimezone(reader)) is None) == (at in offered)


@settings(deadline=None)
@given(cases(), st.integers(0, 4 * 24 * 3600), READERS)
def test_neither_the_window_nor_the_reader_changes_the_slots(case: Case, second: int, reader: ZoneInfo) -> None:
    """R-BOOK-07, R-BOOK-12: two halves are the whole; times given in another zone are the same times."""
    cut = case.since + timedelta(seconds=second)
    whole = slots(case.diary, case.now, case.since, case.until)
    assert slots(case.diary, case.now, case.since, cut) + slots(case.diary, case.now, cut, case.until) == whole
    elsewhere = [at.astimezone(reader) for at in (case.now, case.since, case.until)]
    again = slots(case.diary, *elsewhere)
    assert again == whole
    assert all(start.tzinfo is UTC for start in again)


@settings(deadline=None)
@given(cases())
def test_every_slot_lies_in_an_open_range_on_its_grid_and_off_all_that_is_taken(case: Case) -> None:
    """R-BOOK-02, R-BOOK-03, R-BOOK-05"""
    terms = case.diary.terms
    first, last = ((at + shift).astimezone(terms.zone).date() for at, shift in [(case.since, -DAY), (case.until, DAY)])
    ranges = open_ranges(case.diary.rules, case.diary.overrides, terms.zone, first, last)
    for start in slots(case.diary, case.now, case.since, case.until):
        end = start + terms.duration
        (around,) = [r for r in ranges if r.start <= start and end <= r.end]
        if around.end - around.start < DAY:
            assert (start - around.start) % terms.grid == timedelta(0)
        assert all(end <= b.start or b.end <= start for b in case.diary.blocked)
        assert conflict(case.diary, start) is None
        for t in case.diary.taken:
            assert end + terms.buffer_after <= t.start or t.end <= start - terms.buffer_before


@settings(deadline=None)
@given(cases(), st.integers(1, 500))
def test_free_between_and_nearest_agree_with_slots(case: Case, length: int) -> None:
    """R-BOOK-07: the search of the directory offers no start that the page does not."""
    end = case.since + length * UNIT
    whole = slots(case.diary, case.now, case.since, case.until)
    fitting = [start for start in whole if start + case.diary.terms.duration <= end]
    assert list(free_between({1: case.diary}, case.now, case.since, end).values()) == fitting[:1]
    best = sorted(whole, key=lambda start: (abs(start - end), start))[:3]
    assert nearest(whole, end) == sorted(best)


@settings(deadline=None, max_examples=40)
@given(cases())
def test_a_start_is_either_offered_or_removed_with_a_reason(case: Case) -> None:
    """R-BOOK-13"""
    offered = slots(case.diary, case.now, case.since, case.until)
    gone = [start for start, _ in removed(case.diary, case.now, case.since, case.until)]
    assert not set(offered) & set(gone)
    assert gone == sorted(gone)


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 50))))
def test_merging_twice_is_merging_once_and_keeps_every_minute(spans: list[tuple[int, int]]) -> None:
    """R-BOOK-03: merged ranges are apart, in order, and cover what the given ones did."""
    zero = datetime(2026, 3, 17, tzinfo=UTC)
    ranges = [Range(zero + a * UNIT, zero + (a + n) * UNIT) for a, n in spans]
    merged = merge(ranges)
    assert merge(merged) == merged
    assert all(a.end < b.start for a, b in pairwise(merged))
    assert {u for r in ranges for u in units(*r)} == {u for r in merged for u in units(*r)}
