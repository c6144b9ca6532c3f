"""The calendar: who sees what in it, where a span begins and ends, and days on which the clocks change."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from avenrae.db import engine as db
from avenrae.enums import BookingStatus, Role
from avenrae.errors import InvalidInput
from avenrae.models import AvailabilityOverride, AvailabilityRule, BlockedPeriod
from avenrae.permissions import Actor
from avenrae.queries import calendar
from avenrae.queries.calendar import CalendarDays, calendar_days
from avenrae.queries.periods import midnight
from avenrae.ui.calendar import Axis, days_of, shifted
from tests import make

ZONE = "Africa/Johannesburg"
LONDON = "Europe/London"
DAY = date(2026, 3, 16)
HOUR = timedelta(hours=1)


def day_of(
    session: Session, actor: Actor, practitioner_id=None, day: date = DAY, zone: str = ZONE, **kw
) -> CalendarDays:
    start, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    return calendar_days(session, actor, practitioner_id=practitioner_id, start=start, end=end, **kw)


def at(hour: int, minute: int = 0) -> datetime:
    """An hour of the day on the clock in Johannesburg."""
    return midnight(DAY, ZONE) + timedelta(hours=hour, minutes=minute)


def test_each_role_sees_its_own(session: Session, noon: datetime) -> None:
    """R-USR-01: of another's day there is neither a session nor a name, nor a time away, nor hours."""
    mine, other = (make.make_practitioner(session, is_open=False) for _ in range(2))
    client = make.make_client(session)
    first = make.make_booking(session, practitioner=mine, client=client, starts_at=at(9), buffer_after=15)
    second = make.make_booking(session, practitioner=other, starts_at=at(9))
    for p in (mine, other):
        session.add(BlockedPeriod(practitioner_id=p.id, starts_at=at(13), ends_at=at(14), reason="Dentist"))
        session.add(AvailabilityRule(practitioner_id=p.id, weekday=0, starts_local=time(9), ends_local=time(17)))
    session.flush()
    users = {p.id: session.get_one(make.User, p.user_id) for p in (mine, other, client)}
    practitioner = make.actor_of(users[mine.id], practitioner=mine)
    theirs = make.actor_of(users[client.id], client=client)
    support = make.make_actor(session, Role.SUPPORT)

    def ids(found: CalendarDays) -> list:
        return [b.id for b in found.bookings]

    for actor in (support, make.make_actor(session, Role.ADMIN)):
        everybody = day_of(session, actor)
        assert sorted(ids(everybody)) == sorted([first.id, second.id])
        assert (everybody.blocked, everybody.open_hours) == ([], None)
        one = day_of(session, actor, other.id)
        assert ids(one) == [second.id]
        assert [(b.starts_at, b.reason) for b in one.blocked] == [(at(13), "Dentist")]
        assert one.open_hours == [(at(9), at(17))]
    own = day_of(session, practitioner, mine.id)
    assert (ids(own), own.open_hours, len(own.blocked)) == ([first.id], [(at(9), at(17))], 1)
    assert (own.bookings[0].client_name, own.bookings[0].buffer_after) == (users[client.id].name, 15)
    assert ids(day_of(session, practitioner)) == [first.id]
    for actor in (practitioner, theirs):
        assert day_of(session, actor, other.id) == CalendarDays([], [], None)
    assert day_of(session, theirs, mine.id).blocked == []
    assert [(b.practitioner_name, b.buffer_after) for b in day_of(session, theirs).bookings] == [
        (users[mine.id].name, 0)
    ]
    nobody = make.actor_of(make.make_user(session, role=Role.CLIENT))
    assert day_of(session, nobody).bookings == []


def test_a_span_holds_what_lies_in_it_also_in_part(session: Session, noon: datetime) -> None:
    """R-BOOK-02: half-open, so what ends at midnight is not of the new day and what begins then is."""
    practitioner = make.make_practitioner(session)
    actor = make.make_actor(session, Role.SUPPORT)
    found = {}
    for name, start, end in (
        ("ends at midnight", at(-1), at(0)),
        ("over midnight", at(0), at(1)),
        ("into the next day", at(23), at(25)),
        ("the next day", at(25), at(26)),
    ):
        booking = make.make_booking(session, practitioner=practitioner, starts_at=start, ends_at=end)
        found[booking.id] = name
    long = make.make_booking(session, starts_at=at(-11), ends_at=at(1))
    found[long.id] = "twelve hours"
    assert [found[b.id] for b in day_of(session, actor).bookings] == [
        "twelve hours",
        "over midnight",
        "into the next day",
    ]


def test_what_keeps_no_time_is_left_out(session: Session, noon: datetime) -> None:
    practitioner = make.make_practitioner(session)
    actor = make.make_actor(session, Role.SUPPORT)

    def booking(hour: int, **kw):
        return make.make_booking(session, practitioner=practitioner, starts_at=at(hour), **kw).id

    held = booking(14, hold_expires_at=noon + HOUR)
    booking(15, hold_expires_at=noon - HOUR)
    past = booking(8, status=BookingStatus.COMPLETED)
    cancelled = booking(9, status=BookingStatus.CANCELLED)
    assert [b.id for b in day_of(session, actor).bookings] == [past, held]
    assert [b.id for b in day_of(session, actor, with_cancelled=True).bookings] == [past, cancelled, held]


def test_more_than_a_screen_is_cut_and_said(session: Session, noon: datetime, monkeypatch) -> None:
    practitioner = make.make_practitioner(session)
    for hour in (9, 11, 13):
        make.make_booking(session, practitioner=practitioner, starts_at=at(hour))
    monkeypatch.setattr(calendar, "MOST", 2)
    found = day_of(session, make.make_actor(session, Role.SUPPORT))
    assert (len(found.bookings), found.is_complete) == (2, False)


@pytest.mark.parametrize("length", [timedelta(days=46), timedelta(days=-1)])
def test_no_longer_than_a_month_s_view(session: Session, noon: datetime, length: timedelta) -> None:
    actor = make.make_actor(session, Role.SUPPORT)
    with pytest.raises(InvalidInput, match="at most six weeks"):
        calendar_days(session, actor, practitioner_id=None, start=noon, end=noon + length)


def test_three_queries(session: Session, noon: datetime) -> None:
    practitioner = make.make_practitioner(session)
    actor = make.make_actor(session, Role.SUPPORT)
    for hour in (9, 11, 13):
        make.make_booking(session, practitioner=practitioner, starts_at=at(hour))
    sent: list[str] = []

    def note(connection, cursor, statement, *rest) -> None:
        sent.append(statement)

    event.listen(db.engine(), "before_cursor_execute", note)
    try:
        day_of(session, actor, practitioner.id)
    finally:
        event.remove(db.engine(), "before_cursor_execute", note)
    assert len(sent) == 3


@pytest.mark.parametrize(
    ("day", "hours", "opens", "closes"),
    [
        (date(2026, 3, 29), 23, datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 11, tzinfo=UTC)),
        (date(2026, 10, 25), 25, datetime(2026, 10, 24, 23, 30, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)),
        (date(2026, 11, 1), 24, datetime(2026, 11, 1, 0, 30, tzinfo=UTC), datetime(2026, 11, 1, 12, tzinfo=UTC)),
    ],
)
def test_open_hours_on_the_practitioner_s_clock(
    session: Session, noon: datetime, day: date, hours: int, opens: datetime, closes: datetime
) -> None:
    """R-BOOK-04: 00:30 to noon in London, on a day of 23, of 25 and of 24 hours."""
    practitioner = make.make_practitioner(session, is_open=False, time_zone=LONDON)
    session.add(
        AvailabilityRule(practitioner_id=practitioner.id, weekday=6, starts_local=time(0, 30), ends_local=time(12))
    )
    session.flush()
    assert midnight(day + timedelta(days=1), LONDON) - midnight(day, LONDON) == hours * HOUR
    found = day_of(session, make.make_actor(session, Role.SUPPORT), practitioner.id, day, LONDON)
    assert found.open_hours == [(opens, closes)]


def test_a_date_s_own_hours(session: Session, noon: datetime) -> None:
    """R-BOOK-05"""
    practitioner = make.make_practitioner(session, is_open=False)
    actor = make.make_actor(session, Role.SUPPORT)
    session.add(AvailabilityRule(practitioner_id=practitioner.id, weekday=0, starts_local=time(9), ends_local=time(17)))
    session.add(
        AvailabilityOverride(practitioner_id=practitioner.id, on_date=DAY, starts_local=time(20), ends_local=time(21))
    )
    session.flush()
    assert day_of(session, actor, practitioner.id).open_hours == [(at(20), at(21))]
    session.add(AvailabilityOverride(practitioner_id=practitioner.id, on_date=DAY))
    session.flush()
    assert day_of(session, actor, practitioner.id).open_hours == []


def test_the_grid_when_clocks_go_forward() -> None:
    """R-BOOK-04: the hour that does not exist is there for the other days and marked as missing on this one."""
    sunday = date(2026, 3, 29)
    axis = Axis(days_of("week", sunday), LONDON)
    assert axis.length == 24 * 60
    assert axis.missing(sunday) == [(60, 120)]
    assert axis.missing(DAY) == []
    assert axis.at(datetime(2026, 3, 29, 0, 59, tzinfo=UTC), sunday) == 59
    assert axis.at(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), sunday) == 120
    assert axis.note(sunday) == "Clocks go forward at 01:00: a day of 23 hours"


def test_the_grid_when_clocks_go_back() -> None:
    """R-BOOK-04: the hour that comes twice has two places, and the other days stay in line."""
    sunday = date(2026, 10, 25)
    axis = Axis(days_of("week", sunday), LONDON)
    assert axis.length == 25 * 60
    assert axis.at(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), sunday) == 90
    assert axis.at(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), sunday) == 150
    assert axis.at(datetime(2026, 10, 25, 9, 0, tzinfo=UTC), sunday) == 10 * 60
    assert axis.at(datetime(2026, 10, 24, 8, 0, tzinfo=UTC), date(2026, 10, 24)) == 10 * 60
    assert axis.missing(date(2026, 10, 24)) == [(120, 180)]
    assert axis.missing(sunday) == []
    assert axis.at(datetime(2026, 10, 24, 1, 0, tzinfo=UTC), date(2026, 10, 24), is_end=True) == 120
    assert [text for at, text in axis.hours() if 60 <= at <= 180] == ["01:00", "01:00 again", "02:00"]
    assert axis.note(sunday) == "Clocks go back at 02:00: a day of 25 hours"


@pytest.mark.parametrize(
    ("zone", "day", "missing", "length"),
    [
        ("Africa/Cairo", date(2026, 4, 24), [(0, 60)], 24 * 60),
        ("Asia/Beirut", date(2026, 10, 24), [], 25 * 60),
        ("Australia/Lord_Howe", date(2026, 4, 5), [], 24 * 60 + 30),
        ("Asia/Kathmandu", date(2026, 4, 5), [], 24 * 60),
    ],
)
def test_clocks_that_change_at_midnight_or_by_half_an_hour(
    zone: str, day: date, missing: list[tuple[int, int]], length: int
) -> None:
    axis = Axis([day], zone)
    assert (axis.missing(day), axis.length) == (missing, length)
    assert axis.at(midnight(day, zone), day) == (60 if missing else 0)
    assert axis.at(midnight(day + timedelta(days=1), zone), day, is_end=True) == length


def test_days_of_a_view() -> None:
    assert days_of("day", DAY) == [DAY]
    week = days_of("week", date(2026, 3, 22))
    assert (week[0], week[-1]) == (DAY, date(2026, 3, 22))
    month = days_of("month", DAY)
    assert (month[0], month[-1], len(month)) == (date(2026, 2, 23), date(2026, 4, 5), 42)
    assert shifted("week", DAY, 1) == date(2026, 3, 23)
    assert shifted("month", date(2026, 1, 31), 1) == date(2026, 2, 1)
    assert shifted("day", date(2199, 12, 31), 1) == date(2199, 12, 31)
