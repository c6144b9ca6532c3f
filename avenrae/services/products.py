"""Writes of products and their stock, and what the services of orders need of both."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import MovementReason, ProductType
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.ids import uuid7
from avenrae.models import Product, StockMovement
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import visible_products
from avenrae.services.edits import refuse_stale
from avenrae.services.order_notices import tell_if_low
from avenrae.settings import settings

MOST_PIECES = 1_000_000
"""More than this at once is a slip of the keyboard."""
ADJUSTMENTS = (MovementReason.ADJUSTED, MovementReason.DAMAGED, MovementReason.RETURNED)
"""The reasons for which stock is adjusted by hand; the others come with receiving, counting and orders."""


def add_product(
    session: Session,
    actor: Actor,
    *,
    sku: str,
    title: str,
    product_type: ProductType,
    price_minor: int,
    currency: str | None = None,
    category: str = "",
    description: str = "",
    reorder_level: int = 0,
) -> Product:
    """Put a new product on sale; its stock is zero until some is received.

    Raises:
        InvalidInput: It has no SKU or title, or the price or the reorder level is negative.
        Conflict: The SKU is taken (index `uq_products_sku`).
    """
    require(actor, Permission.PRODUCT_EDIT)
    _check_facts(sku, title, price_minor, reorder_level)
    product = Product(
        sku=sku.strip(),
        title=title.strip(),
        product_type=product_type,
        price_minor=price_minor,
        currency=currency or settings().currency,
        category=category.strip(),
        description=description.strip(),
        reorder_level=reorder_level,
    )
    session.add(product)
    session.flush()
    return product


def edit_product(
    session: Session,
    actor: Actor,
    product_id: uuid.UUID,
    *,
    sku: str,
    title: str,
    product_type: ProductType,
    price_minor: int,
    category: str,
    description: str,
    reorder_level: int,
    is_active: bool,
    seen: Mapping[str, Any] | None = None,
) -> Product:
    """Change what is said about a product; orders that exist keep their title and price.

    `seen` is what the form showed of it.

    Raises:
        InvalidInput: It has no SKU or title, or the price or the reorder level is negative.
        Conflict: The SKU is taken (index `uq_products_sku`), or somebody else changed the product meanwhile.
    """
    product = _locked(session, actor, product_id, Permission.PRODUCT_EDIT)
    refuse_stale(product, seen)
    _check_facts(sku, title, price_minor, reorder_level)
    product.sku, product.title, product.product_type = sku.strip(), title.strip(), product_type
    product.price_minor, product.reorder_level, product.is_active = price_minor, reorder_level, is_active
    product.category, product.description = category.strip(), description.strip()
    session.flush()
    return product


def receive_stock(
    session: Session, actor: Actor, product_id: uuid.UUID, *, quantity: int, reference: str = "", note: str = ""
) -> Product:
    """Take goods from a supplier into stock.

    Raises:
        InvalidInput: The quantity is not at least 1.
    """
    product = _locked(session, actor, product_id, Permission.STOCK_CHANGE)
    check_quantity(quantity)
    return _moved(session, actor, product, quantity, MovementReason.RECEIVED, reference, note)


def adjust_stock(
    session: Session, actor: Actor, product_id: uuid.UUID, *, delta: int, reason: MovementReason, note: str
) -> Product:
    """Correct the stock by a difference: a mistake in the books, goods damaged, goods that came back.

    Raises:
        InvalidInput: The difference is zero or of the wrong sign for its reason, or no note says why.
        Conflict: Less would be left than is promised to orders.
    """
    product = _locked(session, actor, product_id, Permission.STOCK_CHANGE)
    if reason not in ADJUSTMENTS:
        raise InvalidInput("Stock is adjusted because it was damaged, came back or was wrong in the books.")
    if delta == 0:
        raise InvalidInput("Say by how many the stock changes; a minus takes away.")
    check_quantity(abs(delta))
    if reason == MovementReason.DAMAGED and delta > 0:
        raise InvalidInput("Damaged goods leave the stock: enter their number with a minus.")
    if reason == MovementReason.RETURNED and delta < 0:
        raise InvalidInput("Goods that come back add to the stock: enter their number without a minus.")
    if not note.strip():
        raise InvalidInput("Say in the note why the stock is adjusted.")
    return _moved(session, actor, product, delta, reason, "", note)


def count_stock(session: Session, actor: Actor, product_id: uuid.UUID, *, counted: int, note: str = "") -> Product:
    """Set the stock to what was counted on the shelf; a count that agrees with the books is recorded too.

    The row is locked before the difference is taken, so nothing sold meanwhile is lost (R-SHOP-04).

    Raises:
        InvalidInput: The count is negative.
        Conflict: Less was counted than is promised to orders.
    """
    product = _locked(session, actor, product_id, Permission.STOCK_CHANGE)
    if not 0 <= counted <= MOST_PIECES:
        raise InvalidInput(f"A count is a number from 0 to {MOST_PIECES:,}.".replace(",", "\u00a0"))
    return _moved(session, actor, product, counted - product.on_hand, MovementReason.COUNTED, "", note)


def check_quantity(quantity: int) -> None:
    """Refuse a number of pieces that is none.

    Raises:
        InvalidInput: It is below 1 or beyond reason.
    """
    if not 1 <= quantity <= MOST_PIECES:
        raise InvalidInput(f"A quantity is a number from 1 to {MOST_PIECES:,}.".replace(",", "\u00a0"))


def lock_products(session: Session, product_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Product]:
    """Lock products in the order of their keys, the one order that never ends in a deadlock, and return them.

    The lock is the one an update takes itself: a stronger one would also wait for the checks of foreign keys,
    and two of those can wait for each other.
    """
    query = select(Product).where(Product.id.in_(set(product_ids))).order_by(Product.id)
    locked = session.execute(query.with_for_update(key_share=True).execution_options(populate_existing=True))
    return {product.id: product for product in locked.scalars()}


def move_stock(
    session: Session, deltas: Mapping[uuid.UUID, int], reason: MovementReason, *, reference: str = "", note: str = ""
) -> None:
    """Write movements of several products in one statement, in the order of the products' keys.

    The trigger of the ledger changes `on_hand`; the caller holds the products' locks.
    """
    now = clock.now()
    session.flush()
    session.execute(
        insert(StockMovement).values(
            [
                {
                    "id": uuid7(),
                    "product_id": product_id,
                    "delta": delta,
                    "reason": reason,
                    "reference": reference.strip(),
                    "note": note.strip(),
                    "occurred_at": now,
                }
                for product_id, delta in sorted(deltas.items())
            ]
        )
    )


def _check_facts(sku: str, title: str, price_minor: int, reorder_level: int) -> None:
    if not 1 <= len(sku.strip()) <= 64:
        raise InvalidInput("A product's SKU must have 1 to 64 letters.")
    if not 1 <= len(title.strip()) <= 200:
        raise InvalidInput("A product's title must have 1 to 200 letters.")
    if price_minor < 0:
        raise InvalidInput("A price cannot be negative.")
    if not 0 <= reorder_level <= MOST_PIECES:
        raise InvalidInput(f"A reorder level is a number from 0 to {MOST_PIECES:,}.".replace(",", "\u00a0"))


def _locked(session: Session, actor: Actor, product_id: uuid.UUID, permission: Permission) -> Product:
    query = select(Product).where(Product.id == product_id, visible_products(actor)).with_for_update(key_share=True)
    product = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if product is None:
        raise NotFound("There is no such product, or it is not yours to see.")
    require(actor, permission)
    return product


def _moved(
    session: Session, actor: Actor, product: Product, delta: int, reason: MovementReason, reference: str, note: str
) -> Product:
    left = product.on_hand + delta
    if left < product.allocated:
        raise Conflict(
            f"Only {max(left, 0)} would be left of “{product.title}”, and {product.allocated} are promised to orders."
            " Cancel an order first, or correct the number."
            if product.allocated
            else f"There are only {product.on_hand} of “{product.title}” in stock. Correct the number."
        )
    move_stock(session, {product.id: delta}, reason, reference=reference, note=note)
    session.refresh(product, ["on_hand"])
    tell_if_low(session, actor, product, -delta, uuid7())
    return product
