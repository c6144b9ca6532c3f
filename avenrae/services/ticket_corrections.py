"""Correcting what a ticket is called and whose it is, where the desk noted it wrongly."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.models import Ticket, TicketMessage, TicketMove, User
from avenrae.permissions import Actor, Permission
from avenrae.queries.scopes import visible_users
from avenrae.services.edits import refuse_stale
from avenrae.services.ticket_rows import lock_ticket


def correct_ticket(
    session: Session,
    actor: Actor,
    ticket_id: uuid.UUID,
    *,
    subject: str,
    requester_id: uuid.UUID | None = None,
    seen: Mapping[str, Any] | None = None,
) -> Ticket:
    """Give a ticket another subject, and with `requester_id` to another person, who reads all that is public in it.

    It stays with its requester once he wrote in it or was answered: nobody reads what is between another and the desk
    (R-USR-01).

    Raises:
        Conflict: Somebody changed it meanwhile, it was merged, or it must stay with its requester; says why.
        InvalidInput: There is no subject.
        NotFound: There is no such person, or his account is closed.
    """
    ticket = lock_ticket(session, actor, ticket_id, Permission.TICKET_WORK)
    refuse_stale(ticket, seen)
    if ticket.merged_into_id is not None:
        raise Conflict("This ticket was merged into another one. Undo that first.")
    if not subject.strip():
        raise InvalidInput("A ticket needs a subject.")
    if requester_id is not None and requester_id != ticket.requester_id:
        _refuse_another(session, actor, ticket, requester_id)
    ticket.subject, ticket.requester_id = " ".join(subject.split()), requester_id or ticket.requester_id
    session.flush()
    return ticket


def _refuse_another(session: Session, actor: Actor, ticket: Ticket, requester_id: uuid.UUID) -> None:
    if why := _bound(session, ticket):
        raise Conflict(f"{why} Open a new ticket for the other person instead.")
    moved = or_(TicketMove.from_ticket_id == ticket.id, TicketMove.to_ticket_id == ticket.id)
    if session.scalar(select(exists().where(moved, TicketMove.undone_at.is_(None)))):
        raise Conflict("Messages were merged into this ticket or split from it. Undo that first.")
    if ticket.conversation_id is not None:
        raise Conflict("This ticket is about a conversation of the person it is of. Unlink that first.")
    known = select(User.id).where(User.id == requester_id, User.is_active, visible_users(actor))
    if session.execute(known).first() is None:
        raise NotFound("There is no such person, or the account is closed.")


def _bound(session: Session, ticket: Ticket) -> str:
    """Return why a ticket stays with its requester, or nothing where it need not."""
    public = (TicketMessage.ticket_id == ticket.id, TicketMessage.is_internal.is_(False))
    wrote, answered = session.execute(
        select(
            exists().where(*public, TicketMessage.author_id == ticket.requester_id),
            exists().where(*public, TicketMessage.from_staff),
        )
    ).one()
    if wrote:
        return "Whom it is of wrote in this ticket, and nobody else may read that."
    if answered:
        return "Whom it is of was answered in this ticket, and nobody else may read that."
    return "Whom it is of said how it went." if ticket.satisfaction is not None else ""
