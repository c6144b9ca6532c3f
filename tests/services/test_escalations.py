"""Who is told of a promise that is about to be broken, and when: once, in the hours of the desk."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import Role, TicketStatus
from avenrae.errors import NotPermitted
from avenrae.models import Desk, Notification, Ticket, User
from avenrae.permissions import Actor
from avenrae.queries.escalations import list_escalations
from avenrae.services.escalations import escalate_ticket
from avenrae.services.tickets import assign_ticket, change_ticket, write_message
from tests import make
from tests.conftest import NOON
from tests.threads import at_once

SYSTEM = Actor.system("Test")


def at(session: Session, moment: datetime) -> set[tuple[str, str]]:
    """Let the background work at a moment; returns everything that anybody was told by then: to whom, what."""
    with clock.stopped(moment):
        for ticket_id in {e.ticket_id for e in list_escalations(session, SYSTEM)}:
            escalate_ticket(session, SYSTEM, ticket_id)
        for ticket_id in session.scalars(select(Ticket.id)):
            assert escalate_ticket(session, SYSTEM, ticket_id) == 0
    found = session.execute(
        select(User.first_name, Notification.title)
        .join(User, User.id == Notification.user_id)
        .where(Notification.once.startswith("escalation"))
    ).all()
    assert len(found) == len(set(found))
    return {(name, title.partition(": ")[2].partition(" Mon")[0]) for name, title in found}


@pytest.fixture
def lead(session: Session, noon: datetime) -> User:
    """The lead of a desk that promises an answer within an hour: warned of 30 minutes before, told an hour after."""
    desk = make.make_desk(session, minutes=(60, None, None))
    lead = make.make_user(session, first_name="Lead")
    desk.lead_id = lead.id
    session.flush()
    return lead


def test_the_assignee_then_the_lead(session: Session, lead: User, noon: datetime) -> None:
    """Half an hour before it is due, when it is overdue, and an hour later to the lead."""
    ticket = make.make_ticket(session)
    agent = make.make_user(session, role=Role.SUPPORT, first_name="Agent")
    make.make_user(session, role=Role.SUPPORT, first_name="Other")
    assign_ticket(session, SYSTEM, ticket.id, agent.id)
    assert at(session, noon + timedelta(minutes=29)) == set()
    soon, late = ("Agent", "first response due"), ("Agent", "first response is overdue")
    assert at(session, noon + timedelta(minutes=30)) == {soon}
    assert at(session, noon + timedelta(minutes=59)) == {soon}
    assert at(session, noon + timedelta(minutes=60)) == {soon, late}
    assert at(session, noon + timedelta(minutes=119)) == {soon, late}
    assert at(session, noon + timedelta(minutes=120)) == {soon, late, ("Lead", "first response is still overdue")}


def test_nobody_s_ticket_is_every_agent_s(session: Session, lead: User, noon: datetime) -> None:
    make.make_ticket(session)
    for name in ("Ada", "Ben"):
        make.make_user(session, role=Role.SUPPORT, first_name=name)
    make.make_user(session, role=Role.SUPPORT, first_name="Gone", is_active=False)
    assert at(session, noon + timedelta(minutes=45)) == {(n, "first response due") for n in ("Ada", "Ben")}


@pytest.mark.parametrize("out_of_hours", [False, True])
def test_only_in_business_hours_unless_set_otherwise(session: Session, lead: User, out_of_hours: bool) -> None:
    """Opened Friday 16:30 in Johannesburg and due on Monday at 9:30; nobody is told over the week-end.

    A desk that escalates out of hours counts the minutes to its lead on the wall, too.
    """
    session.execute(update(Desk).values(escalates_out_of_hours=out_of_hours, lead_minutes=20))
    make.make_user(session, role=Role.SUPPORT, first_name="Agent")
    friday = datetime(2026, 3, 20, 14, 30, tzinfo=UTC)
    with clock.stopped(friday):
        ticket = make.make_ticket(session)
    assert ticket.first_response_due_at == datetime(2026, 3, 23, 7, 30, tzinfo=UTC)
    in_time = {("Agent", "first response due")}
    assert at(session, friday) == set()
    assert at(session, friday + timedelta(minutes=29)) == set()
    assert at(session, datetime(2026, 3, 21, 10, tzinfo=UTC)) == set()
    assert at(session, datetime(2026, 3, 23, 6, 59, tzinfo=UTC)) == set()
    assert at(session, datetime(2026, 3, 23, 7, 0, tzinfo=UTC)) == in_time
    session.execute(update(Ticket).values(first_response_due_at=datetime(2026, 3, 23, 15, 0, tzinfo=UTC)))
    session.execute(update(Ticket).values(next_due_at=datetime(2026, 3, 23, 15, 0, tzinfo=UTC)))
    evening = at(session, datetime(2026, 3, 23, 18, 0, tzinfo=UTC)) - in_time
    both = {("Agent", "first response is overdue"), ("Lead", "first response is still overdue")}
    assert evening == (both if out_of_hours else set())
    morning = at(session, datetime(2026, 3, 24, 7, 10, tzinfo=UTC)) - in_time
    assert morning == (both if out_of_hours else {("Agent", "first response is overdue")})
    assert at(session, datetime(2026, 3, 24, 7, 20, tzinfo=UTC)) - in_time == both


def test_a_clock_that_stands_still_wakes_nobody(session: Session, lead: User, noon: datetime) -> None:
    """R-SLA-02: answered, waiting and resolved tickets are not escalated."""
    make.make_user(session, role=Role.SUPPORT, first_name="Agent")
    answered, waiting, done = (make.make_ticket(session) for _ in range(3))
    write_message(session, SYSTEM, answered.id, "We look into it.")
    change_ticket(session, SYSTEM, waiting.id, status=TicketStatus.WAITING)
    change_ticket(session, SYSTEM, done.id, status=TicketStatus.RESOLVED)
    assert at(session, noon + timedelta(hours=4)) == set()


def test_each_message_that_waits_has_a_clock_of_its_own(session: Session, noon: datetime) -> None:
    """R-SLA-03: told again for the next unanswered message, once each."""
    make.make_desk(session, minutes=(None, 30, None))
    make.make_user(session, role=Role.SUPPORT, first_name="Agent")
    ticket = make.make_ticket(session)
    client = make.actor_of(session.get_one(User, ticket.requester_id))
    titles = select(Notification.title).where(Notification.once.startswith("escalation")).order_by(Notification.id)
    at(session, noon + timedelta(minutes=40))
    with clock.stopped(noon + timedelta(minutes=45)):
        write_message(session, SYSTEM, ticket.id, "On it.")
        ticket.assignee_id = None
    with clock.stopped(noon + timedelta(minutes=50)):
        write_message(session, client, ticket.id, "And?")
    with clock.stopped(noon + timedelta(minutes=85)):
        assert escalate_ticket(session, SYSTEM, ticket.id) == 1
    assert [t.partition(": ")[2] for t in session.scalars(titles)] == ["update is overdue"] * 2


def test_eight_workers_tell_once(database: str) -> None:
    """R-NOT-01: several workers at once, again and again."""
    with clock.stopped(NOON), transaction(SYSTEM, "prepare") as session:
        make.make_desk(session, minutes=(60, None, None))
        make.make_user(session, role=Role.SUPPORT)
        tickets = [make.make_ticket(session).id for _ in range(5)]

    def work() -> None:
        for _ in range(3):
            for ticket_id in tickets:
                with transaction(SYSTEM, "escalate_ticket") as session:
                    escalate_ticket(session, SYSTEM, ticket_id)

    with clock.stopped(NOON + timedelta(minutes=61)):
        assert at_once([work] * 8) == [None] * 8
    with read_session() as session:
        escalated = Notification.once.startswith("escalation")
        told = session.scalars(select(Notification.record_id).where(escalated)).all()
        assert sorted(told) == sorted(tickets)


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER, Role.SUPPORT])
def test_it_is_work_of_the_background(session: Session, lead: User, role: Role) -> None:
    """R-USR-01"""
    with pytest.raises(NotPermitted):
        escalate_ticket(session, make.make_actor(session, role), make.make_ticket(session).id)
