"""Tickets: who may do what with them, what opens and closes them, and that their promises follow."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Role, TicketPriority, TicketStatus
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import Ticket, TicketMessage, TicketTag, User
from avenrae.permissions import Actor
from avenrae.services.ticket_clocks import recompute_open_tickets
from avenrae.services.tickets import (
    assign_ticket,
    change_ticket,
    open_ticket,
    rate_ticket,
    snooze_ticket,
    tag_ticket,
    write_message,
)
from tests import make

SYSTEM = Actor.system("Test")
S = TicketStatus


def in_(**kw: float) -> datetime:
    """An instant after the stopped clock."""
    return clock.now() + timedelta(**kw)


def test_a_new_ticket_carries_its_promises(session: Session, desk: None) -> None:
    """R-SLA-01: one, three and four hours of business time from Monday noon in Johannesburg."""
    ticket = make.make_ticket(session)
    assert ticket.number.startswith("T-")
    assert (ticket.first_response_due_at, ticket.update_due_at, ticket.resolution_due_at) == (
        in_(hours=1),
        in_(hours=3),
        in_(hours=4),
    )
    assert ticket.next_due_at == in_(hours=1)


def test_an_internal_note_ends_no_clock(session: Session, desk: None) -> None:
    """R-SLA-03."""
    agent, ticket = make.make_actor(session, Role.SUPPORT), make.make_ticket(session)
    write_message(session, agent, ticket.id, "Looks like the client is right.", is_internal=True)
    assert (ticket.first_responded_at, ticket.next_due_at, ticket.assignee_id) == (None, in_(hours=1), None)
    write_message(session, agent, ticket.id, "We look into it.")
    assert (ticket.first_responded_at, ticket.assignee_id) == (clock.now(), agent.user_id)
    assert ticket.next_due_at == in_(hours=4)


def test_waiting_stops_and_the_client_starts_again(session: Session, desk: None) -> None:
    """R-SLA-02: resolved and waiting tickets are due at no time; a word of the client opens them."""
    agent, ticket = make.make_actor(session, Role.SUPPORT), make.make_ticket(session)
    client = make.actor_of(session.get_one(User, ticket.requester_id))
    for state in (S.WAITING, S.RESOLVED):
        write_message(session, agent, ticket.id, "Does it work now?", status=state)
        assert (ticket.status, ticket.next_due_at) == (state, None)
        write_message(session, client, ticket.id, "No.")
        assert (ticket.status, ticket.resolved_at) == (S.OPEN, None)
        assert ticket.update_due_at == in_(hours=3)


def test_what_is_closed_takes_no_more_replies(session: Session, desk: None) -> None:
    agent, ticket = make.make_actor(session, Role.SUPPORT), make.make_ticket(session)
    client = make.actor_of(session.get_one(User, ticket.requester_id))
    change_ticket(session, agent, ticket.id, status=S.CLOSED)
    with pytest.raises(Conflict, match=r"^This ticket is closed\. Open a new one about it\.$"):
        write_message(session, client, ticket.id, "One more thing")
    assert session.scalar(select(func.count()).select_from(TicketMessage)) == 1


def test_a_reply_typed_over_news_is_refused(session: Session, desk: None) -> None:
    """R-TCK-01: a stale edit is refused, not overwritten."""
    agent, ticket = make.make_actor(session, Role.SUPPORT), make.make_ticket(session)
    client = make.actor_of(session.get_one(User, ticket.requester_id))
    first = session.scalar(select(TicketMessage.id))
    write_message(session, client, ticket.id, "It works, never mind!")
    with pytest.raises(Conflict, match=r"^Somebody wrote here since you began\."):
        write_message(session, agent, ticket.id, "We refunded you.", last_seen=first)
    assert session.scalar(select(func.count()).select_from(TicketMessage)) == 2
    with pytest.raises(Conflict, match=r"^Somebody changed this meanwhile"):
        change_ticket(session, agent, ticket.id, priority=TicketPriority.HIGH, seen={"priority": "low"})
    with pytest.raises(Conflict, match=r"^Somebody changed this meanwhile"):
        assign_ticket(session, agent, ticket.id, agent.user_id, seen={"assignee_id": client.user_id})
    assert (ticket.priority, ticket.assignee_id) == ("medium", None)


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER])
def test_others_tickets_do_not_exist_for_a_client(session: Session, desk: None, role: Role) -> None:
    """R-USR-01: neither read nor written, by any of the services."""
    other, ticket = make.make_actor(session, role), make.make_ticket(session)
    for attempt in (
        lambda: write_message(session, other, ticket.id, "Hello"),
        lambda: change_ticket(session, other, ticket.id, status=S.CLOSED),
        lambda: assign_ticket(session, other, ticket.id, other.user_id),
        lambda: snooze_ticket(session, other, ticket.id, None),
        lambda: tag_ticket(session, other, ticket.id, ["mine"]),
        lambda: rate_ticket(session, other, ticket.id, 5),
    ):
        with pytest.raises(NotFound, match=r"^There is no such ticket, or it is not yours to see\.$"):
            attempt()
    assert session.scalar(select(func.count()).select_from(TicketMessage)) == 1


def test_a_requester_may_write_but_not_work(session: Session, desk: None) -> None:
    """R-USR-01."""
    ticket = make.make_ticket(session)
    own = make.actor_of(session.get_one(User, ticket.requester_id))
    for attempt in (
        lambda: write_message(session, own, ticket.id, "Psst", is_internal=True),
        lambda: change_ticket(session, own, ticket.id, priority=TicketPriority.URGENT),
        lambda: assign_ticket(session, own, ticket.id, None),
        lambda: tag_ticket(session, own, ticket.id, ["vip"]),
    ):
        with pytest.raises(NotPermitted):
            attempt()
    write_message(session, own, ticket.id, "Hello?", status=S.CLOSED)
    assert (ticket.status, ticket.priority) == (S.OPEN, "medium")
    urgent = open_ticket(session, own, subject="Now!", body="Now.", priority=TicketPriority.URGENT)
    assert (urgent.priority, urgent.requester_id) == ("medium", own.user_id)


def test_a_ticket_is_about_what_one_sees(session: Session, desk: None) -> None:
    """R-USR-01: a booking of somebody else cannot be named, whoever is asked for."""
    client, booking = make.make_actor(session, Role.CLIENT), make.make_booking(session)
    with pytest.raises(NotFound, match=r"^What the ticket is about does not exist"):
        open_ticket(session, client, subject="His", body="Whose?", booking_id=booking.id)
    other = make.make_user(session, role=Role.CLIENT)
    mine = open_ticket(session, client, subject="Mine", body="Me.", requester_id=other.id)
    assert mine.requester_id == client.user_id
    assert session.scalar(select(func.count()).select_from(Ticket)) == 1


@pytest.mark.parametrize(
    ("attempt", "error", "sentence"),
    [
        (lambda s, a, t: write_message(s, a, t, "  "), InvalidInput, "Write something first."),
        (lambda s, a, t: rate_ticket(s, a, t, 5), Conflict, "This can be answered once the ticket is resolved."),
        (
            lambda s, a, t: snooze_ticket(s, a, t, clock.now()),
            InvalidInput,
            "Choose a time to come, within a year.",
        ),
        (
            lambda s, a, t: assign_ticket(s, a, t, make.make_user(s, role=Role.CLIENT).id),
            InvalidInput,
            "Tickets can be given to active support agents and admins only.",
        ),
    ],
)
def test_what_cannot_be_is_refused(session: Session, desk: None, attempt, error: type[AvenraeError], sentence) -> None:
    ticket = make.make_ticket(session)
    with pytest.raises(error) as refused:
        attempt(session, SYSTEM, ticket.id)
    assert refused.value.message == sentence


def test_tags_are_a_set(session: Session, desk: None) -> None:
    ticket = make.make_ticket(session)
    tag_ticket(session, SYSTEM, ticket.id, [" VIP ", "late  start", "vip"])
    tag_ticket(session, SYSTEM, ticket.id, ["vip", "refund"])
    assert session.scalars(select(TicketTag.tag).order_by(TicketTag.tag)).all() == ["refund", "vip"]


def test_changed_hours_move_open_tickets(session: Session, desk: None) -> None:
    """R-SLA-04: changing a policy recomputes the tickets that are open, and only those."""
    from avenrae.models import SlaPolicy

    first, done = make.make_ticket(session), make.make_ticket(session)
    change_ticket(session, SYSTEM, done.id, status=S.RESOLVED)
    before = done.resolution_due_at
    for policy in session.scalars(select(SlaPolicy)):
        policy.first_response_minutes, policy.resolution_minutes = 30, 300
    assert recompute_open_tickets(session, SYSTEM) is None
    again, finished = session.get_one(Ticket, first.id), session.get_one(Ticket, done.id)
    assert (again.first_response_due_at, again.resolution_due_at) == (in_(minutes=30), in_(hours=5))
    assert finished.resolution_due_at == before
