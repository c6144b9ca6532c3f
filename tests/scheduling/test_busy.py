"""Calendars kept elsewhere, read as from–to: zones, whole days, repetition, what is left out, and what is refused."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from avenrae.errors import InvalidInput
from avenrae.scheduling import busy
from avenrae.scheduling.busy import MOST_BYTES, read_calendar, window_of
from avenrae.scheduling.hours import Range, merge
from avenrae.scheduling.recurrence import parse_event

NOW = datetime(2026, 3, 16, 10, 0, tzinfo=UTC)
CAPE_TOWN, LONDON, NEW_YORK = (ZoneInfo(n) for n in ("Africa/Johannesburg", "Europe/London", "America/New_York"))


def ics(*events: str, end: str = "END:VCALENDAR\r\n") -> bytes:
    """A calendar of events, each given by its lines."""
    written = "".join(
        f"BEGIN:VEVENT\r\n{e.strip().replace(chr(10), chr(13) + chr(10))}\r\nEND:VEVENT\r\n" for e in events
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{written}{end}".encode()


def times(*events: str, zone: ZoneInfo = CAPE_TOWN, now: datetime = NOW) -> list[str]:
    """The busy times of events, as `03-20 07:00–08:00` in UTC."""
    found = read_calendar(ics(*events), zone, *window_of(now)).times
    return [
        f"{r.start:%m-%d %H:%M}–{r.end:{'%H:%M' if r.end.date() == r.start.date() else '%m-%d %H:%M'}}" for r in found
    ]


def left_out(*events: str) -> dict[str, int]:
    return dict(read_calendar(ics(*events), CAPE_TOWN, *window_of(NOW)).left_out)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART:20260320T090000\nDTEND:20260320T100000", "03-20 07:00–08:00"),
        ("DTSTART:20260320T090000Z\nDURATION:PT90M", "03-20 09:00–10:30"),
        ("DTSTART;TZID=America/New_York:20260320T060000\nDTEND;TZID=America/New_York:20260320T070060",
         "03-20 10:00–11:00"),
        ('DTSTART;TZID="Europe/London":20260320T090000\nDURATION:PT1H', "03-20 09:00–10:00"),
        ("DTSTART;TZID=South Africa Standard Time:20260320T090000\nDURATION:PT1H", "03-20 07:00–08:00"),
        ("DTSTART;TZID=/example.org/Europe/London:20260401T090000\nDURATION:PT1H", "04-01 08:00–09:00"),
        ("DTSTART;VALUE=DATE:20260320", "03-19 22:00–03-20 22:00"),
        ("DTSTART;VALUE=DATE:20260320\nDTEND;VALUE=DATE:20260322", "03-19 22:00–03-21 22:00"),
        ("DTSTART:2026\n 0320T0900\n 00\nDURATION:PT1H", "03-20 07:00–08:00"),
        ("BEGIN:VALARM\nDTSTART:20260321T090000\nEND:VALARM\nDTSTART:20260320T090000\nDURATION:PT1H",
         "03-20 07:00–08:00"),
    ],
)  # fmt: skip
def test_a_time_is_read_by_its_clock(event: str, expected: str) -> None:
    """R-BOOK-04: floating times and whole days by the practitioner's zone, others by their own."""
    assert times(event) == [expected]


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        (NEW_YORK, "20260308", "03-08 05:00–03-09 04:00"),
        (LONDON, "20260329", "03-29 00:00–23:00"),
        (LONDON, "20261025", "10-24 23:00–10-26 00:00"),
    ],
)
def test_a_whole_day_is_23_or_25_hours_when_the_clocks_change(zone: ZoneInfo, day: str, expected: str) -> None:
    """R-BOOK-04"""
    before = datetime(2026, 3, 1, tzinfo=UTC)
    assert times(f"DTSTART;VALUE=DATE:{day}", zone=zone, now=before) == [expected]


def test_what_repeats_keeps_its_local_time() -> None:
    """R-BOOK-08: New York has begun its summer, London not yet."""
    weekly = "DTSTART;TZID={}:20260301T090000\nDTEND;TZID={}:20260301T100000\nRRULE:FREQ=WEEKLY;COUNT=6"
    assert times(weekly.format(*["America/New_York"] * 2), now=datetime(2026, 2, 20, tzinfo=UTC))[:3] == [
        "03-01 14:00–15:00",
        "03-08 13:00–14:00",
        "03-15 13:00–14:00",
    ]
    assert times(weekly.format(*["Europe/London"] * 2), now=datetime(2026, 2, 20, tzinfo=UTC))[3:] == [
        "03-22 09:00–10:00",
        "03-29 08:00–09:00",
        "04-05 08:00–09:00",
    ]


def test_a_night_ends_when_the_clock_says() -> None:
    """R-BOOK-04: to six in the morning is seven hours when the clocks go forward; a duration of eight stays eight."""
    night = "DTSTART;TZID=America/New_York:20260307T220000\n{}"
    before = datetime(2026, 3, 1, tzinfo=UTC)
    assert times(night.format("DTEND;TZID=America/New_York:20260308T060000"), now=before) == ["03-08 03:00–10:00"]
    assert times(night.format("DURATION:PT8H"), now=before) == ["03-08 03:00–11:00"]


def test_overlapping_times_become_one() -> None:
    assert times(
        "UID:1\nDTSTART:20260320T090000Z\nDURATION:PT1H",
        "UID:2\nDTSTART:20260320T093000Z\nDURATION:PT1H",
        "UID:3\nDTSTART:20260320T103000Z\nDURATION:PT30M",
        "UID:4\nDTSTART:20260320T120000Z\nDURATION:PT30M",
    ) == ["03-20 09:00–11:00", "03-20 12:00–12:30"]


SERIES = "UID:s\nDTSTART:20260318T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4"


@pytest.mark.parametrize(
    ("more", "days"),
    [
        ("", ["18", "19", "20", "21"]),
        ("\nEXDATE:20260319T090000Z", ["18", "20", "21"]),
        ("\nEXDATE:20260319T090000Z,20260320T090000Z", ["18", "21"]),
        ("\nEXDATE;TZID=Africa/Johannesburg:20260319T110000", ["18", "20", "21"]),
        ("\nEXDATE;VALUE=DATE:20260319", ["18", "20", "21"]),
        ("\nRDATE:20260325T090000Z", ["18", "19", "20", "21", "25"]),
    ],
)
def test_dates_without_and_further_ones(more: str, days: list[str]) -> None:
    assert [t[3:5] for t in times(SERIES + more)] == days


def test_a_changed_occurrence_stands_instead_of_its_own() -> None:
    """RECURRENCE-ID: moved, cancelled or free; of two changes the later counts."""
    moved = "UID:s\nRECURRENCE-ID:20260319T090000Z\nDTSTART:20260319T150000Z\nDURATION:PT1H\nSEQUENCE:2"
    older = "UID:s\nRECURRENCE-ID:20260319T090000Z\nDTSTART:20260319T180000Z\nDURATION:PT1H\nSEQUENCE:1"
    cancelled = "UID:s\nRECURRENCE-ID:20260320T090000Z\nDTSTART:20260320T090000Z\nDURATION:PT1H\nSTATUS:CANCELLED"
    free = "UID:s\nRECURRENCE-ID:20260321T090000Z\nDTSTART:20260321T090000Z\nDURATION:PT1H\nTRANSP:TRANSPARENT"
    assert times(moved, SERIES, older, cancelled, free) == ["03-18 09:00–10:00", "03-19 15:00–16:00"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;UNTIL=20260401", ["03-18", "03-25", "04-01"]),
        ("FREQ=WEEKLY;UNTIL=20260401T090000Z", ["03-18", "03-25", "04-01"]),
        ("FREQ=WEEKLY;UNTIL=20260401T085959Z", ["03-18", "03-25"]),
        ("FREQ=MONTHLY;COUNT=2;BYDAY=1SA", ["03-18", "04-04", "05-02"]),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["03-18", "03-31", "04-30", "05-29"]),
        ("FREQ=YEARLY;COUNT=2", ["03-18", "03-18"]),
        ("FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20271231", ["03-18", "10-25", "10-31"]),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,WE;COUNT=4", ["03-18", "03-29", "04-01", "04-12"]),
    ],
)
def test_rules_of_calendars(rule: str, expected: list[str]) -> None:
    """The first start counts even where the rule does not name it."""
    assert [t[:5] for t in times(f"DTSTART:20260318T090000Z\nDURATION:PT1H\nRRULE:{rule}")] == expected


def test_old_series_still_count() -> None:
    """A weekly one of 1990 without an end, and one that was counted out long ago."""
    weekly = "DTSTART;TZID=Europe/London:19900103T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY"
    found = read_calendar(ics(weekly), CAPE_TOWN, *window_of(NOW)).times
    assert found[0].start == datetime(2026, 3, 18, 9, 0, tzinfo=UTC)
    assert (len(found), {r.start.astimezone(LONDON).strftime("%a %H:%M") for r in found}) == (105, {"Wed 09:00"})
    assert times(weekly + ";COUNT=100") == []


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ("DTSTART:20260320T090000Z\nDURATION:PT1H\nTRANSP:TRANSPARENT", "shown as free, or cancelled"),
        ("DTSTART:20260320T090000Z\nDURATION:PT1H\nSTATUS:CANCELLED", "shown as free, or cancelled"),
        ("DTSTART:20250320T090000Z\nDURATION:PT1H", "over already, without length, or further ahead than two years"),
        ("DTSTART:20290320T090000Z\nDURATION:PT1H", "over already, without length, or further ahead than two years"),
        ("DTSTART:20260320T090000Z", "over already, without length, or further ahead than two years"),
        ("DTSTART;TZID=Middle-earth/Shire:20260320T090000\nDURATION:PT1H",
         "in the time zone “Middle-earth/Shire”, which is not known"),
        ("SUMMARY:Nothing", "without a start"),
        ("DTSTART:tomorrow\nDURATION:PT1H", "with a date that cannot be read"),
        ("DTSTART:20261320T090000\nDURATION:PT1H", "with a date that cannot be read"),
        ("DTSTART:00010101T090000\nDURATION:PT1H", "with a date outside 1900 to 2200"),
        ("DTSTART:20260320T090000Z\nDTEND:20260320T080000Z", "ending before they start"),
        ("DTSTART:20260320T090000Z\nDURATION:long", "without a length that can be read"),
        ("DTSTART:20260320T090000Z\nDURATION:P999999999W", "without a length that can be read"),
        ("DTSTART:20260320T090000Z\nDURATION:P90D\nRRULE:FREQ=YEARLY", "repeating, though longer than two months"),
        ("DTSTART:20260320T090000Z\nRRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY", "repeating by more than one rule"),
    ],
)  # fmt: skip
def test_what_is_left_out_says_why(event: str, why: str) -> None:
    assert left_out(event, "UID:x\nDTSTART:20260320T120000Z\nDURATION:PT1H") == {why: 1}


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=1",
        "FREQ=HOURLY;COUNT=9000",
        "FREQ=DAILY;BYHOUR=1,2,3,4",
        "FREQ=DAILY;BYSECOND=0,1,2",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYDAY=2MO",
        "FREQ=WEEKLY;BYSETPOS=1",
        "FREQ=DAILY;COUNT=99999999",
        "FREQ=" + "DAILY;" * 100,
        "",
    ],
)
def test_rules_that_are_not_followed(rule: str) -> None:
    """More often than daily, or too rare a wording: told, and the rest of the calendar counts."""
    (why,) = left_out(
        f"DTSTART:20260320T090000Z\nDURATION:PT1H\nRRULE:{rule}", "DTSTART:20260320T120000Z\nDURATION:PT1H"
    )
    assert why.startswith("repeating in a way that is not followed here: ")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This is no calendar"),
        (b"\x89PNG\r\n\x1a\n", "This is no calendar"),
        (b"name,date\nA,2026-01-01", "This is no calendar"),
        (ics(end=""), "ends in the middle"),
        (ics("DTSTART:20260320T090000Z")[:-30], "ends in the middle"),
        (b"BEGIN:VCALENDAR\r\n" + b"BEGIN:X\r\n" * 9000, "ends in the middle"),
        (ics() + b" " * MOST_BYTES, "1 MB at most"),
        (ics(*["DTSTART:20260320"] * 20_001), "more than 20000 events"),
        (ics(*[f"UID:{n}\nDTSTART:20260320T{n % 24:02}0000\nRRULE:FREQ=DAILY\nDURATION:PT1M" for n in range(90)]),
         "more events in the next two years"),
    ],
)  # fmt: skip
def test_what_is_no_calendar_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        read_calendar(content, CAPE_TOWN, *window_of(NOW))


def test_too_many_times_are_refused() -> None:
    days = [date(2026, 3, 17) + timedelta(days=n) for n in range(700)]
    every = [f"UID:{d}{h}\nDTSTART:{d:%Y%m%d}T{h:02}0000Z\nDURATION:PT1M" for d in days for h in range(15)]
    with pytest.raises(InvalidInput, match="more than 10000 busy times"):
        read_calendar(ics(*every), CAPE_TOWN, *window_of(NOW))


def test_work_is_bounded_whatever_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Days that rules are asked about are counted over the whole file: rules that never fall, or are counted out."""
    monkeypatch.setattr(busy, "_MOST_DAYS", 5_000)
    never = [
        f"UID:{n}\nDTSTART:20260320T090000Z\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"
        for n in range(9)
    ]
    with pytest.raises(InvalidInput, match="repeats more than can be worked out"):
        read_calendar(ics(*never), CAPE_TOWN, *window_of(NOW))


_RULES = st.builds(
    lambda freq, interval, extra, end: f"FREQ={freq};INTERVAL={interval}{extra.get(freq, '')}{end}",
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.integers(1, 4),
    st.fixed_dictionaries(
        {
            "DAILY": st.sampled_from(["", ";BYMONTH=3,4", ";BYDAY=MO,FR"]),
            "WEEKLY": st.sampled_from(["", ";BYDAY=MO,WE", ";BYDAY=SU,TU;WKST=SU", ";BYMONTH=4,5"]),
            "MONTHLY": st.sampled_from(["", ";BYDAY=1SA", ";BYDAY=-1FR", ";BYMONTHDAY=31", ";BYMONTHDAY=-1",
                                        ";BYDAY=MO,TU,WE;BYSETPOS=-1,2", ";BYDAY=FR;BYMONTHDAY=13"]),
            "YEARLY": st.sampled_from(["", ";BYMONTH=3,10", ";BYMONTH=10;BYDAY=-1SU",
                                       ";BYMONTH=5;BYDAY=MO;BYSETPOS=-1"]),
        }
    ),
    st.sampled_from(["", ";COUNT=7", ";UNTIL=20270601T000000Z"]),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(_RULES, st.dates(date(2024, 1, 1), date(2026, 6, 1)))
def test_days_are_those_that_dateutil_finds(rule: str, first: date) -> None:
    """R-BOOK-08: months without a day are skipped, whatever the rule counts."""
    days = parse_event(rule.split(";COUNT")[0].split(";UNTIL")[0], first).days
    plain = rule.split(";COUNT")[0].split(";UNTIL")[0]
    until = first + timedelta(days=500)
    found = rrulestr(plain, dtstart=datetime.combine(first, datetime.min.time())).between(
        datetime.combine(first, datetime.min.time()), datetime.combine(until, datetime.min.time()), inc=True
    )
    assert [first + timedelta(days=n) for n in range(501) if days.falls_on(first + timedelta(days=n))] == [
        d.date() for d in found
    ]


@settings(max_examples=60, deadline=None)
@given(_RULES, st.dates(date(2025, 1, 1), date(2026, 6, 1)), st.sampled_from(["Europe/London", "America/New_York"]))
def test_times_are_those_that_another_reader_finds(rule: str, first: date, zone: str) -> None:
    """A whole calendar, with a date taken out, against recurring-ical-events."""
    found = rrulestr(rule.replace(";UNTIL=20270601T000000Z", ""), dtstart=datetime.combine(first, datetime.min.time()))
    day = next(iter(found), None)
    first = day.date() if day else first  # a start that its own rule names
    out = f"\nEXDATE;TZID={zone}:{first + timedelta(days=7):%Y%m%d}T093000"
    event = (
        f"UID:a\nDTSTART;TZID={zone}:{first:%Y%m%d}T093000\nDTEND;TZID={zone}:{first:%Y%m%d}T101500\nRRULE:{rule}{out}"
    )
    since, until = window_of(NOW)
    others = recurring_ical_events.of(Calendar.from_ical(ics(event))).between(since, until)
    expected = merge(Range(e["DTSTART"].dt.astimezone(UTC), e["DTEND"].dt.astimezone(UTC)) for e in others)
    assert list(read_calendar(ics(event), CAPE_TOWN, since, until).times) == expected
