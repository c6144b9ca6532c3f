"""One change for many tickets at once: those that may not be changed refuse it for all, and are named."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae.enums import TicketStatus
from avenrae.errors import AvenraeError, Conflict, InvalidInput
from avenrae.models import Ticket, TicketTag
from avenrae.permissions import Actor, Permission
from avenrae.services.ticket_clocks import set_clocks
from avenrae.services.ticket_rows import lock_tickets
from avenrae.services.tickets import MOST_TAGS, SAME, Same, apply_change

MOST_AT_ONCE = 200
_NAMED = 5


@dataclass(frozen=True)
class BulkChange:
    """What is done with each of them; what is not named stays."""

    assignee_id: uuid.UUID | Same | None = SAME
    add_tag: str = ""
    close: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether it changes nothing."""
        return self.assignee_id is SAME and not self.add_tag.strip() and not self.close


def change_tickets(session: Session, actor: Actor, ticket_ids: Collection[uuid.UUID], change: BulkChange) -> int:
    """Assign, tag or close several tickets, all of them or none; returns how many were changed.

    Raises:
        InvalidInput: Nothing is chosen, or too much.
        Conflict: Some of them cannot be changed like that; says which and why.
    """
    if not ticket_ids or change.is_nothing:
        raise InvalidInput("Choose tickets, and what is to be done with them.")
    if len(set(ticket_ids)) > MOST_AT_ONCE:
        raise InvalidInput(f"At most {MOST_AT_ONCE} tickets can be changed at once.")
    tickets = lock_tickets(session, actor, ticket_ids, Permission.TICKET_WORK)
    refused: list[str] = []
    changed: list[Ticket] = []
    tags = _tags_of(session, tickets)
    for ticket in sorted(tickets.values(), key=lambda t: t.created_at):
        try:
            if _change(session, actor, ticket, change, tags.get(ticket.id, [])):
                changed.append(ticket)
        except AvenraeError as e:
            refused.append(f"{ticket.number}: {e.message}")
    if refused:
        more = f" And {len(refused) - _NAMED} more." if len(refused) > _NAMED else ""
        raise Conflict(f"Nothing was changed. {' '.join(refused[:_NAMED])}{more}")
    set_clocks(session, changed)
    session.flush()
    return len(changed)


def _change(session: Session, actor: Actor, ticket: Ticket, change: BulkChange, tags: list[str]) -> bool:
    """Change one; returns whether that made a difference."""
    tag = change.add_tag.strip().lower()
    closes = change.close and ticket.status != TicketStatus.CLOSED
    gives = change.assignee_id is not SAME and change.assignee_id != ticket.assignee_id
    adds = bool(tag) and tag not in tags
    if not (closes or gives or adds):
        return False
    if adds and len(tags) >= MOST_TAGS:
        raise InvalidInput(f"A ticket has up to {MOST_TAGS} tags.")
    apply_change(
        session,
        actor,
        ticket,
        status=TicketStatus.CLOSED if closes else None,
        assignee_id=change.assignee_id,
        tags=[*tags, tag] if adds else None,
    )
    return True


def _tags_of(session: Session, tickets: Collection[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    found: dict[uuid.UUID, list[str]] = {}
    for key, tag in session.execute(select(TicketTag.ticket_id, TicketTag.tag).where(TicketTag.ticket_id.in_(tickets))):
        found.setdefault(key, []).append(tag)
    return found
