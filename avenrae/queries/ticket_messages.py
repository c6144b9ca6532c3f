"""Reads of one ticket: what it is, its files, its moves, its clocks. What was written in it: `ticket_parts.py`."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, func, literal, select
from sqlalchemy.orm import Session, aliased

from avenrae import clock
from avenrae.enums import MoveKind, TicketCategory, TicketChannel, TicketPriority, TicketStatus
from avenrae.errors import NotFound
from avenrae.models import (
    Ticket,
    TicketAttachment,
    TicketFile,
    TicketMessage,
    TicketMove,
    TicketTag,
    User,
)
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.desks import Promises, ticket_histories
from avenrae.queries.reported_messages import LinkedConversation, linked_conversation, with_linked_conversation
from avenrae.queries.scopes import visible_ticket_messages, visible_tickets
from avenrae.scheduling.sla import Clock, clocks

_requester = aliased(User, name="requester")
_assignee = aliased(User, name="assignee")
_target = aliased(Ticket, name="target")


@dataclass(frozen=True)
class TicketDetail:
    """Everything about one ticket; for its requester what is the desk's own is empty."""

    id: uuid.UUID
    number: str
    subject: str
    status: TicketStatus
    priority: TicketPriority
    category: TicketCategory
    channel: TicketChannel
    requester_id: uuid.UUID
    requester_name: str
    requester_email: str
    assignee_id: uuid.UUID | None
    assignee_name: str | None
    created_at: datetime
    next_due_at: datetime | None
    first_response_due_at: datetime | None
    update_due_at: datetime | None
    resolution_due_at: datetime | None
    first_responded_at: datetime | None
    resolved_at: datetime | None
    snoozed_until: datetime | None
    satisfaction: int | None
    satisfaction_comment: str | None
    merged_into_id: uuid.UUID | None
    merged_into_number: str | None
    booking_id: uuid.UUID | None
    order_id: uuid.UUID | None
    transaction_id: uuid.UUID | None
    conversation_id: uuid.UUID | None
    tags: tuple[str, ...]
    conversation: LinkedConversation | None = None


@dataclass(frozen=True)
class MoveRow:
    """A merge or a split that stands."""

    id: uuid.UUID
    kind: MoveKind
    made_at: datetime
    made_by: str | None
    from_id: uuid.UUID
    from_number: str
    to_id: uuid.UUID
    to_number: str


@dataclass(frozen=True)
class StoredFile:
    """A file to be downloaded."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Explained:
    """The clocks of a ticket with every stretch of their life, and by which policy and zone."""

    policy_name: str
    time_zone: str
    clocks: tuple[Clock, ...]


def get_ticket(session: Session, actor: Actor, ticket_id: uuid.UUID) -> TicketDetail:
    """Return one ticket.

    Raises:
        NotFound: There is none, or the actor may not see it.
    """
    own = actor.is_staff
    assignee = _assignee.first_name + " " + _assignee.last_name
    tags = select(func.array_agg(TicketTag.tag).label("tags")).where(TicketTag.ticket_id == Ticket.id).scalar_subquery()
    query = (
        select(
            Ticket,
            (_requester.first_name + " " + _requester.last_name).label("requester_name"),
            _requester.email,
            (assignee if own else literal(None, String)).label("assignee_name"),
            _target.number.label("merged_into_number"),
            (tags if own else literal(None)).label("tags"),
        )
        .join(_requester, _requester.id == Ticket.requester_id)
        .outerjoin(_assignee, _assignee.id == Ticket.assignee_id)
        .outerjoin(_target, _target.id == Ticket.merged_into_id)
        .where(Ticket.id == ticket_id, visible_tickets(actor))
    )
    moderates = actor.may(Permission.CONVERSATION_MODERATE)
    found = session.execute(with_linked_conversation(query) if moderates else query).one_or_none()
    if found is None:
        raise NotFound("There is no such ticket, or it is not yours to see.")
    ticket = found.Ticket
    plain = TicketDetail.__dataclass_fields__.keys() & Ticket.__table__.columns.keys()
    return TicketDetail(
        **{
            **{name: getattr(ticket, name) for name in plain},
            "status": TicketStatus(ticket.status),
            "priority": TicketPriority(ticket.priority),
            "category": TicketCategory(ticket.category),
            "channel": TicketChannel(ticket.channel),
        },
        requester_name=found.requester_name,
        requester_email=found.email,
        assignee_name=found.assignee_name,
        merged_into_number=found.merged_into_number,
        tags=tuple(sorted(found.tags or ())),
        conversation=linked_conversation(found) if moderates else None,
    )


def get_file(session: Session, actor: Actor, attachment_id: uuid.UUID) -> StoredFile:
    """Return a file with its bytes, to whoever may read its message.

    Raises:
        NotFound: There is none, or the actor may not read its message.
    """
    found = session.execute(
        select(TicketAttachment.name, TicketAttachment.content_type, TicketFile.content)
        .join(TicketFile, TicketFile.attachment_id == TicketAttachment.id)
        .join(TicketMessage, TicketMessage.id == TicketAttachment.message_id)
        .where(TicketAttachment.id == attachment_id, visible_ticket_messages(actor))
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such file, or it is not yours to see.")
    return StoredFile(*found)


def list_moves(session: Session, actor: Actor, ticket_id: uuid.UUID, *, limit: int = 20) -> list[MoveRow]:
    """Return the merges and splits of a ticket that stand, the newest first."""
    require(actor, Permission.TICKET_WORK)
    origin, target = aliased(Ticket), aliased(Ticket)
    query = (
        select(
            TicketMove.id,
            TicketMove.kind,
            TicketMove.created_at,
            User.first_name + " " + User.last_name,
            origin.id,
            origin.number,
            target.id,
            target.number,
        )
        .join(origin, origin.id == TicketMove.from_ticket_id)
        .join(target, target.id == TicketMove.to_ticket_id)
        .outerjoin(User, User.id == TicketMove.made_by_id)
        .where(
            TicketMove.undone_at.is_(None),
            (TicketMove.from_ticket_id == ticket_id) | (TicketMove.to_ticket_id == ticket_id),
        )
        .order_by(TicketMove.created_at.desc(), TicketMove.id.desc())
        .limit(limit)
    )
    return [MoveRow(r[0], MoveKind(r[1]), r[2], r[3], r[4], r[5], r[6], r[7]) for r in session.execute(query)]


def explain_clocks(session: Session, actor: Actor, ticket: TicketDetail) -> Explained | None:
    """Return which minutes of a ticket counted for each of its clocks, and why (R-SLA-05); None without a promise."""
    require(actor, Permission.TICKET_WORK)
    promises = Promises(session)
    promise = promises.of(ticket.priority, ticket.category)
    if promise is None:
        return None
    desk = promises.desks[promise.desk_id]
    history = ticket_histories(session, {ticket.id: ticket.created_at})[ticket.id]
    found = clocks(history, promise.targets, desk, clock.now())
    return Explained(promise.policy_name, desk.zone.key, found.all)
