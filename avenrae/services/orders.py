"""Writes of orders: place, pay, fulfil, cancel, refund."""

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae import clock, money
from avenrae.enums import MovementReason, OrderKind, OrderStatus, PaymentStatus
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.letters import orders as letters
from avenrae.models import Client, Order, OrderItem, Product, Transaction
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.orders import list_returnable
from avenrae.queries.scopes import visible_clients, visible_orders
from avenrae.services.money import (
    book_order_sale,
    book_refund,
    record_payment,
    record_refund,
    require_refund_limit,
)
from avenrae.services.order_notices import tell_if_low, tell_of_order
from avenrae.services.products import check_quantity, lock_products, move_stock

Lines = Sequence[tuple[uuid.UUID, int]]
"""Products with how many of each; a product may stand on several lines."""

_WORDS = {
    OrderStatus.PENDING: "not paid yet",
    OrderStatus.PAID: "paid already",
    OrderStatus.FULFILLED: "fulfilled already",
    OrderStatus.CANCELLED: "cancelled",
}


def place_order(
    session: Session,
    actor: Actor,
    *,
    client_id: uuid.UUID,
    lines: Lines,
    shipping_minor: int = 0,
    country: str | None = None,
    notes: str = "",
) -> Order:
    """Order products for a client and set them aside; all of them or none (R-SHOP-01).

    Titles and prices are copied as they are now. A client orders for himself, an admin for anybody.

    Raises:
        InvalidInput: There are no lines, a quantity or the shipping is none, a product is not on sale, or the
            products are priced in several currencies.
        NotFound: There is no such client for this actor, or no such product.
        Conflict: There is not enough of a product.
    """
    require(actor, Permission.ORDER_PLACE)
    client = session.execute(select(Client).where(Client.id == client_id, visible_clients(actor))).scalar_one_or_none()
    if client is None:
        raise NotFound("There is no such client.")
    wanted = _summed(lines)
    if not wanted:
        raise InvalidInput("An order needs at least one product.")
    if shipping_minor < 0:
        raise InvalidInput("Shipping cannot cost less than nothing.")
    products = lock_products(session, wanted)
    currency = _currency_of(products, wanted)
    items_minor = sum(products[key].price_minor * quantity for key, quantity in wanted.items())
    for key, quantity in wanted.items():
        products[key].allocated += quantity
    order = Order(
        kind=OrderKind.SALE,
        client_id=client.id,
        status=OrderStatus.PENDING,
        payment_status=PaymentStatus.UNPAID,
        currency=currency,
        items_minor=items_minor,
        shipping_minor=shipping_minor,
        total_minor=items_minor + shipping_minor,
        placed_at=clock.now(),
        country=(country or "").strip() or None,
        notes=notes.strip(),
    )
    session.add(order)
    session.flush()
    session.add_all(
        OrderItem(
            order_id=order.id,
            product_id=key,
            title=products[key].title,
            quantity=quantity,
            unit_price_minor=products[key].price_minor,
            line_total_minor=products[key].price_minor * quantity,
        )
        for key, quantity in wanted.items()
    )
    session.flush()
    session.refresh(order, ["reference", "discount_minor", "refunded_minor"])
    tell_of_order(session, actor, order, letters.PLACED, once=f"placed:{order.id}")
    for key, quantity in sorted(wanted.items()):
        tell_if_low(session, actor, products[key], quantity, order.id)
    return order


def record_order_payment(session: Session, actor: Actor, order_id: uuid.UUID) -> Order:
    """Record that an order was paid in full, outside the console, and put it into the books.

    Raises:
        Conflict: It has been paid or cancelled.
    """
    order = _locked(session, actor, order_id, Permission.PAYMENT_RECORD)
    if order.status != OrderStatus.PENDING:
        raise Conflict(f"This order cannot be paid: it is {_WORDS[order.status]}.")
    order.status = OrderStatus.PAID
    paid = record_payment(session, order, order.total_minor)
    book_order_sale(session, order, paid)
    session.flush()
    tell_of_order(session, actor, order, letters.PAID, once=f"paid:{order.id}")
    return order


def fulfil_order(session: Session, actor: Actor, order_id: uuid.UUID) -> Order:
    """Send an order's goods off: they leave the stock and are set aside no longer (R-SHOP-03).

    Raises:
        Conflict: It is not paid, has been sent or cancelled, or all of it was refunded.
    """
    order = _locked(session, actor, order_id, Permission.ORDER_FULFIL)
    if order.status != OrderStatus.PAID:
        raise Conflict(f"This order cannot be fulfilled: it is {_WORDS[order.status]}.")
    if order.payment_status == PaymentStatus.REFUNDED:
        raise Conflict("This order cannot be fulfilled: it has been refunded in full. Cancel it to free its goods.")
    order.status, order.fulfilled_at = OrderStatus.FULFILLED, clock.now()
    sold = _released(session, order)
    move_stock(
        session, {key: -quantity for key, quantity in sold.items()}, MovementReason.SOLD, reference=order.reference
    )
    tell_of_order(session, actor, order, letters.FULFILLED, once=f"fulfilled:{order.id}")
    return order


def cancel_order(session: Session, actor: Actor, order_id: uuid.UUID, reason: str) -> Order:
    """Call an order off: its goods are free again, and what was paid goes back in full.

    Raises:
        Conflict: It has been fulfilled or cancelled.
        InvalidInput: No reason was given.
        NotPermitted: The refund is above what a support agent may give.
    """
    order = _locked(session, actor, order_id, Permission.ORDER_CANCEL)
    if order.status == OrderStatus.FULFILLED:
        raise Conflict("This order cannot be cancelled: it is fulfilled already. Refund it instead.")
    if order.status == OrderStatus.CANCELLED:
        raise Conflict("This order cannot be cancelled: it is cancelled.")
    if not reason.strip():
        raise InvalidInput("Say why, so that everybody concerned can be told.")
    refunded = None
    if order.payment_status in (PaymentStatus.PAID, PaymentStatus.PARTIALLY_REFUNDED):
        refunded = _give_back(session, actor, order, order.total_minor - order.refunded_minor, reason)
    order.status, order.cancelled_at = OrderStatus.CANCELLED, clock.now()
    order.cancellation_reason = reason.strip()
    _released(session, order)
    session.flush()
    back = letters.money_back(money.show(refunded.amount_minor, order.currency) if refunded else "")
    said = order.cancellation_reason
    tell_of_order(session, actor, order, letters.CANCELLED, once=f"cancelled:{order.id}", reason=said, money=back)
    return order


def refund_order(
    session: Session,
    actor: Actor,
    order_id: uuid.UUID,
    *,
    amount_minor: int,
    reason: str,
    restock: Lines | bool = False,
) -> Order:
    """Give back a part or all of what an order cost, and take goods that came back into stock again.

    `restock` names what came back of a fulfilled order; True means all of it that is still out.

    Raises:
        Conflict: It is not paid, was cancelled or refunded in full.
        InvalidInput: The amount is more than is left, no reason was given, or more comes back than was sent.
        NotPermitted: The refund is above what a support agent may give.
    """
    order = _locked(session, actor, order_id, Permission.PAYMENT_REFUND)
    if order.status not in (OrderStatus.PAID, OrderStatus.FULFILLED):
        raise Conflict(f"This order cannot be refunded: it is {_WORDS[order.status]}.")
    if order.payment_status == PaymentStatus.REFUNDED or not order.total_minor:
        raise Conflict("This order cannot be refunded: nothing of what was paid is left.")
    if not reason.strip():
        raise InvalidInput("Say why, so that everybody concerned can be told.")
    back = _coming_back(session, actor, order, restock)
    refunded = _give_back(session, actor, order, amount_minor, reason)
    if back:
        lock_products(session, back)
        move_stock(session, back, MovementReason.RETURNED, reference=order.reference, note=reason)
    session.flush()
    if refunded is not None:
        amount = money.show(refunded.amount_minor, order.currency)
        tell_of_order(session, actor, order, letters.REFUNDED, once=f"refunded:{refunded.id}", amount=amount)
    return order


def _locked(session: Session, actor: Actor, order_id: uuid.UUID, permission: Permission) -> Order:
    query = select(Order).where(Order.id == order_id, visible_orders(actor)).with_for_update()
    order = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if order is None:
        raise NotFound("There is no such order, or it is not yours to see.")
    require(actor, permission)
    if order.kind == OrderKind.CREDIT_NOTE:
        raise Conflict("This is a credit note from books that were imported; nothing can be done with it.")
    return order


def _summed(lines: Lines) -> dict[uuid.UUID, int]:
    summed: dict[uuid.UUID, int] = {}
    for product_id, quantity in lines:
        check_quantity(quantity)
        summed[product_id] = summed.get(product_id, 0) + quantity
    return summed


def _currency_of(products: Mapping[uuid.UUID, Product], wanted: Mapping[uuid.UUID, int]) -> str:
    """Check that every product can be had in the number wanted; returns the one currency of all."""
    for key, quantity in wanted.items():
        product = products.get(key)
        if product is None:
            raise NotFound("There is no such product.")
        if not product.is_active:
            raise InvalidInput(f"“{product.title}” is not on sale at the moment. Take it off the order.")
        available = product.on_hand - product.allocated
        if quantity > available:
            raise Conflict(f"There is not enough of “{product.title}” in stock: {available} left.")
    currencies = sorted({product.currency for product in products.values()})
    if len(currencies) > 1:
        raise InvalidInput(f"An order has one currency. Order the products in {' and '.join(currencies)} separately.")
    return currencies[0]


def _released(session: Session, order: Order) -> dict[uuid.UUID, int]:
    """Set the order's goods aside no longer; returns how many of each product they are.

    `allocated` falls first: while it stands, the stock may not fall below it.
    """
    query = select(OrderItem.product_id, func.sum(OrderItem.quantity)).where(OrderItem.order_id == order.id)
    quantities = {key: int(n) for key, n in session.execute(query.group_by(OrderItem.product_id))}
    for key, product in lock_products(session, quantities).items():
        product.allocated -= quantities[key]
    session.flush()
    return quantities


def _give_back(session: Session, actor: Actor, order: Order, amount_minor: int, reason: str) -> Transaction | None:
    require_refund_limit(actor, order, amount_minor)
    refunded = record_refund(session, order, amount_minor, reason)
    if refunded is not None:
        book_refund(session, order, refunded)
    return refunded


def _coming_back(session: Session, actor: Actor, order: Order, restock: Lines | bool) -> dict[uuid.UUID, int]:
    """Return what comes back into stock, held to what was sent and has not come back before."""
    if not restock:
        return {}
    if order.status != OrderStatus.FULFILLED:
        raise InvalidInput("The goods of this order have not left the stock. Cancel it to free them.")
    out = {r.product_id: r for r in list_returnable(session, actor, order.id)}
    if restock is True:
        return {key: r.quantity for key, r in out.items()}
    back = _summed(restock)
    for key, quantity in back.items():
        if key not in out:
            raise InvalidInput("A product that is not in this order, or has come back before, cannot come back.")
        if quantity > out[key].quantity:
            raise InvalidInput(f"At most {out[key].quantity} of “{out[key].title}” can come back.")
    return back
