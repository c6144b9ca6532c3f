"""Writes of tickets: open, write, and what a desk does with one. Merging and splitting: `ticket_moves.py`."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Role, TicketCategory, TicketChannel, TicketPriority, TicketStatus
from avenrae.errors import Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import Booking, Conversation, Order, Ticket, TicketMessage, TicketTag, Transaction, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import (
    visible_bookings,
    visible_orders,
    visible_ticket_messages,
    visible_transactions,
    visible_users,
)
from avenrae.services.edits import refuse_stale
from avenrae.services.ticket_clocks import set_clocks
from avenrae.services.ticket_files import NewFile, attach_files
from avenrae.services.ticket_notices import tell_assignee, tell_of_message, tell_of_opened, tell_of_status
from avenrae.services.ticket_rows import OVER, become, lock_ticket

MOST_TAGS = 20
_LONGEST_SNOOZE = timedelta(days=365)


class Same(Enum):
    """Says of a value that it stays as it is, where None is a value of its own."""

    SAME = "same"


SAME = Same.SAME


class Link(StrEnum):
    """What a ticket can be about."""

    BOOKING = "booking"
    ORDER = "order"
    PAYMENT = "payment"
    CONVERSATION = "conversation"

    @property
    def column(self) -> str:
        """The ticket's column for it."""
        return "transaction_id" if self is Link.PAYMENT else f"{self.value}_id"


def open_ticket(
    session: Session,
    actor: Actor,
    *,
    subject: str,
    body: str,
    requester_id: uuid.UUID | None = None,
    category: TicketCategory = TicketCategory.OTHER,
    priority: TicketPriority = TicketPriority.MEDIUM,
    booking_id: uuid.UUID | None = None,
    order_id: uuid.UUID | None = None,
    transaction_id: uuid.UUID | None = None,
    channel: TicketChannel | None = None,
    files: Sequence[NewFile] = (),
) -> Ticket:
    """Open a ticket with its first message; staff do it for somebody, anybody else for himself.

    Only staff choose a priority. What it is about must be among what the actor sees.

    Raises:
        InvalidInput: Subject or message is empty, or staff named nobody.
        NotFound: There is no such person, booking, order or payment for this actor.
    """
    require(actor, Permission.TICKET_OPEN)
    if not subject.strip() or not body.strip():
        raise InvalidInput("A ticket needs a subject and a message.")
    asking = requester_id if actor.is_staff else actor.user_id
    if asking is None:
        raise InvalidInput("Choose whom the ticket is for.")
    if session.execute(select(User.id).where(User.id == asking, visible_users(actor))).first() is None:
        raise NotFound("There is no such person.")
    _require_visible(session, actor, booking_id, order_id, transaction_id)
    ticket = Ticket(
        requester_id=asking,
        subject=" ".join(subject.split()),
        category=category,
        priority=priority if actor.is_staff else TicketPriority.MEDIUM,
        channel=channel or (TicketChannel.STAFF if actor.is_staff else TicketChannel.CONSOLE),
        status=TicketStatus.OPEN,
        booking_id=booking_id,
        order_id=order_id,
        transaction_id=transaction_id,
        created_at=clock.now(),
        last_message_at=clock.now(),
    )
    session.add(ticket)
    session.flush()
    session.refresh(ticket, ["number"])
    message = _write(session, actor, ticket, body, from_staff=False, channel=ticket.channel)
    attach_files(session, message, files)
    set_clocks(session, [ticket])
    tell_of_opened(session, actor, ticket, message)
    return ticket


def write_message(
    session: Session,
    actor: Actor,
    ticket_id: uuid.UUID,
    body: str,
    *,
    is_internal: bool = False,
    status: TicketStatus | None = None,
    last_seen: uuid.UUID | None = None,
    channel: TicketChannel = TicketChannel.CONSOLE,
    email_message_id: str | None = None,
    files: Sequence[NewFile] = (),
) -> TicketMessage:
    """Write into a ticket: a public reply, or an internal note of staff; `status` is the one it leaves behind.

    A client's message opens the ticket again, and goes where the ticket was merged into. `last_seen` is the last
    message that the form showed.

    Raises:
        InvalidInput: There is nothing in it, or a file that is not taken.
        Conflict: The ticket is closed or was merged, or somebody wrote since the form was drawn.
    """
    ticket = lock_ticket(session, actor, ticket_id, Permission.TICKET_REPLY)
    while ticket.merged_into_id is not None and not actor.is_staff:
        ticket = lock_ticket(session, actor, ticket.merged_into_id, Permission.TICKET_REPLY)
    if not body.strip():
        raise InvalidInput("Write something first.")
    if ticket.merged_into_id is not None:
        raise Conflict("This ticket was merged into another one. Write there.")
    if is_internal:
        require(actor, Permission.TICKET_WORK)
    elif ticket.status == TicketStatus.CLOSED:
        raise Conflict("This ticket is closed. Open a new one about it.")
    if last_seen is not None and _last_message(session, actor, ticket.id) != last_seen:
        raise Conflict("Somebody wrote here since you began. Read it, then send yours; it is still in the form.")
    message = _write(
        session,
        actor,
        ticket,
        body,
        is_internal=is_internal,
        from_staff=actor.is_staff,
        channel=channel,
        email_message_id=email_message_id,
    )
    attach_files(session, message, files)
    if not is_internal:
        if actor.is_staff:
            ticket.assignee_id = ticket.assignee_id or actor.user_id
        elif ticket.status != TicketStatus.IN_PROGRESS:
            become(session, actor, ticket, TicketStatus.OPEN)
        ticket.snoozed_until = None
    changed = become(session, actor, ticket, status) if status is not None and actor.is_staff else None
    set_clocks(session, [ticket])
    tell_of_message(session, actor, ticket, message)
    if is_internal:
        tell_of_status(session, actor, ticket, changed)
    return message


def change_ticket(
    session: Session,
    actor: Actor,
    ticket_id: uuid.UUID,
    *,
    seen: Mapping[str, Any] | None = None,
    status: TicketStatus | None = None,
    priority: TicketPriority | None = None,
    category: TicketCategory | None = None,
    assignee_id: uuid.UUID | Same | None = SAME,
    tags: Sequence[str] | None = None,
) -> Ticket:
    """Change what a ticket is; its clocks follow. What is not named stays; `seen` is what the form showed.

    Raises:
        Conflict: Somebody changed it meanwhile, or it was merged into another one.
        InvalidInput: The assignee does not work tickets, or a tag cannot be one.
    """
    ticket = _workable(session, actor, ticket_id, seen)
    ticket.priority, ticket.category = priority or ticket.priority, category or ticket.category
    apply_change(session, actor, ticket, status=status, assignee_id=assignee_id, tags=tags)
    set_clocks(session, [ticket])
    return ticket


def apply_change(
    session: Session,
    actor: Actor,
    ticket: Ticket,
    *,
    status: TicketStatus | None = None,
    assignee_id: uuid.UUID | Same | None = SAME,
    tags: Sequence[str] | None = None,
) -> None:
    """Change a ticket that is locked; its clocks are the caller's to set, once for all that he changes.

    Raises:
        Conflict: It was merged into another one.
        InvalidInput: The assignee does not work tickets, or a tag cannot be one.
    """
    _refuse_merged(ticket)
    changed = become(session, actor, ticket, status) if status is not None else None
    if not isinstance(assignee_id, Same):
        _give(session, actor, ticket, assignee_id)
    if tags is not None:
        _tag(session, ticket, tags)
    tell_of_status(session, actor, ticket, changed)


def assign_ticket(
    session: Session, actor: Actor, ticket_id: uuid.UUID, to: uuid.UUID | None, *, seen: Mapping[str, Any] | None = None
) -> Ticket:
    """Give a ticket to somebody of the staff, or to nobody.

    Raises:
        InvalidInput: That person does not work tickets.
        Conflict: Somebody else was given it meanwhile.
    """
    ticket = _workable(session, actor, ticket_id, seen)
    _give(session, actor, ticket, to)
    return ticket


def snooze_ticket(session: Session, actor: Actor, ticket_id: uuid.UUID, until: datetime | None) -> Ticket:
    """Put a ticket out of sight until an instant, or bring it back; its clocks go on.

    Raises:
        InvalidInput: The instant has passed or is more than a year away.
    """
    ticket = _workable(session, actor, ticket_id, None)
    if until is not None and not clock.now() < until <= clock.now() + _LONGEST_SNOOZE:
        raise InvalidInput("Choose a time to come, within a year.")
    ticket.snoozed_until = until
    session.flush()
    return ticket


def tag_ticket(session: Session, actor: Actor, ticket_id: uuid.UUID, tags: Sequence[str]) -> Ticket:
    """Give a ticket exactly these tags.

    Raises:
        InvalidInput: A tag has other than small letters, digits, spaces and hyphens, or they are too many.
    """
    ticket = _workable(session, actor, ticket_id, None)
    _tag(session, ticket, tags)
    return ticket


def link_ticket(
    session: Session, actor: Actor, ticket_id: uuid.UUID, what: Link, record_id: uuid.UUID | None
) -> Ticket:
    """Say which booking, order, payment or conversation a ticket is about, or with None that it is about none.

    Raises:
        NotFound: The actor sees no such record.
        Conflict: A conversation is linked only where the requester takes part in it.
    """
    ticket = _workable(session, actor, ticket_id, None)
    if record_id is not None and what is Link.CONVERSATION:
        own = or_(
            Conversation.client_user_id == ticket.requester_id, Conversation.practitioner_user_id == ticket.requester_id
        )
        if session.execute(select(Conversation.id).where(Conversation.id == record_id, own)).first() is None:
            raise Conflict("A ticket is linked to conversations of its requester only.")
    elif record_id is not None:
        _require_visible(session, actor, **{what.value: record_id})
    setattr(ticket, what.column, record_id)
    session.flush()
    return ticket


def rate_ticket(session: Session, actor: Actor, ticket_id: uuid.UUID, stars: int, comment: str = "") -> Ticket:
    """Say how satisfied one is with how it was solved: 1 to 5, once it is resolved; the last answer counts.

    Raises:
        Conflict: It is not resolved.
        NotPermitted: Somebody else asked.
        InvalidInput: Not 1 to 5.
    """
    ticket = lock_ticket(session, actor, ticket_id, Permission.TICKET_RATE)
    if ticket.status not in OVER:
        raise Conflict("This can be answered once the ticket is resolved.")
    if ticket.requester_id != actor.user_id:
        raise NotPermitted("Only who opened a ticket can say how it went.")
    if not 1 <= stars <= 5:
        raise InvalidInput("Choose 1 to 5.")
    ticket.satisfaction, ticket.satisfaction_comment = stars, comment.strip()[:2000] or None
    session.flush()
    return ticket


def _workable(session: Session, actor: Actor, ticket_id: uuid.UUID, seen: Mapping[str, Any] | None) -> Ticket:
    ticket = lock_ticket(session, actor, ticket_id, Permission.TICKET_WORK)
    refuse_stale(ticket, seen)
    _refuse_merged(ticket)
    return ticket


def _refuse_merged(ticket: Ticket) -> None:
    if ticket.merged_into_id is not None:
        raise Conflict("This ticket was merged into another one. Undo that first.")


def _give(session: Session, actor: Actor, ticket: Ticket, to: uuid.UUID | None) -> None:
    if to == ticket.assignee_id:
        return
    works = select(User.id).where(User.id == to, User.is_active, User.role.in_((Role.SUPPORT, Role.ADMIN)))
    if to is not None and session.execute(works).first() is None:
        raise InvalidInput("Tickets can be given to active support agents and admins only.")
    ticket.assignee_id = to
    session.flush()
    tell_assignee(session, actor, ticket)


def _tag(session: Session, ticket: Ticket, tags: Sequence[str]) -> None:
    wanted = {" ".join(t.lower().split()) for t in tags if t.strip()}
    if len(wanted) > MOST_TAGS:
        raise InvalidInput(f"A ticket has up to {MOST_TAGS} tags.")
    session.execute(delete(TicketTag).where(TicketTag.ticket_id == ticket.id, TicketTag.tag.not_in(wanted)))
    for tag in sorted(wanted):
        session.execute(insert(TicketTag).values(ticket_id=ticket.id, tag=tag).on_conflict_do_nothing())


def _require_visible(
    session: Session,
    actor: Actor,
    booking: uuid.UUID | None = None,
    order: uuid.UUID | None = None,
    payment: uuid.UUID | None = None,
) -> None:
    for what, key, scope in (
        (Booking, booking, visible_bookings),
        (Order, order, visible_orders),
        (Transaction, payment, visible_transactions),
    ):
        found = select(what.id).where(what.id == key, scope(actor))
        if key is not None and session.execute(found).first() is None:
            raise NotFound("What the ticket is about does not exist, or is not yours to see.")


def _last_message(session: Session, actor: Actor, ticket_id: uuid.UUID) -> uuid.UUID | None:
    query = select(TicketMessage.id).where(TicketMessage.ticket_id == ticket_id, visible_ticket_messages(actor))
    return session.scalar(query.order_by(TicketMessage.created_at.desc(), TicketMessage.id.desc()).limit(1))


def _write(session: Session, actor: Actor, ticket: Ticket, body: str, **kw: Any) -> TicketMessage:
    message = TicketMessage(
        ticket_id=ticket.id, author_id=actor.user_id, body=body.strip(), created_at=clock.now(), **kw
    )
    session.add(message)
    ticket.last_message_at = clock.now()
    session.flush()
    return message
