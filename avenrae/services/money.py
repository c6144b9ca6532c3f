"""Movements of money and their lines in the books; the services of bookings and orders call these."""

import uuid

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae import clock, money
from avenrae.enums import (
    LedgerKind,
    LedgerSource,
    PaymentStatus,
    Provider,
    Role,
    TransactionKind,
    TransactionStatus,
)
from avenrae.errors import InvalidInput, NotPermitted
from avenrae.models import Booking, Client, LedgerEntry, Order, Transaction
from avenrae.permissions import Actor
from avenrae.settings import settings


def record_payment(session: Session, subject: Booking | Order, amount_minor: int) -> Transaction | None:
    """Record money received by hand for a booking or an order; nothing is recorded for an amount of zero."""
    subject.payment_status = PaymentStatus.PAID
    if isinstance(subject, Order):
        subject.paid_at = clock.now()
    if amount_minor == 0:
        return None
    return _transaction(session, subject, TransactionKind.CHARGE, amount_minor)


def record_refund(
    session: Session, subject: Booking | Order, amount_minor: int, reason: str = ""
) -> Transaction | None:
    """Record money given back by hand, and why; a constraint holds the sum of refunds to what was paid.

    Raises:
        InvalidInput: The amount is not positive or more than is left.
    """
    paid = subject.price_minor if isinstance(subject, Booking) else subject.total_minor
    left = paid - subject.refunded_minor
    if paid == 0:
        subject.payment_status = PaymentStatus.REFUNDED
        return None
    if not 0 < amount_minor <= left:
        raise InvalidInput(f"The refund must be more than zero and at most {money.show(left, subject.currency)}.")
    subject.refunded_minor += amount_minor
    full = subject.refunded_minor == paid
    subject.payment_status = PaymentStatus.REFUNDED if full else PaymentStatus.PARTIALLY_REFUNDED
    return _transaction(session, subject, TransactionKind.REFUND, amount_minor, reason)


def require_refund_limit(actor: Actor, subject: Booking | Order, amount_minor: int) -> None:
    """Refuse a support agent's refund above the limit, counted over all refunds of the subject.

    Raises:
        NotPermitted: It is above the limit.
    """
    limit, currency = settings().support_refund_limit_minor, settings().currency
    if actor.role is not Role.SUPPORT or not amount_minor:
        return
    if subject.currency != currency:
        raise NotPermitted(f"A support agent can refund in {currency} only. Ask an admin to refund {subject.currency}.")
    if subject.refunded_minor + amount_minor > limit:
        raise NotPermitted(
            f"A support agent can refund up to {money.show(limit, currency)} in all. Ask an admin for more."
        )


def book_booking_sale(session: Session, booking: Booking, paid: Transaction | None) -> None:
    """Put a completed session into the books, on the day it took place."""
    _book_booking(session, booking, LedgerKind.SALE, paid, booking.price_minor, "")


def book_retained_fee(session: Session, booking: Booking, paid: Transaction | None, kept_minor: int, why: str) -> None:
    """Put what a client had paid and does not get back into the books; it is no sale, so it is an adjustment."""
    _book_booking(session, booking, LedgerKind.ADJUSTMENT, paid, kept_minor, why)


def book_order_sale(session: Session, order: Order, paid: Transaction | None) -> None:
    """Put a paid order into the books, on the day it was paid."""
    session.add(
        LedgerEntry(
            occurred_at=order.paid_at,
            sale_at=order.paid_at,
            kind=LedgerKind.SALE,
            source=LedgerSource.ORDER,
            source_id=order.id,
            client_id=order.client_id,
            gross_minor=order.total_minor,
            commission_minor=0,
            currency=order.currency,
            transaction_id=paid.id if paid else None,
        )
    )


def book_refund(session: Session, subject: Booking | Order, refunded: Transaction) -> None:
    """Reverse a sale in the books by what was refunded, on the refund's own date.

    Commission goes back by the same share, cumulatively, so that a full refund reverses it exactly to zero
    (R-PAY-03). Nothing is booked for a subject that never was a sale.
    """
    is_booking = isinstance(subject, Booking)
    source = LedgerSource.BOOKING if is_booking else LedgerSource.ORDER
    sale = session.execute(
        select(LedgerEntry).where(
            LedgerEntry.source == source, LedgerEntry.source_id == subject.id, LedgerEntry.kind == LedgerKind.SALE
        )
    ).scalar_one_or_none()
    if sale is None:
        return
    booked, reversed_before = session.execute(
        select(
            func.coalesce(func.sum(LedgerEntry.gross_minor), 0),
            func.coalesce(func.sum(LedgerEntry.commission_minor), 0),
        ).where(
            LedgerEntry.source == source, LedgerEntry.source_id == subject.id, LedgerEntry.kind == LedgerKind.REFUND
        )
    ).one()
    due = sale.commission_minor * (refunded.amount_minor - int(booked)) // sale.gross_minor
    session.add(
        LedgerEntry(
            occurred_at=max(refunded.occurred_at, sale.occurred_at),
            sale_at=sale.occurred_at,
            kind=LedgerKind.REFUND,
            source=source,
            source_id=subject.id,
            practitioner_id=sale.practitioner_id,
            client_id=sale.client_id,
            gross_minor=-refunded.amount_minor,
            commission_minor=-due - int(reversed_before),
            currency=subject.currency,
            transaction_id=refunded.id,
        )
    )


def book_kept_fee_back(session: Session, booking: Booking, refunded: Transaction, why: str) -> None:
    """Take what is given back of a kept fee out of the books; commission goes back by the same share, cumulatively."""
    is_fee = LedgerEntry.gross_minor > 0
    found = session.execute(
        select(
            *(
                func.coalesce(func.sum(column).filter(condition), 0)
                for condition in (is_fee, ~is_fee)
                for column in (LedgerEntry.gross_minor, LedgerEntry.commission_minor)
            )
        ).where(
            LedgerEntry.source == LedgerSource.BOOKING,
            LedgerEntry.source_id == booking.id,
            LedgerEntry.kind == LedgerKind.ADJUSTMENT,
        )
    ).one()
    kept, commission, back, commission_back = map(int, found)
    if not kept:
        return
    due = commission * (refunded.amount_minor - back) // kept
    session.add(
        LedgerEntry(
            occurred_at=refunded.occurred_at,
            sale_at=booking.starts_at,
            kind=LedgerKind.ADJUSTMENT,
            source=LedgerSource.BOOKING,
            source_id=booking.id,
            practitioner_id=booking.practitioner_id,
            client_id=booking.client_id,
            gross_minor=-refunded.amount_minor,
            commission_minor=-due - commission_back,
            currency=booking.currency,
            transaction_id=refunded.id,
            note=f"Kept fee given back: {why.strip()}",
        )
    )


def _book_booking(
    session: Session, booking: Booking, kind: LedgerKind, paid: Transaction | None, gross_minor: int, note: str
) -> None:
    at = booking.starts_at if kind is LedgerKind.SALE else clock.now()
    session.add(
        LedgerEntry(
            occurred_at=at,
            sale_at=booking.starts_at,
            kind=kind,
            source=LedgerSource.BOOKING,
            source_id=booking.id,
            practitioner_id=booking.practitioner_id,
            client_id=booking.client_id,
            gross_minor=gross_minor,
            commission_minor=money.share(gross_minor, booking.commission_bps),
            currency=booking.currency,
            transaction_id=paid.id if paid else None,
            note=note,
        )
    )


def find_refunds(session: Session, booking: Booking) -> list[Transaction]:
    """Return what went back of a booking so far, in order."""
    query = select(Transaction).where(
        Transaction.booking_id == booking.id,
        Transaction.kind == TransactionKind.REFUND,
        Transaction.status == TransactionStatus.SUCCEEDED,
    )
    return list(session.scalars(query.order_by(Transaction.occurred_at, Transaction.id)))


def find_payment(session: Session, subject: Booking | Order) -> Transaction | None:
    """Return the charge that paid for a booking or an order."""
    column = Transaction.booking_id if isinstance(subject, Booking) else Transaction.order_id
    query = select(Transaction).where(
        column == subject.id,
        Transaction.kind == TransactionKind.CHARGE,
        Transaction.status == TransactionStatus.SUCCEEDED,
    )
    return session.execute(query.order_by(Transaction.occurred_at).limit(1)).scalar_one_or_none()


def _transaction(
    session: Session, subject: Booking | Order, kind: TransactionKind, amount_minor: int, reason: str = ""
) -> Transaction:
    transaction = Transaction(
        user_id=_payer(session, subject.client_id),
        amount_minor=amount_minor,
        currency=subject.currency,
        kind=kind,
        status=TransactionStatus.SUCCEEDED,
        provider=Provider.MANUAL,
        booking_id=subject.id if isinstance(subject, Booking) else None,
        order_id=subject.id if isinstance(subject, Order) else None,
        occurred_at=clock.now(),
        details={"reason": reason.strip()} if reason.strip() else {},
    )
    session.add(transaction)
    session.flush()
    return transaction


def _payer(session: Session, client_id: uuid.UUID | None) -> uuid.UUID | None:
    return session.execute(select(Client.user_id).where(Client.id == client_id)).scalar_one_or_none()
