"""The desk's pages clicked through: the client on one panel, four eyes on a refund, the settings, the figures."""

import uuid
from datetime import time, timedelta

import pytest
from sqlalchemy import func, select

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import BookingStatus, Role
from avenrae.models import (
    Booking,
    BusinessHours,
    CannedReply,
    Client,
    ClientNote,
    Desk,
    Holiday,
    IncomingMailRow,
    OutboxMail,
    Practitioner,
    RefundRequest,
    SlaPolicy,
    Ticket,
    User,
)
from avenrae.permissions import Actor
from avenrae.services.bookings import complete_booking
from avenrae.services.money import record_payment
from avenrae.services.refunds import ask_for_refund
from tests import make
from tests.pages.conftest import sign_in
from tests.pages.test_store import button, field, said

SYSTEM = Actor.system("Test")


def press(app, key: str):
    """Press the button of a key."""
    return next(b for b in app.button if b.key == key).click()


@pytest.fixture
def dear(world) -> str:
    """A confirmed session to come and a completed one of R 3 000, both paid, of the client; the completed one's id."""
    with transaction(SYSTEM, "prepare") as session:
        practitioner, client = session.query(Practitioner).first(), session.query(Client).first()
        service = make.make_service(session, practitioner, price_minor=3_000_00)
        soon = session.get_one(Booking, uuid.UUID(world["care/booking"]))
        soon.status = BookingStatus.CONFIRMED
        past = make.make_booking(
            session,
            practitioner=practitioner,
            client=client,
            service=service,
            starts_at=clock.now() - timedelta(days=2),
            status=BookingStatus.CONFIRMED,
        )
        for booking in (soon, past):
            record_payment(session, booking, booking.price_minor)
        complete_booking(session, SYSTEM, past.id)
        return str(past.id)


def test_the_client_on_one_panel(console, people, world, dear) -> None:
    """R-UI-01: a note, a confirmation sent once more, and a session called off, all from the panel."""
    app = console(people[Role.SUPPORT], "support/client", id=world["support/client"])
    heads = [e.label for e in app.expander]
    assert [h.partition(" · ")[0] for h in heads] == ["Notes of the desk", "Bookings", "Orders", "Payments", "Tickets"]
    assert [h.partition(" · ")[2] for h in heads] == ["0", "3", "1", "2", "1"]
    assert any("R\u00a03\u00a0600.00" in m.value for m in app.markdown)
    field(app.text_area, "New note").set_value("Calls at noon")
    button(app, "Add note").click().run()
    assert said(app) == ["Note added."]
    assert any(m.value.startswith("Calls at noon") for m in app.markdown)
    with read_session() as session:
        soon = session.scalars(select(Booking.id).where(Booking.status == "confirmed")).one()
        address = session.scalars(select(User.email).join(Client, Client.user_id == User.id)).one()
        assert session.scalars(select(ClientNote.body)).all() == ["Calls at noon"]
    press(app, f"button:resend-{soon}").run()
    assert said(app) == [f"The confirmation is on its way to {address}."]
    with read_session() as session:
        mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "booking")).one()
        assert mail.to_address == address
    press(app, f"open:Cancel:{soon}").run()
    field(app.text_area, "Reason").set_value("The practitioner is ill")
    press(app, f"open:Cancel:{soon}")
    button(app, "Cancel booking").click().run()
    assert said(app) == ["Booking cancelled."]
    with read_session() as session:
        assert session.get_one(Booking, soon).payment_status == "refunded"


def test_a_practitioner_has_a_panel_too(console, people, world) -> None:
    with read_session() as session:
        practitioner = str(session.scalars(select(Practitioner.user_id)).one())
    app = console(people[Role.SUPPORT], "support/client", id=practitioner)
    assert not app.exception
    assert [e.label for e in app.expander if e.label.startswith("Bookings")] == ["Bookings · 2"]


def test_asked_from_the_panel_and_granted(console, people, world, dear) -> None:
    """Above the agent's limit an admin is asked; his home counts it, and he grants it on its screen."""
    app = console(people[Role.SUPPORT], "support/client", id=world["support/client"])
    press(app, f"open:Refund:{dear}").run()
    assert app.segmented_control[0].value == "Ask an admin"
    field(app.text_area, "Reason").set_value("Nobody came")
    press(app, f"open:Refund:{dear}")
    button(app, "Ask an admin").click().run()
    assert said(app) == ["Asked. You will be told what the admin decides."]
    app = console(people[Role.SUPPORT], "support/refund_requests")
    assert "Grant…" not in {b.label for b in app.button}
    app = console(people[Role.ADMIN])
    assert {m.label: m.value for m in app.metric}["Refunds to decide"] == "1"
    app = console(people[Role.ADMIN], "support/refund_requests")
    button(app, "Grant…").click().run()
    button(app, "Grant refund").click().run()
    assert said(app) == ["Refunded."]
    with read_session() as session:
        request = session.scalars(select(RefundRequest)).one()
        assert (request.is_granted, request.amount_minor) == (True, 3_000_00)
        assert str(request.booking_id) == dear
        assert session.get_one(Booking, request.booking_id).refunded_minor == 3_000_00


def test_what_one_asked_for_oneself_is_greyed(console, people, world, dear) -> None:
    """R-USR-01: an admin cannot decide his own question."""
    with transaction(SYSTEM, "prepare") as session:
        admin = session.scalars(select(User).where(User.role == Role.ADMIN)).one()
        booking = session.get_one(Booking, uuid.UUID(dear))
        ask_for_refund(session, make.actor_of(admin), amount_minor=1, reason="Mine", booking_id=booking.id)
    app = console(people[Role.ADMIN], "support/refund_requests")
    assert button(app, "Grant…").disabled
    assert button(app, "Grant…").help == "You asked for it, so another admin must decide it."
    assert {m.label: m.value for m in console(people[Role.ADMIN]).metric}["Refunds to decide"] == "0"


def test_support_refunds_a_session_within_its_limit(console, people, world, dear) -> None:
    app = console(people[Role.SUPPORT], "care/booking", id=dear)
    button(app, "Refund…").click().run()
    app.segmented_control[0].set_value("Give it back now")
    button(app, "Refund…").click()
    app.run()
    field(app.text_input, "Amount").set_value("1500")
    field(app.text_area, "Reason").set_value("Half of it only")
    button(app, "Refund…").click()
    button(app, "Refund").click().run()
    assert said(app) == ["Refunded. R\u00a01\u00a0500.00 went back in all."]


def test_a_desk_is_set_up(console, people, database) -> None:
    """R-SLA-04: the page says what is missing until nothing is; each form writes what it says."""
    app = console(people[Role.ADMIN], "support/desk")
    button(app, "New desk…").click().run()
    field(app.text_input, "Name").set_value("Care")
    button(app, "New desk…").click()
    button(app, "Add desk").click().run()
    assert said(app) == ["Desk added. Give it hours and policies."]
    assert len(app.warning) == 4
    for priority in ("low", "medium", "high", "urgent"):
        button(app, "New policy…").click().run()
        field(app.text_input, "Name").set_value(f"{priority} promise")
        own = [s for s in app.selectbox if s.key.startswith("field:policy")]
        field(own, "Priority").set_value(priority)
        field(app.number_input, "First response").set_value(90)
        button(app, "New policy…").click()
        button(app, "Save policy").click().run()
        assert [e.value for e in app.error] == []
        assert said(app) == ["Policy saved. Due times are up to date."]
        app = console(people[Role.ADMIN], "support/desk")
    assert {w.value.replace("\\", "") for w in app.warning} == {
        "“Care” has no hours: nothing of its policies is ever due.",
        "“Care” has no lead: nobody hears of promises that stay broken.",
    }
    button(app, "Add hours").click().run()
    button(app, "Preview and save…").click().run()
    button(app, "Save hours").click().run()
    assert said(app) == ["Hours saved. Due times are up to date."]
    button(app, "Add those of a country…").click().run()
    button(app, "Add holidays").click().run()
    assert said(app)[0].endswith("holidays added. Due times are up to date.")
    button(app, "New reply…").click().run()
    field(app.text_input, "Title").set_value("Hello")
    field(app.text_area, "Text").set_value("Dear {client}")
    button(app, "New reply…").click()
    button(app, "Save reply").click().run()
    assert said(app) == ["Reply saved."]
    with read_session() as session:
        assert session.scalars(select(SlaPolicy.first_response_minutes)).all() == [90] * 4
        hours = session.scalars(select(BusinessHours)).one()
        assert (hours.weekday, hours.starts_local, hours.ends_local) == (0, time(9), time(17))
        assert session.scalar(select(func.count()).select_from(Holiday)) > 8
        assert session.scalars(select(CannedReply.body)).one() == "Dear {client}"
        assert session.scalars(select(Desk.time_zone)).one() == "Africa/Johannesburg"


def test_support_only_reads_the_settings(console, people, database) -> None:
    """R-USR-01"""
    with transaction(SYSTEM, "prepare") as session:
        make.make_desk(session)
    app = console(people[Role.SUPPORT], "support/desk")
    assert {b.label for b in app.button} == {"Sign out"}
    assert any(m.value == "**Monday**: 09:00–17:00" for m in app.markdown)


def test_figures_open_their_tickets(console, database) -> None:
    """R-AN-03, R-AN-04: the tickets behind a figure, with the filters kept; a running period is marked."""
    with transaction(SYSTEM, "prepare") as session:
        make.make_desk(session)
        support = make.make_actor(session, Role.SUPPORT)
        sid = sign_in(session, session.get_one(User, support.user_id))
        tickets = [make.make_ticket(session) for _ in range(3)]
        tickets[0].assignee_id = support.user_id
        number = tickets[0].number
    app = console(sid, "insights/support", period="this-month", agent=str(support.user_id), of="opened")
    assert not app.exception
    assert {m.label: m.value for m in app.metric}["Opened"] == "1"
    assert {m.label: m.value for m in app.metric}["Satisfaction"] == "–"
    captions = [c.value for c in app.caption]
    assert "1 ticket" in captions
    assert any("still running, not whole yet" in c for c in captions)
    with read_session() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 3
        assert number.startswith("T-")


def test_a_mail_is_put_away_once_it_was_said_what_that_does(console, people, database) -> None:
    """R-UI-01: the dialog says that the words are forgotten; then they are."""
    with transaction(SYSTEM, "prepare") as session:
        mail = IncomingMailRow(
            message_id="a@b",
            sender="stranger@elsewhere.example",
            subject="Hello",
            body="Let me in",
            received_at=clock.now(),
            verdict="set_aside",
        )
        session.add(mail)
        session.flush()
        key = str(mail.id)
    app = console(people[Role.SUPPORT], "support/mails", id=key)
    button(app, "Put away…").click().run()
    assert any("This cannot be undone." in m.value for m in app.markdown)
    button(app, "Put away").click()
    button(app, "Put away…").click().run()
    assert said(app) == ["Put away."]
    with read_session() as session:
        row = session.scalars(select(IncomingMailRow)).one()
        assert (row.verdict, row.body) == ("ignored", "")
