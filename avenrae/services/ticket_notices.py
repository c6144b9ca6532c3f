"""Who is told what of a ticket; nobody is told what he did himself, and an internal note is told to nobody."""

import uuid

from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import NoticeKind, TicketStatus
from avenrae.models import Ticket, TicketMessage, TicketStatusChange
from avenrae.permissions import Actor
from avenrae.reply_address import reply_address
from avenrae.services.notices import notify

_SCREEN = "support/ticket"
_LONGEST = 2_000
_RESOLVED = "We consider this resolved. If it is not, answer in the ticket and it opens again."


def tell_of_message(session: Session, actor: Actor, ticket: Ticket, message: TicketMessage) -> None:
    """Tell the requester of a public reply, and the assignee of what the requester wrote."""
    if message.is_internal:
        return
    if message.from_staff:
        text = _short(message.body) + (f"\n\n{_RESOLVED}" if ticket.status == TicketStatus.RESOLVED else "")
        _tell(session, actor, ticket, ticket.requester_id, "Reply to", text, f"message:{message.id}")
    elif ticket.assignee_id is not None:
        _tell(session, actor, ticket, ticket.assignee_id, "News in", _short(message.body), f"message:{message.id}")


def tell_of_status(session: Session, actor: Actor, ticket: Ticket, change: TicketStatusChange | None) -> None:
    """Tell the requester that his ticket is resolved."""
    if change is not None and change.status == TicketStatus.RESOLVED:
        _tell(session, actor, ticket, ticket.requester_id, "Resolved:", _RESOLVED, f"resolved:{change.id}")


def tell_assignee(session: Session, actor: Actor, ticket: Ticket) -> None:
    """Tell somebody that a ticket is now his."""
    if ticket.assignee_id is not None:
        once = f"assigned:{ticket.id}:{clock.now().isoformat()}"
        _tell(session, actor, ticket, ticket.assignee_id, "Assigned to you:", f"{actor.name} gave it to you.", once)


def _tell(session: Session, actor: Actor, ticket: Ticket, user_id: uuid.UUID, what: str, text: str, once: str) -> None:
    if user_id != actor.user_id:
        notify(
            session,
            user_id,
            NoticeKind.TICKET,
            subject=f"{what} {ticket.number}, {ticket.subject}",
            text=text,
            screen=_SCREEN,
            record_id=ticket.id,
            once=f"ticket-{once}",
            reply_to=reply_address(ticket.number, ticket.id, user_id),
        )


def _short(body: str) -> str:
    return body if len(body) <= _LONGEST else f"{body[:_LONGEST]}…"
