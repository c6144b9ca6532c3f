"""Calendars kept elsewhere: what they block, who may add and remove them, and that their secrets stay inside."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db import engine as db
from avenrae.db.transaction import transaction
from avenrae.enums import Role
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import BusyCalendar, Practitioner, User
from avenrae.permissions import Actor
from avenrae.queries.availability import get_availability, open_days
from avenrae.queries.away import list_away
from avenrae.queries.busy_calendars import get_address, list_busy_calendars, list_due_calendars, preview_busy
from avenrae.queries.calendar import calendar_days
from avenrae.queries.diaries import explain, get_diary, list_slots
from avenrae.scheduling.reasons import ReasonKind
from avenrae.scheduling.slots import bookable
from avenrae.services.bookings import create_booking
from avenrae.services.busy_calendars import (
    MOST_CALENDARS,
    add_busy_calendar,
    note_unread,
    pause_busy_calendar,
    read_busy_calendar,
    remove_busy_calendar,
)
from tests.make import actor_of, make_actor, make_booking, make_client, make_practitioner, make_service
from tests.scheduling.test_busy import ics
from tests.threads import told_at_once

ADMIN = Actor.system("test")
TEN = datetime(2026, 3, 17, 10, 0, tzinfo=UTC)
DENTIST = ics("UID:1\nSUMMARY:Root canal\nDTSTART:20260317T100000Z\nDURATION:PT1H")
SECRET = "https://calendar.example.org/private-8d2f/basic.ics"


def himself(session: Session, p: Practitioner) -> Actor:
    return actor_of(session.get_one(User, p.user_id), practitioner=p)


def stored(session: Session) -> list[Any]:
    session.flush()
    tables = ("busy_calendars", "busy_times", "practitioners")
    return [session.execute(text(f"SELECT to_jsonb(t) FROM {t} t ORDER BY 1")).scalars().all() for t in tables]


def add(session: Session, p: Practitioner, content: bytes = DENTIST, name: str = "Family", **kw: Any) -> BusyCalendar:
    return add_busy_calendar(session, ADMIN, p.id, name=name, content=content, **kw)


def deeds(session: Session, actor: Actor, p: Practitioner, c: BusyCalendar) -> dict[str, Callable[[], object]]:
    later = ics("UID:1\nDTSTART:20260318T100000Z\nDURATION:PT1H")
    return {
        "add": lambda: add_busy_calendar(session, actor, p.id, name="Studio", content=DENTIST),
        "read": lambda: read_busy_calendar(session, actor, p.id, c.id, content=later),
        "pause": lambda: pause_busy_calendar(session, actor, p.id, c.id, is_active=False),
        "remove": lambda: remove_busy_calendar(session, actor, p.id, c.id),
        "note": lambda: note_unread(session, actor, p.id, c.id, why="Away."),
    }


DEEDS = ["add", "read", "pause", "remove", "note"]


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("by", ["himself", "admin"])
def test_the_owner_and_admins_keep_them(session: Session, noon: object, deed: str, by: str) -> None:
    p = make_practitioner(session)
    c = add(session, p)
    before = stored(session)
    deeds(session, himself(session, p) if by == "himself" else ADMIN, p, c)[deed]()
    assert stored(session) != before


@pytest.mark.parametrize(
    ("role", "error"), [(Role.CLIENT, NotPermitted), (Role.PRACTITIONER, NotFound), (Role.SUPPORT, NotPermitted)]
)
@pytest.mark.parametrize("deed", DEEDS)
def test_others_are_refused(session: Session, noon: object, role: Role, error: type[AvenraeError], deed: str) -> None:
    """R-USR-01: refused by the service, and nothing has changed."""
    p, actor = make_practitioner(session), make_actor(session, role)
    c = add(session, p)
    before = stored(session)
    with pytest.raises(error, match=r"does not allow this|not yours to see"):
        deeds(session, actor, p, c)[deed]()
    assert stored(session) == before


@pytest.mark.parametrize("deed", ["read", "pause", "remove", "note"])
def test_what_is_anothers_is_not_touched_under_ones_own_name(session: Session, noon: object, deed: str) -> None:
    """R-USR-01: the id of somebody else's calendar beside one's own practitioner."""
    theirs, p = add(session, make_practitioner(session)), make_practitioner(session)
    actor, before = himself(session, p), stored(session)
    with pytest.raises(NotFound, match="removed already"):
        deeds(session, actor, p, theirs)[deed]()
    assert stored(session) == before


def test_busy_is_not_offered_and_says_why(session: Session, noon: object) -> None:
    """R-BOOK-05, R-BOOK-07, R-BOOK-13: cut from the slots, refused by the write, named to owner and staff alone."""
    p, client = make_practitioner(session), make_client(session)
    service = make_service(session, p)
    add(session, p)
    offered = list_slots(session, ADMIN, service.id, TEN - timedelta(hours=2), TEN + timedelta(hours=2))
    assert [f"{s:%H:%M}" for s in offered] == ["08:00", "09:00", "11:00"]
    client_himself = actor_of(session.get_one(User, client.user_id), client=client)
    seen = {}
    for who in (himself(session, p), make_actor(session, Role.SUPPORT), client_himself):
        diary = get_diary(session, who, service.id, TEN, TEN)
        assert not bookable(diary, clock.now(), TEN)
        seen[who.role] = [(b.label, b.cause) for b in diary.blocked]
    assert seen == {
        Role.PRACTITIONER: [("busy in your calendar “Family”", None)],
        Role.SUPPORT: [("busy in the calendar “Family”", None)],
        Role.CLIENT: [("", None)],
    }
    with pytest.raises(Conflict, match=r"^Blocked from Tue 17 Mar 2026, 12:00 SAST") as refused:
        create_booking(session, client_himself, client_id=client.id, service_id=service.id, starts_at=TEN)
    assert "Family" not in refused.value.message
    reason = explain(session, himself(session, p), service.id, TEN)
    assert reason is not None
    assert (reason.kind, reason.sentence) == (
        ReasonKind.BLOCKED,
        "Blocked (busy in your calendar “Family”) from Tue 17 Mar 2026, 12:00 SAST to Tue 17 Mar 2026, 13:00 SAST.",
    )


def test_a_blocked_reason_is_not_told_to_clients(session: Session, noon: object) -> None:
    """What somebody writes beside a time away is for owner and staff."""
    p = make_practitioner(session)
    session.execute(
        text(
            "INSERT INTO blocked_periods (practitioner_id, starts_at, ends_at, reason) VALUES (:p, :a, :b, 'Surgery')"
        ),
        {"p": p.id, "a": TEN, "b": TEN + timedelta(hours=1)},
    )
    told = {
        role: [a.reason for a in list_away(session, who, p.id, TEN, TEN + timedelta(hours=1))]
        for role, who in (
            ("client", make_actor(session, Role.CLIENT)),
            ("another practitioner", make_actor(session, Role.PRACTITIONER)),
            ("support", make_actor(session, Role.SUPPORT)),
            ("himself", himself(session, p)),
        )
    }
    assert told == {"client": [""], "another practitioner": [], "support": ["Surgery"], "himself": ["Surgery"]}


def test_it_is_shown_where_the_day_is_shown(session: Session, noon: object) -> None:
    """In the calendar and in the preview of the weeks; paused it blocks nothing, and removed it is gone."""
    p = make_practitioner(session)
    me, c = himself(session, p), add(session, p)

    def shown() -> list[str]:
        days = calendar_days(session, me, practitioner_id=p.id, start=TEN, end=TEN + timedelta(days=1))
        now = get_availability(session, me, p.id)
        ahead = {a for d in open_days(now, now.rules(), now.overrides()) for a in d.away}
        return [a.reason for a in days.blocked] + sorted(ahead)

    assert shown() == ["busy in your calendar “Family”"] * 2
    pause_busy_calendar(session, me, p.id, c.id, is_active=False)
    assert shown() == []
    pause_busy_calendar(session, me, p.id, c.id, is_active=True)
    assert shown() == ["busy in your calendar “Family”"] * 2
    remove_busy_calendar(session, me, p.id, c.id)
    assert shown() == []
    assert stored(session)[:2] == [[], []]


def test_reading_anew_writes_only_what_changes(session: Session, noon: object) -> None:
    """A third stays, one goes, one comes; agreed sessions are left alone."""
    p = make_practitioner(session)
    booking = make_booking(session, practitioner=p, starts_at=TEN)
    first = ics(*(f"UID:{n}\nDTSTART:202603{n}T100000Z\nDURATION:PT1H" for n in (17, 18)))
    second = ics(*(f"UID:{n}\nDTSTART:202603{n}T100000Z\nDURATION:PT1H" for n in (18, 19)))
    c = add(session, p, first)
    places = text("SELECT starts_at, xmin::text || ctid::text FROM busy_times")
    was = dict(session.execute(places).all())
    agreed = session.execute(text("SELECT to_jsonb(b) FROM bookings b")).scalar_one()
    read_busy_calendar(session, ADMIN, p.id, c.id, content=second)
    now = dict(session.execute(places).all())
    assert sorted(f"{at:%d}" for at in now) == ["18", "19"]
    assert now[TEN + timedelta(days=1)] == was[TEN + timedelta(days=1)]
    assert session.execute(text("SELECT to_jsonb(b) FROM bookings b")).scalar_one() == agreed
    assert booking.starts_at == TEN


def test_times_that_are_over_are_forgotten(session: Session, noon: datetime) -> None:
    p = make_practitioner(session)
    c = add(session, p)
    with clock.stopped(noon + timedelta(days=5)):
        read_busy_calendar(session, ADMIN, p.id, c.id, content=DENTIST)
        assert [r.times for r in list_busy_calendars(session, ADMIN, p.id)] == [0]
    assert stored(session)[1] == []


def test_what_is_no_calendar_changes_nothing(session: Session, noon: object) -> None:
    p = make_practitioner(session)
    c = add(session, p)
    before = stored(session)
    for deed in (
        lambda: read_busy_calendar(session, ADMIN, p.id, c.id, content=b"<html>Sign in</html>"),
        lambda: read_busy_calendar(session, ADMIN, p.id, c.id, content=DENTIST[:-40]),
    ):
        with pytest.raises(InvalidInput, match=r"no calendar|ends in the middle"):
            deed()
        assert stored(session) == before


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\0b"])
def test_a_calendar_has_a_name(session: Session, noon: object, name: str) -> None:
    p = make_practitioner(session)
    before = stored(session)
    with pytest.raises(InvalidInput, match="a name of 1 to 60 letters"):
        add(session, p, name=name)
    assert stored(session) == before


def test_a_name_stands_once(database: str, noon: object) -> None:
    """The constraint answers where two come at the same moment, with the sentence."""
    with transaction(ADMIN, "prepare") as session:
        p, other = make_practitioner(session), make_practitioner(session)
        add(session, p, name="  Family   life ")
        add(session, other, name="Family life")
    with pytest.raises(Conflict, match="a calendar of this name already"), transaction(ADMIN, "add") as session:
        add(session, p, name="Family life")
    with db.engine().connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM busy_calendars")).scalar_one() == 2


def test_ten_are_the_most_however_many_come_at_once(database: str) -> None:
    """Real threads: the practitioner's row is locked while they are counted."""
    with transaction(ADMIN, "prepare") as session:
        p = make_practitioner(session).id
    deeds = [
        lambda s, n=n: add_busy_calendar(s, ADMIN, p, name=f"Calendar {n}", content=DENTIST)
        for n in range(MOST_CALENDARS + 4)
    ]
    refused = "10 calendars are the most. Remove one that is no longer needed."
    assert sorted(told_at_once(ADMIN, deeds)) == [*[refused] * 4, *["done"] * MOST_CALENDARS]
    with db.engine().connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM busy_calendars")).scalar_one() == MOST_CALENDARS


def test_the_preview_counts_and_names_who_collides(session: Session, noon: datetime) -> None:
    """What would be blocked from now on, what is left out, and the sessions that stay all the same."""
    p = make_practitioner(session)
    touched = make_booking(session, practitioner=p, starts_at=TEN + timedelta(minutes=30), status="confirmed")
    make_booking(session, practitioner=p, starts_at=TEN + timedelta(hours=2), status="confirmed")
    over = noon - timedelta(hours=3)
    content = ics(
        "UID:1\nDTSTART:20260317T100000Z\nDURATION:PT1H",
        f"UID:2\nDTSTART:{over:%Y%m%dT%H%M%SZ}\nDURATION:PT1H",
        "UID:3\nDTSTART;TZID=Nowhere:20260317T100000\nDURATION:PT1H",
    )
    found = preview_busy(session, himself(session, p), p.id, content)
    assert (found.times, found.until) == (1, TEN + timedelta(hours=1))
    assert found.left_out == (("in the time zone “Nowhere”, which is not known", 1),)
    assert [s.reference for s in found.sessions] == [touched.reference]
    assert stored(session)[:2] == [[], []]
    with pytest.raises(NotFound):
        preview_busy(session, make_actor(session, Role.PRACTITIONER), p.id, content)
    with pytest.raises(NotPermitted):
        preview_busy(session, make_actor(session, Role.CLIENT), p.id, content)


def test_the_address_is_a_secret(database: str, noon: object) -> None:
    """R-AUD-03: nobody reads it but who may change it; the trail keeps that it changed, and not what it is."""
    with transaction(ADMIN, "add_busy_calendar") as session:
        p = make_practitioner(session)
        me, support = himself(session, p), make_actor(session, Role.SUPPORT)
        c = add(session, p, url=SECRET)
        add(session, p, name="A file")
    with transaction(ADMIN, "check") as session:
        (file, row) = list_busy_calendars(session, support, p.id)
        assert (row.name, row.host, row.times, file.host) == ("Family", "calendar.example.org", 1, None)
        assert "private-8d2f" not in repr([file, row])
        assert get_address(session, me, p.id, c.id) == SECRET
        for who, error in ((support, NotPermitted), (make_actor(session, Role.PRACTITIONER), NotFound)):
            with pytest.raises(error):
                get_address(session, who, p.id, c.id)
        with pytest.raises(NotFound, match="came from a file"):
            get_address(session, me, p.id, file.id)
    with transaction(ADMIN, "remove_busy_calendar") as session:
        session.get_one(BusyCalendar, c.id).secret_url = SECRET + "?moved"
        session.flush()
        remove_busy_calendar(session, ADMIN, p.id, c.id)
    with db.engine().connect() as connection:
        trail = connection.execute(
            text("SELECT operation, before->>'secret_url', after->>'secret_url' FROM audit_entries"
                 " WHERE table_name = 'busy_calendars' AND row_id = :id ORDER BY id"), {"id": str(c.id)}
        ).all()  # fmt: skip
        everything = connection.execute(text("SELECT string_agg(a::text, ' ') FROM audit_entries a")).scalar_one()
    assert [tuple(t) for t in trail] == [("insert", None, "•••"), ("update", "•••", "•••"), ("delete", "•••", None)]
    assert "private-8d2f" not in everything


def test_the_trail_tells_changes_and_not_every_reading(session: Session, noon: datetime) -> None:
    p = make_practitioner(session)
    c = add(session, p, url=SECRET)
    count = text("SELECT count(*) FROM audit_entries WHERE table_name = 'busy_calendars'")
    before = session.execute(count).scalar_one()
    for n in range(1, 4):
        with clock.stopped(noon + timedelta(hours=n)):
            read_busy_calendar(session, ADMIN, p.id, c.id, content=DENTIST)
            note_unread(session, ADMIN, p.id, c.id, why="The calendar's server is not found. Check its address.")
    assert session.execute(count).scalar_one() == before
    read_busy_calendar(session, ADMIN, p.id, c.id, content=ics())
    assert session.execute(count).scalar_one() == before + 1


def test_an_error_is_kept_until_it_is_read_again(session: Session, noon: datetime) -> None:
    """What it said before still counts."""
    p = make_practitioner(session)
    c = add(session, p, url=SECRET)
    note_unread(session, ADMIN, p.id, c.id, why="The calendar's server answers with 404.")
    (row,) = list_busy_calendars(session, ADMIN, p.id)
    assert (row.last_error, row.times) == ("The calendar's server answers with 404.", 1)
    read_busy_calendar(session, ADMIN, p.id, c.id, content=DENTIST)
    (row,) = list_busy_calendars(session, ADMIN, p.id)
    assert (row.last_error, row.last_read_at) == ("", noon)


def test_which_are_due(session: Session, noon: datetime) -> None:
    """Those with an address that are not paused, the oldest first."""
    p = make_practitioner(session)
    for n, (name, url, is_active) in enumerate(
        [("Young", SECRET, True), ("Old", SECRET, True), ("Paused", SECRET, False), ("File", None, True)]
    ):
        with clock.stopped(noon - timedelta(hours=n)):
            c = add(session, p, name=name, url=url)
            pause_busy_calendar(session, ADMIN, p.id, c.id, is_active=is_active)
    names = {c.id: c.name for c in session.query(BusyCalendar)}

    def due(before: datetime) -> list[str]:
        return [names[d.id] for d in list_due_calendars(session, ADMIN, before)]

    assert due(noon) == ["Old"]
    assert due(noon + timedelta(seconds=1)) == ["Old", "Young"]
    assert due(noon - timedelta(hours=1)) == []
    with pytest.raises(NotPermitted):
        list_due_calendars(session, make_actor(session, Role.SUPPORT), noon)
    assert list_due_calendars(session, make_actor(session, Role.PRACTITIONER), noon) == []


@pytest.mark.parametrize(("zone", "hours"), [("Europe/London", 23), ("America/New_York", 24)])
def test_whole_days_are_the_practitioners(session: Session, zone: str, hours: int) -> None:
    """R-BOOK-04: the day on which London's clocks go forward, on two clocks."""
    with clock.stopped(datetime(2026, 3, 20, tzinfo=UTC)):
        p = make_practitioner(session, time_zone=zone)
        add(session, p, ics(f"DTSTART;VALUE=DATE:{date(2026, 3, 29):%Y%m%d}"))
        ((starts, ends),) = session.execute(text("SELECT starts_at, ends_at FROM busy_times")).all()
        assert ends - starts == timedelta(hours=hours)
