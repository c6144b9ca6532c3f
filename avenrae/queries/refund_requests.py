"""Reads of refunds that were asked for: open ones first, oldest first; then the decided ones, newest first."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from avenrae.models import Booking, Client, Order, RefundRequest, Ticket, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import visible_refund_requests

_asker, _decider, _payer = aliased(User), aliased(User), aliased(User)


@dataclass(frozen=True)
class RequestRow:
    """A refund that was asked for; `left_minor` is what could still go back now."""

    id: uuid.UUID
    created_at: datetime
    amount_minor: int
    currency: str
    reason: str
    asked_by_id: uuid.UUID
    asked_by: str
    booking_id: uuid.UUID | None
    order_id: uuid.UUID | None
    reference: str
    paid_minor: int
    refunded_minor: int
    client_id: uuid.UUID | None
    client: str
    ticket_id: uuid.UUID | None
    ticket: str
    decided_at: datetime | None
    decided_by: str
    is_granted: bool | None
    answer: str

    @property
    def left_minor(self) -> int:
        """What could still go back."""
        return self.paid_minor - self.refunded_minor


def list_open_requests(session: Session, actor: Actor, *, limit: int = 50) -> list[RequestRow]:
    """Return the requests that wait for an admin, the oldest first."""
    query = _rows(actor).where(RefundRequest.decided_at.is_(None))
    return [_row(r) for r in session.execute(query.order_by(RefundRequest.created_at, RefundRequest.id).limit(limit))]


def count_decided(session: Session, actor: Actor, filters: None) -> int:
    """Return how many requests were decided."""
    require(actor, Permission.PAYMENT_REFUND)
    query = select(func.count()).select_from(RefundRequest).where(RefundRequest.decided_at.is_not(None))
    return session.execute(query.where(visible_refund_requests(actor))).scalar_one()


def list_decided(
    session: Session, actor: Actor, filters: None, *, sort: str = "-decided_at", page: int = 1, size: int = 50
) -> list[RequestRow]:
    """Return one page of the requests that were decided, the last decision first."""
    query = _rows(actor).where(RefundRequest.decided_at.is_not(None))
    ordered = query.order_by(RefundRequest.decided_at.desc(), RefundRequest.id.desc())
    return [_row(r) for r in session.execute(ordered.limit(size).offset((max(1, page) - 1) * size))]


def _rows(actor: Actor) -> Select[*tuple[Any, ...]]:
    require(actor, Permission.PAYMENT_REFUND)
    client_id = func.coalesce(Booking.client_id, Order.client_id)
    return (
        select(
            RefundRequest,
            (_asker.first_name + " " + _asker.last_name).label("asked_by"),
            (_decider.first_name + " " + _decider.last_name).label("decided_by"),
            (_payer.first_name + " " + _payer.last_name).label("client"),
            client_id.label("client_id"),
            func.coalesce(Booking.reference, Order.reference).label("reference"),
            func.coalesce(Booking.price_minor, Order.total_minor).label("paid_minor"),
            func.coalesce(Booking.refunded_minor, Order.refunded_minor).label("refunded_minor"),
            Ticket.number.label("ticket"),
        )
        .join(_asker, _asker.id == RefundRequest.asked_by_id)
        .outerjoin(_decider, _decider.id == RefundRequest.decided_by_id)
        .outerjoin(Booking, Booking.id == RefundRequest.booking_id)
        .outerjoin(Order, Order.id == RefundRequest.order_id)
        .outerjoin(Client, Client.id == client_id)
        .outerjoin(_payer, _payer.id == Client.user_id)
        .outerjoin(Ticket, Ticket.id == RefundRequest.ticket_id)
        .where(visible_refund_requests(actor))
    )


def _row(found: Any) -> RequestRow:
    request = found[0]
    own = (
        "id",
        "created_at",
        "amount_minor",
        "currency",
        "reason",
        "asked_by_id",
        "booking_id",
        "order_id",
        "ticket_id",
    )
    return RequestRow(
        **{name: getattr(request, name) for name in (*own, "decided_at", "is_granted", "answer")},
        asked_by=found.asked_by,
        decided_by=found.decided_by or "",
        client=found.client or "",
        client_id=found.client_id,
        reference=found.reference,
        paid_minor=found.paid_minor,
        refunded_minor=found.refunded_minor,
        ticket=found.ticket or "",
    )
