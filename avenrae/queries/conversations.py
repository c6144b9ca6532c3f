"""Reads of what clients and practitioners write to one another: their lists, one conversation, its messages.

Of a hidden message the words leave the database for its author and for the desk alone. What two people write is
private: there is no export of it.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal_column, null, or_, select, true
from sqlalchemy.orm import Session, aliased

from avenrae.enums import Role
from avenrae.errors import InvalidInput, NotFound
from avenrae.models import (
    Client,
    Conversation,
    ConversationMember,
    ConversationReading,
    Message,
    Practitioner,
    Ticket,
    User,
)
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.listing import PAGE_SIZE, count_of, in_order, name_matches, page_of
from avenrae.queries.scopes import (
    READING,
    standing_readings,
    visible_clients,
    visible_conversations,
    visible_messages,
    visible_practitioners,
)

MOST_MESSAGES = 30
MOST_UNREAD = 99
UNREAD = "unread"
_NOT_THERE = "There is no such conversation, or it is not yours to see."
_NEVER: ColumnElement[datetime] = literal_column("'-infinity'::timestamptz")
_client = aliased(User, name="client")
_practitioner = aliased(User, name="practitioner")
_other = aliased(User, name="other")


@dataclass(frozen=True)
class ConversationFilters:
    """What a list of one's own conversations can be narrowed to."""

    search: str = ""
    unread: bool = False


@dataclass(frozen=True)
class ConversationRow:
    """One line: with whom, how much of it is unread (counted to 100), and how its last message begins."""

    id: uuid.UUID
    other_name: str
    last_message_at: datetime
    unread: int
    last_words: str
    last_is_mine: bool
    last_is_hidden: bool


@dataclass(frozen=True)
class ConversationDetail:
    """Who takes part. For a member: how far each has read; for the desk: the ticket, and until when it may read."""

    id: uuid.UUID
    client_name: str
    client_user_id: uuid.UUID
    client_id: uuid.UUID | None
    practitioner_name: str
    practitioner_id: uuid.UUID | None
    last_message_at: datetime
    is_open: bool
    read_until: datetime | None
    other_read_until: datetime | None
    ticket_number: str | None
    reads_until: datetime | None


@dataclass(frozen=True)
class PrivateMessage:
    """One message; `body` is None where it is hidden from the reader. Its author is not told that it was reported."""

    id: uuid.UUID
    created_at: datetime
    author_id: uuid.UUID
    author_name: str
    body: str | None
    is_reported: bool
    is_hidden: bool
    decision_reason: str | None


@dataclass(frozen=True)
class Partner:
    """Somebody whom the actor may write to, and their conversation where there is one."""

    user_id: uuid.UUID
    name: str
    is_open: bool
    conversation_id: uuid.UUID | None


@dataclass(frozen=True)
class Reading:
    """That somebody of the desk read a conversation."""

    reader: str
    ticket_number: str
    read_at: datetime


def conversation_filters(params: Mapping[str, str]) -> ConversationFilters:
    """Return the filters that an address holds (`q`, `show`).

    Raises:
        InvalidInput: A value is none of those there are.
    """
    if (show := params.get("show", "")) not in ("", UNREAD):
        raise InvalidInput(f"“{show}” is not one of the choices: {UNREAD}.")
    return ConversationFilters(params.get("q", ""), show == UNREAD)


def count_conversations(session: Session, actor: Actor, filters: ConversationFilters) -> int:
    """Return how many of the actor's conversations the filters leave, up to the counting limit."""
    require(actor, Permission.CONVERSATION_WRITE)
    return count_of(session, _ids(actor, filters))


def list_conversations(
    session: Session,
    actor: Actor,
    filters: ConversationFilters,
    *,
    sort: str = "-last",
    page: int = 1,
    size: int = PAGE_SIZE,
) -> list[ConversationRow]:
    """Return one page of the actor's own conversations, the newest first; for the staff there are none.

    Raises:
        InvalidInput: The sort is not one of the list's.
    """
    require(actor, Permission.CONVERSATION_WRITE)
    order = in_order({"last": Conversation.last_message_at}, sort, Conversation.id)
    chosen = page_of(_ids(actor, filters).order_by(*order), page, size).subquery()
    mine = Message.author_id == actor.user_id
    last = (
        select(
            func.left(_body_for(actor), 160).label("words"),
            mine.label("is_mine"),
            Message.hidden_at.is_not(None).label("is_hidden"),
        )
        .where(Message.conversation_id == Conversation.id)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
        .lateral("last")
    )
    new = (
        select(Message.id)
        .where(
            Message.conversation_id == Conversation.id,
            Message.created_at
            > func.coalesce(ConversationMember.read_until, literal_column("'-infinity'::timestamptz")),
            Message.author_id != actor.user_id,
        )
        .correlate(Conversation, ConversationMember)
        .limit(MOST_UNREAD + 1)
        .subquery()
    )
    found = session.execute(
        select(
            Conversation.id,
            _name(_other),
            Conversation.last_message_at,
            select(func.count()).select_from(new).scalar_subquery(),
            func.coalesce(last.c.words, ""),
            last.c.is_mine,
            last.c.is_hidden,
        )
        .join(_other, _other.id == _other_id(actor))
        .join(ConversationMember, _is_member(actor))
        .outerjoin(last, true())
        .where(Conversation.id.in_(select(chosen.c.id)))
        .order_by(*order)
    )
    return [ConversationRow(*row) for row in found]


def find_partner(session: Session, actor: Actor, partner_id: uuid.UUID) -> Partner:
    """Return whom a client names by a practitioner's key, or a practitioner by a client's.

    Whose profile one sees no more, or who is no client any more, is still there where a conversation is.

    Raises:
        NotFound: There is nobody of this key whom the actor may write to.
    """
    require(actor, Permission.CONVERSATION_WRITE)
    model: Any
    if actor.role is Role.CLIENT:
        model, visible = Practitioner, visible_practitioners(actor)
        pair = and_(Conversation.client_user_id == actor.user_id, Conversation.practitioner_user_id == User.id)
    elif actor.role is Role.PRACTITIONER:
        model, visible = Client, visible_clients(actor)
        pair = and_(Conversation.practitioner_user_id == actor.user_id, Conversation.client_user_id == User.id)
    else:
        raise NotFound("The desk writes in tickets: only clients and practitioners write to one another here.")
    found = session.execute(
        select(User.id, _name(User), User.is_active & User.erased_at.is_(None), Conversation.id)
        .join(model, model.user_id == User.id)
        .outerjoin(Conversation, pair)
        .where(model.id == partner_id, User.id != actor.user_id, or_(visible, Conversation.id.is_not(None)))
    ).one_or_none()
    if found is None:
        raise NotFound("There is nobody here to write to, or not for you. Practitioners write to their own clients.")
    return Partner(*found)


def get_conversation(
    session: Session, actor: Actor, conversation_id: uuid.UUID, *, ticket_id: uuid.UUID | None = None
) -> ConversationDetail:
    """Return one conversation without its words: a member's own, or for the desk that of the ticket it names.

    Raises:
        NotFound: There is none for the actor; for the desk also where the ticket does not link to it.
    """
    own, theirs = aliased(ConversationMember), aliased(ConversationMember)
    query = (
        select(
            Conversation.id,
            _name(_client),
            Conversation.client_user_id,
            Client.id,
            _name(_practitioner),
            Practitioner.id,
            Conversation.last_message_at,
            *([true()] if actor.is_staff else [_other.is_active & _other.erased_at.is_(None)]),
            *([null(), null()] if actor.is_staff else [own.read_until, theirs.read_until]),
            Ticket.number if actor.is_staff else null(),
            standing_readings(actor, Conversation.id)
            .with_only_columns(func.max(ConversationReading.read_at) + READING)
            .scalar_subquery(),
        )
        .join(_client, _client.id == Conversation.client_user_id)
        .join(_practitioner, _practitioner.id == Conversation.practitioner_user_id)
        .outerjoin(Client, Client.user_id == Conversation.client_user_id)
        .outerjoin(Practitioner, Practitioner.user_id == Conversation.practitioner_user_id)
        .where(Conversation.id == conversation_id, visible_conversations(actor))
    )
    if actor.is_staff:
        query = query.join(Ticket, (Ticket.conversation_id == Conversation.id) & (Ticket.id == ticket_id))
    else:
        query = (
            query.join(_other, _other.id == _other_id(actor))
            .join(own, (own.conversation_id == Conversation.id) & (own.user_id == actor.user_id))
            .join(theirs, (theirs.conversation_id == Conversation.id) & (theirs.user_id == _other.id))
        )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound(_NOT_THERE)
    return ConversationDetail(*found)


def list_private_messages(
    session: Session,
    actor: Actor,
    conversation_id: uuid.UUID,
    *,
    before: uuid.UUID | None = None,
    limit: int = MOST_MESSAGES,
) -> list[PrivateMessage]:
    """Return the newest messages, the oldest of them first; `before` a message, those that were written before it.

    To the desk they are given while it has said in writing that it reads them, and else none but those reported.
    """
    query = (
        select(
            Message.id,
            Message.created_at,
            Message.author_id,
            _name(User),
            _body_for(actor),
            and_(Message.reported_at.is_not(None), Message.author_id != actor.user_id),
            Message.hidden_at.is_not(None),
            Message.decision_reason
            if actor.is_staff
            else case((Message.hidden_at.is_not(None), Message.decision_reason)),
        )
        .join(User, User.id == Message.author_id)
        .where(Message.conversation_id == conversation_id, visible_messages(actor))
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(limit)
    )
    if before is not None:
        at = select(Message.created_at).where(Message.id == before, Message.conversation_id == conversation_id)
        query = query.where(Message.created_at < at.scalar_subquery())
    return [PrivateMessage(*row) for row in session.execute(query).all()[::-1]]


def list_readings(session: Session, actor: Actor, conversation_id: uuid.UUID, *, limit: int = 50) -> list[Reading]:
    """Return who of the desk read a conversation, when, and through which ticket, the newest first; for the desk."""
    require(actor, Permission.CONVERSATION_MODERATE)
    query = (
        select(_name(User), Ticket.number, ConversationReading.read_at)
        .join(User, User.id == ConversationReading.reader_id)
        .join(Ticket, Ticket.id == ConversationReading.ticket_id)
        .join(Conversation, Conversation.id == ConversationReading.conversation_id)
        .where(ConversationReading.conversation_id == conversation_id, visible_conversations(actor))
        .order_by(ConversationReading.read_at.desc(), ConversationReading.id.desc())
        .limit(limit)
    )
    return [Reading(*row) for row in session.execute(query)]


def _ids(actor: Actor, filters: ConversationFilters) -> Select[Any]:
    # Staff see that a conversation is there through a ticket; a list of their own they have not.
    query = select(Conversation.id).where(visible_conversations(actor), _takes_part(actor))
    if filters.search.strip():
        query = query.join(_other, _other.id == _other_id(actor))
        query = query.where(name_matches(_other.name_folded, filters.search))
    if filters.unread:
        query = query.join(ConversationMember, _is_member(actor)).where(
            or_(
                ConversationMember.read_until.is_(None),
                ConversationMember.read_until < Conversation.last_message_at,
            )
        )
    return query


def _takes_part(actor: Actor) -> ColumnElement[bool]:
    return or_(Conversation.client_user_id == actor.user_id, Conversation.practitioner_user_id == actor.user_id)


def _is_member(actor: Actor) -> ColumnElement[bool]:
    return and_(ConversationMember.conversation_id == Conversation.id, ConversationMember.user_id == actor.user_id)


def _other_id(actor: Actor) -> Any:
    return Conversation.client_user_id if actor.role is Role.PRACTITIONER else Conversation.practitioner_user_id


def _name(who: Any) -> ColumnElement[str]:
    name: ColumnElement[str] = who.first_name + " " + who.last_name
    return name


def _body_for(actor: Actor) -> Any:
    """Return the words, as far as they are the reader's to see: of a hidden message the other one sees none."""
    if actor.is_staff:
        return Message.body
    return case((or_(Message.hidden_at.is_(None), Message.author_id == actor.user_id), Message.body))
