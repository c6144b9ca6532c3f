"""Movements of money at a provider, and our own books."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from avenrae.enums import (
    LedgerKind,
    LedgerSource,
    PayoutStatus,
    Provider,
    SubscriptionStatus,
    TransactionKind,
    TransactionStatus,
)
from avenrae.models.base import Base, Keyed, Stamped, check, one_of, references


class Transaction(Keyed, Stamped, Base):
    """One movement of money; `amount_minor` is positive, `kind` says which way it went."""

    __tablename__ = "transactions"

    user_id: Mapped[uuid.UUID | None] = references("users.id", index=True)
    amount_minor: Mapped[int]
    currency: Mapped[str]
    kind: Mapped[TransactionKind] = mapped_column(Text())
    status: Mapped[TransactionStatus] = mapped_column(Text(), server_default=text("'pending'"))
    provider: Mapped[Provider] = mapped_column(Text())
    provider_transaction_id: Mapped[str | None]
    booking_id: Mapped[uuid.UUID | None] = references("bookings.id", index=True)
    order_id: Mapped[uuid.UUID | None] = references("orders.id", index=True)
    subscription_id: Mapped[uuid.UUID | None] = references("subscriptions.id", index=True)
    occurred_at: Mapped[datetime]
    details: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB, server_default=text("'{}'"))

    __table_args__ = (
        one_of("kind", TransactionKind),
        one_of("status", TransactionStatus),
        one_of("provider", Provider),
        check("amount", "amount_minor > 0"),
        check("currency", "currency ~ '^[A-Z]{3}$'"),
        check(
            "cause", "num_nonnulls(booking_id, order_id, subscription_id) = CASE kind WHEN 'payout' THEN 0 ELSE 1 END"
        ),
        UniqueConstraint("provider", "provider_transaction_id"),
        Index("ix_transactions_when", "occurred_at", "id"),
    )


class LedgerEntry(Keyed, Base):
    """One line of our books: never changed, never deleted.

    Sales are positive and refunds negative, so that sums are sums; `commission_minor` is the platform's part of
    `gross_minor` on bookings and events and 0 on products, which the platform sells itself.
    """

    __tablename__ = "ledger_entries"

    occurred_at: Mapped[datetime]
    kind: Mapped[LedgerKind] = mapped_column(Text())
    source: Mapped[LedgerSource] = mapped_column(Text())
    source_id: Mapped[uuid.UUID | None]
    sale_at: Mapped[datetime | None]
    practitioner_id: Mapped[uuid.UUID | None] = references("practitioners.id")
    client_id: Mapped[uuid.UUID | None] = references("clients.id")
    gross_minor: Mapped[int]
    commission_minor: Mapped[int] = mapped_column(server_default=text("0"))
    tax_minor: Mapped[int] = mapped_column(server_default=text("0"))
    currency: Mapped[str]
    transaction_id: Mapped[uuid.UUID | None] = references("transactions.id", index=True)
    note: Mapped[str] = mapped_column(server_default=text("''"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        one_of("kind", LedgerKind),
        one_of("source", LedgerSource),
        check("currency", "currency ~ '^[A-Z]{3}$'"),
        check("sign", "CASE kind WHEN 'sale' THEN gross_minor >= 0 WHEN 'refund' THEN gross_minor <= 0 ELSE true END"),
        check("commission", "abs(commission_minor) <= abs(gross_minor)"),
        Index(
            "ix_ledger_entries_when",
            "currency",
            "occurred_at",
            postgresql_include=["kind", "source", "gross_minor", "commission_minor"],
        ),
        Index(
            "ix_ledger_entries_restated",
            "currency",
            text("coalesce(sale_at, occurred_at)"),
            postgresql_where=text("kind = 'refund'"),
        ),
        Index("ix_ledger_entries_source", "source", "source_id"),
        Index("ix_ledger_entries_practitioner", "practitioner_id", "currency", "occurred_at"),
        Index("ix_ledger_entries_client", "client_id", "occurred_at"),
        Index(
            "uq_ledger_entries_one_sale",
            "source",
            "source_id",
            unique=True,
            postgresql_where=text("kind = 'sale' AND source IN ('booking', 'order')"),
        ),
    )


class _LedgerSum:
    """What both sums of the ledger say, and of what; the period comes after the currency, under a name of its own."""

    currency: Mapped[str] = mapped_column(primary_key=True, sort_order=-2)
    kind: Mapped[LedgerKind] = mapped_column(Text(), primary_key=True)
    source: Mapped[LedgerSource] = mapped_column(Text(), primary_key=True)
    entries: Mapped[int]
    gross_minor: Mapped[int]
    commission_minor: Mapped[int]


class LedgerHour(_LedgerSum, Base):
    """The ledger summed by the hour, kept by a trigger in the transaction of each entry: figures read few rows."""

    __tablename__ = "ledger_hours"

    hour: Mapped[datetime] = mapped_column(primary_key=True, sort_order=-1)

    __table_args__ = (one_of("kind", LedgerKind), one_of("source", LedgerSource))


class LedgerDay(_LedgerSum, Base):
    """The same by the day of UTC, whose midnight stands for it: months of any zone are these days and a few hours."""

    __tablename__ = "ledger_days"

    day: Mapped[datetime] = mapped_column(primary_key=True, sort_order=-1)

    __table_args__ = (one_of("kind", LedgerKind), one_of("source", LedgerSource))


class StripeEvent(Base):
    __tablename__ = "stripe_events"

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    processed_at: Mapped[datetime | None]
    verdict: Mapped[str | None]
    error: Mapped[str | None]


class Subscription(Keyed, Stamped, Base):
    __tablename__ = "subscriptions"

    user_id: Mapped[uuid.UUID] = references("users.id", index=True)
    plan: Mapped[str]
    status: Mapped[SubscriptionStatus] = mapped_column(Text(), server_default=text("'inactive'"))
    stripe_customer_id: Mapped[str | None]
    stripe_subscription_id: Mapped[str | None] = mapped_column(unique=True)
    current_period_end: Mapped[datetime | None]
    cancel_at_period_end: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (one_of("status", SubscriptionStatus),)


class Payout(Keyed, Stamped, Base):
    __tablename__ = "payouts"

    practitioner_id: Mapped[uuid.UUID] = references("practitioners.id", index=True)
    amount_minor: Mapped[int]
    currency: Mapped[str]
    period_from: Mapped[date]
    period_until: Mapped[date]
    status: Mapped[PayoutStatus] = mapped_column(Text(), server_default=text("'pending'"))
    transaction_id: Mapped[uuid.UUID | None] = references("transactions.id")

    __table_args__ = (
        one_of("status", PayoutStatus),
        check("amount", "amount_minor > 0"),
        check("period", "period_from <= period_until"),
    )
