"""What a change of hours would mean: sessions left outside, days on which the clocks change, who may ask."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus, Role
from avenrae.errors import InvalidInput, NotFound, NotPermitted
from avenrae.models import BlockedPeriod, Practitioner, User
from avenrae.permissions import Actor
from avenrae.queries.availability import (
    OwnDate,
    get_availability,
    newly_outside,
    open_days,
    sessions_outside,
    sessions_within,
)
from avenrae.scheduling.hours import Override, Range, Rule
from avenrae.services.availability import set_week
from tests.make import actor_of, make_actor, make_booking, make_practitioner

ADMIN = Actor.system("test")
NINE, FIVE = time(9), time(17)
UNTIL = datetime(2027, 3, 1, tzinfo=UTC)
WORKDAYS = [Rule(NINE, FIVE, weekday) for weekday in range(5)]


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def outside(session: Session, p: Practitioner, rules: list[Rule], overrides: list[Override] = []) -> set[str]:  # noqa: B006
    """The references of the sessions that these hours do not hold."""
    return {b.reference for b in sessions_outside(session, ADMIN, p.id, rules, overrides, UNTIL)}


def test_sessions_outside_across_the_change_of_clocks(session: Session) -> None:
    """R-BOOK-04: New York's nine o'clock is 14:00 UTC until Saturday 7 March and 13:00 from Sunday 8 March."""
    with clock.stopped(utc(3, 2, 12)):
        p = make_practitioner(session, time_zone="America/New_York")

        def agreed(starts_at: datetime) -> str:
            return make_booking(session, practitioner=p, starts_at=starts_at).reference

        on_monday = {agreed(utc(3, 9, 13)), agreed(utc(3, 9, 20))}
        held = {agreed(utc(3, 6, 14)), agreed(utc(3, 6, 21)), *on_monday}
        early, late = agreed(utc(3, 6, 13)), agreed(utc(3, 9, 21))
        weekend, half = agreed(utc(3, 8, 15)), agreed(utc(3, 10, 20, 30))
        assert outside(session, p, WORKDAYS) == {early, late, weekend, half}
        assert outside(session, p, []) == {early, late, weekend, half} | held
        sunday = Override(date(2026, 3, 8), time(11), time(12))
        assert outside(session, p, WORKDAYS, [sunday]) == {early, late, half}
        monday = outside(session, p, WORKDAYS, [Override(date(2026, 3, 9))])
        assert monday == {early, late, weekend, half} | on_monday


def test_a_session_past_midnight_is_held_by_hours_that_touch(session: Session) -> None:
    """Monday until midnight and Tuesday from midnight are one."""
    with clock.stopped(utc(3, 2, 12)):
        p = make_practitioner(session)
        b = make_booking(session, practitioner=p, starts_at=utc(3, 16, 21, 30))
        night = [Rule(time(20), time(), 0), Rule(time(), time(2), 1)]
        assert outside(session, p, night) == set()
        assert outside(session, p, night[:1]) == {b.reference}


def test_only_sessions_that_still_count(session: Session, noon: datetime) -> None:
    p = make_practitioner(session)

    def agreed(days: int, **kw: object) -> str:
        return make_booking(session, practitioner=p, starts_at=noon + timedelta(days=days), **kw).reference

    confirmed, asked = agreed(1, status=BookingStatus.CONFIRMED), agreed(2)
    held = agreed(3, hold_expires_at=noon + timedelta(minutes=1))
    agreed(4, hold_expires_at=noon - timedelta(minutes=1))
    agreed(5, status=BookingStatus.CANCELLED)
    agreed(-1, status=BookingStatus.CONFIRMED)
    make_booking(session)
    far = agreed(30)
    assert outside(session, p, []) == {confirmed, asked, held, far}
    soon = sessions_outside(session, ADMIN, p.id, [], [], noon + timedelta(days=2))
    assert [b.reference for b in soon] == [confirmed, asked]


def test_what_a_change_would_newly_leave_outside(session: Session, noon: datetime) -> None:
    p = make_practitioner(session)
    set_week(session, ADMIN, p.id, [(weekday, NINE, FIVE) for weekday in range(5)])
    make_booking(session, practitioner=p, starts_at=noon + timedelta(hours=9))
    tuesday = make_booking(session, practitioner=p, starts_at=noon + timedelta(days=1))
    now = get_availability(session, ADMIN, p.id)
    fresh, already = newly_outside(session, ADMIN, now, now.rules([(0, NINE, FIVE)]), now.overrides())
    assert ([b.id for b in fresh], already) == ([tuesday.id], 1)
    closed = OwnDate(tuesday.starts_at.date(), (), "")
    fresh, _ = newly_outside(session, ADMIN, now, now.rules(), now.overrides(closed))
    assert [b.id for b in fresh] == [tuesday.id]
    touched = sessions_within(session, ADMIN, p.id, tuesday.ends_at - timedelta(minutes=1), tuesday.ends_at)
    assert [b.id for b in touched] == [tuesday.id]
    assert sessions_within(session, ADMIN, p.id, tuesday.ends_at, tuesday.ends_at + timedelta(hours=1)) == []


def test_the_preview_of_days(session: Session, noon: datetime) -> None:
    """R-BOOK-05: blocked times are taken out; a closed date has no hours."""
    p = make_practitioner(session)
    set_week(session, ADMIN, p.id, [(weekday, NINE, FIVE) for weekday in range(5)])
    for starts, ends in ((utc(3, 17, 8), utc(3, 17, 9)), (utc(3, 17, 14), utc(3, 18, 9))):
        session.add(BlockedPeriod(practitioner_id=p.id, starts_at=starts, ends_at=ends, reason="Dentist"))
    session.flush()
    now = get_availability(session, ADMIN, p.id)
    days = open_days(now, now.rules(), now.overrides(OwnDate(date(2026, 3, 19), (), "")))
    assert (len(days), days[0].day, days[-1].day) == (28, date(2026, 3, 16), date(2026, 4, 12))
    assert days[0].hours == (Range(utc(3, 16, 7), utc(3, 16, 15)),)
    assert days[1].hours == (Range(utc(3, 17, 7), utc(3, 17, 8)), Range(utc(3, 17, 9), utc(3, 17, 14)))
    assert days[1].away == ("Dentist",)
    assert days[2].hours == (Range(utc(3, 18, 9), utc(3, 18, 15)),)
    assert days[3].hours == days[5].hours == ()


def test_who_may_see_it(session: Session, noon: datetime) -> None:
    """R-USR-01: staff all, a practitioner his own, a client none."""
    p = make_practitioner(session)
    himself = actor_of(session.get_one(User, p.user_id), practitioner=p)
    for actor in (himself, ADMIN, make_actor(session, Role.SUPPORT)):
        assert get_availability(session, actor, p.id).practitioner_id == p.id
        assert sessions_outside(session, actor, p.id, [], [], UNTIL) == []
    for role, error in ((Role.PRACTITIONER, NotFound), (Role.CLIENT, NotPermitted)):
        actor = make_actor(session, role)
        with pytest.raises(error):
            get_availability(session, actor, p.id)
        with pytest.raises(error):
            sessions_outside(session, actor, p.id, [], [], UNTIL)


def test_a_zone_that_is_none_is_a_sentence(session: Session, noon: datetime) -> None:
    p = make_practitioner(session, time_zone="Mars/Olympus")
    with pytest.raises(InvalidInput, match="not a time zone"):
        sessions_outside(session, ADMIN, p.id, [], [], UNTIL)
