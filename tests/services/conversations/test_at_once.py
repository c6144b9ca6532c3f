"""Conversations: several deeds at the same time, with real threads and connections."""

import pytest
from sqlalchemy import func, select

from avenrae.db.transaction import read_session, transaction
from avenrae.enums import Role
from avenrae.errors import Conflict, InvalidInput
from avenrae.models import (
    Conversation,
    ConversationMember,
    ConversationReading,
    Message,
    Notification,
    Practitioner,
    Ticket,
)
from avenrae.services.conversations import send_message, start_conversation
from avenrae.services.moderation import hide_message, keep_message, open_conversation, report_message
from tests import make
from tests.services.conversations.pair import SYSTEM, Pair, make_pair
from tests.threads import answers, at_once, click


@pytest.fixture
def committed(database: str) -> Pair:
    """The pair in a database that threads see."""
    with transaction(SYSTEM, "prepare") as session:
        return make_pair(session)


def test_both_begin_at_once(database: str) -> None:
    """One conversation, two members, every message, none at the time of another."""
    with transaction(SYSTEM, "prepare") as session:
        client, worker = make.make_actor(session, Role.CLIENT), make.make_actor(session, Role.PRACTITIONER)
        make.make_booking(
            session,
            practitioner=session.get_one(Practitioner, worker.practitioner_id),
            client=session.get_one(make.Client, client.client_id),
        )
    sides = ((client, worker.practitioner_id), (worker, client.client_id)) * 5
    results = at_once([click(a, lambda s, a=a, k=k: start_conversation(s, a, k, "Hello")) for a, k in sides])
    assert not [r for r in results if isinstance(r, Exception)]
    with read_session() as session:
        assert session.scalar(select(func.count()).select_from(Conversation)) == 1
        assert session.scalar(select(func.count()).select_from(ConversationMember)) == 2
        assert session.scalar(select(func.count(Message.created_at.distinct()))) == 10
        assert session.scalar(select(Conversation.last_message_at)) == session.scalar(
            select(func.max(Message.created_at))
        )


def test_one_message_is_reported_once(committed: Pair) -> None:
    """Ten clicks at once: one ticket, nine sentences."""
    report = click(committed.worker, lambda s: report_message(s, committed.worker, committed.first.id, "Rude"))
    refused = "This message was reported before. The desk looks at each one once."
    assert sorted(answers(at_once([report] * 10))) == [*[refused] * 9, "done"]
    with read_session() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1


def test_two_agents_decide_at_once(committed: Pair) -> None:
    with transaction(SYSTEM, "prepare") as session:
        report_message(session, committed.worker, committed.first.id, "Rude")
        agents = [make.make_actor(session, Role.SUPPORT) for _ in range(2)]
    services = (hide_message, keep_message)
    results = at_once(
        [click(a, lambda s, a=a, f=f: f(s, a, committed.first.id, "So")) for a, f in zip(agents, services, strict=True)]
    )
    with read_session() as session:
        hidden = session.scalar(select(Message.hidden_at)) is not None
    failed = [r for r in results if isinstance(r, Exception)]
    # Who keeps it first, may be followed by who hides it; once it is hidden nobody keeps it.
    assert hidden
    assert all(isinstance(r, Conflict) for r in failed)


def test_one_visit_is_one_line_however_often_it_is_clicked(committed: Pair) -> None:
    with transaction(SYSTEM, "prepare") as session:
        ticket = report_message(session, committed.worker, committed.first.id, "Rude")
        agent = make.make_actor(session, Role.SUPPORT)
    results = at_once([click(agent, lambda s: open_conversation(s, agent, ticket.id))] * 6)
    assert not [r for r in results if isinstance(r, Exception)]
    with read_session() as session:
        assert session.scalar(select(func.count()).select_from(ConversationReading)) == 1


def test_one_letter_too_many(committed: Pair) -> None:
    """The limit is the database's, and says so in a sentence."""
    sentence = r"^A message has 1 to 10 000 letters\. Send it in parts\.$"
    with pytest.raises(InvalidInput, match=sentence), transaction(committed.client, "send_message") as session:
        send_message(session, committed.client, committed.id, "x" * 10_001)
    with read_session() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 1
        assert session.scalar(select(func.count()).select_from(Notification)) == 1
