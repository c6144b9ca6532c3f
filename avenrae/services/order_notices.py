"""What a client is told of his order, and the admins of stock that runs low."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import money
from avenrae.enums import PaymentStatus
from avenrae.letters import bookings, orders
from avenrae.letters.event import Event
from avenrae.models import Client, Order, OrderItem, Product
from avenrae.permissions import Actor
from avenrae.services.telling import tell, tell_admins

ALWAYS = frozenset({"reference", "lines", "shipping", "total", "paid"})
"""What can be said of any order."""


def tell_of_order(session: Session, actor: Actor, order: Order, event: Event, *, once: str, **said: str) -> None:
    """Tell the client of an order, if one is known."""
    user_id = session.scalar(select(Client.user_id).where(Client.id == order.client_id))
    if user_id is None:
        return
    words = {
        "reference": order.reference,
        "shipping": money.show(order.shipping_minor, order.currency),
        "total": money.show(order.total_minor, order.currency),
        "paid": bookings.PAID[PaymentStatus(order.payment_status)],
    }
    if "lines" in event.blanks:
        words["lines"] = _lines(session, order)
    unsaid = ALWAYS - event.blanks
    told = {name: value for name, value in words.items() if name not in unsaid}
    tell(session, actor, user_id, event, about=order.id, once=once, **told, **said)


def tell_if_low(session: Session, actor: Actor, product: Product, fell_by: int, cause: uuid.UUID) -> None:
    """Tell the admins when what can be sold has just come to the product's reorder level, once for each such fall.

    The caller holds the product's lock.
    """
    left = product.on_hand - product.allocated
    if not (product.is_active and product.reorder_level > 0 and left <= product.reorder_level < left + fell_by):
        return
    tell_admins(
        session,
        actor,
        orders.STOCK_LOW,
        about=product.id,
        once=f"stock-low:{product.id}:{cause}",
        product=product.title,
        sku=product.sku,
        left=str(left),
        level=str(product.reorder_level),
    )


def _lines(session: Session, order: Order) -> str:
    items = session.execute(
        select(OrderItem.quantity, OrderItem.title, OrderItem.line_total_minor)
        .where(OrderItem.order_id == order.id)
        .order_by(OrderItem.id)
    )
    return "\n".join(f"{n} × {title}: {money.show(minor, order.currency)}" for n, title, minor in items)
