"""Conversations: a message is reported, and the desk hides it or leaves it."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae.enums import Role, TicketCategory
from avenrae.errors import Conflict, InvalidInput
from avenrae.models import AuditEntry, OutboxMail
from avenrae.queries.conversations import ConversationFilters, list_conversations, list_private_messages
from avenrae.queries.reported_messages import LinkedConversation, ReportFilters, Shown, count_reported, list_reported
from avenrae.queries.ticket_messages import get_ticket
from avenrae.services.conversations import send_message
from avenrae.services.moderation import hide_message, keep_message, open_conversation, report_message, restore_message
from tests import make
from tests.services.conversations.pair import Pair, snapshot, told, words


def test_a_report_opens_a_ticket_that_links_to_the_conversation(session: Session, pair: Pair) -> None:
    """The ticket holds the reason and not the words; once for each message."""
    answer = send_message(session, pair.worker, pair.id, "You fool")
    ticket = report_message(session, pair.client, answer.id, " He insults me ")
    assert (ticket.requester_id, ticket.category, ticket.conversation_id) == (
        pair.client.user_id,
        TicketCategory.PRACTITIONER,
        pair.id,
    )
    assert ticket.subject == "A message of Thandi Dube was reported"
    assert "fool" not in str(session.scalars(select(AuditEntry.after)).all())
    agent = make.make_actor(session, Role.SUPPORT)
    found = list_reported(session, agent, ReportFilters())
    assert [(r.body, r.author_name, r.reporter_name, r.report_reason, r.ticket_id) for r in found] == [
        ("You fool", "Thandi Dube", "Lerato Mokoena", "He insults me", ticket.id)
    ]
    assert get_ticket(session, agent, ticket.id).conversation == LinkedConversation(
        "Lerato Mokoena", "Thandi Dube", found[0]
    )
    assert get_ticket(session, pair.client, ticket.id).conversation is None
    reported = [[m.is_reported for m in list_private_messages(session, a, pair.id)] for a in (pair.client, pair.worker)]
    assert reported == [[False, True], [False, False]]  # who wrote it is not told
    before = snapshot(session)
    for actor, message, sentence in (
        (pair.client, answer, r"^This message was reported before\. The desk looks at each one once\.$"),
        (pair.client, pair.first, r"^You wrote this yourself\."),
    ):
        with pytest.raises(Conflict, match=sentence):
            report_message(session, actor, message.id, "Rude")
    with pytest.raises(InvalidInput, match=r"^Say what is wrong with it, so that the desk can decide\.$"):
        report_message(session, pair.worker, pair.first.id, "  ")
    assert snapshot(session) == before
    assert report_message(session, pair.worker, pair.first.id, "Spam").category == TicketCategory.OTHER


def test_of_a_conversation_the_desk_reads_first_what_was_reported(session: Session, pair: Pair) -> None:
    """What was reported is read without a line; the rest needs the ticket, and leaves one."""
    answer = send_message(session, pair.worker, pair.id, "You fool")
    ticket = report_message(session, pair.client, answer.id, "Rude")
    agent = make.make_actor(session, Role.SUPPORT)
    assert words(session, agent, pair) == ["You fool"]
    assert open_conversation(session, agent, ticket.id) == pair.id
    assert words(session, agent, pair) == ["Good day", "You fool"]


def test_hidden_and_restored(session: Session, pair: Pair) -> None:
    """The other one reads it no more, its author does; both are told why, each time; the trail has no word of it."""
    answer = send_message(session, pair.worker, pair.id, "You fool")
    report_message(session, pair.client, answer.id, "Rude")
    agent = make.make_actor(session, Role.SUPPORT)
    hide_message(session, agent, answer.id, "An insult")
    assert words(session, pair.client, pair) == ["Good day", None]
    assert words(session, pair.worker, pair) == ["Good day", "You fool"]
    row = list_conversations(session, pair.client, ConversationFilters())[0]
    assert (row.last_words, row.last_is_hidden) == ("", True)
    shown = list_private_messages(session, pair.client, pair.id)[-1]
    assert (shown.is_hidden, shown.decision_reason) == (True, "An insult")
    assert told(session, pair.client)[-1] == "A message to you is not shown any more"
    assert told(session, pair.worker)[-1] == "A message of yours is not shown any more"
    assert [count_reported(session, agent, ReportFilters(s)) for s in Shown] == [0, 1, 0, 1]
    for deed, sentence in (
        (lambda: hide_message(session, agent, answer.id, "Again"), r"^This message is hidden already\.$"),
        (lambda: keep_message(session, agent, answer.id, "No"), r"^No report of this message is waiting"),
    ):
        with pytest.raises(Conflict, match=sentence):
            deed()
    restore_message(session, agent, answer.id, "It was a joke between you")
    assert words(session, pair.client, pair) == ["Good day", "You fool"]
    assert list_private_messages(session, pair.client, pair.id)[-1].decision_reason is None
    assert told(session, pair.client)[-1] == "A message to you is shown again"
    with pytest.raises(Conflict, match=r"it is not hidden\.$"):
        restore_message(session, agent, answer.id, "Again")
    with pytest.raises(InvalidInput, match=r"^Say why, so that both sides can be told\.$"):
        hide_message(session, agent, answer.id, "")
    trail = session.scalars(select(AuditEntry).where(AuditEntry.table_name == "messages")).all()
    assert "You fool" not in str([(e.before, e.after) for e in trail])
    assert "An insult" in str([e.after for e in trail])
    mails = " ".join(session.scalars(select(OutboxMail.subject + OutboxMail.body)))
    assert "You fool" not in mails


def test_a_reported_message_that_stays(session: Session, pair: Pair) -> None:
    report_message(session, pair.worker, pair.first.id, "Spam")
    agent = make.make_actor(session, Role.ADMIN)
    before = told(session, pair.client)
    keep_message(session, agent, pair.first.id, "A greeting is none")
    assert words(session, pair.worker, pair) == ["Good day"]
    assert told(session, pair.worker)[-1] == "A message you reported stays"
    assert told(session, pair.client) == before
    assert [count_reported(session, agent, ReportFilters(s)) for s in Shown] == [0, 0, 1, 1]
    with pytest.raises(Conflict, match=r"^This message was reported before\."):
        report_message(session, pair.worker, pair.first.id, "Spam!")
