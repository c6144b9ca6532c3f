"""Conversations: the desk reads them through a ticket, and leaves a line."""

from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Role
from avenrae.errors import Conflict, NotFound, NotPermitted
from avenrae.models import AuditEntry, Ticket, User
from avenrae.queries.conversations import get_conversation, list_readings
from avenrae.queries.scopes import READING
from avenrae.services.conversations import send_message, start_conversation
from avenrae.services.moderation import hide_message, open_conversation, report_message, restore_message
from avenrae.services.tickets import Link, link_ticket
from tests import make
from tests.services.conversations.pair import SYSTEM, Pair, told, words

NOT_THERE = r"^There is no such conversation, or it is not yours to see\.$"
NO_MESSAGE = r"^There is no such message, or it is not yours to see\.$"


@pytest.fixture
def ticket(session: Session, pair: Pair) -> Ticket:
    """A ticket of the client that links to the conversation."""
    made = make.make_ticket(session, requester=session.get_one(User, pair.client.user_id))
    return link_ticket(session, SYSTEM, made.id, Link.CONVERSATION, pair.id)


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ADMIN])
def test_the_desk_reads_through_a_ticket_and_leaves_a_line(
    session: Session, pair: Pair, ticket: Ticket, role: Role, noon: datetime
) -> None:
    """Without a ticket it is not there; through one its words come after the line that says who reads them."""
    agent, colleague = make.make_actor(session, role), make.make_actor(session, Role.SUPPORT)
    other = make.make_ticket(session)
    for through in (None, other.id):
        with pytest.raises(NotFound, match=NOT_THERE):
            get_conversation(session, agent, pair.id, ticket_id=through)
    found = get_conversation(session, agent, pair.id, ticket_id=ticket.id)
    assert (found.client_name, found.practitioner_name, found.ticket_number) == (
        "Lerato Mokoena",
        "Thandi Dube",
        ticket.number,
    )
    assert (found.reads_until, words(session, agent, pair)) == (None, [])
    with pytest.raises(NotFound, match=NO_MESSAGE):
        hide_message(session, agent, pair.first.id, "Rude")
    with pytest.raises(NotFound, match=r"^This ticket is about no conversation\.$"):
        open_conversation(session, agent, other.id)

    for _ in range(2):  # one visit, one line
        open_conversation(session, agent, ticket.id)
    assert words(session, agent, pair) == ["Good day"]
    assert words(session, colleague, pair) == []
    assert get_conversation(session, agent, pair.id, ticket_id=ticket.id).reads_until == noon + READING
    with clock.stopped(noon + READING):
        assert words(session, agent, pair) == []
        open_conversation(session, agent, ticket.id)
        assert words(session, agent, pair) == ["Good day"]
        readings = list_readings(session, colleague, pair.id)
        assert [(r.reader, r.ticket_number, r.read_at) for r in readings] == [
            (agent.name, ticket.number, noon + READING),
            (agent.name, ticket.number, noon),
        ]
    entries = select(func.count()).where(AuditEntry.table_name == "conversation_readings")
    assert session.scalar(entries) == 2


def test_a_link_taken_away_ends_the_reading(session: Session, pair: Pair, ticket: Ticket) -> None:
    agent = make.make_actor(session, Role.SUPPORT)
    open_conversation(session, agent, ticket.id)
    link_ticket(session, SYSTEM, ticket.id, Link.CONVERSATION, None)
    assert words(session, agent, pair) == []
    with pytest.raises(NotFound, match=NOT_THERE):
        get_conversation(session, agent, pair.id, ticket_id=ticket.id)
    assert list_readings(session, agent, pair.id) == []


def test_the_desk_hides_what_it_reads_and_writes_nothing(session: Session, pair: Pair, ticket: Ticket) -> None:
    agent, admin = make.make_actor(session, Role.SUPPORT), make.make_actor(session, Role.ADMIN)
    open_conversation(session, agent, ticket.id)
    hide_message(session, agent, pair.first.id, "A telephone number of somebody else")
    assert words(session, pair.worker, pair) == [None]
    with pytest.raises(NotFound, match=NO_MESSAGE):
        restore_message(session, admin, pair.first.id, "It is his own")
    for actor, refused in ((agent, NotPermitted), (admin, NotFound)):
        with pytest.raises(refused):
            send_message(session, actor, pair.id, "Behave")
    with pytest.raises(NotFound, match=r"^The desk writes in tickets"):
        start_conversation(session, admin, pair.worker.practitioner_id, "Behave")
    with pytest.raises(Conflict, match=r"^The desk has hidden this message already\.$"):
        report_message(session, pair.worker, pair.first.id, "Rude")
    open_conversation(session, admin, ticket.id)
    restore_message(session, admin, pair.first.id, "It is his own")
    assert words(session, pair.worker, pair) == ["Good day"]


def test_the_system_reads_no_conversation(session: Session, pair: Pair, ticket: Ticket) -> None:
    with pytest.raises(NotFound, match=r"^This ticket is about no conversation\.$"):
        open_conversation(session, SYSTEM, ticket.id)
    assert words(session, SYSTEM, pair) == []


def test_members_learn_nothing_of_readings(session: Session, pair: Pair, ticket: Ticket) -> None:
    before = [told(session, a) for a in (pair.client, pair.worker)]
    open_conversation(session, make.make_actor(session, Role.SUPPORT), ticket.id)
    assert [told(session, a) for a in (pair.client, pair.worker)] == before
    assert get_conversation(session, pair.client, pair.id).reads_until is None
