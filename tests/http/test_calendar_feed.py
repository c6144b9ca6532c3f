"""Sessions in calendars outside the console: the file of one booking, and a practitioner's private feed."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from avenrae import clock
from avenrae.db import engine as db
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import BookingStatus, Role
from avenrae.errors import NotFound, NotPermitted
from avenrae.http.calendar_feed import escape, fold
from avenrae.models import Booking, Client, Practitioner, Service, User
from avenrae.passwords import hash_password
from avenrae.permissions import Actor
from avenrae.queries.calendar_feed import find_feed
from avenrae.services.calendar_feed import rotate_feed, stop_feed
from avenrae.services.users import suspend_user
from tests import make
from tests.http.conftest import PASSWORD, Answer, Console

SYSTEM = Actor.system("Test")


@dataclass
class People:
    """A practitioner and a client with one confirmed session, and a stranger of each kind."""

    practitioner: Actor
    client: Actor
    stranger: Actor
    booking: Booking


@pytest.fixture
def people(console: Console) -> People:
    with transaction(SYSTEM, "prepare") as session:
        names = {"first_name": "Zoë", "last_name": "van der Merwe; Smit, Jr"}
        practitioner = make.make_actor(session, Role.PRACTITIONER)
        client = make.make_actor(session, Role.CLIENT, user=names)
        stranger = make.make_actor(session, Role.PRACTITIONER)
        for actor in (practitioner, client, stranger):
            session.get_one(User, actor.user_id).password_hash = hash_password(PASSWORD)
        of = session.get_one(Practitioner, practitioner.practitioner_id)
        booking = make.make_booking(
            session,
            practitioner=of,
            client=session.get_one(Client, client.client_id),
            service=make.make_service(session, of, title="Tarot reading — the long one " + "✨" * 40),
            starts_at=_whole_hour() + timedelta(days=3),
            status=BookingStatus.CONFIRMED,
            notes="PRIVATE: very anxious",
        )
    return People(practitioner, client, stranger, booking)


def _whole_hour() -> datetime:
    return clock.now().replace(minute=0, second=0, microsecond=0)


def properties(answer: Answer) -> list[dict[str, str]]:
    """The events of a calendar, unfolded, each line checked as RFC 5545 asks for it."""
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.body.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 and b"\n" not in line for line in answer.body.split(b"\r\n"))
    lines = answer.body.decode().replace("\r\n ", "").split("\r\n")
    assert lines[:3] == ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Avenrae//Console//EN"]
    events: list[dict[str, str]] = []
    for line in lines[:-1]:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            events.append({})
        elif events and name not in ("BEGIN", "END"):
            assert name not in events[-1]
            events[-1][name] = value
    return events


def test_a_booking_as_a_file(console: Console, people: People) -> None:
    token = console.sign_in(people.client.email).token
    answer = console.ask(f"/booking.ics?id={people.booking.id}", token=token)
    (event,) = properties(answer)
    booking = people.booking
    assert answer.headers["content-disposition"] == f'attachment; filename="{booking.reference}.ics"'
    assert event["UID"] == f"{booking.id}@avenrae"
    assert event["DTSTART"] == booking.starts_at.astimezone(UTC).strftime("%Y%m%dT%H0000Z")
    assert event["DTEND"] == (booking.starts_at + timedelta(hours=1)).astimezone(UTC).strftime("%Y%m%dT%H0000Z")
    assert (event["SEQUENCE"], event["STATUS"], event["TRANSP"]) == ("0", "CONFIRMED", "OPAQUE")
    assert event["DTSTAMP"] == booking.updated_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    assert event["SUMMARY"].startswith("Tarot reading — the long one ✨✨")
    assert event["SUMMARY"].endswith(f"✨ with {people.practitioner.name}")
    # R-BOOK-12: the time names its zone.
    assert f"Booking {booking.reference}: confirmed\\n" in event["DESCRIPTION"]
    assert event["DESCRIPTION"].endswith("in Africa/Johannesburg")
    assert "PRIVATE" not in answer.text


def test_a_practitioner_sees_whom_the_session_is_for(console: Console, people: People) -> None:
    token = console.sign_in(people.practitioner.email).token
    (event,) = properties(console.ask(f"/booking.ics?id={people.booking.id}", token=token))
    assert event["SUMMARY"].endswith(r"for Zoë van der Merwe\; Smit\, Jr")


@pytest.mark.parametrize("whose", ["", "x", "stranger"])
def test_nobody_else_gets_the_file(console: Console, people: People, whose: str) -> None:
    """A stranger's booking, one that does not exist, and an id that is none are the same."""
    token = console.sign_in(people.stranger.email).token
    key = {"stranger": str(people.booking.id), "": str(uuid.uuid4())}.get(whose, whose)
    answer = console.ask(f"/booking.ics?id={key}", token=token)
    assert answer.status == 404
    assert "There is no such booking, or it is not yours to see." in answer.text


def test_without_a_sign_in_the_file_leads_to_it(console: Console, people: People) -> None:
    answer = console.ask(f"/booking.ics?id={people.booking.id}")
    assert answer.status == 303
    assert answer.headers["location"].startswith("/sign-in?next=/booking.ics")


def test_a_feed_follows_the_practitioners_sessions(console: Console, people: People) -> None:
    with transaction(SYSTEM, "prepare") as session:
        of = session.get_one(Practitioner, people.practitioner.practitioner_id)
        service = session.get_one(Service, people.booking.service_id)
        now = _whole_hour()

        def book(days: float, **kw: object) -> str:
            made = make.make_booking(
                session, practitioner=of, service=service, starts_at=now + timedelta(days=days), **kw
            )
            return f"{made.id}@avenrae"

        expected = {
            book(-29, status="completed"): "CONFIRMED",
            book(4, status="cancelled"): "CANCELLED",
            book(5): "TENTATIVE",
            book(6, hold_expires_at=clock.now() + timedelta(hours=1)): "TENTATIVE",
            book(7, hold_expires_at=clock.now() - timedelta(hours=1)): "CANCELLED",
            book(364, status="confirmed"): "CONFIRMED",
            f"{people.booking.id}@avenrae": "CONFIRMED",
        }
        book(-31, status="completed")
        book(366, status="confirmed")
        make.make_booking(session)
        token = rotate_feed(session, people.practitioner)
    answer = console.ask(f"/feed/{token}.ics")
    events = properties(answer)
    assert {event["UID"]: event["STATUS"] for event in events} == expected
    assert [e["DTSTART"] for e in events] == sorted(e["DTSTART"] for e in events)
    assert f"X-WR-CALNAME:Avenrae: {people.practitioner.name}\r\n" in answer.text
    assert "PRIVATE" not in answer.text


def test_a_feed_that_has_not_changed_is_not_sent_again(console: Console, people: People) -> None:
    with transaction(SYSTEM, "rotate_feed") as session:
        token = rotate_feed(session, people.practitioner)
    first = console.ask(f"/feed/{token}.ics")
    again = console.ask(f"/feed/{token}.ics", If_None_Match=first.headers["etag"])
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])

    with transaction(SYSTEM, "move") as session:
        booking = session.get_one(Booking, people.booking.id)
        booking.starts_at += timedelta(hours=2)
        booking.ends_at += timedelta(hours=2)
    moved = console.ask(f"/feed/{token}.ics", If_None_Match=first.headers["etag"])
    (event,) = properties(moved)
    assert (event["SEQUENCE"], event["UID"]) == ("1", f"{people.booking.id}@avenrae")


def test_an_address_ends_when_it_is_changed_or_stopped(console: Console, people: People) -> None:
    with transaction(SYSTEM, "rotate_feed") as session:
        old = rotate_feed(session, people.practitioner)
    with transaction(SYSTEM, "rotate_feed") as session:
        new = rotate_feed(session, people.practitioner)
    gone = console.ask(f"/feed/{old}.ics")
    assert gone.status == 404
    assert "There is no such calendar. Its address may have been changed." in gone.text
    assert console.ask(f"/feed/{new}.ics").status == 200
    with transaction(SYSTEM, "stop_feed") as session:
        stop_feed(session, people.practitioner)
    assert console.ask(f"/feed/{new}.ics").status == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/feed/{'x' * 43}.ics", 404),
        ("/feed/x.ics", 303),
        ("/feed/", 303),
        (f"/feed/{'x' * 43}.ics/media/a.csv", 303),
        (f"/feed/{'x' * 43}.ics%0a", 303),
        ("/feed/_stcore/metrics", 401),
        (f"/feed/_stcore/{'x' * 43}.ics", 401),
    ],
)
def test_nothing_but_feeds_is_public_beside_them(console: Console, path: str, status: int) -> None:
    """Streamlit answers for its own paths under any folder."""
    assert console.ask(path).status == status


def test_the_feed_of_somebody_suspended_ends(console: Console, people: People) -> None:
    with transaction(SYSTEM, "rotate_feed") as session:
        token = rotate_feed(session, people.practitioner)
        suspend_user(session, SYSTEM, people.practitioner.user_id)  # type: ignore[arg-type]
    assert console.ask(f"/feed/{token}.ics").status == 404


def test_the_address_is_kept_nowhere(database: str) -> None:
    """R-AUD-03: the trail says that it changed, not what to."""
    with transaction(SYSTEM, "rotate_feed") as session:
        token = rotate_feed(session, make.make_actor(session, Role.PRACTITIONER))
    with read_session() as session:
        feed = find_feed(session, token)
    assert feed is not None
    assert feed.entries == ()
    with db.engine().connect() as connection:
        trail = connection.execute(
            text("SELECT after::text FROM audit_entries WHERE after ? 'feed_token_hash'")
        ).scalars()
        kept = connection.execute(text("SELECT feed_token_hash FROM practitioners")).scalar_one()
        assert ['"feed_token_hash": "•••"' in entry for entry in trail] == [True]
    assert len(token) == 43
    assert len(kept) == 32


@pytest.mark.parametrize(
    ("role", "error", "sentence"),
    [
        (Role.CLIENT, NotPermitted, "Your role"),
        (Role.SUPPORT, NotPermitted, "Your role"),
        (Role.ADMIN, NotFound, "Only a practitioner has a calendar feed."),
    ],
)
def test_only_practitioners_have_a_feed(database: str, role: Role, error: type[Exception], sentence: str) -> None:
    """R-USR-01."""
    with transaction(SYSTEM, "test") as session:
        make.make_practitioner(session)
        actor = make.make_actor(session, role)
        for service in (rotate_feed, stop_feed):
            with pytest.raises(error, match=sentence):
                service(session, actor)
        hashes = session.execute(text("SELECT count(feed_token_hash) FROM practitioners")).scalar_one()
    assert hashes == 0


@pytest.mark.parametrize(
    ("words", "escaped"),
    [
        ("a,b;c", "a\\,b\\;c"),
        ("C:\\x", "C:\\\\x"),
        ("one\r\ntwo\rthree\nfour", "one\\ntwo\\nthree\\nfour"),
        ("tab\there\0\x1b[0m", "tabhere[0m"),
        ("END:VEVENT\r\nBEGIN:VEVENT", "END:VEVENT\\nBEGIN:VEVENT"),
    ],
)
def test_text_is_escaped(words: str, escaped: str) -> None:
    assert escape(words) == escaped


@pytest.mark.parametrize("line", ["", "x" * 75, "x" * 76, "SUMMARY:" + "é" * 200, "✨" * 100, "a" + "𝔘" * 60])
def test_lines_are_folded_between_characters(line: str) -> None:
    folded = fold(line)
    parts = folded.removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(part) <= 75 for part in parts)
    assert all(part.startswith(b" ") and part.decode() for part in parts[1:])
    assert parts[0].decode() + "".join(part.decode()[1:] for part in parts[1:]) == line
