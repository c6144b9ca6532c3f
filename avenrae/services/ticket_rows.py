"""What every write of a ticket begins and ends with: its row locked, its status with the history that clocks hear."""

import uuid
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import TicketStatus
from avenrae.errors import NotFound
from avenrae.models import Ticket, TicketStatusChange
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import visible_tickets

OVER = (TicketStatus.RESOLVED, TicketStatus.CLOSED)


def lock_ticket(session: Session, actor: Actor, ticket_id: uuid.UUID, permission: Permission) -> Ticket:
    """Return a ticket that the actor sees, locked until the end of the transaction.

    Raises:
        NotFound: There is none for this actor.
        NotPermitted: The role may not do this.
    """
    return lock_tickets(session, actor, [ticket_id], permission)[ticket_id]


def lock_tickets(
    session: Session, actor: Actor, ticket_ids: Iterable[uuid.UUID], permission: Permission
) -> dict[uuid.UUID, Ticket]:
    """Return several, locked in the order of their keys: whoever locks more than one does it in that order.

    Raises:
        NotFound: One of them does not exist for this actor.
        NotPermitted: The role may not do this.
    """
    wanted = set(ticket_ids)
    query = select(Ticket).where(Ticket.id.in_(wanted), visible_tickets(actor)).order_by(Ticket.id).with_for_update()
    found = {t.id: t for t in session.scalars(query.execution_options(populate_existing=True))}
    if len(found) < len(wanted):
        raise NotFound("There is no such ticket, or it is not yours to see.")
    require(actor, permission)
    return found


def become(session: Session, actor: Actor, ticket: Ticket, status: TicketStatus) -> TicketStatusChange | None:
    """Change the status and keep when, for the clocks; a ticket that is resolved asks how it went.

    Returns what was kept, or None where it has this status already.
    """
    if ticket.status == status:
        return None
    ticket.status = status
    change = TicketStatusChange(ticket_id=ticket.id, status=status, occurred_at=clock.now(), by_id=actor.user_id)
    session.add(change)
    if status in OVER:
        ticket.resolved_at = ticket.resolved_at or clock.now()
        ticket.satisfaction_asked_at = ticket.satisfaction_asked_at or clock.now()
        ticket.snoozed_until = None
    else:
        ticket.resolved_at = None
    session.flush()
    return change
