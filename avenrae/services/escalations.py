"""Telling people of promises that are about to be broken, or were: the assignee first, the lead of the desk later."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae.enums import Role
from avenrae.letters import tickets as letters
from avenrae.models import Desk, SlaPolicy, Ticket, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.escalations import Escalation, Step, list_escalations
from avenrae.scheduling.zones import on_clocks
from avenrae.services.telling import News, tell_all
from avenrae.settings import settings

_MOST_AGENTS = 200


def escalate_ticket(session: Session, actor: Actor, ticket_id: uuid.UUID) -> int:
    """Tell what is to be told of a ticket now; returns how many things.

    Each is told once for a clock, however often and by however many workers this runs (R-NOT-01): what it is about
    is read again under the ticket's lock.
    """
    require(actor, Permission.DESK_EDIT)
    ticket = session.scalar(select(Ticket).where(Ticket.id == ticket_id).with_for_update(skip_locked=True))
    if ticket is None:
        return 0
    found = list_escalations(session, actor, ticket_id=ticket.id)
    desk = select(Desk.time_zone).join(SlaPolicy, SlaPolicy.desk_id == Desk.id).where(SlaPolicy.id == ticket.policy_id)
    zone = session.scalar(desk) or settings().time_zone
    news = [_news(ticket, e, reader, zone) for e in found for reader in _readers(session, ticket, e.step)]
    tell_all(session, actor, news)
    return len(found)


def _readers(session: Session, ticket: Ticket, step: Step) -> Sequence[User]:
    if step is Step.LEAD:
        lead = (
            select(Desk.lead_id).join(SlaPolicy, SlaPolicy.desk_id == Desk.id).where(SlaPolicy.id == ticket.policy_id)
        )
        return session.scalars(select(User).where(User.id.in_(lead), User.is_active)).all()
    assignee = session.scalars(select(User).where(User.id == ticket.assignee_id, User.is_active)).all()
    agents = select(User).where(User.role == Role.SUPPORT, User.is_active).order_by(User.id).limit(_MOST_AGENTS)
    return assignee or session.scalars(agents).all()


def _news(ticket: Ticket, escalation: Escalation, reader: User, zone: str) -> News:
    whose = letters.YOURS if ticket.assignee_id == reader.id else letters.NOBODY_S
    if escalation.step is Step.LEAD and ticket.assignee_id not in (None, reader.id):
        whose = letters.SOMEBODY_S
    words = {
        "number": ticket.number,
        "promise": escalation.promise,
        "due": on_clocks(escalation.due_at, reader.time_zone, zone),
        "subject": ticket.subject,
        "priority": ticket.priority,
        "whose": whose,
    }
    event = {Step.SOON: letters.DUE_SOON, Step.LATE: letters.OVERDUE, Step.LEAD: letters.STILL_OVERDUE}[escalation.step]
    return News(reader.id, event, ticket.id, escalation.once, words)
