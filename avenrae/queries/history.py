"""What happened to a row: its audit entries, for the History tab of every detail page."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, false, literal, select, true, union_all
from sqlalchemy.orm import Session, aliased

from avenrae.enums import Role
from avenrae.errors import NotFound
from avenrae.models import (
    AuditEntry,
    Booking,
    BookingWaitlist,
    Order,
    Practitioner,
    Product,
    Review,
    Service,
    Ticket,
    User,
)
from avenrae.permissions import Actor, Permission
from avenrae.queries.scopes import (
    visible_bookings,
    visible_orders,
    visible_practitioners,
    visible_products,
    visible_reviews,
    visible_services,
    visible_tickets,
    visible_users,
    visible_waitlist,
)


def _own_or_staff(actor: Actor) -> ColumnElement[bool]:
    """A profile's past holds its exact position, which people outside the business do not see (R-DIR-03)."""
    return visible_practitioners(actor) if actor.role is not Role.CLIENT else false()


def _stock_keepers(actor: Actor) -> ColumnElement[bool]:
    """A product's past holds the numbers of the stock."""
    return visible_products(actor) if actor.may(Permission.PRODUCT_EDIT) else false()


def _desk(actor: Actor) -> ColumnElement[bool]:
    """What the desk did with a ticket is its own affair."""
    return visible_tickets(actor) if actor.may(Permission.TICKET_WORK) else false()


def _offered_by_own_or_all(actor: Actor) -> ColumnElement[bool]:
    """A service's past is for whoever may change it."""
    return visible_services(actor) if actor.may(Permission.SERVICE_EDIT) else false()


def _moderators(actor: Actor) -> ColumnElement[bool]:
    """A review's past holds what it said while it was kept back."""
    return visible_reviews(actor) if actor.may(Permission.REVIEW_HIDE) else false()


_SCOPES: dict[str, tuple[Any, Callable[[Actor], ColumnElement[bool]]]] = {
    "booking_waitlist": (BookingWaitlist, visible_waitlist),
    "bookings": (Booking, visible_bookings),
    "orders": (Order, visible_orders),
    "practitioners": (Practitioner, _own_or_staff),
    "products": (Product, _stock_keepers),
    "reviews": (Review, _moderators),
    "services": (Service, _offered_by_own_or_all),
    "tickets": (Ticket, _desk),
    "users": (User, visible_users),
}
_NAMES: dict[str, tuple[Any, Any]] = {
    "requester_id": (User.id, User.first_name + " " + User.last_name),
    "assignee_id": (User.id, User.first_name + " " + User.last_name),
    "merged_into_id": (Ticket.id, Ticket.number),
    "booking_id": (Booking.id, Booking.reference),
    "order_id": (Order.id, Order.reference),
}
"""Columns of tickets that name another record, and how it is called."""


@dataclass(frozen=True)
class Change:
    """One entry of the trail: who did what, and what it changed."""

    occurred_at: datetime
    actor_name: str
    action: str
    operation: str
    before: dict[str, Any]
    after: dict[str, Any]
    request: str


_NOT_FOR_CLIENTS = {"notes", "commission_bps", "buffer_before", "buffer_after"}


def list_changes(session: Session, actor: Actor, table: str, row_id: uuid.UUID, *, limit: int = 50) -> list[Change]:
    """Return the newest changes of a row that the actor may see, without what is not for a client.

    Raises:
        NotFound: There is no such row for this actor.
    """
    model, visible = _SCOPES[table]
    entries = (
        select(AuditEntry)
        .where(AuditEntry.table_name == table, AuditEntry.row_id == str(row_id))
        .order_by(AuditEntry.id.desc())
        .limit(limit)
        .subquery()
    )
    entry = aliased(AuditEntry, entries)
    there = select(entry).select_from(model).outerjoin(entry, true()).where(model.id == row_id, visible(actor))
    rows = session.scalars(there.order_by(entry.id.desc())).all()
    if not rows:
        raise NotFound("There is no such record, or it is not yours to see.")
    found = [e for e in rows if e is not None]
    hidden = _NOT_FOR_CLIENTS if actor.role is Role.CLIENT else set()

    def shown(content: dict[str, Any] | None) -> dict[str, Any]:
        return {name: value for name, value in (content or {}).items() if name not in hidden}

    changes = [
        Change(e.occurred_at, e.actor_name, e.action, e.operation, shown(e.before), shown(e.after), e.request)
        for e in found
    ]
    return _in_names(session, changes) if table == "tickets" else changes


def _in_names(session: Session, changes: list[Change]) -> list[Change]:
    """Say of a ticket's changes who and what they name, instead of by which key."""
    both = [content for c in changes for content in (c.before, c.after)]
    named = {
        column: {content[column] for content in both if content.get(column)}
        for column in _NAMES
        if any(content.get(column) for content in both)
    }
    if named:
        parts = [
            select(literal(column), _NAMES[column][0], _NAMES[column][1]).where(_NAMES[column][0].in_(wanted))
            for column, wanted in named.items()
        ]
        names = {(column, str(key)): name for column, key, name in session.execute(union_all(*parts))}
        for content in both:
            for column in named:
                if content.get(column):
                    content[column] = names.get((column, content[column]), "somebody or something that is gone")
    return [
        replace(c, before=_without_id(c.before), after=_without_id(c.after)) if c.operation == "update" else c
        for c in changes
    ]


def _without_id(content: dict[str, Any]) -> dict[str, Any]:
    kept = {"transaction_id": "a payment", "conversation_id": "a conversation"}
    return {name.removesuffix("_id"): kept.get(name, value) if value else value for name, value in content.items()}
