"""Which days a rule falls on, held against dateutil; and what is refused."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from avenrae.errors import InvalidInput
from avenrae.scheduling.recurrence import dates, parse, weekly

START = date(2026, 1, 31)


def test_monthly_on_the_31st_skips_months_without_one() -> None:
    """R-BOOK-08: it never clamps, whether the day is named or follows from the first."""
    expected = [date(2026, m, 31) for m in (1, 3, 5, 7, 8, 10, 12)]
    for text in ("FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY"):
        assert dates(parse(text, START), START, date(2026, 12, 31)) == expected


def test_monthly_on_the_last_day_and_on_the_second_and_last_friday() -> None:
    """R-BOOK-08"""
    last = dates(parse("FREQ=MONTHLY;BYMONTHDAY=-1"), date(2028, 1, 1), date(2028, 3, 31))
    assert last == [date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31)]
    fridays = dates(parse("FREQ=MONTHLY;BYDAY=2FR,-1FR"), date(2026, 5, 1), date(2026, 6, 30))
    assert fridays == [date(2026, 5, 8), date(2026, 5, 29), date(2026, 6, 12), date(2026, 6, 26)]


def test_every_second_week_counts_from_the_first() -> None:
    rule = parse("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", date(2026, 3, 4))
    found = dates(rule, date(2026, 1, 1), date(2026, 3, 31))
    assert found == [date(2026, 3, 8), date(2026, 3, 16), date(2026, 3, 22), date(2026, 3, 30)]


def test_count_and_until_are_inclusive() -> None:
    ten = dates(parse("FREQ=DAILY;COUNT=10", date(2026, 3, 1)), date(2026, 3, 8), date(2026, 3, 31))
    assert ten == [date(2026, 3, 8), date(2026, 3, 9), date(2026, 3, 10)]
    until = dates(parse("FREQ=DAILY;UNTIL=20260303", date(2026, 3, 1)), date(2026, 1, 1), date(2026, 12, 31))
    assert until == [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)]


WEEKDAYS = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), max_size=3, unique=True)
ORDINALS = st.lists(st.sampled_from(["1MO", "2WE", "+3SA", "5MO", "-1SA", "-2FR"]), max_size=3, unique=True)
MONTH_DAYS = st.lists(st.sampled_from([1, 13, 28, 29, 30, 31, -1, -30]), max_size=3, unique=True)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules that dateutil reads as RFC 5545 does: it takes `MO,1MO` for both at once."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 14))}"]
    counted = frequency == "MONTHLY" and draw(st.booleans())
    if days := draw(ORDINALS if counted else WEEKDAYS):
        parts.append("BYDAY=" + ",".join(days))
    if frequency != "WEEKLY" and not counted and (numbers := draw(MONTH_DAYS)):
        parts.append("BYMONTHDAY=" + ",".join(map(str, numbers)))
    return ";".join(parts)


@settings(deadline=None, max_examples=80)
@given(rules(), st.dates(date(2025, 1, 1), date(2026, 6, 1)), st.integers(1, 8))
def test_the_days_are_those_of_dateutil(text: str, first: date, count: int) -> None:
    """R-BOOK-08: an independent reading of RFC 5545 names the same days, and the same n-th one."""
    until = date(2026, 12, 31)
    begin = datetime.combine(first, time())
    oracle = [at.date() for at in rrulestr(f"{text};UNTIL=20270630", dtstart=begin)]
    seen = [day for day in oracle if day <= until]
    assert dates(parse(text, first), first, until) == seen
    if len(oracle) >= count:
        assert dates(parse(f"{text};COUNT={count}", first), first, date(2027, 6, 30)) == oracle[:count]
    if seen:
        assert dates(parse(f"{text};UNTIL={seen[-1]:%Y%m%d}", first), first, until) == seen


def test_weekdays_and_counted_weekdays_add_up() -> None:
    """R-BOOK-08: a list of BYDAY is a union."""
    every = dates(parse("FREQ=MONTHLY;BYDAY=MO"), date(2026, 3, 1), date(2026, 3, 31))
    assert dates(parse("FREQ=MONTHLY;BYDAY=MO,1MO"), date(2026, 3, 1), date(2026, 3, 31)) == every
    assert dates(parse("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13"), date(2026, 1, 1), date(2026, 12, 31)) == [
        date(2026, 2, 13),
        date(2026, 3, 13),
        date(2026, 11, 13),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("FREQ=SECONDLY", "daily, weekly or monthly"),
        ("FREQ=HOURLY;INTERVAL=2", "daily, weekly or monthly"),
        ("FREQ=YEARLY", "daily, weekly or monthly"),
        ("", "cannot be part of a rule"),
        ("INTERVAL=2", "daily, weekly or monthly"),
        ("FREQ=DAILY;BYHOUR=9", "“BYHOUR=9” cannot be part"),
        ("FREQ=DAILY;BYSECOND=1,2", "cannot be part"),
        ("FREQ=WEEKLY;WKST=SU", "cannot be part"),
        ("FREQ=DAILY\nRDATE:20260101", "daily, weekly or monthly"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is a number from 1 to 366"),
        ("FREQ=DAILY;INTERVAL=3650000", "INTERVAL is a number"),
        ("FREQ=DAILY;INTERVAL=٣", "INTERVAL is a number"),
        ("FREQ=DAILY;COUNT=100000", "COUNT is a number from 1 to 1000"),
        ("FREQ=DAILY;COUNT=-1", "COUNT is a number"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "not both"),
        ("FREQ=DAILY;UNTIL=99991231", "at most ten years"),
        ("FREQ=DAILY;UNTIL=120260101", "not a last day"),
        ("FREQ=DAILY;UNTIL=20260231", "not a last day"),
        ("FREQ=DAILY;UNTIL=20260301T090000Z", "not a last day"),
        ("FREQ=DAILY;UNTIL=20260101", "ends before its first day"),
        ("FREQ=MONTHLY;INTERVAL=366;COUNT=1000", "within ten years"),
        ("FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=1MO;COUNT=1", "within ten years"),
        ("FREQ=WEEKLY;BYDAY=XX", "“XX” is not a weekday"),
        ("FREQ=WEEKLY;BYDAY=", "is not a weekday"),
        ("FREQ=WEEKLY;BYDAY=1MO", "needs FREQ=MONTHLY"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "use FREQ=MONTHLY"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "not a day of the month"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "not a day of the month"),
        ("FREQ=DAILY;BYDAY=" + "MO," * 100 + "MO", "too long"),
    ],
)
def test_what_hours_cannot_follow_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    """Bad input of R-BOOK-08: SECONDLY, ten thousand years, parts that are not for hours."""
    with pytest.raises(InvalidInput, match=sentence):
        parse(text, START)


@pytest.mark.parametrize(
    "text", ["FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=DAILY;INTERVAL=2", "FREQ=DAILY;COUNT=2", "FREQ=DAILY;UNTIL=20270101"]
)
def test_a_rule_that_counts_from_its_first_day_needs_one(text: str) -> None:
    with pytest.raises(InvalidInput, match="first day"):
        parse(text)


def test_a_rule_at_the_end_of_time_and_a_window_of_ten_thousand_years() -> None:
    assert parse("FREQ=DAILY;UNTIL=99991231", date(9999, 12, 1)).falls_on(date.max)
    with pytest.raises(InvalidInput, match="three years"):
        dates(parse("FREQ=DAILY"), date.min, date.max)
    with pytest.raises(InvalidInput, match="before the first"):
        dates(parse("FREQ=DAILY"), date(2026, 2, 1), date(2026, 1, 1))


def test_a_weekly_series_keeps_its_local_time_across_dst() -> None:
    """R-BOOK-08: London 09:00 before and after 2026-03-29; 168 and then 167 hours apart."""
    london = ZoneInfo("Europe/London")
    series = weekly(datetime(2026, 3, 16, 9, tzinfo=UTC), london, 4)
    assert [at.astimezone(london).strftime("%d.%m. %H:%M") for at in series] == [
        "16.03. 09:00",
        "23.03. 09:00",
        "30.03. 09:00",
        "06.04. 09:00",
    ]
    assert [b - a for a, b in pairwise(series)] == [
        timedelta(hours=168),
        timedelta(hours=167),
        timedelta(hours=168),
    ]


def test_a_series_through_a_gap_and_from_the_second_of_two_equal_hours() -> None:
    """R-BOOK-04, R-BOOK-08: the week in the gap moves forward alone; the agreed first instant stays."""
    new_york = ZoneInfo("America/New_York")
    series = weekly(datetime(2026, 3, 1, 2, 30, tzinfo=new_york), new_york, 3)
    assert [at.astimezone(new_york).strftime("%H:%M") for at in series] == ["02:30", "03:30", "02:30"]
    second = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert weekly(second, new_york, 2, every=2) == [second, datetime(2026, 11, 15, 6, 30, tzinfo=UTC)]


@pytest.mark.parametrize(("times", "every"), [(0, 1), (1, 1), (27, 1), (3, 0), (3, 5)])
def test_a_series_is_bounded(times: int, every: int) -> None:
    with pytest.raises(InvalidInput, match="2 to 26 sessions"):
        weekly(datetime(2026, 3, 16, 9, tzinfo=UTC), ZoneInfo("Europe/London"), times, every)
