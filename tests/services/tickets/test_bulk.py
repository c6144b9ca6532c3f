"""Tickets: many are changed at once, or none."""

import uuid

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae.enums import Role, TicketStatus
from avenrae.errors import AvenraeError, Conflict, NotFound, NotPermitted
from avenrae.models import TicketTag, User
from avenrae.permissions import Actor
from avenrae.services.ticket_bulk import MOST_AT_ONCE, BulkChange, change_tickets
from avenrae.services.ticket_moves import merge_tickets
from avenrae.services.tickets import tag_ticket
from tests import make

SYSTEM = Actor.system("Test")
S = TicketStatus


def test_many_at_once(session: Session, desk: None) -> None:
    """Those that have it already are not counted; a tag comes to the others."""
    agent = make.make_actor(session, Role.SUPPORT)
    tickets = [make.make_ticket(session) for _ in range(3)]
    tag_ticket(session, SYSTEM, tickets[0].id, ["vip"])
    change = BulkChange(assignee_id=agent.user_id, add_tag=" VIP ", close=True)
    assert change_tickets(session, SYSTEM, [t.id for t in tickets], change) == 3
    assert {(t.status, t.assignee_id, t.next_due_at) for t in tickets} == {(S.CLOSED, agent.user_id, None)}
    assert session.scalars(select(TicketTag.tag)).all() == ["vip"] * 3
    assert change_tickets(session, SYSTEM, [t.id for t in tickets], change) == 0


def test_one_that_may_not_refuses_for_all(session: Session, desk: None) -> None:
    """It is named, and nothing is changed."""
    asking = session.get_one(User, make.make_client(session).user_id)
    kept, gone, other = (make.make_ticket(session, requester=asking) for _ in range(3))
    merge_tickets(session, SYSTEM, gone.id, kept.id)
    savepoint = session.begin_nested()
    with pytest.raises(Conflict) as refused:
        change_tickets(session, SYSTEM, [kept.id, gone.id, other.id], BulkChange(add_tag="x"))
    savepoint.rollback()
    assert refused.value.message == (
        f"Nothing was changed. {gone.number}: This ticket was merged into another one. Undo that first."
    )
    assert session.scalar(select(func.count()).select_from(TicketTag)) == 0


def test_what_many_at_once_refuses(session: Session, desk: None) -> None:
    ticket, own = make.make_ticket(session), make.make_actor(session, Role.CLIENT)
    for ids, change, sentence in (
        ([], BulkChange(close=True), "Choose tickets, and what is to be done with them."),
        ([ticket.id], BulkChange(), "Choose tickets, and what is to be done with them."),
        ([uuid.uuid4() for _ in range(MOST_AT_ONCE + 1)], BulkChange(close=True), "At most 200 tickets"),
        ([ticket.id, uuid.uuid4()], BulkChange(close=True), "There is no such ticket"),
    ):
        with pytest.raises(AvenraeError) as refused:
            change_tickets(session, SYSTEM, ids, change)
        assert refused.value.message.startswith(sentence)
    with pytest.raises(NotFound):
        change_tickets(session, own, [ticket.id], BulkChange(close=True))
    mine = make.make_ticket(session, requester=session.get_one(User, own.user_id))
    with pytest.raises(NotPermitted):
        change_tickets(session, own, [mine.id], BulkChange(close=True))
    assert {ticket.status, mine.status} == {S.OPEN}
