"""Tickets: answers and notes, who is told of them, two agents at one ticket, waiting and rating."""

import uuid
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import transaction
from avenrae.enums import Role, TicketPriority, TicketStatus
from avenrae.errors import Conflict, NotPermitted
from avenrae.models import Notification, OutboxMail, Ticket, TicketMessage, TicketPresence, User
from avenrae.permissions import Actor
from avenrae.queries.ticket_messages import get_ticket
from avenrae.queries.ticket_parts import read_part
from avenrae.scheduling.zones import instant
from avenrae.services.ticket_presence import note_presence
from avenrae.services.tickets import (
    assign_ticket,
    change_ticket,
    open_ticket,
    rate_ticket,
    snooze_ticket,
    write_message,
)
from tests import make
from tests.threads import told_at_once

SYSTEM = Actor.system("Test")
S = TicketStatus


def told(session: Session) -> list[tuple[uuid.UUID, str]]:
    """Who was told what, in order."""
    query = select(Notification.user_id, Notification.title).order_by(Notification.id)
    return [tuple(row) for row in session.execute(query)]


def test_internal_notes_are_for_the_desk(session: Session, desk: None) -> None:
    """R-USR-01: neither read nor counted nor told of."""
    ticket, agent = make.make_ticket(session), make.make_actor(session, Role.SUPPORT)
    own = make.actor_of(session.get_one(User, ticket.requester_id))
    write_message(session, agent, ticket.id, "He is rude", is_internal=True)
    assert [m.body for m in read_part(session, own, ticket.id).messages] == ["I waited an hour."]
    assert [m.is_internal for m in read_part(session, agent, ticket.id).messages] == [False, True]
    assert told(session) == [(own.user_id, f"We have your message: {ticket.number}, {ticket.subject}")]
    detail = get_ticket(session, own, ticket.id)
    assert (detail.assignee_name, detail.tags) == (None, ())


def test_who_is_told(session: Session, desk: None) -> None:
    """R-NOT-01: the requester of replies and of the end, the assignee of tickets and of news, nobody of his own."""
    agent, other = make.make_actor(session, Role.SUPPORT), make.make_actor(session, Role.SUPPORT)
    ticket = make.make_ticket(session)
    own = make.actor_of(session.get_one(User, ticket.requester_id))
    write_message(session, agent, ticket.id, "Hello")
    write_message(session, own, ticket.id, "Hello yourself")
    assign_ticket(session, agent, ticket.id, other.user_id)
    assign_ticket(session, other, ticket.id, other.user_id)
    write_message(session, other, ticket.id, "Done", status=S.RESOLVED)
    write_message(session, own, ticket.id, "Not yet")
    change_ticket(session, other, ticket.id, status=S.RESOLVED)
    name = f"{ticket.number}, {ticket.subject}"
    assert told(session) == [
        (own.user_id, f"We have your message: {name}"),
        (own.user_id, f"Reply to {name}"),
        (agent.user_id, f"News in {name}"),
        (other.user_id, f"Assigned to you: {name}"),
        (own.user_id, f"Reply to {name}"),
        (other.user_id, f"News in {name}"),
        (own.user_id, f"Resolved: {name}"),
    ]
    bodies = session.scalars(select(OutboxMail.body).where(OutboxMail.user_id == own.user_id).order_by(OutboxMail.id))
    assert [b.splitlines()[0] for b in bodies] == [
        f"Its number is {ticket.number}; somebody of our team answers it. This is what we have:",
        "Hello",
        "Done",
        "We consider this resolved. If it is not, answer in the ticket and it opens again.",
    ]


def test_who_has_it_open(session: Session, desk: None) -> None:
    """R-TCK-01: two agents on one ticket see each other, for half a minute; a page that reports often writes seldom."""
    agent = make.make_actor(session, Role.SUPPORT, first_name="Thandi", last_name="M")
    other, ticket = make.make_actor(session, Role.SUPPORT), make.make_ticket(session)
    note_presence(session, agent, ticket.id)
    assert read_part(session, agent, ticket.id).openers == ()
    assert [(o.name, o.is_writing) for o in read_part(session, other, ticket.id).openers] == [("Thandi M", False)]
    note_presence(session, agent, ticket.id, is_writing=True)
    assert [o.is_writing for o in read_part(session, other, ticket.id).openers] == [True]
    began = clock.now()
    with clock.stopped(began + timedelta(seconds=5)):
        note_presence(session, agent, ticket.id, is_writing=True)
    assert session.scalar(select(TicketPresence.seen_at)) == began
    with clock.stopped(began + timedelta(seconds=31)):
        assert read_part(session, other, ticket.id).openers == ()
    note_presence(session, agent, uuid.uuid4())
    assert session.scalar(select(func.count()).select_from(TicketPresence)) == 1
    with pytest.raises(NotPermitted):
        note_presence(session, make.make_actor(session, Role.CLIENT), ticket.id)


def test_only_who_asked_says_how_it_went(session: Session, desk: None) -> None:
    ticket = make.make_ticket(session)
    change_ticket(session, SYSTEM, ticket.id, status=S.RESOLVED)
    with pytest.raises(NotPermitted, match=r"^Only who opened a ticket can say how it went\.$"):
        rate_ticket(session, make.make_actor(session, Role.ADMIN), ticket.id, 5)
    rate_ticket(session, make.actor_of(session.get_one(User, ticket.requester_id)), ticket.id, 4, " Fine ")
    assert (ticket.satisfaction, ticket.satisfaction_comment) == (4, "Fine")


def test_what_is_late_and_waits_is_due_at_no_time(session: Session, desk: None) -> None:
    """R-SLA-02: a promise that was broken before the client was asked stays broken, but nothing runs now."""
    ticket = make.make_ticket(session)
    late = clock.now() + timedelta(hours=2)
    with clock.stopped(late):
        write_message(session, SYSTEM, ticket.id, "Which booking?", status=S.WAITING)
        assert (ticket.next_due_at, ticket.first_response_due_at) == (None, late - timedelta(hours=1))


def test_a_reply_lands_in_the_ticket_it_names(session: Session, desk: None) -> None:
    """Of two tickets of one person, with the last message of the other one it is refused."""
    asking = session.get_one(User, make.make_client(session).user_id)
    first, second = (make.make_ticket(session, requester=asking, body=b) for b in ("a", "b"))
    last = {m.ticket_id: m.id for m in session.scalars(select(TicketMessage))}
    with pytest.raises(Conflict, match=r"^Somebody wrote here since you began\."):
        write_message(session, SYSTEM, first.id, "For the second", last_seen=last[second.id])
    message = write_message(session, SYSTEM, second.id, "For the second", last_seen=last[second.id])
    assert message.ticket_id == second.id


def test_two_agents_at_once(database: str) -> None:
    """R-TCK-01: of two that take it, change it or answer it at the same time, one does and the other is told."""
    with transaction(SYSTEM, "prepare") as session:
        make.make_desk(session)
        agents = [make.make_actor(session, Role.SUPPORT) for _ in range(2)]
        ticket = make.make_ticket(session)
        key, last = ticket.id, session.scalar(select(TicketMessage.id))
    seen = {"assignee_id": None}
    taken = told_at_once(SYSTEM, [lambda s, a=a: assign_ticket(s, a, key, a.user_id, seen=seen) for a in agents])
    assert sorted(t.split(";")[0] for t in taken) == ["Somebody changed this meanwhile", "done"]
    answered = told_at_once(SYSTEM, [lambda s, a=a: write_message(s, a, key, "Hello", last_seen=last) for a in agents])
    assert sorted(t.split(".")[0] for t in answered) == ["Somebody wrote here since you began", "done"]
    change = {"status": S.OPEN, "priority": TicketPriority.MEDIUM}
    changed = told_at_once(
        SYSTEM,
        [
            lambda s: change_ticket(s, agents[0], key, status=S.WAITING, seen=change),
            lambda s: change_ticket(s, agents[1], key, priority=TicketPriority.HIGH, seen=change),
        ],
    )
    assert sorted(t.split(";")[0] for t in changed) == ["Somebody changed this meanwhile", "done"]
    with transaction(SYSTEM, "look") as session:
        after = session.get_one(Ticket, key)
        assert session.scalar(select(func.count()).select_from(TicketMessage)) == 2
        assert (after.status == S.WAITING) != (after.priority == TicketPriority.HIGH)


def test_snoozed_over_the_change_of_clocks(session: Session, desk: None) -> None:
    """Nine o'clock is nine o'clock on the reader's clock after the night in which it changes."""
    with clock.stopped(datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("UTC"))):
        ticket = make.make_ticket(session)
        at = instant(date(2026, 3, 29), time(9), ZoneInfo("Europe/London"))
        snooze_ticket(session, SYSTEM, ticket.id, at)
        assert ticket.snoozed_until == datetime(2026, 3, 29, 8, tzinfo=ZoneInfo("UTC"))


def test_a_ticket_for_somebody_is_told_as_his(session: Session, desk: None) -> None:
    """What staff write down for a caller counts as the caller's word: its clocks run."""
    agent, caller = make.make_actor(session, Role.SUPPORT), make.make_user(session, role=Role.CLIENT)
    ticket = open_ticket(session, agent, subject="By phone", body="She calls again.", requester_id=caller.id)
    assert (ticket.requester_id, ticket.channel, ticket.next_due_at is not None) == (caller.id, "staff", True)
    assert not read_part(session, agent, ticket.id).messages[0].from_staff
