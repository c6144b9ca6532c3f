"""Reads of orders."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from avenrae.enums import (
    MovementReason,
    OrderKind,
    OrderStatus,
    PaymentStatus,
    Provider,
    TransactionKind,
    TransactionStatus,
)
from avenrae.errors import NotFound
from avenrae.models import Client, Order, OrderItem, Product, StockMovement, Transaction, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.listing import in_order, key_of, one_of
from avenrae.queries.people import Owner, PeopleList
from avenrae.queries.periods import span_of
from avenrae.queries.scopes import visible_orders, visible_transactions

# Each has an index to walk.
_SORTS = {"placed_at": Order.placed_at, "reference": Order.reference, "total": Order.total_minor}
_PIECES = select(func.coalesce(func.sum(OrderItem.quantity), 0)).where(OrderItem.order_id == Order.id).scalar_subquery()
_ROWS: Select[*tuple[Any, ...]] = (
    select(
        Order.id,
        Order.reference,
        Order.kind,
        Order.placed_at,
        Order.status,
        Order.payment_status,
        Order.total_minor,
        Order.refunded_minor,
        Order.currency,
        Order.client_id,
        (User.first_name + " " + User.last_name).label("client_name"),
        Order.country,
        _PIECES.label("pieces"),
    )
    .outerjoin(Client, Client.id == Order.client_id)
    .outerjoin(User, User.id == Client.user_id)
)


@dataclass(frozen=True)
class OrderFilters:
    """What a list of orders can be narrowed to; empty means everything the actor sees."""

    search: str = ""
    status: OrderStatus | None = None
    payment_status: PaymentStatus | None = None
    kind: OrderKind | None = None
    placed_from: datetime | None = None
    placed_before: datetime | None = None
    client_id: uuid.UUID | None = None
    product_id: uuid.UUID | None = None


@dataclass(frozen=True)
class OrderRow:
    """One line of a list of orders; amounts in minor units. Imported orders may have no client."""

    id: uuid.UUID
    reference: str
    kind: OrderKind
    placed_at: datetime
    status: OrderStatus
    payment_status: PaymentStatus
    total_minor: int
    refunded_minor: int
    currency: str
    client_id: uuid.UUID | None
    client_name: str | None
    country: str | None
    pieces: int


@dataclass(frozen=True)
class OrderLine:
    """One line of an order, with title and price as they were."""

    product_id: uuid.UUID
    sku: str
    title: str
    quantity: int
    unit_price_minor: int
    line_total_minor: int


@dataclass(frozen=True)
class Payment:
    """One movement of money of an order; `reason` says why a refund was given."""

    occurred_at: datetime
    kind: TransactionKind
    status: TransactionStatus
    provider: Provider
    amount_minor: int
    currency: str
    reason: str


@dataclass(frozen=True)
class Returnable:
    """How many of a product an order sent and has not got back."""

    product_id: uuid.UUID
    title: str
    quantity: int


@dataclass(frozen=True)
class OrderDetail(OrderRow):
    """Everything about one order."""

    client_email: str | None
    client_phone: str | None
    items_minor: int
    shipping_minor: int
    discount_minor: int
    paid_at: datetime | None
    fulfilled_at: datetime | None
    cancelled_at: datetime | None
    cancellation_reason: str | None
    notes: str
    lines: tuple[OrderLine, ...]
    payments: tuple[Payment, ...]
    returnable: tuple[Returnable, ...]

    @property
    def kept_minor(self) -> int:
        """What was paid and has not gone back."""
        return self.total_minor - self.refunded_minor if self.paid_at else 0


def order_filters(params: Mapping[str, str], zone: str) -> OrderFilters:
    """Return the filters that an address holds (`q`, `status`, `payment`, `kind`, `when` or `from` and `to`, …).

    Raises:
        InvalidInput: A value is none of those there are.
    """
    span = span_of(params, zone)
    return OrderFilters(
        search=params.get("q", ""),
        status=one_of(OrderStatus, params.get("status")),
        payment_status=one_of(PaymentStatus, params.get("payment")),
        kind=one_of(OrderKind, params.get("kind")),
        placed_from=span.start,
        placed_before=span.end,
        client_id=key_of(params.get("client")),
        product_id=key_of(params.get("product")),
    )


def each_order(session: Session, actor: Actor, filters: OrderFilters, sort: str) -> Iterator[OrderRow]:
    """Yield every order the filters leave, as the database sends them; for exports."""
    query = _ROWS.where(_listed(actor, filters).found(), *_conditions(actor, filters))
    ordered = query.order_by(*in_order(_SORTS, sort, Order.id)).execution_options(yield_per=1000)
    return (_row(r) for r in session.execute(ordered))


def count_orders(session: Session, actor: Actor, filters: OrderFilters) -> int:
    """Return how many orders the filters leave, up to the counting limit."""
    return _listed(actor, filters).count(session)


def list_orders(
    session: Session, actor: Actor, filters: OrderFilters, *, sort: str = "-placed_at", page: int = 1, size: int = 50
) -> list[OrderRow]:
    """Return one page of orders, newest first unless sorted otherwise.

    Raises:
        NotPermitted: The role sees no orders.
        InvalidInput: The sort is not one of the list's.
    """
    ids = _listed(actor, filters).page(sort, page, size)
    found = session.execute(_ROWS.where(Order.id.in_(ids)).order_by(*in_order(_SORTS, sort, Order.id)))
    return [_row(r) for r in found]


def get_order(session: Session, actor: Actor, order_id: uuid.UUID) -> OrderDetail:
    """Return one order with its lines, its payments and what of it can still come back.

    Raises:
        NotFound: There is none, or the actor may not see it.
    """
    query = _ROWS.add_columns(
        User.email,
        User.phone,
        Order.items_minor,
        Order.shipping_minor,
        Order.discount_minor,
        Order.paid_at,
        Order.fulfilled_at,
        Order.cancelled_at,
        Order.cancellation_reason,
        Order.notes,
    )
    found = session.execute(query.where(Order.id == order_id, visible_orders(actor))).one_or_none()
    if found is None:
        raise NotFound("There is no such order, or it is not yours to see.")
    own = _row(found)
    return OrderDetail(
        **{f: getattr(own, f) for f in OrderRow.__dataclass_fields__},
        client_email=found.email,
        client_phone=found.phone,
        items_minor=found.items_minor,
        shipping_minor=found.shipping_minor,
        discount_minor=found.discount_minor,
        paid_at=found.paid_at,
        fulfilled_at=found.fulfilled_at,
        cancelled_at=found.cancelled_at,
        cancellation_reason=found.cancellation_reason,
        notes=found.notes,
        lines=tuple(_lines(session, order_id)),
        payments=tuple(_payments(session, actor, order_id)),
        returnable=tuple(list_returnable(session, actor, order_id)),
    )


def list_returnable(session: Session, actor: Actor, order_id: uuid.UUID) -> list[Returnable]:
    """Return what a fulfilled order sent and has not got back, by product; nothing for any other order."""
    sent = (
        select(
            OrderItem.product_id,
            func.min(OrderItem.title).label("title"),
            func.sum(OrderItem.quantity).label("quantity"),
            Order.reference,
            Order.placed_at,
        )
        .join(Order, Order.id == OrderItem.order_id)
        .where(
            Order.id == order_id,
            Order.status == OrderStatus.FULFILLED,
            Order.kind == OrderKind.SALE,
            visible_orders(actor),
        )
        .group_by(OrderItem.product_id, Order.reference, Order.placed_at)
        .subquery()
    )
    back = (
        select(func.coalesce(func.sum(StockMovement.delta), 0))
        .where(
            StockMovement.product_id == sent.c.product_id,
            StockMovement.reference == sent.c.reference,
            StockMovement.reason == MovementReason.RETURNED,
            StockMovement.occurred_at >= sent.c.placed_at,
        )
        .scalar_subquery()
    )
    left = (sent.c.quantity - back).label("left")
    found = session.execute(select(sent.c.product_id, sent.c.title, left).order_by(sent.c.title, sent.c.product_id))
    return [Returnable(key, title, int(n)) for key, title, n in found if n > 0]


def _lines(session: Session, order_id: uuid.UUID) -> Iterator[OrderLine]:
    query = (
        select(
            OrderItem.product_id,
            Product.sku,
            OrderItem.title,
            OrderItem.quantity,
            OrderItem.unit_price_minor,
            OrderItem.line_total_minor,
        )
        .join(Product, Product.id == OrderItem.product_id)
        .where(OrderItem.order_id == order_id)
        .order_by(OrderItem.id)
    )
    return (OrderLine(*row) for row in session.execute(query))


def _payments(session: Session, actor: Actor, order_id: uuid.UUID) -> Iterator[Payment]:
    query = (
        select(Transaction)
        .where(Transaction.order_id == order_id, visible_transactions(actor))
        .order_by(Transaction.occurred_at, Transaction.id)
    )
    return (
        Payment(
            t.occurred_at,
            TransactionKind(t.kind),
            TransactionStatus(t.status),
            Provider(t.provider),
            t.amount_minor,
            t.currency,
            str(t.details.get("reason", "")),
        )
        for t in session.execute(query).scalars()
    )


def _ids(actor: Actor, filters: OrderFilters) -> Select[Any]:
    return select(Order.id).where(*_conditions(actor, filters))


def _listed(actor: Actor, f: OrderFilters) -> PeopleList:
    """Return the list as it can be searched: a client finds his own orders by their reference alone."""
    owners: list[Owner] = [(Order.client_id, Client)] if actor.is_staff else []
    return PeopleList(actor, _ids(actor, f), f.search, _SORTS, lambda ref: Order.reference == ref.upper(), *owners)


def _conditions(actor: Actor, f: OrderFilters) -> list[ColumnElement[bool]]:
    """Return the conditions of all filters but the search."""
    require(actor, Permission.ORDER_VIEW)
    conditions: list[ColumnElement[bool]] = [visible_orders(actor)]
    if f.status:
        conditions.append(Order.status == f.status)
    if f.payment_status:
        conditions.append(Order.payment_status == f.payment_status)
    if f.kind:
        conditions.append(Order.kind == f.kind)
    if f.placed_from:
        conditions.append(Order.placed_at >= f.placed_from)
    if f.placed_before:
        conditions.append(Order.placed_at < f.placed_before)
    if f.client_id:
        conditions.append(Order.client_id == f.client_id)
    if f.product_id:
        conditions.append(Order.id.in_(select(OrderItem.order_id).where(OrderItem.product_id == f.product_id)))
    return conditions


def _row(found: Any) -> OrderRow:
    r = found._mapping
    enums = ("kind", "status", "payment_status", "pieces")
    return OrderRow(
        **{f: r[f] for f in OrderRow.__dataclass_fields__ if f not in enums},
        kind=OrderKind(r["kind"]),
        status=OrderStatus(r["status"]),
        payment_status=PaymentStatus(r["payment_status"]),
        pieces=int(r["pieces"]),
    )
