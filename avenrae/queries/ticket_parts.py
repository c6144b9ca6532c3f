"""What was written in a ticket, one part of it at a time: the newest, what stands before or after, one message."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, null, select, tuple_, union_all
from sqlalchemy.orm import Session, aliased

from avenrae import clock
from avenrae.enums import TicketChannel
from avenrae.models import TicketAttachment, TicketMessage, TicketPresence, User
from avenrae.permissions import Actor, Permission
from avenrae.queries.listing import key_of
from avenrae.queries.scopes import visible_ticket_messages
from avenrae.queries.tickets import PRESENT

MOST_MESSAGES = 100
"""A part has so many messages at most."""
_MOST_OPENERS = 10


@dataclass(frozen=True)
class Attachment:
    """A file of a message, without its bytes."""

    id: uuid.UUID
    name: str
    size: int


@dataclass(frozen=True)
class MessageRow:
    """One message; `author_name` is None where a system wrote it."""

    id: uuid.UUID
    created_at: datetime
    author_id: uuid.UUID | None
    author_name: str | None
    body: str
    is_internal: bool
    from_staff: bool
    channel: TicketChannel
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True)
class Opener:
    """Somebody else who has a ticket open now."""

    name: str
    is_writing: bool


@dataclass(frozen=True)
class Place:
    """Which part: the one around a message, the one before it or the one after it; without any, the newest."""

    around: uuid.UUID | None = None
    before: uuid.UUID | None = None
    after: uuid.UUID | None = None

    @property
    def is_newest(self) -> bool:
        """Whether no message was named."""
        return (self.around or self.before or self.after) is None


NEWEST = Place()


@dataclass(frozen=True)
class TicketPart:
    """Messages, the oldest first, and whether there are earlier and later ones; `newest_id` is the ticket's last.

    `found` is False where the message that was named does not stand in the ticket: then this is the newest part.
    """

    messages: tuple[MessageRow, ...]
    has_earlier: bool
    has_later: bool
    newest_id: uuid.UUID | None
    openers: tuple[Opener, ...] = ()
    found: bool = True


def place_of(params: Mapping[str, str]) -> Place:
    """Return the part that an address names: `message`, `before` or `after`.

    Raises:
        NotFound: What it names is no message's key.
    """
    return Place(key_of(params.get("message")), key_of(params.get("before")), key_of(params.get("after")))


def read_part(
    session: Session, actor: Actor, ticket_id: uuid.UUID, place: Place = NEWEST, *, size: int = MOST_MESSAGES
) -> TicketPart:
    """Return one part of what the actor may read of a ticket, and to staff who else has it open, in one query."""
    earlier, later = _steps(place, size)
    sides = ((earlier, False), (later, True))
    chosen = union_all(
        *(select(_reach(actor, ticket_id, place, n + 1, is_later=side).subquery()) for n, side in sides)
    ).subquery()
    m = TicketMessage
    query = (
        select(
            *(m.id, m.created_at, m.author_id, m.body, m.is_internal, m.from_staff, m.channel),
            (User.first_name + " " + User.last_name).label("author_name"),
            _files().label("files"),
            _newest(actor, ticket_id).label("newest"),
            (_openers(actor, ticket_id) if actor.may(Permission.TICKET_WORK) else null()).label("openers"),
            chosen.c.is_later,
        )
        .join(chosen, chosen.c.id == m.id)
        .outerjoin(User, User.id == m.author_id)
        .order_by(m.created_at, m.id)
    )
    rows = session.execute(query).all()
    before, after = [r for r in rows if not r.is_later], [r for r in rows if r.is_later]
    messages = tuple(_row(r) for r in (*before[max(0, len(before) - earlier) :], *after[:later]))
    named = place.around in {m.id for m in messages} if place.around else bool(messages)
    if not place.is_newest and not named:
        return replace(read_part(session, actor, ticket_id, size=size), found=False)
    return TicketPart(
        messages,
        has_earlier=len(before) > earlier,
        has_later=len(after) > later,
        newest_id=rows[0].newest if rows else None,
        openers=tuple(Opener(name, writing) for name, writing in (rows[0].openers or [] if rows else [])),
    )


def _steps(place: Place, size: int) -> tuple[int, int]:
    """Return how many messages to take up to the one that is named, and after it."""
    if place.after:
        return 0, size
    return (size - size // 2, size // 2) if place.around else (size, 0)


def _reach(actor: Actor, ticket_id: uuid.UUID, place: Place, limit: int, *, is_later: bool) -> Select[*tuple[Any, ...]]:
    """Return the keys of the messages on one side of the one that is named, the nearest first."""
    m = TicketMessage
    query: Select[*tuple[Any, ...]] = select(m.id, literal(is_later).label("is_later")).where(
        m.ticket_id == ticket_id, visible_ticket_messages(actor)
    )
    order = (m.created_at, m.id) if is_later else (m.created_at.desc(), m.id.desc())
    named = place.around or place.before or place.after
    if named is not None:
        one = aliased(TicketMessage)
        at = select(one.created_at).where(one.id == named, one.ticket_id == ticket_id).scalar_subquery()
        here, there = tuple_(m.created_at, m.id), tuple_(at, literal(named))
        if place.before:
            query = query.where(here >= there if is_later else here < there)
        else:
            query = query.where(here > there if is_later else here <= there)
    elif is_later:
        query = query.where(literal(False))
    return query.order_by(*order).limit(limit)


def _files() -> ColumnElement[Any]:
    file = func.jsonb_build_array(TicketAttachment.id, TicketAttachment.name, TicketAttachment.size)
    return select(func.jsonb_agg(file)).where(TicketAttachment.message_id == TicketMessage.id).scalar_subquery()


def _newest(actor: Actor, ticket_id: uuid.UUID) -> ColumnElement[Any]:
    last = _reach(actor, ticket_id, NEWEST, 1, is_later=False).subquery()
    return select(last.c.id).scalar_subquery()


def _openers(actor: Actor, ticket_id: uuid.UUID) -> ColumnElement[Any]:
    others = (
        select((User.first_name + " " + User.last_name).label("name"), TicketPresence.is_writing)
        .join(User, User.id == TicketPresence.user_id)
        .where(
            TicketPresence.ticket_id == ticket_id,
            TicketPresence.seen_at > clock.now() - PRESENT,
            TicketPresence.user_id.is_distinct_from(actor.user_id),
        )
        .order_by(User.first_name, User.id)
        .limit(_MOST_OPENERS)
        .correlate(None)
        .subquery()
    )
    return select(func.jsonb_agg(func.jsonb_build_array(*others.c))).scalar_subquery()


def _row(found: Any) -> MessageRow:
    files: Sequence[Any] = sorted(found.files or [])
    return MessageRow(
        found.id,
        found.created_at,
        found.author_id,
        found.author_name,
        found.body,
        found.is_internal,
        found.from_staff,
        TicketChannel(found.channel),
        tuple(Attachment(uuid.UUID(key), name, size) for key, name, size in files),
    )
