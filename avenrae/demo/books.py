"""Payments and books of the demo world's sessions, by the rules of `services/money.py`."""

import uuid
from datetime import datetime, timedelta

from avenrae import money
from avenrae.demo.people import Customer, stamps
from avenrae.demo.rows import Frame, Tables
from avenrae.demo.sessions import Visit
from avenrae.enums import (
    BookingStatus,
    LedgerKind,
    LedgerSource,
    Provider,
    TransactionKind,
    TransactionStatus,
)
from avenrae.ids import uuid7
from avenrae.models import LedgerEntry, Transaction

_METHODS = ("card", "card", "EFT", "EFT", "cash")
_REFUND_REASONS = ("The session was cut short", "Goodwill after a complaint", "The client was charged in error")


def payment(
    frame: Frame,
    tables: Tables,
    customer: Customer | None,
    amount_minor: int,
    currency: str,
    at: datetime,
    *,
    booking: uuid.UUID | None = None,
    order: uuid.UUID | None = None,
    kind: TransactionKind = TransactionKind.CHARGE,
    status: TransactionStatus = TransactionStatus.SUCCEEDED,
    reason: str = "",
) -> uuid.UUID:
    """Put one movement of money aside and return its key."""
    key = uuid7()
    tables.add(
        Transaction,
        id=key,
        user_id=customer.user_id if customer else None,
        amount_minor=amount_minor,
        currency=currency,
        kind=kind,
        status=status,
        provider=Provider.MANUAL,
        booking_id=booking,
        order_id=order,
        occurred_at=at,
        metadata={"reason": reason} if reason else {"method": frame.rng.choice(_METHODS)},
        **stamps(at),
    )
    return key


def settle(frame: Frame, tables: Tables, visits: list[Visit]) -> None:
    """Put payments and ledger lines of sessions aside."""
    for visit in visits:
        _failed_attempts(frame, tables, visit)
        if visit.paid_at is not None:
            _settle_one(frame, tables, visit, visit.paid_at)


def _failed_attempts(frame: Frame, tables: Tables, visit: Visit) -> None:
    """Some cards are declined before one works; some payments are still on their way or were given up."""
    price, currency = visit.offering.price_minor, visit.worker.place.currency
    at = visit.created + timedelta(seconds=50)
    if visit.paid_at is not None and visit.paid_at > at and frame.chance(0.02):
        status = TransactionStatus.FAILED
    elif visit.paid_at is None and visit.reason and frame.chance(0.15):
        status = TransactionStatus.CANCELLED
    elif visit.paid_at is None and visit.status is BookingStatus.CONFIRMED and frame.chance(0.25):
        status = TransactionStatus.PENDING
    else:
        return
    payment(frame, tables, visit.customer, price, currency, at, booking=visit.id, status=status)


def _settle_one(frame: Frame, tables: Tables, visit: Visit, paid_at: datetime) -> None:
    price, currency = visit.offering.price_minor, visit.worker.place.currency
    charge = payment(frame, tables, visit.customer, price, currency, paid_at, booking=visit.id)
    refund = None
    if visit.refunded_minor and visit.refunded_at is not None:
        reason = visit.reason or frame.rng.choice(_REFUND_REASONS)
        refund = payment(
            frame,
            tables,
            visit.customer,
            visit.refunded_minor,
            currency,
            visit.refunded_at,
            booking=visit.id,
            kind=TransactionKind.REFUND,
            reason=reason,
        )
    commission = money.share(price, visit.worker.bps)
    if visit.status is BookingStatus.COMPLETED:
        closed = visit.closed_at or visit.ends
        _line(tables, visit, LedgerKind.SALE, visit.starts, price, commission, charge, made=closed)
        if refund is not None and visit.refunded_at is not None:
            back = commission * visit.refunded_minor // price
            _line(tables, visit, LedgerKind.REFUND, visit.refunded_at, -visit.refunded_minor, -back, refund)
    elif visit.status is BookingStatus.NO_SHOW:
        at = visit.closed_at or visit.ends
        _line(tables, visit, LedgerKind.ADJUSTMENT, at, price, commission, charge, note="No-show, payment kept")
    elif visit.cancelled_at is not None and (kept := price - visit.refunded_minor):
        share = money.share(kept, visit.worker.bps)
        note = "Cancelled late, part kept"
        _line(tables, visit, LedgerKind.ADJUSTMENT, visit.cancelled_at, kept, share, charge, note=note)


def _line(
    tables: Tables,
    visit: Visit,
    kind: LedgerKind,
    at: datetime,
    gross_minor: int,
    commission_minor: int,
    transaction: uuid.UUID,
    *,
    note: str = "",
    made: datetime | None = None,
) -> None:
    ledger_line(
        tables,
        kind,
        LedgerSource.BOOKING,
        visit.id,
        at,
        visit.starts,
        gross_minor,
        commission_minor,
        visit.worker.place.currency,
        transaction,
        practitioner=visit.worker.id,
        customer=visit.customer,
        note=note,
        made=made,
    )


def ledger_line(
    tables: Tables,
    kind: LedgerKind,
    source: LedgerSource,
    source_id: uuid.UUID,
    at: datetime,
    sale_at: datetime,
    gross_minor: int,
    commission_minor: int,
    currency: str,
    transaction: uuid.UUID,
    *,
    practitioner: uuid.UUID | None = None,
    customer: Customer | None = None,
    note: str = "",
    made: datetime | None = None,
) -> None:
    """Put one line of the books aside."""
    tables.add(
        LedgerEntry,
        id=uuid7(),
        occurred_at=at,
        kind=kind,
        source=source,
        source_id=source_id,
        sale_at=sale_at,
        practitioner_id=practitioner,
        client_id=customer.id if customer else None,
        gross_minor=gross_minor,
        commission_minor=commission_minor,
        currency=currency,
        transaction_id=transaction,
        note=note,
        created_at=made or at,
    )
