"""Availability: who may change it, hours that become one, midnight, and what is refused with nothing changed."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from avenrae.enums import Role
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import AvailabilityRule, Practitioner, User
from avenrae.permissions import Actor
from avenrae.queries.availability import get_availability
from avenrae.services.availability import (
    add_override,
    block_time,
    merged_hours,
    merged_week,
    remove_override,
    remove_rule,
    set_week,
    unblock,
)
from avenrae.services.booking_terms import edit_terms
from tests.make import actor_of, make_actor, make_booking, make_practitioner

ADMIN = Actor.system("test")
DAY = date(2026, 3, 18)
MIDNIGHT = time()
TERMS: dict[str, Any] = {
    "buffer_before": 10,
    "buffer_after": 15,
    "min_notice": 120,
    "max_horizon": 60,
    "slot_step": 30,
}


def at(hour: float) -> time:
    return time(int(hour), round(hour % 1 * 60))


def hours(*of: tuple[int, float, float]) -> list[tuple[int, time, time]]:
    return [(weekday, at(starts), at(ends)) for weekday, starts, ends in of]


def stored(session: Session) -> list[Any]:
    """Everything about availability in the database, past the session's memory."""
    session.flush()
    tables = ("availability_rules", "availability_overrides", "blocked_periods", "practitioners")
    return [session.execute(text(f"SELECT to_jsonb(t) FROM {table} t ORDER BY id")).scalars().all() for table in tables]


def himself(session: Session, p: Practitioner) -> Actor:
    """The practitioner as he is signed in."""
    return actor_of(session.get_one(User, p.user_id), practitioner=p)


def deeds(session: Session, actor: Actor, p: Practitioner) -> dict[str, Callable[[], object]]:
    """Everything that can be done to a practitioner with a rule, a date and a blocked time."""
    now = get_availability(session, ADMIN, p.id)
    away = {"first_day": DAY, "starts": at(12), "last_day": DAY, "ends": at(14)}
    return {
        "set_week": lambda: set_week(session, actor, p.id, hours((0, 9, 17))),
        "remove_rule": lambda: remove_rule(session, actor, p.id, now.others[0].id),
        "add_override": lambda: add_override(session, actor, p.id, on_date=DAY + timedelta(days=9)),
        "remove_override": lambda: remove_override(session, actor, p.id, DAY),
        "block_time": lambda: block_time(session, actor, p.id, **away),
        "unblock": lambda: unblock(session, actor, p.id, now.away[0].id),
        "edit_terms": lambda: edit_terms(session, actor, p.id, **TERMS),
    }


def busy(session: Session) -> Practitioner:
    """A practitioner of whose time everything is said that can be."""
    p = make_practitioner(session)
    set_week(session, ADMIN, p.id, hours((1, 9, 12)))
    session.add(AvailabilityRule(practitioner_id=p.id, rrule="FREQ=DAILY", starts_local=at(20), ends_local=at(21)))
    add_override(session, ADMIN, p.id, on_date=DAY, hours=[(at(8), at(9))], note="Market")
    block_time(session, ADMIN, p.id, first_day=DAY, starts=MIDNIGHT, last_day=DAY, ends=MIDNIGHT, reason="Away")
    session.flush()
    return p


DEEDS = ["set_week", "remove_rule", "add_override", "remove_override", "block_time", "unblock", "edit_terms"]


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("by", ["himself", "admin"])
def test_the_owner_and_admins_change_it(session: Session, noon: object, deed: str, by: str) -> None:
    p = busy(session)
    before = stored(session)
    deeds(session, himself(session, p) if by == "himself" else ADMIN, p)[deed]()
    assert stored(session) != before


@pytest.mark.parametrize(
    ("role", "error"), [(Role.CLIENT, NotPermitted), (Role.PRACTITIONER, NotFound), (Role.SUPPORT, NotPermitted)]
)
@pytest.mark.parametrize("deed", DEEDS)
def test_others_are_refused(session: Session, noon: object, role: Role, error: type[AvenraeError], deed: str) -> None:
    """R-USR-01: refused by the service, and nothing has changed."""
    p, actor = busy(session), make_actor(session, role)
    before = stored(session)
    with pytest.raises(error, match=r"does not allow this|not yours to see"):
        deeds(session, actor, p)[deed]()
    assert stored(session) == before


@pytest.mark.parametrize("deed", ["remove_rule", "unblock"])
def test_what_is_anothers_is_not_removed_under_ones_own_name(session: Session, noon: object, deed: str) -> None:
    """R-USR-01: an id of somebody else's row beside one's own practitioner."""
    theirs = get_availability(session, ADMIN, busy(session).id)
    p = make_practitioner(session)
    actor, before = himself(session, p), stored(session)
    service, row = (unblock, theirs.away[0]) if deed == "unblock" else (remove_rule, theirs.others[0])
    with pytest.raises(NotFound, match="removed already"):
        service(session, actor, p.id, row.id)
    assert stored(session) == before


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([(0, 9, 12), (0, 12, 17)], [(0, 9, 17)]),
        ([(0, 11, 12), (0, 11.25, 12.5), (0, 9, 10)], [(0, 9, 10), (0, 11, 12.5)]),
        ([(0, 22, 0), (0, 20, 22)], [(0, 20, 0)]),
        ([(0, 20, 0), (0, 21, 23)], [(0, 20, 0)]),
        ([(0, 0, 0), (0, 9, 17)], [(0, 0, 0)]),
        ([(6, 22, 0), (0, 0, 2)], [(0, 0, 2), (6, 22, 0)]),
        ([(2, 9, 10), (2, 9, 10)], [(2, 9, 10)]),
        ([], []),
    ],
)
def test_hours_that_overlap_or_touch_become_one(session: Session, given: list[Any], kept: list[Any]) -> None:
    """R-BOOK-03; an end at 00:00 is midnight."""
    p = make_practitioner(session)
    assert set_week(session, ADMIN, p.id, hours(*given)) == tuple(hours(*kept))
    assert get_availability(session, ADMIN, p.id).week == tuple(hours(*kept))


@given(st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda s: s[0] < s[1]), max_size=8))
def test_merging_keeps_every_minute(spans: list[tuple[int, int]]) -> None:
    """R-BOOK-03: the same minutes are open, and nothing left touches."""

    def wall(minute: int) -> time:
        return time(minute // 60 % 24, minute % 60)

    merged = [
        (a.hour * 60 + a.minute, b.hour * 60 + b.minute or 1440)
        for a, b in merged_hours([(wall(a), wall(b)) for a, b in spans])
    ]
    assert {m for a, b in merged for m in range(a, b)} == {m for a, b in spans for m in range(a, b)}
    assert all(end < start for (_, end), (start, _) in pairwise(merged))


def test_a_saved_week_leaves_other_hours_and_writes_only_what_changes(session: Session) -> None:
    p = busy(session)
    set_week(session, ADMIN, p.id, hours((1, 9, 12), (3, 9, 12)))
    ids = text("SELECT id FROM availability_rules WHERE weekday = 1")
    first = session.execute(ids).scalar_one()
    set_week(session, ADMIN, p.id, hours((1, 9, 12)))
    assert session.execute(ids).scalar_one() == first
    now = get_availability(session, ADMIN, p.id)
    assert now.week == tuple(hours((1, 9, 12)))
    assert [r.rrule for r in now.others] == ["FREQ=DAILY"]


def test_a_stale_week_is_refused(session: Session) -> None:
    """What somebody saved meanwhile is not typed over."""
    p = make_practitioner(session, is_open=False)
    set_week(session, ADMIN, p.id, hours((0, 9, 17)), seen=[])
    before = stored(session)
    with pytest.raises(Conflict, match="changed this week meanwhile"):
        set_week(session, ADMIN, p.id, hours((1, 9, 17)), seen=[])
    assert stored(session) == before
    set_week(session, ADMIN, p.id, hours((1, 9, 17)), seen=hours((0, 9, 17)))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (hours((0, 17, 9)), "Monday: 17:00 to 09:00 ends before it starts"),
        (hours((6, 9, 9)), "Sunday: 09:00 to 09:00 ends before it starts"),
        (hours((7, 9, 17)), "seven days"),
        (hours(*[(0, 9, 10)] * 201), "at most 200"),
    ],
)
def test_a_week_that_cannot_be_is_refused(session: Session, given: list[Any], sentence: str) -> None:
    p = busy(session)
    before = stored(session)
    with pytest.raises(InvalidInput, match=sentence):
        merged_week(given)
    with pytest.raises(InvalidInput, match=sentence):
        set_week(session, ADMIN, p.id, given)
    assert stored(session) == before


def test_a_date_is_said_once(session: Session, noon: object) -> None:
    """R-BOOK-05: what was said of the date before is replaced; a date that has passed may be said too."""
    p = make_practitioner(session)
    for on_date in (DAY, DAY - timedelta(days=7)):
        add_override(session, ADMIN, p.id, on_date=on_date, hours=[(at(9), at(12)), (at(11), at(13))], note=" Fair ")
        add_override(session, ADMIN, p.id, on_date=on_date, hours=[(at(15), MIDNIGHT), (at(8), at(9))])
        said = {d.on_date: d for d in get_availability(session, ADMIN, p.id).dates}[on_date]
        assert (said.hours, said.note) == (((at(8), at(9)), (at(15), MIDNIGHT)), "")
        add_override(session, ADMIN, p.id, on_date=on_date)
        assert {d.on_date: d.hours for d in get_availability(session, ADMIN, p.id).dates}[on_date] == ()
    remove_override(session, ADMIN, p.id, DAY)
    assert [d.on_date for d in get_availability(session, ADMIN, p.id).dates] == [DAY - timedelta(days=7)]
    with pytest.raises(NotFound, match="no hours of its own"):
        remove_override(session, ADMIN, p.id, DAY)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"hours": [(at(12), at(9))]}, r"Wed 18 Mar 2026: 12:00 to 09:00 ends before"),
        ({"on_date": date(9999, 12, 31)}, "between 1900 and 2200"),
        ({"note": "x" * 201}, "200 letters"),
        ({"note": "\0"}, "200 letters"),
    ],
)
def test_a_date_that_cannot_be_is_refused(session: Session, changed: dict[str, Any], sentence: str) -> None:
    p = busy(session)
    before = stored(session)
    with pytest.raises(InvalidInput, match=sentence):
        add_override(session, ADMIN, p.id, **{"on_date": DAY, **changed})
    assert stored(session) == before


@pytest.mark.parametrize(
    ("days", "walls", "expected"),
    [
        ((date(2026, 3, 18), date(2026, 3, 18)), (12, 17), ("18T16:00", "18T21:00")),
        ((date(2026, 3, 18), date(2026, 3, 19)), (0, 0), ("18T04:00", "20T04:00")),
        ((date(2026, 3, 8), date(2026, 3, 8)), (0, 0), ("08T05:00", "09T04:00")),
        ((date(2026, 3, 8), date(2026, 3, 8)), (2.5, 4), ("08T07:30", "08T08:00")),
        ((date(2020, 3, 8), date(2020, 3, 8)), (9, 10), None),
    ],
)
def test_times_away_are_on_the_practitioners_clock(session: Session, days: Any, walls: Any, expected: Any) -> None:
    """R-BOOK-04: New York; a day of 23 hours, a time that does not exist moves forward, past dates are fine."""
    p = make_practitioner(session, time_zone="America/New_York")
    kept = block_time(session, ADMIN, p.id, first_day=days[0], starts=at(walls[0]), last_day=days[1], ends=at(walls[1]))
    if expected:
        shown = [t.astimezone(UTC).strftime("%dT%H:%M") for t in (kept.starts_at, kept.ends_at)]
        assert tuple(shown) == expected


@pytest.mark.parametrize(
    ("changed", "zone", "sentence"),
    [
        ({"ends": at(9)}, "Africa/Johannesburg", "end lies before the start"),
        ({"last_day": DAY - timedelta(days=1)}, "Africa/Johannesburg", "end lies before the start"),
        ({"last_day": date.max}, "Africa/Johannesburg", "between 1900 and 2200"),
        ({"reason": "x" * 201}, "Africa/Johannesburg", "200 letters"),
        ({}, "Mars/Olympus", "not a time zone"),
    ],
)
def test_a_time_away_that_cannot_be_is_refused(
    session: Session, changed: dict[str, Any], zone: str, sentence: str
) -> None:
    p = make_practitioner(session, time_zone=zone)
    before = stored(session)
    away = {"first_day": DAY, "starts": at(12), "last_day": DAY, "ends": at(14), **changed}
    with pytest.raises(InvalidInput, match=sentence):
        block_time(session, ADMIN, p.id, **away)
    assert stored(session) == before


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"buffer_before": -1}, "0 to 480"),
        ({"buffer_after": 481}, "0 to 480"),
        ({"min_notice": -1}, "Notice is"),
        ({"min_notice": 10**9}, "Notice is"),
        ({"max_horizon": 0}, "1 to 730"),
        ({"max_horizon": 731}, "1 to 730"),
        ({"slot_step": 4}, "5 to 480"),
        ({"slot_step": 0}, "5 to 480"),
    ],
)
def test_terms_that_cannot_be_are_refused(session: Session, changed: dict[str, Any], sentence: str) -> None:
    p = make_practitioner(session)
    before = stored(session)
    with pytest.raises(InvalidInput, match=sentence):
        edit_terms(session, ADMIN, p.id, **{**TERMS, **changed})
    assert stored(session) == before


def test_stale_terms_are_refused(session: Session) -> None:
    p = make_practitioner(session)
    edit_terms(session, ADMIN, p.id, **TERMS, seen={"min_notice": 0})
    before = stored(session)
    with pytest.raises(Conflict, match="changed this meanwhile"):
        edit_terms(session, ADMIN, p.id, **{**TERMS, "slot_step": None}, seen={"min_notice": 0})
    assert stored(session) == before


def test_agreed_sessions_stay(session: Session, noon: datetime) -> None:
    """R-BOOK-10: no change of availability moves or widens a booking."""
    booking = make_booking(session)
    p = session.get_one(Practitioner, booking.practitioner_id)
    row = text("SELECT to_jsonb(b) FROM bookings b")
    before = session.execute(row).scalar_one()
    set_week(session, ADMIN, p.id, [])
    add_override(session, ADMIN, p.id, on_date=booking.starts_at.date())
    day = {"first_day": booking.starts_at.date(), "last_day": booking.starts_at.date()}
    block_time(session, ADMIN, p.id, **day, starts=MIDNIGHT, ends=MIDNIGHT)
    edit_terms(session, ADMIN, p.id, **TERMS)
    session.flush()
    assert session.execute(row).scalar_one() == before
