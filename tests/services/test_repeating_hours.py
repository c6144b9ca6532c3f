"""Hours that repeat otherwise than weekly, and whole days blocked together."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.countries import countries
from avenrae.enums import Role
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.permissions import Actor
from avenrae.queries.availability import get_availability, sessions_within_days
from avenrae.queries.diaries import list_slots
from avenrae.scheduling.hours import Range, Rule, less, next_days, next_gap
from avenrae.scheduling.public_holidays import public_holidays
from avenrae.services.availability import add_rule, block_days
from avenrae.ui.availability.repeating import rrule_of, spoken_days
from tests.make import make_actor, make_booking, make_practitioner, make_service

ADMIN = Actor.system("test")
FIRST_SATURDAY: dict[str, Any] = {
    "rrule": "FREQ=MONTHLY;BYDAY=1SA",
    "starts": time(9),
    "ends": time(12),
    "valid_from": date(2026, 3, 16),
}


def stored(session: Session) -> list[Any]:
    session.flush()
    return [
        session.execute(text(f"SELECT to_jsonb(t) FROM {t} t ORDER BY id")).scalars().all()
        for t in ("availability_rules", "blocked_periods")
    ]


def test_hours_of_the_first_saturday(session: Session, noon: datetime) -> None:
    """R-BOOK-04, R-BOOK-07, R-BOOK-08: offered on that day by London's clock, also after it went forward."""
    p = make_practitioner(session, is_open=False, time_zone="Europe/London", max_horizon=90)
    service = make_service(session, p)
    add_rule(session, ADMIN, p.id, **FIRST_SATURDAY)
    offered = list_slots(session, ADMIN, service.id, noon, noon + timedelta(days=60))
    assert [f"{s:%m-%d %H:%M}" for s in offered] == [f"{d} {h:02}:00" for d in ("04-04", "05-02") for h in (8, 9, 10)]


@pytest.mark.parametrize(
    ("role", "error"), [(Role.CLIENT, NotPermitted), (Role.PRACTITIONER, NotFound), (Role.SUPPORT, NotPermitted)]
)
def test_others_are_refused(session: Session, noon: object, role: Role, error: type[AvenraeError]) -> None:
    """R-USR-01"""
    p, who = make_practitioner(session), make_actor(session, role)
    before = stored(session)
    with pytest.raises(error):
        add_rule(session, who, p.id, **FIRST_SATURDAY)
    with pytest.raises(error):
        block_days(session, who, p.id, days={date(2026, 4, 3): "Good Friday"})
    assert stored(session) == before


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"starts": time(12), "ends": time(9)}, "ends before it starts"),
        ({"rrule": "FREQ=SECONDLY"}, "repeats daily, weekly or monthly"),
        ({"rrule": "FREQ=WEEKLY;BYDAY="}, "not a weekday"),
        ({"rrule": "x" * 300}, "too long"),
        ({"valid_until": date(2026, 3, 1)}, "end before the day"),
        ({"valid_until": date(2026, 3, 20)}, "would never come"),
        ({"rrule": "FREQ=MONTHLY;BYMONTHDAY=31;INTERVAL=12", "valid_from": date(2026, 4, 1)}, "would never come"),
        ({"valid_from": date(1800, 1, 1)}, "between 1900 and 2200"),
        ({"valid_until": date(9999, 1, 1)}, "between 1900 and 2200"),
    ],
)
def test_hours_that_cannot_be_are_refused(
    session: Session, noon: object, changed: dict[str, Any], sentence: str
) -> None:
    p = make_practitioner(session)
    before = stored(session)
    with pytest.raises(InvalidInput, match=sentence):
        add_rule(session, ADMIN, p.id, **{**FIRST_SATURDAY, **changed})
    assert stored(session) == before


def test_the_same_hours_stand_once_and_fifty_are_the_most(session: Session, noon: object) -> None:
    p = make_practitioner(session)
    add_rule(session, ADMIN, p.id, **FIRST_SATURDAY)
    before = stored(session)
    with pytest.raises(Conflict, match="there already"):
        add_rule(session, ADMIN, p.id, **FIRST_SATURDAY)
    assert stored(session) == before
    for n in range(49):
        add_rule(session, ADMIN, p.id, **{**FIRST_SATURDAY, "valid_from": date(2026, 4, 1) + timedelta(days=n)})
    with pytest.raises(Conflict, match="50 hours beside the week"):
        add_rule(session, ADMIN, p.id, **{**FIRST_SATURDAY, "valid_from": date(2027, 4, 1)})
    assert len(get_availability(session, ADMIN, p.id).others) == 50


_WEEKS, _NTH, _DATE = "Every so many weeks", "A weekday of the month", "A date of the month"


@pytest.mark.parametrize(
    ("chosen", "rrule", "said", "following"),
    [
        ((_WEEKS, 2, [1], None, None, None), "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "Every 2 weeks on Tuesday",
         ["03-17", "03-31", "04-14"]),
        ((_WEEKS, 1, [3, 0], None, None, None), "FREQ=WEEKLY;BYDAY=MO,TH", "Every week on Monday and Thursday",
         ["03-16", "03-19", "03-23"]),
        ((_NTH, 1, None, [1], 5, None), "FREQ=MONTHLY;BYDAY=1SA", "Every month on the first Saturday",
         ["04-04", "05-02", "06-06"]),
        ((_NTH, 2, None, [1, -1], 4, None), "FREQ=MONTHLY;INTERVAL=2;BYDAY=1FR,-1FR",
         "Every 2 months on the first Friday and the last Friday", ["03-27", "05-01", "05-29"]),
        ((_DATE, 1, None, None, None, 31), "FREQ=MONTHLY;BYMONTHDAY=31", "Every month on day 31",
         ["03-31", "05-31", "07-31"]),
        ((_DATE, 3, None, None, None, -1), "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=-1", "Every 3 months on the last day",
         ["03-31", "06-30", "09-30"]),
    ],
)  # fmt: skip
def test_what_is_chosen_is_what_is_meant(chosen: tuple[Any, ...], rrule: str, said: str, following: list[str]) -> None:
    """R-BOOK-08: the rule, the sentence and the next dates agree; months without a 31st are left out."""
    first = date(2026, 3, 16)
    rule = Rule(time(9), time(12), rrule=rrule_of(chosen), valid_from=first)
    assert rule.rrule == rrule
    assert spoken_days(rule) == f"{said}, from Mon 16 Mar 2026"
    assert [f"{d:%m-%d}" for d in next_days(rule, first, 3)] == following


@pytest.mark.parametrize(
    "chosen", [(_WEEKS, 1, [], None, None, None), (_NTH, 1, None, [], 5, None), (_DATE, *[None] * 5)]
)
def test_what_is_not_chosen_is_asked_for(chosen: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidInput, match=r"^Choose "):
        rrule_of(chosen)


@pytest.mark.parametrize(
    ("zone", "day", "starts", "ends"),
    [
        ("Europe/London", date(2026, 3, 29), "03-29 00:00", "03-29 23:00"),
        ("America/New_York", date(2026, 11, 1), "11-01 04:00", "11-02 05:00"),
    ],
)
def test_a_day_is_blocked_whole(session: Session, zone: str, day: date, starts: str, ends: str) -> None:
    """R-BOOK-04: 23 and 25 hours on the days on which the clocks change."""
    with clock.stopped(datetime(2026, 3, 16, tzinfo=UTC)):
        p = make_practitioner(session, time_zone=zone)
        assert block_days(session, ADMIN, p.id, days={day: "Day of change"}) == 1
        ((found),) = get_availability(session, ADMIN, p.id).away
    assert (f"{found.starts_at:%m-%d %H:%M}", f"{found.ends_at:%m-%d %H:%M}", found.reason) == (
        starts,
        ends,
        "Day of change",
    )


def test_days_that_are_blocked_already_are_not_blocked_twice(session: Session, noon: object) -> None:
    p = make_practitioner(session)
    days = {date(2026, 4, 3): "Good Friday", date(2026, 4, 6): "Family Day", date(2026, 4, 27): "Freedom Day"}
    assert block_days(session, ADMIN, p.id, days={date(2026, 4, 3): "Good Friday"}) == 1
    assert block_days(session, ADMIN, p.id, days=days) == 2
    before = stored(session)
    assert block_days(session, ADMIN, p.id, days=days) == 0
    assert block_days(session, ADMIN, p.id, days={}) == 0
    with pytest.raises(InvalidInput, match="At most 100 days"):
        block_days(session, ADMIN, p.id, days={date(2026, 5, 1) + timedelta(days=n): "" for n in range(101)})
    with pytest.raises(InvalidInput, match="200 letters"):
        block_days(session, ADMIN, p.id, days={date(2026, 5, 1): "x" * 201})
    assert stored(session) == before


def test_sessions_of_a_day_are_named_by_the_practitioners_clock(session: Session, noon: datetime) -> None:
    """New York's Friday holds what is Saturday in Johannesburg; what has passed or is cancelled is not named."""
    p = make_practitioner(session, time_zone="America/New_York")
    late = make_booking(session, practitioner=p, starts_at=datetime(2026, 4, 4, 2, 0, tzinfo=UTC), status="confirmed")
    make_booking(session, practitioner=p, starts_at=datetime(2026, 4, 4, 5, 0, tzinfo=UTC), status="confirmed")
    make_booking(session, practitioner=p, starts_at=datetime(2026, 4, 3, 15, 0, tzinfo=UTC), status="cancelled")
    friday, saturday = date(2026, 4, 3), date(2026, 4, 4)
    found = sessions_within_days(session, ADMIN, p.id, [friday])
    assert {day: [s.reference for s in sessions] for day, sessions in found.items()} == {friday: [late.reference]}
    assert list(sessions_within_days(session, ADMIN, p.id, [friday, saturday])) == [friday, saturday]
    with pytest.raises(NotFound):
        sessions_within_days(session, make_actor(session, Role.PRACTITIONER), p.id, [friday])


def test_public_holidays_are_known_without_a_network() -> None:
    found = dict(public_holidays("ZA", date(2026, 3, 16), date(2027, 3, 15)))
    assert found[date(2026, 4, 3)] == "Good Friday"
    assert found[date(2026, 8, 10)] == "National Women's Day (observed)"
    assert min(found) >= date(2026, 3, 16)
    assert max(found) <= date(2027, 3, 15)
    assert dict(public_holidays("DE", date(2026, 10, 1), date(2026, 10, 31))) == {date(2026, 10, 3): "German Unity Day"}
    assert public_holidays("XX", date(2026, 1, 1), date(2026, 12, 31)) == ()
    assert (countries()["ZA"], countries()["GB"]) == ("South Africa", "United Kingdom")


def _range(first: float, last: float) -> Range:
    start = datetime(2026, 3, 16, tzinfo=UTC)
    return Range(start + timedelta(hours=first), start + timedelta(hours=last))


@pytest.mark.parametrize(
    ("opened", "taken", "now", "expected"),
    [
        ([(9, 17)], [], 10, (10, 17)),
        ([(9, 17)], [(10, 11)], 10, (11, 17)),
        ([(9, 17)], [(9.5, 11), (10.5, 12)], 9, (9, 9.5)),
        ([(9, 17)], [(9.25, 17)], 9, None),
        ([(9, 17), (33, 41)], [(9, 17)], 10, (33, 41)),
        ([(9, 17)], [(8, 18)], 10, None),
        ([(9, 17)], [], 18, None),
        ([(9, 17)], [(12, 13)], 11.75, (13, 17)),
        ([], [], 10, None),
    ],
)
def test_the_next_gap(opened: Any, taken: Any, now: float, expected: Any) -> None:
    """Of half an hour at least; one that has begun counts from now."""
    found = next_gap(
        [_range(*o) for o in opened], [_range(*t) for t in taken], _range(now, now + 1).start, timedelta(minutes=30)
    )
    assert found == (_range(*expected) if expected else None)


def test_less_takes_out_and_keeps_order() -> None:
    left = less([_range(9, 12), _range(13, 17)], [_range(16, 18), _range(8, 9.5), _range(10, 11), _range(12, 13)])
    assert list(left) == [_range(9.5, 10), _range(11, 12), _range(13, 16)]
