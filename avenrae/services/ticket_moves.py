"""Merging tickets and splitting one, and taking either back: every message stands in exactly one ticket (R-TCK-01).

A move remembers which messages it took. It can be undone while no later move that took one of them stands, not even
one that brought it back here: moves are undone in the reverse order of their making wherever they touch.
"""

import uuid
from collections.abc import Collection, Iterable

from sqlalchemy import func, insert, or_, select, tuple_, update
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import MoveKind, TicketStatus
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.models import Ticket, TicketMessage, TicketMove, TicketMoveMessage
from avenrae.permissions import Actor, Permission, require
from avenrae.services.ticket_clocks import set_clocks
from avenrae.services.ticket_rows import become, lock_ticket, lock_tickets


def merge_tickets(session: Session, actor: Actor, ticket_id: uuid.UUID, into: uuid.UUID) -> Ticket:
    """Put all messages of a ticket into another one of the same person and close it; returns the other one.

    Raises:
        InvalidInput: It is the same ticket.
        Conflict: They are of different people, who would read each other's words, or one is merged or closed.
    """
    if ticket_id == into:
        raise InvalidInput("A ticket cannot be merged into itself.")
    tickets = lock_tickets(session, actor, (ticket_id, into), Permission.TICKET_WORK)
    ticket, target = tickets[ticket_id], tickets[into]
    if ticket.requester_id != target.requester_id:
        raise Conflict("These tickets are of different people, who would read each other's words. Link them in a note.")
    for one in (ticket, target):
        if one.merged_into_id is not None:
            raise Conflict(f"{one.number} was merged into another one already.")
    if target.status == TicketStatus.CLOSED:
        raise Conflict(f"{target.number} is closed. Open it again first.")
    _move(session, actor, MoveKind.MERGE, ticket, target, _messages_of(session, ticket))
    _close_into(session, actor, ticket, target)
    _settle(session, (ticket, target))
    return target


def split_ticket(
    session: Session, actor: Actor, ticket_id: uuid.UUID, message_ids: Collection[uuid.UUID], subject: str
) -> Ticket:
    """Put some messages of a ticket into a new one of the same person, as old as the first of them; returns it.

    Raises:
        InvalidInput: None is chosen, or no public one; none would stay; the subject is missing.
        Conflict: A message has left the ticket meanwhile, or the ticket was merged.
    """
    ticket = lock_ticket(session, actor, ticket_id, Permission.TICKET_WORK)
    if ticket.merged_into_id is not None:
        raise Conflict("This ticket was merged into another one. Undo that first.")
    if not subject.strip():
        raise InvalidInput("A ticket needs a subject.")
    query = select(TicketMessage.id, TicketMessage.is_internal, TicketMessage.created_at)
    there = session.execute(query.where(TicketMessage.ticket_id == ticket.id)).all()
    chosen = [m for m in there if m.id in message_ids]
    if len(chosen) < len(set(message_ids)):
        raise Conflict("A message that you chose stands in this ticket no more. Choose again.")
    if all(m.is_internal for m in chosen):
        raise InvalidInput("Choose at least one message that the client has seen.")
    if all(m.is_internal for m in there if m.id not in message_ids):
        raise InvalidInput("At least one message that the client has seen must stay.")
    first = min(m.created_at for m in chosen)
    made = Ticket(
        requester_id=ticket.requester_id,
        subject=" ".join(subject.split()),
        category=ticket.category,
        priority=ticket.priority,
        channel=ticket.channel,
        status=TicketStatus.OPEN,
        assignee_id=ticket.assignee_id,
        created_at=first,
        last_message_at=first,
    )
    session.add(made)
    session.flush()
    session.refresh(made, ["number"])
    _move(session, actor, MoveKind.SPLIT, ticket, made, [m.id for m in chosen])
    _settle(session, (ticket, made))
    return made


def undo_move(session: Session, actor: Actor, move_id: uuid.UUID) -> Ticket:
    """Take back a merge or a split; returns the ticket that has its messages again.

    A merged ticket opens again with its own messages. A split one gives back all that stands in it, also what was
    written since, and closes.

    Raises:
        NotFound: There is no such move.
        Conflict: It was undone already, or its messages were moved on since.
    """
    require(actor, Permission.TICKET_WORK)
    found = session.get(TicketMove, move_id)
    if found is None:
        raise NotFound("There is no such merge or split.")
    pair = (found.from_ticket_id, found.to_ticket_id)
    tickets = lock_tickets(session, actor, pair, Permission.TICKET_WORK)
    origin, target = (tickets[key] for key in pair)
    # Its tickets are locked only now: somebody may have undone it before.
    move = session.get_one(TicketMove, move_id, populate_existing=True)
    if move.undone_at is not None:
        raise Conflict("This was undone already.")
    _refuse_moved_on(session, move, target)
    if move.kind == MoveKind.MERGE:
        taken = _taken(session, move)
        origin.merged_into_id = None
        become(session, actor, origin, TicketStatus(move.status_before))
    else:
        if origin.merged_into_id is not None:
            raise Conflict(f"{origin.number} was merged into another one since. Undo that first.")
        taken = _messages_of(session, target)
    _place(session, taken, origin)
    if move.kind == MoveKind.SPLIT:
        _close_into(session, actor, target, origin)
    move.undone_at = clock.now()
    _settle(session, (origin, target))
    return origin


def _move(
    session: Session, actor: Actor, kind: MoveKind, origin: Ticket, target: Ticket, messages: Iterable[uuid.UUID]
) -> None:
    move = TicketMove(
        kind=kind,
        from_ticket_id=origin.id,
        to_ticket_id=target.id,
        status_before=origin.status,
        made_by_id=actor.user_id,
        created_at=clock.now(),
    )
    session.add(move)
    session.flush()
    taken = list(messages)
    session.execute(insert(TicketMoveMessage), [{"move_id": move.id, "message_id": m} for m in taken])
    _place(session, taken, target)


def _close_into(session: Session, actor: Actor, ticket: Ticket, target: Ticket) -> None:
    """Close a ticket whose messages stand in another one; nobody is asked how that went."""
    asked = ticket.satisfaction_asked_at
    become(session, actor, ticket, TicketStatus.CLOSED)
    ticket.satisfaction_asked_at = asked
    ticket.merged_into_id = target.id
    ticket.snoozed_until = None


def _refuse_moved_on(session: Session, move: TicketMove, target: Ticket) -> None:
    """Refuse while a later move stands that took its messages on; for a split, any that touched the new ticket."""
    later = select(TicketMove.kind, Ticket.number).where(
        TicketMove.undone_at.is_(None),
        tuple_(TicketMove.created_at, TicketMove.id) > (move.created_at, move.id),
        Ticket.id == TicketMove.to_ticket_id,
    )
    if move.kind == MoveKind.SPLIT:
        later = later.where(or_(TicketMove.from_ticket_id == target.id, TicketMove.to_ticket_id == target.id))
    else:
        took = select(TicketMoveMessage.move_id).where(TicketMoveMessage.message_id.in_(_taken(session, move)))
        later = later.where(TicketMove.id.in_(took))
    if (found := session.execute(later.order_by(TicketMove.id.desc()).limit(1)).first()) is not None:
        raise Conflict(f"There was a {found.kind} into {found.number} since. Undo that first.")


def _taken(session: Session, move: TicketMove) -> list[uuid.UUID]:
    return list(session.scalars(select(TicketMoveMessage.message_id).where(TicketMoveMessage.move_id == move.id)))


def _messages_of(session: Session, ticket: Ticket) -> list[uuid.UUID]:
    return list(session.scalars(select(TicketMessage.id).where(TicketMessage.ticket_id == ticket.id)))


def _place(session: Session, messages: Collection[uuid.UUID], ticket: Ticket) -> None:
    session.execute(
        update(TicketMessage)
        .where(TicketMessage.id.in_(messages))
        .values(ticket_id=ticket.id)
        .execution_options(synchronize_session="fetch")
    )


def _settle(session: Session, tickets: Iterable[Ticket]) -> None:
    """Let a ticket know its last message and its clocks what happened in it."""
    changed = list(tickets)
    for ticket in changed:
        query = select(func.max(TicketMessage.created_at)).where(TicketMessage.ticket_id == ticket.id)
        ticket.last_message_at = session.scalar(query) or ticket.last_message_at
    set_clocks(session, changed)
    session.flush()
