"""A new booking and the waiting list, as each role meets them; and what the pages ask of the database."""

import uuid
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from avenrae import clock
from avenrae.db import engine as db
from avenrae.db.transaction import transaction
from avenrae.enums import Role
from avenrae.models import AvailabilityRule, Client, Practitioner, User
from avenrae.permissions import Actor
from avenrae.services.bookings import cancel_booking, create_booking, create_series
from avenrae.services.waiting_list import join_waiting_list
from tests import make
from tests.bench.conftest import listening

SYSTEM = Actor.system("Test")


class Place:
    """The signed-in practitioner with one service, open on Tuesday mornings; the signed-in client."""

    def __init__(self) -> None:
        with transaction(SYSTEM, "prepare") as session:
            self.practitioner = session.query(Practitioner).join(User).filter(User.role == Role.PRACTITIONER).one()
            session.query(AvailabilityRule).delete()
            hours = {"weekday": 1, "starts_local": time(9), "ends_local": time(11)}
            session.add(AvailabilityRule(practitioner_id=self.practitioner.id, **hours))
            self.service = make.make_service(session, self.practitioner)
            self.client = session.query(Client).one()
            user = session.get_one(User, self.client.user_id)
            self.email, self.name = user.email, user.name
            self.me = make.actor_of(user, client=self.client)

    def address(self, day: date, **more: str) -> dict[str, str]:
        """What the address says of a session with him."""
        return {
            "practitioner": str(self.practitioner.id),
            "service": str(self.service.id),
            "day": day.isoformat(),
            **more,
        }

    def do(self, service: Callable, *args, actor: Actor = SYSTEM, **kwargs):
        """Run a service in a transaction of its own."""
        with transaction(actor, service.__name__) as session:
            return service(session, actor, *args, **kwargs)

    def fill(self) -> list[uuid.UUID]:
        """Take both hours of the next Tuesday."""
        with transaction(SYSTEM, "prepare") as session:
            other = make.make_client(session).id
        nine = datetime(2026, 3, 17, 7, tzinfo=clock.now().tzinfo)
        times = [nine, nine + timedelta(hours=1)]
        book = {"client_id": other, "service_id": self.service.id}
        return [self.do(create_booking, starts_at=at, **book).id for at in times]


TUESDAY = date(2026, 3, 17)


@pytest.fixture
def place(people, noon: datetime) -> Place:
    return Place()


def texts(app: AppTest) -> str:
    """All that is to be read on a page."""
    shown = (*app.markdown, *app.caption, *app.info, *app.warning, *app.subheader)
    return "\n".join(str(e.value) for e in shown).replace("\\", "")


def test_a_client_books_for_himself(console, people, place: Place) -> None:
    """R-USR-01: whatever the address says, the client is himself."""
    with transaction(SYSTEM, "prepare") as session:
        other = make.make_client(session, user={"first_name": "Zola"})
    app = console(people[Role.CLIENT], "care/new_booking", **place.address(TUESDAY, client=str(other.id)))
    read = texts(app)
    assert "1 Who" in read
    assert f"{place.name}, yourself" in read
    assert "Zola" not in read
    assert [b.label for b in app.button if "session" in b.label] == ["Ask for this session"]
    assert not [t for t in app.toggle if "Repeat" in t.label]
    assert "held for you for 15 minutes" in read


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"client": "zzz"}, "This address leads to no record."),
        ({"client": "01a1f886-498d-7c76-aaee-42ad900b26fe"}, "There is no such client."),
        ({"practitioner": "01a1f886-498d-7c76-aaee-42ad900b26fe"}, "There is no such practitioner"),
    ],
)
def test_a_wrong_address_is_a_sentence(console, people, place: Place, params: dict, sentence: str) -> None:
    """R-UI-02"""
    app = console(people[Role.SUPPORT], "care/new_booking", **params)
    assert not app.exception
    told = [*app.error, *app.info, *app.warning]
    assert any(sentence in str(e.value) for e in told)


def test_a_day_that_is_none_is_tomorrow(console, people, place: Place) -> None:
    app = console(people[Role.SUPPORT], "care/new_booking", **{**place.address(TUESDAY), "day": "2026-02-31"})
    assert not app.exception
    assert [d.value for d in app.date_input] == [TUESDAY]


def test_a_full_day_can_be_waited_for(console, people, place: Place) -> None:
    place.fill()
    app = console(people[Role.CLIENT], "care/new_booking", **place.address(TUESDAY))
    assert "Nothing is offered on this day." in texts(app)
    next(b for b in app.button if b.label == "Tell me when a place frees").click().run()
    assert not app.exception
    assert "first in line" in texts(app)


@pytest.mark.parametrize("role", list(Role))
def test_who_sees_the_line(console, people, place: Place, role: Role) -> None:
    """R-USR-01: the client his place, the practitioner who waits for him, staff everybody."""
    bookings = place.fill()
    entry = place.do(
        join_waiting_list, actor=place.me, client_id=place.client.id, service_id=place.service.id, on_date=TUESDAY
    )
    place.do(cancel_booking, bookings[0], "Ill")
    app = console(people[role], "care/waiting_list")
    assert "1 place in line" in texts(app)
    app = console(people[role], "care/waiting_list", id=str(entry))
    assert "A place is free: Tue 17 Mar 2026, 09:00–10:00 SAST." in texts(app)
    answers = {b.label for b in app.button} & {"Accept", "Decline"}
    assert answers == (set() if role is Role.PRACTITIONER else {"Accept", "Decline"})


def test_an_offered_place_is_no_request_yet(console, people, place: Place) -> None:
    bookings = place.fill()
    who = {"client_id": place.client.id, "service_id": place.service.id}
    place.do(join_waiting_list, actor=place.me, on_date=TUESDAY, **who)
    place.do(cancel_booking, bookings[0], "Ill")
    home = console(people[Role.PRACTITIONER])
    assert [b.label for b in home.button if b.label == "Confirm"] == []
    with db.engine().connect() as connection:
        held = connection.exec_driver_sql("SELECT booking_id FROM booking_waitlist").scalar_one()
    app = console(people[Role.PRACTITIONER], "care/booking", id=str(held))
    assert "offered from the waiting list" in texts(app)
    assert "Confirm" not in {b.label for b in app.button}
    app = console(people[Role.CLIENT])
    assert {"Accept", "Decline"} <= {b.label for b in app.button}


def queries(app: AppTest) -> int:
    """How many statements one more run of a page sends."""
    with listening(db.engine()) as heard:
        app.run()
    assert not app.exception
    return len(heard.statements)


def test_a_series_of_twenty_six_asks_no_more_than_one_session(console, people, place: Place) -> None:
    """One diary for the whole span, at most twelve queries; the booking's page with all of it too."""
    app = console(people[Role.ADMIN], "care/new_booking", **place.address(TUESDAY, client=str(place.client.id)))
    nine = datetime(2026, 3, 17, 7, tzinfo=clock.now().tzinfo)
    app.session_state[f"new-{place.service.id}:{TUESDAY}:slot"] = nine
    app.run()
    app.toggle[0].set_value(True).run()
    next(n for n in app.number_input if n.label == "How many sessions").set_value(26).run()
    assert "13 dates of 26 are free" in texts(app)
    assert len(app.checkbox) == 26

    assert queries(app) <= 12
    starts = [nine + timedelta(weeks=n) for n in range(12)]
    made = place.do(create_series, client_id=place.client.id, service_id=place.service.id, starts=starts)
    page = console(people[Role.ADMIN], "care/booking", id=str(made[3].id))
    assert "4 of 12 in a series" in texts(page)
    assert queries(page) <= 12
