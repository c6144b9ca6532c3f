"""Orders in each state, what the tables hold of them, and a refusal that leaves all of it as it was."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from avenrae.errors import AvenraeError
from avenrae.models import Client, LedgerEntry, Order, OrderItem, Product, StockMovement, Transaction
from avenrae.permissions import Actor
from avenrae.services.orders import fulfil_order, place_order, record_order_payment
from tests.make import make_client

ADMIN = Actor.system("tests")


def stock(session: Session, product: Product) -> tuple[int, int]:
    """On hand and allocated, as they are in the table."""
    query = text("SELECT on_hand, allocated FROM products WHERE id = :id")
    return tuple(session.execute(query, {"id": product.id}).one())


def counted(session: Session) -> tuple[int, ...]:
    """How many rows there are of everything that an order can write."""
    tables = (Order, OrderItem, StockMovement, Transaction, LedgerEntry)
    return tuple(session.execute(select(func.count()).select_from(t)).scalar_one() for t in tables)


def moved(session: Session, order: Order) -> list[tuple[str, int]]:
    """The order's lines in the stock ledger, in the order in which they were written."""
    query = select(StockMovement).where(StockMovement.reference == order.reference).order_by(StockMovement.id)
    return [(m.reason, m.delta) for m in session.execute(query).scalars()]


def money_of(session: Session, order: Order) -> list[tuple[str, int]]:
    """The order's movements of money."""
    query = select(Transaction).where(Transaction.order_id == order.id).order_by(Transaction.id)
    return [(t.kind, t.amount_minor) for t in session.execute(query).scalars()]


def booked(session: Session, order: Order) -> list[tuple[str, int]]:
    """The order's lines in the books."""
    query = select(LedgerEntry).where(LedgerEntry.source_id == order.id).order_by(LedgerEntry.id)
    return [(e.kind, e.gross_minor) for e in session.execute(query).scalars()]


def ordered(session: Session, lines: Sequence[tuple[Product, int]], client: Client | None = None, **kw: Any) -> Order:
    """An order of these products, waiting for its payment."""
    client = client or make_client(session)
    return place_order(session, ADMIN, client_id=client.id, lines=[(p.id, n) for p, n in lines], **kw)


def paid(session: Session, lines: Sequence[tuple[Product, int]], **kw: Any) -> Order:
    """An order of these products that was paid."""
    return record_order_payment(session, ADMIN, ordered(session, lines, **kw).id)


def fulfilled(session: Session, lines: Sequence[tuple[Product, int]], **kw: Any) -> Order:
    """An order of these products that was paid and sent."""
    return fulfil_order(session, ADMIN, paid(session, lines, **kw).id)


def refused(session: Session, error: type[AvenraeError], sentence: str, attempt: Callable[[], object]) -> None:
    """Assert that an attempt is refused with this sentence and that nothing changed, not even unsaved."""
    before, products = counted(session), session.execute(select(Product.on_hand, Product.allocated)).all()
    orders = session.execute(select(Order.status, Order.payment_status, Order.refunded_minor)).all()
    with pytest.raises(error) as e:
        attempt()
    assert e.value.message == sentence
    session.flush()
    session.expire_all()
    assert counted(session) == before
    assert session.execute(select(Product.on_hand, Product.allocated)).all() == products
    assert session.execute(select(Order.status, Order.payment_status, Order.refunded_minor)).all() == orders
