"""What lists make of their addresses: the part shown first, what a link narrows, what of it nobody can read."""

from datetime import datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from avenrae.db.transaction import transaction
from avenrae.enums import BookingStatus, Role, WaitlistStatus
from avenrae.models import BookingWaitlist, Client, Practitioner, Service
from tests import make
from tests.pages.conftest import SYSTEM

DAY = timedelta(days=1)


@pytest.fixture
def sessions(people, noon: datetime) -> dict[str, str]:
    """Two sessions before today, one this morning, three to come; all of the signed-in practitioner and client."""
    with transaction(SYSTEM, "prepare") as session:
        of = {"practitioner": session.query(Practitioner).first(), "client": session.query(Client).first()}
        for away in (-9 * DAY, -2 * DAY, timedelta(hours=-3), 2 * DAY, 3 * DAY, 40 * DAY):
            make.make_booking(session, starts_at=noon + away, status=BookingStatus.CONFIRMED, **of)
        cancelled = make.make_booking(session, starts_at=noon - 5 * DAY, status=BookingStatus.CANCELLED, **of)
        return {"practitioner": str(of["practitioner"].id), "client": str(of["client"].id), "ref": cancelled.reference}


def counted(app: AppTest) -> str:
    """The count over the list."""
    assert not app.exception
    assert not app.error
    return next(c.value for c in app.caption if " booking" in c.value).replace("\u00a0", " ")


def shown(app: AppTest) -> str:
    """The part of the list that is shown."""
    return app.get("button_group")[0].value


def export(app: AppTest, kind: str = "CSV") -> str:
    """Where the link to the file leads."""
    return next(b.proto.url for b in app.get("link_button") if b.proto.label == f"Export {kind}")


@pytest.mark.parametrize("role", list(Role))
def test_bookings_begin_with_today(console, people, sessions, role: Role) -> None:
    app = console(people[role], "care/bookings")
    assert shown(app) == "upcoming"
    assert counted(app) == "4 bookings"
    assert export(app) == "/download/bookings.csv?view=upcoming&sort=starts_at"
    assert export(app, "Excel") == "/download/bookings.xlsx?view=upcoming&sort=starts_at"


@pytest.mark.parametrize(
    ("params", "view", "count"),
    [
        ({"view": "past"}, "past", "3 bookings"),
        ({"view": "all"}, "all", "7 bookings"),
        ({"status": "cancelled"}, "all", "1 booking"),
        ({"client": "client"}, "all", "7 bookings"),
        ({"practitioner": "practitioner"}, "all", "7 bookings"),
        ({"q": "ref"}, "all", "1 booking"),
        ({"when": "past-7"}, "all", "2 bookings"),
        ({"when": "next-7"}, "upcoming", "3 bookings"),
        ({"when": "to-close"}, "all", "3 bookings"),
        ({"from": "2026-03-14", "to": "2026-03-18"}, "all", "3 bookings"),
        ({"view": "upcoming", "status": "cancelled"}, "upcoming", "0 bookings"),
        ({"sort": "reference"}, "upcoming", "4 bookings"),
    ],
)
def test_a_link_is_not_cut_to_what_is_to_come(console, people, sessions, params: dict, view: str, count: str) -> None:
    """R-AN-03: a link shows all the rows that it names; the address alone says which part."""
    app = console(people[Role.ADMIN], "care/bookings", **{k: sessions.get(v, v) for k, v in params.items()})
    assert (shown(app), counted(app)) == (view, count)


def test_what_waits_at_home_is_what_its_list_shows(console, people, sessions, noon: datetime) -> None:
    """R-AN-03: not a hold that ran out, nor a request whose time has passed."""
    with transaction(SYSTEM, "prepare") as session:
        of = {"practitioner": session.query(Practitioner).first(), "client": session.query(Client).first()}
        for hours, left in ((-5, None), (5, None), (7, 10), (9, -1)):
            hold = noon + timedelta(minutes=left) if left else None
            make.make_booking(session, starts_at=noon + timedelta(hours=hours), hold_expires_at=hold, **of)
    home = console(people[Role.PRACTITIONER])
    assert [m.value for m in home.metric if m.label == "Requests to answer"] == ["2"]
    app = console(people[Role.PRACTITIONER], "care/bookings", when="to-answer")
    assert (shown(app), counted(app)) == ("upcoming", "2 bookings")


def test_a_choice_narrows_the_part_that_is_shown(console, people, sessions) -> None:
    app = console(people[Role.SUPPORT], "care/bookings")
    app.selectbox(key="choice:payment").select("unpaid").run()
    assert app.query_params == {"view": "upcoming", "payment": "unpaid"}
    assert counted(app) == "4 bookings"
    app.selectbox(key="choice:when").select("next-7").run()
    assert counted(app) == "3 bookings"
    app.get("button_group")[0].set_value("past").run()
    assert app.query_params == {"view": "past", "payment": "unpaid"}
    assert counted(app) == "3 bookings"


def ignored(app: AppTest) -> list[str]:
    """What the page says of its address."""
    assert not app.exception
    assert not app.error
    return [i.value.replace("\\", "") for i in app.info if i.value.startswith("Ignored")]


@pytest.mark.parametrize(
    ("script", "params", "said"),
    [
        ("care/bookings", {"status": "xyz", "payment": "unpaid", "page": "abc"}, "status=xyz, page=abc"),
        ("care/bookings", {"view": "next", "sort": "price"}, "view=next, sort=price"),
        ("care/bookings", {"page": "99"}, "page=99"),
        ("care/bookings", {"page": "0"}, "page=0"),
        ("insights/support", {"of": "zz", "agent": "x"}, "agent=x, of=zz"),
        ("office/notifications", {"show": "zz", "colour": "red"}, "colour=red, show=zz"),
        ("care/bookings", {"from": "yesterday", "to": "2026-03-18"}, "from=yesterday"),
        ("care/bookings", {"client": "1", "colour": "red"}, "colour=red, client=1"),
        ("care/waiting_list", {"view": "gone"}, "view=gone"),
        ("care/reviews", {"practitioner": "x", "rating": "9"}, "rating=9, practitioner=x"),
        ("care/practitioners", {"kind": "healer", "sort": "shoe"}, "sort=shoe"),
        ("care/map", {"kind": "plumber"}, "kind=plumber"),
        ("store/orders", {"status": "paid", "product": "7"}, "product=7"),
        ("store/inventory", {"type": "rock", "page": "2.5"}, "type=rock, page=2.5"),
        ("office/mail", {"person": "me", "status": "zz"}, "status=zz, person=me"),
        ("support/queue", {"priority": "max", "requester": "me"}, "priority=max, requester=me"),
    ],
)
def test_what_nobody_can_read_of_a_link_is_told(
    console, people, sessions, script: str, params: dict, said: str
) -> None:
    """R-UI-02: one line, and the rest of the link holds."""
    app = console(people[Role.ADMIN], script, **params)
    assert ignored(app) == [f"Ignored in this link: {said}"]


def test_the_rest_of_a_link_holds(console, people, sessions) -> None:
    app = console(people[Role.ADMIN], "care/bookings", status="cancelled", client="1", colour="red")
    assert counted(app) == "1 booking"
    assert "client" not in export(app)
    app.query_params.clear()
    assert ignored(app.run()) == []


@pytest.mark.parametrize(
    "script", ["care/bookings", "care/practitioners", "store/orders", "support/queue", "support/refund_requests"]
)
def test_a_link_that_is_read_whole_says_nothing(console, people, sessions, script: str) -> None:
    searched = {} if script == "support/refund_requests" else {"q": "a"}
    assert ignored(console(people[Role.ADMIN], script, page="1", **searched)) == []


def test_who_left_is_not_among_those_who_wait(console, people, sessions, noon: datetime) -> None:
    with transaction(SYSTEM, "prepare") as session:
        practitioner = session.query(Practitioner).first()
        service = session.query(Service).filter_by(practitioner_id=practitioner.id).first()
        for n, status in enumerate(("waiting", "waiting", "left", "expired")):
            session.add(
                BookingWaitlist(
                    client_id=make.make_client(session).id,
                    practitioner_id=practitioner.id,
                    service_id=service.id,
                    on_date=(noon + (n + 1) * DAY).date(),
                    joined_at=noon,
                    status=WaitlistStatus(status),
                )
            )
    for params, count in (
        ({}, "2 places in line"),
        ({"view": "over"}, "2 places in line"),
        ({"view": "all"}, "4 places in line"),
        ({"status": "left"}, "1 place in line"),
    ):
        app = console(people[Role.PRACTITIONER], "care/waiting_list", **params)
        assert not app.exception
        assert count in [c.value for c in app.caption]
