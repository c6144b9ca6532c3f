"""Who has which ticket open: noted every few seconds by an open page, and forgotten soon after it is gone."""

import uuid
from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.models import Ticket, TicketPresence
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import visible_tickets

AT_MOST_EVERY = timedelta(seconds=8)
"""A page that reports more often than this changes nothing, unless its reader begins or stops to write."""


def note_presence(session: Session, actor: Actor, ticket_id: uuid.UUID, *, is_writing: bool = False) -> None:
    """Note that the actor has a ticket open now. Only who works tickets is noted."""
    require(actor, Permission.TICKET_WORK)
    there = session.execute(select(Ticket.id).where(Ticket.id == ticket_id, visible_tickets(actor))).first()
    if there is None or actor.user_id is None:
        return
    note = insert(TicketPresence).values(
        ticket_id=ticket_id, user_id=actor.user_id, seen_at=clock.now(), is_writing=is_writing
    )
    session.execute(
        note.on_conflict_do_update(
            index_elements=["ticket_id", "user_id"],
            set_={"seen_at": note.excluded.seen_at, "is_writing": note.excluded.is_writing},
            where=or_(
                TicketPresence.seen_at <= clock.now() - AT_MOST_EVERY,
                TicketPresence.is_writing != note.excluded.is_writing,
            ),
        )
    )
