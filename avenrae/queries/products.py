"""Reads of products and of the stock ledger."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, select
from sqlalchemy.orm import Session

from avenrae.enums import MovementReason, ProductType
from avenrae.errors import NotFound
from avenrae.models import Product, StockMovement
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.listing import count_of, in_order, name_matches, one_of, page_of
from avenrae.queries.scopes import visible_products

_AVAILABLE = Product.on_hand - Product.allocated
# Written out, not bound: the indexes and the statistics stand on these very expressions.
_NOTHING: ColumnElement[int] = literal_column("0")
IS_OUT = _AVAILABLE == _NOTHING
IS_LOW = and_(Product.is_active, Product.reorder_level > _NOTHING, _AVAILABLE - Product.reorder_level <= _NOTHING)
"""Whether a product is on sale and has come to its reorder level; a level of 0 means it is not reordered."""
# Each has an index to walk.
_SORTS = {"title": Product.title_folded.collate("C"), "sku": func.upper(Product.sku), "price": Product.price_minor}
_ROWS: Select[*tuple[Any, ...]] = select(
    Product.id,
    Product.sku,
    Product.title,
    Product.product_type,
    Product.category,
    Product.price_minor,
    Product.currency,
    Product.is_active,
    Product.on_hand,
    Product.allocated,
    Product.reorder_level,
)


class StockLevel(StrEnum):
    """How much of a product can still be sold; `low` are those on sale that have come to their reorder level."""

    LOW = "low"
    OUT = "out"
    IN = "in"


class OnSale(StrEnum):
    YES = "yes"
    NO = "no"


@dataclass(frozen=True)
class ProductFilters:
    """What a list of products can be narrowed to; empty means everything the actor sees."""

    search: str = ""
    product_type: ProductType | None = None
    stock: StockLevel | None = None
    on_sale: OnSale | None = None


@dataclass(frozen=True)
class ProductRow:
    """One line of a list of products; the numbers of the stock are for those who keep it, None for others."""

    id: uuid.UUID
    sku: str
    title: str
    product_type: ProductType
    category: str
    price_minor: int
    currency: str
    is_active: bool
    in_stock: bool
    on_hand: int | None
    allocated: int | None
    available: int | None
    reorder_level: int | None

    @property
    def is_low(self) -> bool:
        """Whether the product is on sale and has come to its reorder level; a level of 0 means it is not reordered."""
        return (
            self.is_active
            and self.available is not None
            and bool(self.reorder_level)
            and self.available <= (self.reorder_level or 0)
        )


@dataclass(frozen=True)
class ProductDetail(ProductRow):
    """Everything about one product."""

    description: str
    created_at: datetime


@dataclass(frozen=True)
class MovementRow:
    """One line of the stock ledger, with the stock on hand right after it."""

    id: uuid.UUID
    occurred_at: datetime
    reason: MovementReason
    delta: int
    balance: int
    reference: str
    note: str


def product_filters(params: Mapping[str, str], _zone: str = "") -> ProductFilters:
    """Return the filters that an address holds (`q`, `type`, `stock`, `active`); no time, so no zone, is among them.

    Raises:
        InvalidInput: A value is none of those there are.
    """
    return ProductFilters(
        search=params.get("q", ""),
        product_type=one_of(ProductType, params.get("type")),
        stock=one_of(StockLevel, params.get("stock")),
        on_sale=one_of(OnSale, params.get("active")),
    )


def each_product(session: Session, actor: Actor, filters: ProductFilters, sort: str) -> Iterator[ProductRow]:
    """Yield every product the filters leave, as the database sends them; for exports."""
    require(actor, Permission.PRODUCT_VIEW)
    ordered = _ROWS.where(visible_products(actor), *_conditions(filters))
    ordered = ordered.order_by(*in_order(_SORTS, sort, Product.id)).execution_options(yield_per=1000)
    return (_row(actor, r) for r in session.execute(ordered))


def count_products(session: Session, actor: Actor, filters: ProductFilters) -> int:
    """Return how many products the filters leave, up to the counting limit."""
    return count_of(session, _ids(actor, filters))


def list_products(
    session: Session, actor: Actor, filters: ProductFilters, *, sort: str = "title", page: int = 1, size: int = 50
) -> list[ProductRow]:
    """Return one page of products, by title unless sorted otherwise.

    Raises:
        NotPermitted: The role sees no products.
        InvalidInput: The sort is not one of the list's.
    """
    order = in_order(_SORTS, sort, Product.id)
    chosen = page_of(_ids(actor, filters).order_by(*order), page, size).subquery()
    found = session.execute(_ROWS.where(Product.id.in_(select(chosen.c.id))).order_by(*order))
    return [_row(actor, r) for r in found]


def get_product(session: Session, actor: Actor, product_id: uuid.UUID) -> ProductDetail:
    """Return one product.

    Raises:
        NotFound: There is none, or the actor may not see it.
    """
    query = _ROWS.add_columns(Product.description, Product.created_at)
    found = session.execute(query.where(Product.id == product_id, visible_products(actor))).one_or_none()
    if found is None:
        raise NotFound("There is no such product, or it is not yours to see.")
    own = _row(actor, found)
    return ProductDetail(
        **{f: getattr(own, f) for f in ProductRow.__dataclass_fields__},
        description=found.description,
        created_at=found.created_at,
    )


def count_movements(session: Session, actor: Actor, product_id: uuid.UUID) -> int:
    """Return how many lines the stock ledger of a product has, up to the counting limit."""
    _visible(session, actor, product_id)
    return count_of(session, select(StockMovement.id).where(StockMovement.product_id == product_id))


def list_movements(
    session: Session, actor: Actor, product_id: uuid.UUID, *, page: int = 1, size: int = 50
) -> list[MovementRow]:
    """Return one page of a product's stock ledger, newest first, each line with the stock after it.

    The balances are counted back from the stock on hand, in the one statement that reads both.

    Raises:
        NotFound: There is no such product for this actor.
        NotPermitted: The role does not keep the stock.
    """
    _visible(session, actor, product_id)
    newest_first = (StockMovement.occurred_at.desc(), StockMovement.id.desc())
    newer = func.sum(StockMovement.delta).over(order_by=newest_first, rows=(None, -1))
    query: Select[*tuple[Any, ...]] = (
        select(
            StockMovement.id,
            StockMovement.occurred_at,
            StockMovement.reason,
            StockMovement.delta,
            (Product.on_hand - func.coalesce(newer, 0)).label("balance"),
            StockMovement.reference,
            StockMovement.note,
        )
        .join(Product, Product.id == StockMovement.product_id)
        .where(StockMovement.product_id == product_id)
        .order_by(*newest_first)
    )
    return [
        MovementRow(r.id, r.occurred_at, MovementReason(r.reason), r.delta, int(r.balance), r.reference, r.note)
        for r in session.execute(page_of(query, page, size))
    ]


def stock_as_of(session: Session, actor: Actor, product_id: uuid.UUID, instant: datetime) -> int:
    """Return how many of a product were on hand at an instant, its own second included (R-SHOP-04).

    Raises:
        NotFound: There is no such product for this actor.
        NotPermitted: The role does not keep the stock.
    """
    _visible(session, actor, product_id)
    query = select(func.coalesce(func.sum(StockMovement.delta), 0)).where(
        StockMovement.product_id == product_id, StockMovement.occurred_at <= instant
    )
    return int(session.execute(query).scalar_one())


def _visible(session: Session, actor: Actor, product_id: uuid.UUID) -> None:
    require(actor, Permission.STOCK_CHANGE)
    query = select(Product.id).where(Product.id == product_id, visible_products(actor))
    if session.execute(query).first() is None:
        raise NotFound("There is no such product, or it is not yours to see.")


def _ids(actor: Actor, filters: ProductFilters) -> Select[Any]:
    require(actor, Permission.PRODUCT_VIEW)
    return select(Product.id).where(visible_products(actor), *_conditions(filters))


def _conditions(f: ProductFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if f.product_type:
        conditions.append(Product.product_type == f.product_type)
    if f.stock is StockLevel.LOW:
        conditions.append(IS_LOW)
    elif f.stock is StockLevel.OUT:
        conditions.append(IS_OUT)
    elif f.stock is StockLevel.IN:
        conditions.append(_AVAILABLE > _NOTHING)
    if f.on_sale:
        conditions.append(Product.is_active.is_(f.on_sale is OnSale.YES))
    if search := f.search.strip():
        conditions.append(name_matches(Product.title_folded if len(search) < 3 else Product.search_folded, search))
    return conditions


def _row(actor: Actor, found: Any) -> ProductRow:
    available = found.on_hand - found.allocated
    keeps_stock = actor.may(Permission.STOCK_CHANGE)
    return ProductRow(
        id=found.id,
        sku=found.sku,
        title=found.title,
        product_type=ProductType(found.product_type),
        category=found.category,
        price_minor=found.price_minor,
        currency=found.currency,
        is_active=found.is_active,
        in_stock=available > 0,
        on_hand=found.on_hand if keeps_stock else None,
        allocated=found.allocated if keeps_stock else None,
        available=available if keeps_stock else None,
        reorder_level=found.reorder_level if keeps_stock else None,
    )
