"""What happened to a row: its audit entries, for the History tab of every detail page."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from avenrae.errors import NotFound
from avenrae.models import AuditEntry, Booking, Order, Practitioner, Product, User
from avenrae.permissions import Actor
from avenrae.queries.scopes import (
    visible_bookings,
    visible_orders,
    visible_practitioners,
    visible_products,
    visible_users,
)

_SCOPES: dict[str, tuple[Any, Callable[[Actor], ColumnElement[bool]]]] = {
    "bookings": (Booking, visible_bookings),
    "orders": (Order, visible_orders),
    "practitioners": (Practitioner, visible_practitioners),
    "products": (Product, visible_products),
    "users": (User, visible_users),
}


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


def list_changes(session: Session, actor: Actor, table: str, row_id: uuid.UUID, *, limit: int = 50) -> list[Change]:
    """Return the newest changes of a row that the actor may see.

    Raises:
        NotFound: There is no such row for this actor.
    """
    model, visible = _SCOPES[table]
    if session.execute(select(model.id).where(model.id == row_id, visible(actor))).first() is None:
        raise NotFound("There is no such record, or it is not yours to see.")
    found = session.execute(
        select(AuditEntry)
        .where(AuditEntry.table_name == table, AuditEntry.row_id == str(row_id))
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    ).scalars()
    return [
        Change(e.occurred_at, e.actor_name, e.action, e.operation, e.before or {}, e.after or {}, e.request)
        for e in found
    ]
