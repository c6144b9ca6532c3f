"""A person as the desk needs him: who it is, what there is of him, and what the desk wrote down, in three queries."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from avenrae.enums import (
    Provider,
    Role,
    TicketPriority,
    TicketStatus,
    TransactionKind,
    TransactionStatus,
)
from avenrae.errors import NotFound
from avenrae.models import Booking, Client, ClientNote, Order, Practitioner, Ticket, Transaction, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.bookings import BookingFilters, BookingRow, list_bookings
from avenrae.queries.orders import OrderFilters, OrderRow, list_orders
from avenrae.queries.scopes import (
    visible_bookings,
    visible_client_notes,
    visible_orders,
    visible_tickets,
    visible_transactions,
    visible_users,
)

NEWEST = 5
_MOST_NOTES = 20
_COUNTED = 1000


@dataclass(frozen=True)
class Person:
    """Who it is, how many of each there are (counting stops at a thousand), and what was spent, by currency."""

    id: uuid.UUID
    name: str
    role: Role
    email: str
    phone: str
    time_zone: str
    since: datetime
    last_sign_in_at: datetime | None
    is_active: bool
    is_erased: bool
    client_id: uuid.UUID | None
    practitioner_id: uuid.UUID | None
    bookings: int
    orders: int
    payments: int
    tickets: int
    spent: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class PanelPayment:
    """A movement of money, and of what."""

    id: uuid.UUID
    occurred_at: datetime
    kind: TransactionKind
    status: TransactionStatus
    provider: Provider
    amount_minor: int
    currency: str
    booking_id: uuid.UUID | None
    order_id: uuid.UUID | None
    reference: str


@dataclass(frozen=True)
class PanelTicket:
    """A ticket of the person's."""

    id: uuid.UUID
    number: str
    subject: str
    status: TicketStatus
    priority: TicketPriority
    created_at: datetime


@dataclass(frozen=True)
class Note:
    """What somebody of the desk wrote down."""

    id: uuid.UUID
    author: str
    body: str
    created_at: datetime


@dataclass(frozen=True)
class ClientPanel:
    """A person with the newest of everything."""

    person: Person
    bookings: list[BookingRow]
    orders: list[OrderRow]
    payments: list[PanelPayment]
    tickets: list[PanelTicket]
    notes: list[Note]


def get_client_panel(
    session: Session, actor: Actor, key: uuid.UUID, *, ticket_id: uuid.UUID | None = None
) -> ClientPanel:
    """Return a person by the key of the user or of the client; `ticket_id` is left out of the tickets.

    Raises:
        NotPermitted: The actor is not of the desk.
        NotFound: There is no such person.
    """
    require(actor, Permission.TICKET_WORK)
    require(actor, Permission.CLIENT_VIEW)
    person, payments, tickets, notes = _person(session, actor, key, ticket_id)
    bookings = BookingFilters(
        client_id=person.client_id, practitioner_id=None if person.client_id else person.practitioner_id
    )
    has_bookings = person.client_id or person.practitioner_id
    return ClientPanel(
        person=person,
        bookings=list_bookings(session, actor, bookings, size=NEWEST) if has_bookings else [],
        orders=(
            list_orders(session, actor, OrderFilters(client_id=person.client_id), size=NEWEST)
            if person.client_id
            else []
        ),
        payments=payments,
        tickets=tickets,
        notes=notes,
    )


def _person(
    session: Session, actor: Actor, key: uuid.UUID, ticket_id: uuid.UUID | None
) -> tuple[Person, list[PanelPayment], list[PanelTicket], list[Note]]:
    counts = {
        "bookings": _count(
            select(Booking.id).where(
                or_(Booking.client_id == Client.id, Client.id.is_(None) & (Booking.practitioner_id == Practitioner.id)),
                visible_bookings(actor),
            )
        ),
        "orders": _count(select(Order.id).where(Order.client_id == Client.id, visible_orders(actor))),
        "payments": _count(select(Transaction.id).where(Transaction.user_id == User.id, visible_transactions(actor))),
        "tickets": _count(
            select(Ticket.id).where(Ticket.requester_id == User.id, visible_tickets(actor), _not(ticket_id))
        ),
    }
    found = session.execute(
        select(
            User,
            Client.id,
            Practitioner.id,
            _spent(actor).label("spent"),
            _payments(actor).label("paid"),
            _tickets(actor, ticket_id).label("newest"),
            _notes(actor).label("notes"),
            *(query.label(name) for name, query in counts.items()),
        )
        .outerjoin(Client, Client.user_id == User.id)
        .outerjoin(Practitioner, Practitioner.user_id == User.id)
        .where(
            User.id.in_([key, select(Client.user_id).where(Client.id == key).scalar_subquery()]), visible_users(actor)
        )
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such person, or it is not yours to see.")
    user, client_id, practitioner_id, spent, paid, newest, notes, *numbers = found
    person = Person(
        id=user.id,
        name=user.name,
        role=Role(user.role),
        email=user.email,
        phone=user.phone or "",
        time_zone=user.time_zone,
        since=user.created_at,
        last_sign_in_at=user.last_sign_in_at,
        is_active=user.is_active,
        is_erased=user.erased_at is not None,
        client_id=client_id,
        practitioner_id=practitioner_id,
        spent=tuple((currency, int(minor)) for currency, minor in spent or []),
        **dict(zip(counts, numbers, strict=True)),
    )
    return (
        person,
        [_payment(*row) for row in paid or []],
        [
            PanelTicket(uuid.UUID(key), number, subject, TicketStatus(status), TicketPriority(priority), _at(at))
            for key, number, subject, status, priority, at in newest or []
        ],
        [Note(uuid.UUID(key), author or "The console", body, _at(at)) for key, author, body, at in notes or []],
    )


def _at(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)


def _count(query: Any) -> Any:
    bounded = query.correlate(User, Client, Practitioner).limit(_COUNTED).subquery()
    return select(func.count()).select_from(bounded).scalar_subquery()


def _spent(actor: Actor) -> Any:
    """What was paid less what went back, of each currency by itself: never added."""
    signed = case(
        (Transaction.kind == TransactionKind.REFUND, -Transaction.amount_minor), else_=Transaction.amount_minor
    )
    by_currency = (
        select(Transaction.currency, func.sum(signed).label("minor"))
        .where(
            Transaction.user_id == User.id,
            Transaction.status == TransactionStatus.SUCCEEDED,
            Transaction.kind.in_((TransactionKind.CHARGE, TransactionKind.REFUND)),
            visible_transactions(actor),
        )
        .group_by(Transaction.currency)
        .correlate(User)
        .subquery()
    )
    pair = func.jsonb_build_array(by_currency.c.currency, by_currency.c.minor)
    return select(func.jsonb_agg(aggregate_order_by(pair, by_currency.c.currency))).scalar_subquery()


def _payments(actor: Actor) -> Any:
    """The newest movements of a person's money, in the row of the person."""
    t = Transaction
    newest = (
        select(
            t.id,
            t.occurred_at,
            t.kind,
            t.status,
            t.provider,
            t.amount_minor,
            t.currency,
            t.booking_id,
            t.order_id,
            func.coalesce(Booking.reference, Order.reference, "").label("reference"),
        )
        .outerjoin(Booking, Booking.id == t.booking_id)
        .outerjoin(Order, Order.id == t.order_id)
        .where(t.user_id == User.id, visible_transactions(actor))
        .order_by(t.occurred_at.desc(), t.id.desc())
        .limit(NEWEST)
        .correlate(User)
        .subquery()
    )
    return select(func.jsonb_agg(func.jsonb_build_array(*newest.c))).scalar_subquery()


def _payment(key: str, at: str, kind: str, status: str, provider: str, *rest: Any) -> PanelPayment:
    amount, currency, booking_id, order_id, reference = rest
    return PanelPayment(
        uuid.UUID(key),
        _at(at),
        TransactionKind(kind),
        TransactionStatus(status),
        Provider(provider),
        amount,
        currency,
        uuid.UUID(booking_id) if booking_id else None,
        uuid.UUID(order_id) if order_id else None,
        reference,
    )


def _tickets(actor: Actor, leave_out: uuid.UUID | None) -> Any:
    """The newest tickets of a person, in the row of the person."""
    newest = (
        select(Ticket.id, Ticket.number, Ticket.subject, Ticket.status, Ticket.priority, Ticket.created_at)
        .where(Ticket.requester_id == User.id, visible_tickets(actor), _not(leave_out))
        .order_by(Ticket.created_at.desc(), Ticket.id.desc())
        .limit(NEWEST)
        .correlate(User)
        .subquery()
    )
    return select(func.jsonb_agg(func.jsonb_build_array(*newest.c))).scalar_subquery()


def _notes(actor: Actor) -> Any:
    """What the desk wrote down of a person, in the row of the person."""
    author = aliased(User)
    newest = (
        select(
            ClientNote.id,
            (author.first_name + " " + author.last_name).label("author"),
            ClientNote.body,
            ClientNote.created_at,
        )
        .outerjoin(author, author.id == ClientNote.author_id)
        .where(ClientNote.user_id == User.id, visible_client_notes(actor))
        .order_by(ClientNote.created_at.desc(), ClientNote.id.desc())
        .limit(_MOST_NOTES)
        .correlate(User)
        .subquery()
    )
    return select(func.jsonb_agg(func.jsonb_build_array(*newest.c))).scalar_subquery()


def _not(ticket_id: uuid.UUID | None) -> Any:
    return Ticket.id.is_distinct_from(ticket_id)
