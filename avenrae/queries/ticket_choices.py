"""What an agent chooses from: colleagues, tags, canned replies, saved views, what a ticket can be linked to."""

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    String,
    Uuid,
    case,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from avenrae import clock, money
from avenrae.enums import Role, TicketCategory
from avenrae.errors import InvalidInput
from avenrae.models import (
    Booking,
    CannedReply,
    Client,
    Conversation,
    Order,
    Practitioner,
    Ticket,
    TicketTag,
    TicketView,
    Transaction,
    User,
)
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.people import is_named
from avenrae.queries.scopes import (
    visible_bookings,
    visible_conversations,
    visible_orders,
    visible_tickets,
    visible_transactions,
    visible_users,
)
from avenrae.queries.ticket_messages import TicketDetail

_PLACEHOLDER = re.compile(r"\{([^{}\n]{0,40})\}")
PLACEHOLDERS = {
    "client": "first name of who asks",
    "client_full_name": "the whole name",
    "agent": "first name of who answers",
    "ticket": "number of the ticket",
    "subject": "its subject",
    "today": "the date",
    "booking": "reference of the booking it is about",
    "order": "reference of the order it is about",
}
"""What is filled in when a canned reply is used, in braces, and with what."""


@dataclass(frozen=True)
class Somebody:
    """Somebody to choose: an agent a ticket can be given to, or a person it is opened for."""

    id: uuid.UUID
    name: str


@dataclass(frozen=True)
class SavedView:
    """A filter of the queue under a name; `query` is the address's part after the question mark."""

    id: uuid.UUID
    name: str
    query: str


@dataclass(frozen=True)
class Canned:
    """A reply that is written often."""

    id: uuid.UUID
    title: str
    body: str


@dataclass(frozen=True)
class Linkable:
    """A record that a ticket can be about; `kind` is booking, order, payment or conversation."""

    kind: str
    id: uuid.UUID
    reference: str
    what: str
    at: datetime


_NAME = User.first_name + " " + User.last_name
_client, _practitioner = aliased(User), aliased(User)
_BOTH = (
    select(
        _client.first_name
        + " "
        + _client.last_name
        + " and "
        + _practitioner.first_name
        + " "
        + _practitioner.last_name
    )
    .where(_client.id == Conversation.client_user_id, _practitioner.id == Conversation.practitioner_user_id)
    .correlate(Conversation)
    .scalar_subquery()
)
_WORKS = (User.is_active, User.role.in_((Role.SUPPORT, Role.ADMIN)))


def list_agents(session: Session, actor: Actor, *, limit: int = 500) -> list[Somebody]:
    """Return who works tickets, by name."""
    require(actor, Permission.TICKET_WORK)
    query = select(User.id, _NAME).where(*_WORKS).order_by(_NAME, User.id).limit(limit)
    return [Somebody(*row) for row in session.execute(query)]


def find_requesters(session: Session, actor: Actor, search: str, *, limit: int = 20) -> list[Somebody]:
    """Return the people whose name or e-mail fits, for whom a ticket can be opened."""
    require(actor, Permission.TICKET_WORK)
    if not search.strip():
        return []
    name = User.first_name + " " + User.last_name + " · " + User.email
    query = select(User.id, name).where(is_named(search), visible_users(actor), User.is_active)
    return [Somebody(*row) for row in session.execute(query.order_by(User.name_folded, User.id).limit(limit))]


def list_tags(session: Session, actor: Actor, *, limit: int = 200) -> list[str]:
    """Return the tags there are, in order."""
    require(actor, Permission.TICKET_WORK)
    return [tag for _, _, tag, _ in session.execute(_tags(limit))]


def _tags(limit: int) -> Select[Any]:
    """Each step skips to the next tag in the index, however many tickets have the one before."""
    steps = select(func.min(TicketTag.tag).label("tag")).cte("tags", recursive=True)
    following = select(func.min(TicketTag.tag)).where(TicketTag.tag > steps.c.tag).scalar_subquery()
    steps = steps.union_all(select(following).where(steps.c.tag.is_not(None)))
    nothing: ColumnElement[Any] = literal(None, Uuid)
    query = select(literal("tag"), nothing, steps.c.tag, literal("")).where(steps.c.tag.is_not(None))
    return query.limit(limit)


def list_views(session: Session, actor: Actor, *, limit: int = 100) -> list[SavedView]:
    """Return the actor's own views, by name."""
    require(actor, Permission.TICKET_WORK)
    query = select(TicketView.id, TicketView.name, TicketView.query).where(TicketView.user_id == actor.user_id)
    return [SavedView(*row) for row in session.execute(query.order_by(TicketView.name).limit(limit))]


@dataclass(frozen=True)
class Choices:
    """What a ticket's page offers, read at once."""

    agents: tuple[Somebody, ...]
    tags: tuple[str, ...]
    canned: tuple[Canned, ...]


def list_choices(session: Session, actor: Actor, category: TicketCategory, *, limit: int = 200) -> Choices:
    """Return agents by name, tags, and canned replies, those of the category first; up to so many of each."""
    require(actor, Permission.TICKET_WORK)
    own = case((CannedReply.category == category, "1"), else_="2")
    parts: CompoundSelect[Any] = union_all(
        select(literal("agent").label("kind"), User.id, _NAME.label("name"), literal("").label("body"))
        .where(*_WORKS)
        .order_by(_NAME, User.id)
        .limit(limit),
        select(literal("canned"), CannedReply.id, CannedReply.title, CannedReply.body)
        .order_by(own, CannedReply.title)
        .limit(limit),
        _tags(limit),
    )
    found = session.execute(select(*parts.subquery().c)).all()
    return Choices(
        tuple(Somebody(key, name) for kind, key, name, _ in found if kind == "agent"),
        tuple(name for kind, _, name, _ in found if kind == "tag"),
        tuple(Canned(key, name, body) for kind, key, name, body in found if kind == "canned"),
    )


def fill_in(session: Session, actor: Actor, ticket: TicketDetail, body: str) -> str:
    """Return a canned reply with its placeholders filled from a ticket.

    Raises:
        InvalidInput: A placeholder means nothing, or what it stands for is not there; names it.
    """
    values = {
        "client": ticket.requester_name.split(" ")[0],
        "client_full_name": ticket.requester_name,
        "agent": actor.name.split(" ")[0],
        "ticket": ticket.number,
        "subject": ticket.subject,
        "today": f"{clock.now().astimezone(ZoneInfo(actor.time_zone)):%-d %B %Y}",
    }
    wanted = set(_PLACEHOLDER.findall(body))
    if "booking" in wanted and ticket.booking_id:
        values["booking"] = session.scalar(select(Booking.reference).where(Booking.id == ticket.booking_id)) or ""
    if "order" in wanted and ticket.order_id:
        values["order"] = session.scalar(select(Order.reference).where(Order.id == ticket.order_id)) or ""
    if missing := sorted(wanted - values.keys()):
        known = missing[0] in ("booking", "order")
        why = (
            f"the ticket has no {missing[0]}" if known else "it is no placeholder; known are " + ", ".join(PLACEHOLDERS)
        )
        raise InvalidInput(f"“{{{missing[0]}}}” cannot be filled in: {why}. Nothing was put in.")
    return _PLACEHOLDER.sub(lambda found: values[found[1]], body)


def find_linked(session: Session, actor: Actor, ticket: TicketDetail) -> list[Linkable]:
    """Return the records that a ticket is linked to, as far as the actor sees them."""
    wanted: dict[Any, uuid.UUID | None] = {
        Booking: ticket.booking_id,
        Order: ticket.order_id,
        Transaction: ticket.transaction_id,
        Conversation: ticket.conversation_id,
    }
    return _records(
        session, [_of(model, actor).where(model.id == key).limit(1) for model, key in wanted.items() if key]
    )


def find_linkable(
    session: Session, actor: Actor, ticket: TicketDetail, search: str = "", *, limit: int = 5
) -> list[Linkable]:
    """Return what a ticket could be about: the newest records of its requester, or those of a reference."""
    require(actor, Permission.TICKET_WORK)
    if typed := search.strip():
        named = {
            Booking: Booking.reference == typed.upper(),
            Order: Order.reference == typed.upper(),
            Transaction: Transaction.provider_transaction_id == typed,
        }
        return _records(session, [_of(model, actor).where(fits).limit(limit) for model, fits in named.items()])
    who = ticket.requester_id
    client = select(Client.id).where(Client.user_id == who).scalar_subquery()
    practitioner = select(Practitioner.id).where(Practitioner.user_id == who).scalar_subquery()
    own = {
        Booking: (or_(Booking.client_id == client, Booking.practitioner_id == practitioner), Booking.starts_at),
        Order: (Order.client_id == client, Order.placed_at),
        Transaction: (Transaction.user_id == who, Transaction.occurred_at),
        Conversation: (
            or_(Conversation.client_user_id == who, Conversation.practitioner_user_id == who),
            Conversation.last_message_at,
        ),
    }
    newest = [_of(model, actor).where(fits).order_by(at.desc()).limit(limit) for model, (fits, at) in own.items()]
    return _records(session, newest)


def find_mergeable(
    session: Session, actor: Actor, ticket: TicketDetail, *, limit: int = 20
) -> list[tuple[uuid.UUID, str]]:
    """Return the other tickets of the same person that it can be merged into, the newest first."""
    require(actor, Permission.TICKET_WORK)
    query = select(Ticket.id, Ticket.number + " · " + Ticket.subject).where(
        Ticket.requester_id == ticket.requester_id,
        Ticket.id != ticket.id,
        Ticket.merged_into_id.is_(None),
        Ticket.status != "closed",
        visible_tickets(actor),
    )
    return [(key, name) for key, name in session.execute(query.order_by(Ticket.created_at.desc()).limit(limit))]


def _of(model: Any, actor: Actor) -> Select[Any]:
    """Return the records of a kind that the actor sees, all kinds in the same columns."""
    nothing, none = literal(None, String), literal(None, Integer)
    columns, scope = {
        Booking: (("booking", Booking.reference, Booking.status, Booking.starts_at, none, nothing), visible_bookings),
        Order: (("order", Order.reference, Order.status, Order.placed_at, none, nothing), visible_orders),
        Transaction: (
            (
                "payment",
                Transaction.kind,
                Transaction.status,
                Transaction.occurred_at,
                Transaction.amount_minor,
                Transaction.currency,
            ),
            visible_transactions,
        ),
        Conversation: (
            ("conversation", _BOTH, literal(""), Conversation.last_message_at, none, nothing),
            # That there is one, of its requester, is what an agent must know to link it; not a word of it.
            lambda actor: true() if actor.is_staff else visible_conversations(actor),
        ),
    }[model]
    kind, *rest = columns
    names = ("reference", "what", "at", "amount", "currency")
    labelled: list[ColumnElement[Any]] = [column.label(name) for column, name in zip(rest, names, strict=True)]
    return select(literal(kind).label("kind"), model.id, *labelled).where(scope(actor))


def _records(session: Session, queries: list[Select[Any]]) -> list[Linkable]:
    if not queries:
        return []
    found = session.execute(select(*union_all(*queries).subquery().c))
    return [
        Linkable(
            r.kind,
            r.id,
            f"{r.reference} {money.show(r.amount, r.currency)}" if r.kind == "payment" else r.reference,
            r.what,
            r.at,
        )
        for r in found
    ]
