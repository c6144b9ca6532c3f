"""Products, the stock ledger, orders, carts and coupons."""

import uuid
from datetime import datetime

from sqlalchemy import Index, Sequence, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from avenrae.enums import DiscountKind, MovementReason, OrderKind, OrderStatus, PaymentStatus, ProductType
from avenrae.models.base import Base, Keyed, Stamped, check, folded, one_of, references
from avenrae.models.people import Client

order_numbers = Sequence("order_numbers", start=10001, metadata=Base.metadata)


class Product(Keyed, Stamped, Base):
    """What the shop sells; `on_hand` is kept by the stock ledger's trigger, `allocated` by orders."""

    __tablename__ = "products"

    sku: Mapped[str]
    title: Mapped[str]
    description: Mapped[str] = mapped_column(server_default=text("''"))
    product_type: Mapped[ProductType] = mapped_column(Text())
    category: Mapped[str] = mapped_column(server_default=text("''"))
    price_minor: Mapped[int]
    currency: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    reorder_level: Mapped[int] = mapped_column(server_default=text("0"))
    image_url: Mapped[str | None]
    on_hand: Mapped[int] = mapped_column(server_default=text("0"))
    allocated: Mapped[int] = mapped_column(server_default=text("0"))
    title_folded: Mapped[str] = folded("title")
    search_folded: Mapped[str] = folded("sku || ' ' || title")

    __table_args__ = (
        one_of("product_type", ProductType),
        check("sku", "sku = trim(sku) AND length(sku) BETWEEN 1 AND 64"),
        check("title", "length(title) BETWEEN 1 AND 200"),
        check("price", "price_minor >= 0"),
        check("currency", "currency ~ '^[A-Z]{3}$'"),
        check("reorder_level", "reorder_level >= 0"),
        check("stock", "on_hand >= 0 AND allocated BETWEEN 0 AND on_hand"),
        Index("uq_products_sku", text("upper(sku)"), unique=True),
        Index("ix_products_price", "price_minor", "id"),
        Index("ix_products_title", text('title_folded COLLATE "C"'), "id", postgresql_include=["is_active"]),
        Index(
            "ix_products_type",
            "product_type",
            text('title_folded COLLATE "C"'),
            "id",
            postgresql_include=["is_active"],
        ),
        Index("ix_products_search", text("search_folded gin_trgm_ops"), postgresql_using="gin"),
        Index(
            "ix_products_low",
            text('title_folded COLLATE "C"'),
            "id",
            postgresql_where=text("is_active AND reorder_level > 0 AND on_hand - allocated - reorder_level <= 0"),
        ),
        Index(
            "ix_products_out",
            text('title_folded COLLATE "C"'),
            "id",
            postgresql_where=text("on_hand - allocated = 0"),
        ),
    )


class StockMovement(Keyed, Base):
    """One line of the stock ledger: never changed, never deleted; the sum of a product's lines is its stock."""

    __tablename__ = "stock_movements"

    product_id: Mapped[uuid.UUID] = references("products.id")
    delta: Mapped[int]
    reason: Mapped[MovementReason] = mapped_column(Text())
    reference: Mapped[str] = mapped_column(server_default=text("''"))
    note: Mapped[str] = mapped_column(server_default=text("''"))
    occurred_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        one_of("reason", MovementReason),
        check("delta", "delta <> 0 OR reason = 'counted'"),
        Index("ix_stock_movements_product", "product_id", "occurred_at", "id"),
    )


class Order(Keyed, Stamped, Base):
    __tablename__ = "orders"

    reference: Mapped[str] = mapped_column(unique=True, server_default=text("'O-' || nextval('order_numbers')"))
    kind: Mapped[OrderKind] = mapped_column(Text(), server_default=text("'sale'"))
    client_id: Mapped[uuid.UUID | None] = references("clients.id")
    status: Mapped[OrderStatus] = mapped_column(Text(), server_default=text("'pending'"))
    payment_status: Mapped[PaymentStatus] = mapped_column(Text(), server_default=text("'unpaid'"))
    currency: Mapped[str]
    items_minor: Mapped[int]
    shipping_minor: Mapped[int] = mapped_column(server_default=text("0"))
    discount_minor: Mapped[int] = mapped_column(server_default=text("0"))
    total_minor: Mapped[int]
    refunded_minor: Mapped[int] = mapped_column(server_default=text("0"))
    placed_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    fulfilled_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancellation_reason: Mapped[str | None]
    country: Mapped[str | None]
    notes: Mapped[str] = mapped_column(server_default=text("''"))

    client: Mapped[Client | None] = relationship(lazy="raise")

    __table_args__ = (
        one_of("kind", OrderKind),
        one_of("status", OrderStatus),
        one_of("payment_status", PaymentStatus),
        check("currency", "currency ~ '^[A-Z]{3}$'"),
        check("total", "total_minor = items_minor + shipping_minor - discount_minor AND total_minor >= 0"),
        check("parts", "items_minor >= 0 AND shipping_minor >= 0 AND discount_minor >= 0"),
        check("refunded", "refunded_minor BETWEEN 0 AND total_minor"),
        check("paid", "(payment_status = 'unpaid') = (paid_at IS NULL)"),
        Index("ix_orders_placed", "placed_at", "id"),
        Index("ix_orders_total", "total_minor", "id"),
        Index("ix_orders_payment", "payment_status", "placed_at", "id"),
        Index("ix_orders_status", "status", "placed_at", "id"),
        Index("ix_orders_credit_notes", "placed_at", "id", postgresql_where=text("kind = 'credit_note'")),
        Index("ix_orders_client", "client_id", "placed_at"),
    )


class OrderItem(Keyed, Base):
    """One line of an order: price and title as they were; `line_total_minor` is what was charged for it."""

    __tablename__ = "order_items"

    order_id: Mapped[uuid.UUID] = references("orders.id", index=True)
    product_id: Mapped[uuid.UUID] = references("products.id", index=True)
    title: Mapped[str]
    quantity: Mapped[int]
    unit_price_minor: Mapped[int]
    line_total_minor: Mapped[int]

    __table_args__ = (
        check("quantity", "quantity > 0"),
        check("prices", "unit_price_minor >= 0 AND line_total_minor >= 0"),
    )


class Cart(Keyed, Stamped, Base):
    __tablename__ = "carts"

    client_id: Mapped[uuid.UUID] = references("clients.id", ondelete="CASCADE", unique=True)


class CartItem(Keyed, Stamped, Base):
    __tablename__ = "cart_items"

    cart_id: Mapped[uuid.UUID] = references("carts.id", ondelete="CASCADE")
    product_id: Mapped[uuid.UUID] = references("products.id", index=True)
    quantity: Mapped[int]

    __table_args__ = (check("quantity", "quantity BETWEEN 1 AND 1000"), UniqueConstraint("cart_id", "product_id"))


class Coupon(Keyed, Stamped, Base):
    __tablename__ = "coupons"

    code: Mapped[str]
    kind: Mapped[DiscountKind] = mapped_column(Text())
    percent_bps: Mapped[int | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    minimum_minor: Mapped[int] = mapped_column(server_default=text("0"))
    max_uses: Mapped[int | None]
    max_uses_per_client: Mapped[int | None]
    used_count: Mapped[int] = mapped_column(server_default=text("0"))
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))

    __table_args__ = (
        one_of("kind", DiscountKind),
        check(
            "discount",
            "(kind = 'percent' AND percent_bps BETWEEN 1 AND 10000 AND amount_minor IS NULL)"
            " OR (kind = 'fixed' AND amount_minor > 0 AND currency IS NOT NULL AND percent_bps IS NULL)",
        ),
        check("uses", "used_count >= 0 AND (max_uses IS NULL OR used_count <= max_uses)"),
        Index("uq_coupons_code", text("upper(code)"), unique=True),
    )


class CouponRedemption(Keyed, Stamped, Base):
    __tablename__ = "coupon_redemptions"

    coupon_id: Mapped[uuid.UUID] = references("coupons.id")
    client_id: Mapped[uuid.UUID] = references("clients.id", index=True)
    order_id: Mapped[uuid.UUID] = references("orders.id", unique=True)
    discount_minor: Mapped[int]

    __table_args__ = (Index("ix_coupon_redemptions_use", "coupon_id", "client_id"),)


class WishlistItem(Keyed, Stamped, Base):
    __tablename__ = "wishlist_items"

    client_id: Mapped[uuid.UUID] = references("clients.id", ondelete="CASCADE")
    product_id: Mapped[uuid.UUID] = references("products.id", ondelete="CASCADE", index=True)

    __table_args__ = (UniqueConstraint("client_id", "product_id"),)
