"""Wall-clock times as instants, at the hours that clocks skip or show twice."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avenrae.errors import InvalidInput
from avenrae.scheduling.zones import instant, local_day, on_clocks, spoken, zone_named

NEW_YORK = ZoneInfo("America/New_York")
ZONES = ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Africa/Johannesburg", "Asia/Kathmandu"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_time_that_does_not_exist_moves_forward() -> None:
    """R-BOOK-04: New York 2026-03-08 02:30 is 03:30; Lord Howe skips half an hour only."""
    found = instant(date(2026, 3, 8), time(2, 30), NEW_YORK)
    assert found.astimezone(NEW_YORK).isoformat() == "2026-03-08T03:30:00-04:00"
    assert instant(date(2026, 3, 29), time(1, 30), ZoneInfo("Europe/London")) == at("2026-03-29T01:30:00+00:00")
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    found = instant(date(2026, 10, 4), time(2, 15), lord_howe)
    assert found.astimezone(lord_howe).isoformat() == "2026-10-04T02:45:00+11:00"


def test_an_ambiguous_time_takes_its_first_occurrence() -> None:
    """R-BOOK-04: New York 2026-11-01 01:30 is still summer time, whatever the time's own fold says."""
    assert instant(date(2026, 11, 1), time(1, 30), NEW_YORK) == at("2026-11-01T05:30:00+00:00")
    assert instant(date(2026, 11, 1), time(1, 45, fold=1), NEW_YORK) == at("2026-11-01T05:45:00+00:00")


def test_midnight_that_does_not_exist_is_the_days_first_instant() -> None:
    """R-BOOK-04: Cairo's clocks go from 00:00 to 01:00."""
    assert instant(date(2026, 4, 24), time(), ZoneInfo("Africa/Cairo")) == at("2026-04-23T22:00:00+00:00")


@given(
    st.sampled_from(ZONES),
    st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    st.integers(0, 1439).map(lambda m: time(m // 60, m % 60)),
)
def test_a_wall_time_comes_back_or_moves_forward_by_the_gap(name: str, day: date, wall: time) -> None:
    """R-BOOK-04: exact where the time exists; otherwise later by no more than the hour that was skipped."""
    zone = ZoneInfo(name)
    found = instant(day, wall, zone)
    shown = found.astimezone(zone).replace(tzinfo=None) - datetime.combine(day, wall)
    assert found.tzinfo is UTC
    assert shown in (timedelta(0), timedelta(minutes=30), timedelta(hours=1))
    if shown == timedelta(0):
        earlier = [found - timedelta(minutes=m) for m in (30, 60)]
        assert all(e.astimezone(zone).replace(tzinfo=None) != datetime.combine(day, wall) for e in earlier)


@pytest.mark.parametrize("name", ["", "Nowhere/Land", "America", "../etc/passwd", "/etc/localtime", "a\0b"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="is not a time zone"):
        zone_named(name)


def test_every_spoken_time_names_its_zone() -> None:
    """R-BOOK-12"""
    noon = at("2026-03-16T10:00:00+00:00")
    assert spoken(noon, ZoneInfo("Africa/Johannesburg")) == "Mon 16 Mar 2026, 12:00 SAST"
    assert spoken(noon, ZoneInfo("Asia/Kathmandu")) == "Mon 16 Mar 2026, 15:45 UTC+0545"


def test_the_day_is_the_zones_own() -> None:
    assert local_day(at("2026-03-16T23:00:00+00:00"), ZoneInfo("Africa/Johannesburg")) == date(2026, 3, 17)


@pytest.mark.parametrize(
    ("instant_", "zones", "told"),
    [
        (
            "2026-03-16T12:00Z",
            ["Africa/Johannesburg", "Europe/London"],
            "Mon 16 March 2026, 14:00 (Africa/Johannesburg), 12:00 (Europe/London)",
        ),
        ("2026-03-16T12:00Z", ["Africa/Johannesburg"] * 2, "Mon 16 March 2026, 14:00 (Africa/Johannesburg)"),
        (
            "2026-03-16T12:00Z",
            ["Africa/Johannesburg", "Africa/Maputo"],
            "Mon 16 March 2026, 14:00 (Africa/Johannesburg)",
        ),
        (
            "2026-03-28T12:00Z",
            ["Europe/London", "Africa/Johannesburg"],
            "Sat 28 March 2026, 12:00 (Europe/London), 14:00 (Africa/Johannesburg)",
        ),
        (
            "2026-03-29T12:00Z",
            ["Europe/London", "Africa/Johannesburg"],
            "Sun 29 March 2026, 13:00 (Europe/London), 14:00 (Africa/Johannesburg)",
        ),
        (
            "2026-03-08T12:00Z",
            ["Africa/Johannesburg", "America/New_York"],
            "Sun 8 March 2026, 14:00 (Africa/Johannesburg), 08:00 (America/New_York)",
        ),
        (
            "2026-12-31T22:30Z",
            ["Africa/Johannesburg", "Europe/London"],
            "Fri 1 January 2027, 00:30 (Africa/Johannesburg), Thu 31 December 2026, 22:30 (Europe/London)",
        ),
        (
            "2026-03-16T20:00Z",
            ["America/New_York", "Asia/Kathmandu", "Africa/Johannesburg"],
            "Mon 16 March 2026, 16:00 (America/New_York), Tue 17 March 2026, 01:45 (Asia/Kathmandu),"
            " Mon 16 March 2026, 22:00 (Africa/Johannesburg)",
        ),
        (
            "2026-10-25T00:30Z",
            ["Europe/London", "Africa/Johannesburg"],
            "Sun 25 October 2026, 01:30 BST (Europe/London), 02:30 (Africa/Johannesburg)",
        ),
        (
            "2026-10-25T01:30Z",
            ["Europe/London", "Africa/Johannesburg"],
            "Sun 25 October 2026, 01:30 GMT (Europe/London), 03:30 (Africa/Johannesburg)",
        ),
        (
            "2026-11-01T06:30Z",
            ["Africa/Johannesburg", "America/New_York"],
            "Sun 1 November 2026, 08:30 (Africa/Johannesburg), 01:30 EST (America/New_York)",
        ),
    ],
)
def test_a_time_on_both_clocks(instant_: str, zones: list[str], told: str) -> None:
    """R-BOOK-12: the reader's own first, another only where it shows another time, over DST of either and midnight."""
    assert on_clocks(at(instant_), *zones) == told
