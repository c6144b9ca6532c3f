"""Who is told what of a ticket; nobody is told what he did himself, and an internal note is told to nobody."""

import uuid

from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import TicketChannel, TicketStatus
from avenrae.letters import tickets as letters
from avenrae.letters.event import Event
from avenrae.models import Ticket, TicketMessage, TicketStatusChange
from avenrae.permissions import Actor
from avenrae.reply_address import reply_address
from avenrae.services.telling import tell

_LONGEST = 2_000


def tell_of_opened(session: Session, actor: Actor, ticket: Ticket, message: TicketMessage) -> None:
    """Send the requester a receipt with the ticket's number."""
    event = letters.OPENED_FOR if ticket.channel == TicketChannel.STAFF else letters.OPENED
    _tell(session, actor, ticket, ticket.requester_id, event, f"opened:{ticket.id}", body=_short(message.body))


def tell_of_message(session: Session, actor: Actor, ticket: Ticket, message: TicketMessage) -> None:
    """Tell the requester of a public reply, and the assignee of what the requester wrote."""
    if message.is_internal:
        return
    once, body = f"message:{message.id}", _short(message.body)
    if message.from_staff:
        event = letters.REPLY_RESOLVED if ticket.status == TicketStatus.RESOLVED else letters.REPLY
        _tell(session, actor, ticket, ticket.requester_id, event, once, body=body)
    elif ticket.assignee_id is not None:
        _tell(session, actor, ticket, ticket.assignee_id, letters.NEWS, once, body=body)


def tell_of_status(session: Session, actor: Actor, ticket: Ticket, change: TicketStatusChange | None) -> None:
    """Tell the requester that his ticket is resolved."""
    if change is not None and change.status == TicketStatus.RESOLVED:
        _tell(session, actor, ticket, ticket.requester_id, letters.RESOLVED, f"resolved:{change.id}")


def tell_assignee(session: Session, actor: Actor, ticket: Ticket) -> None:
    """Tell somebody that a ticket is now his."""
    if ticket.assignee_id is not None:
        once = f"assigned:{ticket.id}:{clock.now().isoformat()}"
        _tell(session, actor, ticket, ticket.assignee_id, letters.ASSIGNED, once, by=actor.name)


def _tell(
    session: Session, actor: Actor, ticket: Ticket, user_id: uuid.UUID, event: Event, once: str, **said: str
) -> None:
    tell(
        session,
        actor,
        user_id,
        event,
        about=ticket.id,
        once=f"ticket-{once}",
        reply_to=reply_address(ticket.number, ticket.id, user_id),
        number=ticket.number,
        subject=ticket.subject,
        **said,
    )


def _short(body: str) -> str:
    return body if len(body) <= _LONGEST else f"{body[:_LONGEST]}…"
