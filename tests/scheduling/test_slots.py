"""What is offered: the numbers of the rules, one at a time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from avenrae.errors import InvalidInput
from avenrae.scheduling.diary import Blocked, Diary, Taken, Terms
from avenrae.scheduling.hours import Override, Range, Rule, merge, open_ranges
from avenrae.scheduling.reasons import ReasonKind, removed, why_not
from avenrae.scheduling.slots import bookable, conflict, free_between, nearest, slots

NEW_YORK, JOHANNESBURG = ZoneInfo("America/New_York"), ZoneInfo("Africa/Johannesburg")
NOW = datetime(2026, 3, 16, 6, tzinfo=UTC)
DAY = date(2026, 3, 17)
"""A Tuesday, the day after the clock."""


def at(text: str, day: date = DAY, zone: str = "UTC") -> datetime:
    return datetime.combine(day, time.fromisoformat(text), ZoneInfo(zone)).astimezone(UTC)


def hours(*spans: str) -> tuple[Rule, ...]:
    """Every day's hours, written `09:00-17:00`."""
    pairs = [span.split("-") for span in spans]
    return tuple(Rule(time.fromisoformat(a), time.fromisoformat(b), weekday=n) for a, b in pairs for n in range(7))


def taken(start: str, end: str, *, before: int = 0, after: int = 0, is_hold: bool = False) -> Taken:
    minutes = timedelta(minutes=1)
    return Taken(at(start) - before * minutes, at(end) + after * minutes, "B-10001", is_hold)


def offered(diary: Diary, day: date = DAY, now: datetime = NOW) -> list[str]:
    """The starts of one UTC day as `HH:MM`."""
    midnight = at("00:00", day)
    return [f"{start:%H:%M}" for start in slots(diary, now, midnight, midnight + timedelta(days=1))]


def kind(diary: Diary, start: datetime, now: datetime = NOW) -> ReasonKind | None:
    reason = why_not(diary, now, start)
    return reason and reason.kind


def utc(duration: int, **terms: int) -> Terms:
    return Terms.of_minutes("UTC", duration, **terms)


def test_ranges_are_half_open() -> None:
    """R-BOOK-02: 10–11 is taken; 09–10 and 11–12 beside it are free."""
    diary = Diary(utc(60), hours("09:00-12:00"), taken=(taken("10:00", "11:00"),))
    assert offered(diary) == ["09:00", "11:00"]
    beside = (taken("09:00", "10:00"), taken("11:00", "12:00"))
    assert offered(Diary(utc(60), hours("09:00-12:00"), taken=beside)) == ["10:00"]


def test_buffers_of_an_hour_block_three() -> None:
    """R-BOOK-02: with buffers 60/60 a booking 10–11 blocks 9–12."""
    diary = Diary(utc(60), hours("07:00-14:00"), taken=(taken("10:00", "11:00", before=60, after=60),))
    assert offered(diary) == ["07:00", "08:00", "12:00", "13:00"]


def test_the_buffers_of_both_bookings_count() -> None:
    """R-BOOK-02: 15 before / 30 after, a booking 02:00–02:30: next start 03:15, last end before it 01:15."""
    terms = utc(15, step=5, buffer_before=15, buffer_after=30)
    diary = Diary(terms, hours("00:00-06:00"), taken=(taken("02:00", "02:30", before=15, after=30),))
    starts = [start for start in offered(diary) if "00:30" <= start <= "03:30"]
    assert starts == ["00:30", "00:35", "00:40", "00:45", "00:50", "00:55", "01:00", "03:15", "03:20", "03:25", "03:30"]
    assert conflict(diary, at("03:10")) == diary.taken[0]
    assert conflict(diary, at("03:15")) is None


def test_slots_step_from_the_start_of_the_open_range() -> None:
    """R-BOOK-03: 07:22–08:00 at 8 minutes → 07:22, :30, :38, :46."""
    assert offered(Diary(utc(8), hours("07:22-08:00"))) == ["07:22", "07:30", "07:38", "07:46"]


def test_overlapping_open_ranges_are_merged_first() -> None:
    """R-BOOK-03: 11:00–12:00 ∪ 11:20–12:40 at 20 min → 5 slots; ranges that touch are one as well."""
    assert offered(Diary(utc(20), hours("11:00-12:00", "11:20-12:40"))) == ["11:00", "11:20", "11:40", "12:00", "12:20"]
    assert offered(Diary(utc(50), hours("09:00-12:00", "12:00-13:00"))) == ["09:00", "09:50", "10:40", "11:30"]


def test_the_step_may_differ_from_the_duration() -> None:
    """R-BOOK-03: the last start is the last whose session fits."""
    assert offered(Diary(utc(60, step=25), hours("09:00-11:00"))) == ["09:00", "09:25", "09:50"]


def test_an_evening_goes_on_past_midnight() -> None:
    """R-BOOK-03: 22:00–00:00 and 00:00–02:00 are one range, with the evening's grid."""
    diary = Diary(utc(50), hours("22:00-00:00", "00:00-02:00"))
    assert offered(diary) == ["00:30", "22:00", "22:50", "23:40"]
    assert bookable(diary, NOW, at("23:40"))


def test_open_day_and_night_counts_from_each_midnight() -> None:
    """R-BOOK-03: the grid does not depend on how far back one looks; a session may still cross midnight."""
    diary = Diary(utc(60, step=50), hours("00:00-00:00"))
    assert offered(diary)[:2] == ["00:00", "00:50"]
    assert offered(diary)[-1] == "23:20"
    assert bookable(diary, NOW, at("23:20"))


def test_hours_that_a_gap_moves_past_midnight_join_the_next_days() -> None:
    """R-BOOK-03, R-BOOK-04: Nuuk's clocks go from 23:00 to 00:00; 22:00–23:30 lasts until 00:30."""
    saturday = date(2026, 3, 28)
    rules = (Rule(time(22), time(23, 30), weekday=5), Rule(time(), time(0, 15), weekday=6))
    diary = Diary(Terms.of_minutes("America/Nuuk", 90), rules)
    since = at("12:00", saturday)
    assert slots(diary, NOW, since, since + timedelta(days=1)) == [at("00:00", date(2026, 3, 29))]


def test_rules_are_wall_clock_times_of_each_date() -> None:
    """R-BOOK-04: New York 9–17 is 13–21Z on 2023-11-04 and 14–22Z on 2023-11-06."""
    ranges = open_ranges(hours("09:00-17:00"), (), NEW_YORK, date(2023, 11, 4), date(2023, 11, 6))
    assert [f"{r.start:%d. %H}–{r.end:%H}" for r in ranges] == ["04. 13–21", "05. 14–22", "06. 14–22"]


def test_hours_in_a_gap_and_in_an_hour_shown_twice() -> None:
    """R-BOOK-04: 02:30 moves to 03:30 EDT; hours that the gap swallows are none; 01:30 is the first."""
    spring, autumn = date(2026, 3, 8), date(2026, 11, 1)
    (found,) = open_ranges(hours("02:30-05:00"), (), NEW_YORK, spring, spring)
    assert found == Range(at("07:30", spring), at("09:00", spring))
    assert open_ranges(hours("02:00-03:00"), (), NEW_YORK, spring, spring) == []
    assert open_ranges(hours("02:30-03:15"), (), NEW_YORK, spring, spring) == []
    (found,) = open_ranges(hours("01:30-02:30"), (), NEW_YORK, autumn, autumn)
    assert found == Range(at("05:30", autumn), at("07:30", autumn))


def test_days_of_23_and_25_hours() -> None:
    """R-BOOK-04: open from midnight to midnight, hourly, in New York."""
    terms = Terms.of_minutes("America/New_York", 60, max_horizon_days=300)
    diary = Diary(terms, hours("00:00-00:00"))
    for day, count in [(date(2026, 3, 8), 23), (date(2026, 3, 9), 24), (date(2026, 11, 1), 25)]:
        since, until = (at("00:00", d, "America/New_York") for d in (day, day + timedelta(days=1)))
        assert len(slots(diary, since - timedelta(days=1), since, until)) == count


def test_an_override_replaces_the_dates_rules() -> None:
    """R-BOOK-05: its hours instead of, not besides, the rules'; two of them add up; a closed one wins."""
    two = (Override(DAY, time(10), time(11)), Override(DAY, time(14), time(15)))
    diary = Diary(utc(60), hours("09:00-12:00"), two)
    assert offered(diary) == ["10:00", "14:00"]
    assert offered(diary, DAY + timedelta(days=1)) == ["09:00", "10:00", "11:00"]
    assert offered(Diary(utc(60), hours("09:00-12:00"), (*two, Override(DAY)))) == []


def test_a_blocked_period_cuts_what_touches_it() -> None:
    """R-BOOK-05: half-open, like everything."""
    diary = Diary(utc(60, step=30), hours("09:00-14:00"), blocked=(Blocked(at("11:00"), at("11:30")),))
    assert offered(diary) == ["09:00", "09:30", "10:00", "11:30", "12:00", "12:30", "13:00"]


def test_notice_and_horizon_are_exact() -> None:
    """R-BOOK-06: a start exactly at now + notice, or at now + horizon, is offered; a microsecond beyond is not."""
    tick = timedelta.resolution
    diary = Diary(utc(60, min_notice=120, max_horizon_days=1), hours("00:00-00:00"))
    earliest, latest = NOW + timedelta(hours=2), NOW + timedelta(days=1)
    found = slots(diary, NOW, NOW - timedelta(days=5), NOW + timedelta(days=5))
    assert (found[0], found[-1]) == (earliest, latest)
    assert kind(diary, earliest, NOW) is None
    assert kind(diary, earliest, NOW + tick) is ReasonKind.NOTICE
    assert kind(diary, latest, NOW) is None
    assert kind(diary, latest, NOW - tick) is ReasonKind.HORIZON


def test_rules_by_rrule_and_their_validity() -> None:
    """R-BOOK-08: monthly on the 31st offers nothing in April; a rule ends on its last day."""
    monthly = Rule(time(9), time(10), rrule="FREQ=MONTHLY;BYMONTHDAY=31", valid_from=DAY)
    diary = Diary(utc(60), (monthly,))
    found = slots(diary, NOW, NOW, NOW + timedelta(days=90))
    assert [f"{start:%m-%d}" for start in found] == ["03-31", "05-31"]
    short = Rule(time(9), time(10), weekday=1, valid_from=DAY, valid_until=DAY + timedelta(days=7))
    assert len(slots(Diary(utc(60), (short,)), NOW, NOW, NOW + timedelta(days=90))) == 2


def test_another_zone_of_the_practitioner_moves_no_agreed_instant() -> None:
    """R-BOOK-12: the hours move with the clock on the wall, what is taken stays."""
    booked = (taken("10:00", "11:00"),)
    for zone in ("Africa/Johannesburg", "Asia/Kathmandu", "America/New_York"):
        diary = Diary(Terms.of_minutes(zone, 60, step=15), hours("00:00-00:00"), taken=booked)
        assert conflict(diary, at("10:59")) == booked[0]
        assert "09:00" in offered(diary)
        assert not {"09:15", "10:00", "10:45"} & {*offered(diary)}
        assert "11:00" in offered(diary)


def busy() -> Diary:
    """Johannesburg 09–17 every day, with one of each thing that removes a time on the 17th."""
    local = "Africa/Johannesburg"
    terms = Terms.of_minutes(
        local, 60, step=30, buffer_before=15, buffer_after=15, min_notice=24 * 60, max_horizon_days=30
    )
    return Diary(
        terms,
        hours("09:00-17:00"),
        (Override(date(2026, 3, 18)), Override(date(2026, 3, 19), time(13), time(15))),
        (Blocked(at("15:30", zone=local), at("16:00", zone=local), "school run"),),
        (
            Taken(at("11:00", zone=local), at("12:30", zone=local), "Booking B-10001"),
            Taken(at("13:30", zone=local), at("14:00", zone=local), "B-10002", is_hold=True),
        ),
    )


@pytest.mark.parametrize(
    ("when", "expected", "sentence"),
    [
        ("2026-03-16 07:30", "past", "This time has passed."),
        ("2026-04-16 09:00", "horizon", "Bookings open 30 days ahead, now until Wed 15 Apr 2026, 08:00 SAST."),
        (
            "2026-03-17 08:30",
            "hours",
            "A session from Tue 17 Mar 2026, 08:30 SAST does not lie within the hours of that day: 09:00–17:00 SAST.",
        ),
        (
            "2026-03-17 16:30",
            "hours",
            "A session from Tue 17 Mar 2026, 16:30 SAST does not lie within the hours of that day: 09:00–17:00 SAST.",
        ),
        ("2026-03-18 09:00", "override", "Wed 18 Mar 2026 is closed, other than usual."),
        (
            "2026-03-19 09:00",
            "override",
            "Thu 19 Mar 2026 has its own hours instead of the usual ones: 13:00–15:00 SAST.",
        ),
        ("2026-03-18 20:00", "hours", "Wed 18 Mar 2026, 20:00 SAST is outside the hours: that day has none."),
        (
            "2026-03-17 15:00",
            "blocked",
            "Blocked (school run) from Tue 17 Mar 2026, 15:30 SAST to Tue 17 Mar 2026, 16:00 SAST.",
        ),
        ("2026-03-17 11:30", "booking", "Booking B-10001 occupies 11:00–12:30 SAST, buffers included."),
        (
            "2026-03-17 10:00",
            "booking",
            "The time kept free around this session would run into Booking B-10001 (11:00–12:30 SAST).",
        ),
        (
            "2026-03-17 13:00",
            "hold",
            "B-10002 holds 13:30–14:00 SAST, buffers included, and awaits payment; it may come free.",
        ),
        (
            "2026-03-17 14:00",
            "hold",
            "The time kept free around this session would run into B-10002, which is held and awaits payment"
            " (13:30–14:00 SAST).",
        ),
        (
            "2026-03-16 16:00",
            "notice",
            "Bookings need 24 hours of notice; the earliest start is now Tue 17 Mar 2026, 08:00 SAST.",
        ),
        (
            "2026-03-17 09:40",
            "step",
            "Sessions start every 30 minutes from opening; Tue 17 Mar 2026, 09:40 SAST is between two.",
        ),
    ],
)
def test_each_removed_time_names_its_one_rule(when: str, expected: str, sentence: str) -> None:
    """R-BOOK-13, and R-BOOK-12: each time in a sentence names the practitioner's zone."""
    start = datetime.fromisoformat(when).replace(tzinfo=JOHANNESBURG)
    reason = why_not(busy(), NOW, start)
    assert reason is not None
    assert (reason.kind.value, reason.sentence) == (expected, sentence)
    assert not bookable(busy(), NOW, start)


def test_a_rule_that_just_does_not_apply_is_not_named() -> None:
    """R-BOOK-13: off the grid, exactly at the notice or up to a blocked period, it is the grid alone."""
    start = at("09:40", zone="Africa/Johannesburg")
    assert kind(busy(), start, start - timedelta(days=1)) is ReasonKind.STEP
    diary = Diary(utc(60), hours("09:00-14:00"), blocked=(Blocked(at("10:30"), at("11:00")),))
    assert kind(diary, at("09:30")) is ReasonKind.STEP


def test_a_week_shows_what_was_removed_and_why() -> None:
    """R-BOOK-13: the starts of the usual hours that are missing, each with its rule."""
    since = at("00:00", zone="Africa/Johannesburg")
    found = removed(busy(), NOW, since, since + timedelta(days=1))
    local = [(f"{start.astimezone(JOHANNESBURG):%H:%M}", reason.kind.value) for start, reason in found]
    assert local == [
        *[(start, "booking") for start in ("10:00", "10:30", "11:00", "11:30", "12:00", "12:30")],
        ("13:00", "hold"),
        ("13:30", "hold"),
        ("14:00", "hold"),
        ("15:00", "blocked"),
        ("15:30", "blocked"),
    ]
    closed = removed(busy(), NOW, since + timedelta(days=1), since + timedelta(days=2))
    assert {reason.kind.value for _, reason in closed} == {"override"}
    assert len(closed) == 15
    with pytest.raises(InvalidInput, match="45 days"):
        removed(busy(), NOW, since, since + timedelta(days=46))


def test_the_three_nearest_of_a_slot_that_has_just_gone() -> None:
    """In order of time; of two as close the earlier; fewer where there are fewer."""
    found = [at(text) for text in ("08:00", "09:00", "11:00", "12:00", "15:00")]
    assert [f"{start:%H}" for start in nearest(found, at("10:00"))] == ["08", "09", "11"]
    assert [f"{start:%H}" for start in nearest(found, at("23:00"))] == ["11", "12", "15"]
    assert nearest(found[:1], at("01:00").astimezone(NEW_YORK)) == found[:1]
    assert nearest([], at("10:00")) == []


def test_who_is_free_between() -> None:
    """A whole session has to lie in between; each comes with the first start."""
    diaries = {
        "free": Diary(utc(60), hours("09:00-17:00")),
        "late": Diary(utc(60), hours("10:30-17:00")),
        "full": Diary(utc(60), hours("09:00-17:00"), taken=(taken("09:30", "12:00"),)),
        "long": Diary(utc(90), hours("09:00-17:00")),
    }
    assert free_between(diaries, NOW, at("10:00"), at("11:30")) == {
        "free": at("10:00"),
        "late": at("10:30"),
    }
    assert free_between(diaries, NOW, at("10:00"), at("11:29")) == {"free": at("10:00")}
    with pytest.raises(InvalidInput, match="end lies before"):
        free_between(diaries, NOW, at("11:00"), at("10:00"))


def test_merging_joins_what_touches_and_keeps_the_rest() -> None:
    """R-BOOK-03"""
    spans = [("11:20", "12:40"), ("09:00", "10:00"), ("11:00", "12:00"), ("10:00", "10:30"), ("11:30", "11:40")]
    merged = merge(Range(at(a), at(b)) for a, b in spans)
    assert [(f"{r.start:%H:%M}", f"{r.end:%H:%M}") for r in merged] == [("09:00", "10:30"), ("11:00", "12:40")]


def test_the_ends_of_time_are_simply_not_offered() -> None:
    """R-BOOK-07: any instant has an answer."""
    diary = busy()
    first, last = (t.replace(tzinfo=zone) for t, zone in [(datetime.min, JOHANNESBURG), (datetime.max, NEW_YORK)])  # noqa: DTZ901
    assert (kind(diary, first), kind(diary, last)) == (ReasonKind.PAST, ReasonKind.HORIZON)
    assert slots(diary, NOW, first, first + timedelta(days=1)) == []
    assert slots(diary, NOW, last - timedelta(days=1), last) == []
    assert slots(diary, NOW, first, last)


def test_hours_that_end_before_they_start_are_refused() -> None:
    """Bad input: an end before the start, everywhere that one can be given."""
    for make in (
        lambda: Rule(time(17), time(9), weekday=0),
        lambda: Rule(time(9), time(9), weekday=0),
        lambda: Override(DAY, time(17), time(9)),
    ):
        with pytest.raises(InvalidInput, match="ends before it starts"):
            make()
    for span in (lambda: Blocked(at("11:00"), at("10:00")), lambda: taken("10:00", "10:00")):
        with pytest.raises(InvalidInput, match="end lies before the start"):
            span()
    with pytest.raises(InvalidInput, match="last day lies before"):
        open_ranges((), (), JOHANNESBURG, DAY, DAY - timedelta(days=1))
    with pytest.raises(InvalidInput, match="end before the day"):
        Rule(time(9), time(10), weekday=0, valid_from=DAY, valid_until=DAY - timedelta(days=1))


def test_ten_thousand_years_and_every_second_are_refused() -> None:
    """Bad input: a rule, or a window, that would never be done."""
    for text in ("FREQ=SECONDLY", "FREQ=DAILY;UNTIL=99991231"):
        with pytest.raises(InvalidInput):
            Rule(time(9), time(10), rrule=text, valid_from=DAY)
    for last in (date(2036, 1, 1), date.max):
        with pytest.raises(InvalidInput, match="three years"):
            open_ranges(hours("09:00-10:00"), (), JOHANNESBURG, DAY, last)
    with pytest.raises(InvalidInput, match="1900 and 2200"):
        open_ranges(hours("09:00-10:00"), (), JOHANNESBURG, date.max, date.max)


def test_terms_rules_and_overrides_that_make_no_sense_are_refused() -> None:
    for numbers in ({"duration": 0}, {"duration": 60, "step": 0}, {"duration": 1441}):
        with pytest.raises(InvalidInput, match="one minute to a day"):
            Terms.of_minutes("UTC", **numbers)
    for numbers in ({"buffer_before": -1}, {"buffer_after": 1441}):
        with pytest.raises(InvalidInput, match="kept free"):
            utc(60, **numbers)
    for numbers in ({"min_notice": -1}, {"max_horizon_days": 0}, {"max_horizon_days": 731}):
        with pytest.raises(InvalidInput, match="730 days"):
            utc(60, **numbers)
    with pytest.raises(InvalidInput, match="not a time zone"):
        Terms.of_minutes("Mars/Olympus", 60)
    with pytest.raises(InvalidInput, match="either a weekday or"):
        Rule(time(9), time(10))
    with pytest.raises(InvalidInput, match="0 \\(Monday\\) to 6"):
        Rule(time(9), time(10), weekday=7)
    with pytest.raises(InvalidInput, match="both a start and an end"):
        Override(DAY, time(9))
