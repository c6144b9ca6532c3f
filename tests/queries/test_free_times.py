"""Who is free when: the same answer for many at once as each diary gives by itself."""

import random
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy.orm import Session

from avenrae.enums import BookingStatus, Delivery, Role
from avenrae.errors import InvalidInput
from avenrae.models import AvailabilityOverride, AvailabilityRule, BlockedPeriod
from avenrae.permissions import Actor
from avenrae.queries import directory
from avenrae.queries.diaries import list_slots, next_times
from avenrae.queries.directory import count_practitioners, list_practitioners, with_free_times
from avenrae.queries.directory_filters import Between, PractitionerFilters, practitioner_filters
from tests.make import make_actor, make_booking, make_practitioner, make_service

ADMIN = Actor.system("test")
HOUR = timedelta(hours=1)


def crowd(session: Session, noon: datetime) -> list:
    """Thirty practitioners with hours, services, sessions, holds, own dates and times away of all sorts."""
    dice = random.Random(3)
    made = []
    zones = ["Africa/Johannesburg", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland"]
    for n in range(30):
        p = make_practitioner(
            session,
            is_open=n % 10 == 0,
            time_zone=zones[n % 4],
            slot_step=dice.choice([None, None, 15, 45]),
            buffer_before=dice.choice([0, 10]),
            buffer_after=dice.choice([0, 15]),
            min_notice=dice.choice([0, 120, 2000]),
            max_horizon=dice.choice([1, 90]),
        )
        services = [
            make_service(
                session,
                p,
                duration_minutes=m,
                buffer_after=dice.choice([None, 0, 60]),
                is_available=dice.random() < 0.8,
            )
            for m in dice.sample([25, 30, 60, 90], 3)
        ]
        for weekday in range(5) if n % 10 else ():
            start = dice.randrange(6, 14)
            rule = AvailabilityRule(
                practitioner_id=p.id,
                weekday=weekday,
                starts_local=time(start),
                ends_local=time(start + dice.randrange(1, 7)),
            )
            session.add(rule)
        if n % 3 == 0:
            rrule = AvailabilityRule(
                practitioner_id=p.id,
                rrule="FREQ=DAILY;INTERVAL=2",
                valid_from=date(2026, 3, 1),
                starts_local=time(18),
                ends_local=time(),
            )
            session.add(rrule)
        if n % 4 == 0:
            hours = {"starts_local": time(5), "ends_local": time(8)} if n % 8 else {}
            session.add(AvailabilityOverride(practitioner_id=p.id, on_date=date(2026, 3, 17), **hours))
        if n % 5 == 0:
            session.add(
                BlockedPeriod(practitioner_id=p.id, starts_at=noon, ends_at=noon + dice.randrange(1, 40) * HOUR)
            )
        for k in range(dice.randrange(0, 4)):
            make_booking(
                session,
                practitioner=p,
                service=services[0],
                starts_at=noon + (3 + 9 * k + n % 5) * HOUR,
                status=dice.choice([BookingStatus.PENDING, BookingStatus.CONFIRMED, BookingStatus.CANCELLED]),
                hold_expires_at=dice.choice([None, noon - HOUR, noon + HOUR]),
            )
        session.flush()
        made.append((p, services))
    return made


@pytest.mark.parametrize("hours", [1, 3, 30, 168])
def test_many_at_once_are_as_free_as_each_alone(session: Session, noon: datetime, hours: int) -> None:
    """R-BOOK-07: who the directory calls free from a time on is offered exactly that time on his page."""
    made = crowd(session, noon)
    for shift in (-5, 0, 20, 47):
        since = noon + shift * HOUR
        until = since + hours * HOUR
        expected = {}
        for p, services in made:
            starts = [
                start
                for s in services
                if s.is_available
                for start in list_slots(session, ADMIN, s.id, since, until)
                if start + timedelta(minutes=s.duration_minutes) <= until
            ]
            if starts:
                expected[p.id] = min(starts)
        found = with_free_times(session, ADMIN, PractitionerFilters(between=Between(since, until)))
        assert found.free == expected
        if expected:
            asked = PractitionerFilters(between=Between(since, until))
            assert {r.id: r.free_at for r in list_practitioners(session, ADMIN, asked)} == expected
            assert count_practitioners(session, ADMIN, asked) == len(expected)


def test_sorting_by_the_next_free_time_keeps_everybody(session: Session, noon: datetime) -> None:
    """R-DIR-02: those who are not free within two weeks come last."""
    soon = make_practitioner(session, is_open=True)
    later = make_practitioner(session, is_open=True, min_notice=1440)
    never = make_practitioner(session, is_open=False)
    for p in (soon, later, never):
        make_service(session, p)
    rows = list_practitioners(session, ADMIN, PractitionerFilters(), sort="free")
    assert [r.id for r in rows] == [soon.id, later.id, never.id]
    assert [r.free_at for r in rows] == [noon, noon + 24 * HOUR, None]
    assert [r.id for r in list_practitioners(session, ADMIN, PractitionerFilters(), sort="-free")] == [
        later.id,
        soon.id,
        never.id,
    ]


def test_only_what_is_asked_for_counts(session: Session, noon: datetime) -> None:
    """Only approved practitioners and services on offer, of the wanted delivery, are free at all."""
    online, room, draft = (make_practitioner(session, verification_status=s) for s in ("approved", "approved", "draft"))
    make_service(session, online, delivery=Delivery.ONLINE)
    make_service(session, room)
    make_service(session, draft)
    span = Between(noon, noon + 2 * HOUR)
    assert {r.id for r in list_practitioners(session, ADMIN, PractitionerFilters(between=span))} == {online.id, room.id}
    asked = PractitionerFilters(between=span, delivery=Delivery.ONLINE)
    assert [r.id for r in list_practitioners(session, make_actor(session, Role.CLIENT), asked)] == [online.id]


def test_the_span_is_on_the_readers_clock() -> None:
    """R-BOOK-12."""
    found = practitioner_filters({"from": "2026-03-16T09:00", "until": "2026-03-16T11:30"}, "Africa/Johannesburg")
    assert found.between is not None
    assert found.between.since == datetime(2026, 3, 16, 7, 0, tzinfo=UTC)
    assert found.between.until == datetime(2026, 3, 16, 9, 30, tzinfo=UTC)


def test_too_many_to_ask_is_a_sentence(session: Session, noon: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "MOST_NEXT", 1)
    for _ in range(2):
        make_service(session, make_practitioner(session))
    with pytest.raises(InvalidInput, match="Choose a place or a kind first"):
        list_practitioners(session, ADMIN, PractitionerFilters(), sort="free")


def test_a_profile_shows_the_first_time_of_each_day(session: Session, noon: datetime) -> None:
    p = make_practitioner(session)
    short, gone = make_service(session, p), make_service(session, p, is_available=False)
    times = next_times(session, make_actor(session, Role.CLIENT), p.id, each=3)
    midnight = datetime(2026, 3, 16, 22, 0, tzinfo=UTC)
    assert times == {short.id: [noon, midnight, midnight + 24 * HOUR]}
    assert gone.id not in times
    p.verification_status = "suspended"
    session.flush()
    assert next_times(session, ADMIN, p.id) == {}
