"""Bookings: completed, missed and cancelled sessions, and their money."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae.enums import BookingStatus, LedgerKind, PaymentStatus, Role, TransactionKind
from avenrae.errors import Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import LedgerEntry, Practitioner, Transaction
from avenrae.services.bookings import cancel_booking, complete_booking, decline_booking, mark_no_show
from avenrae.services.money import record_payment, record_refund
from tests import make
from tests.services.bookings.sessions import SERVICES, SYSTEM, books, due


def test_completing_books_the_sale_on_its_day(session: Session, noon: datetime) -> None:
    booking = due(session, noon, price_minor=33_333, commission_bps=1500)
    complete_booking(session, SYSTEM, booking.id, paid_on_site=True)
    assert books(session, booking) == [(LedgerKind.SALE, 33_333, 5_000)]
    entry = session.scalars(select(LedgerEntry)).one()
    paid = session.scalars(select(Transaction)).one()
    assert (entry.occurred_at, entry.transaction_id) == (booking.starts_at, paid.id)
    assert (paid.kind, paid.amount_minor) == (TransactionKind.CHARGE, 33_333)
    assert booking.payment_status == PaymentStatus.PAID
    assert session.get_one(Practitioner, booking.practitioner_id, populate_existing=True).booking_count == 1


def test_completing_needs_payment_and_time(session: Session, noon: datetime) -> None:
    unpaid = due(session, noon)
    with pytest.raises(Conflict, match=r"^This session has not been paid\."):
        complete_booking(session, SYSTEM, unpaid.id)
    coming = make.make_booking(session, status=BookingStatus.CONFIRMED)
    with pytest.raises(Conflict, match=r"before it has begun\.$"):
        complete_booking(session, SYSTEM, coming.id, paid_on_site=True)
    assert books(session, unpaid) == books(session, coming) == []


def test_a_no_show_keeps_the_payment_as_an_adjustment(session: Session, noon: datetime) -> None:
    booking = due(session, noon, payment_status=PaymentStatus.PAID)
    mark_no_show(session, SYSTEM, booking.id)
    assert books(session, booking) == [(LedgerKind.ADJUSTMENT, 60_000, 9_000)]


@pytest.mark.parametrize(
    ("hours", "back", "kept"), [(48, 60_000, []), (24, 30_000, [("adjustment", 30_000, 4_500)]), (23, 0, "all")]
)
def test_a_client_gets_back_what_the_policy_gives(
    session: Session, noon: datetime, hours: int, back: int, kept: object
) -> None:
    """R-BOOK-11: moderate; what is not given back is kept as an adjustment."""
    client = make.make_client(session)
    actor = make.actor_of(session.get_one(make.User, client.user_id), client=client)
    booking = make.make_booking(
        session,
        client=client,
        starts_at=noon + timedelta(hours=hours),
        payment_status=PaymentStatus.PAID,
        policy="moderate",
    )
    cancel_booking(session, actor, booking.id, "I am ill")
    refunds = session.scalars(select(Transaction.amount_minor).where(Transaction.kind == TransactionKind.REFUND)).all()
    assert refunds == ([back] if back else [])
    assert booking.refunded_minor == back
    assert books(session, booking) == ([("adjustment", 60_000, 9_000)] if kept == "all" else kept)


def test_staff_give_everything_back_up_to_their_limit(session: Session, noon: datetime) -> None:
    support = make.make_actor(session, Role.SUPPORT)
    fine = make.make_booking(session, payment_status=PaymentStatus.PAID, price_minor=200_000)
    dear = make.make_booking(session, payment_status=PaymentStatus.PAID, price_minor=200_001)
    cancel_booking(session, support, fine.id, "Asked for it by phone")
    assert (fine.status, fine.payment_status) == (BookingStatus.CANCELLED, PaymentStatus.REFUNDED)
    with pytest.raises(NotPermitted, match=r"^A support agent can refund up to R\u00a02\u00a0000\.00 in all\."):
        cancel_booking(session, support, dear.id, "Asked for it by phone")
    session.refresh(dear)
    assert (dear.status, dear.payment_status, dear.refunded_minor) == (BookingStatus.PENDING, PaymentStatus.PAID, 0)


ALLOWED = {
    Role.CLIENT: {"cancel"},
    Role.PRACTITIONER: {"confirm", "decline", "complete", "no_show"},
    Role.SUPPORT: {"confirm", "cancel"},
    Role.ADMIN: set(SERVICES),
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("name", list(SERVICES))
def test_who_may_do_what(session: Session, noon: datetime, role: Role, own: bool, name: str) -> None:
    """R-USR-01: role × action × own or another's; after a refusal nothing has changed."""
    practitioner, client = make.make_practitioner(session), make.make_client(session)
    if role is Role.PRACTITIONER:
        user = session.get_one(make.User, practitioner.user_id)
        actor = make.actor_of(user, practitioner=practitioner if own else make.make_practitioner(session))
    elif role is Role.CLIENT:
        user = session.get_one(make.User, client.user_id)
        actor = make.actor_of(user, client=client if own else make.make_client(session))
    else:
        actor = make.make_actor(session, role)
    closing = name in ("complete", "no_show")
    booking = make.make_booking(
        session,
        practitioner=practitioner,
        client=client,
        status=BookingStatus.CONFIRMED if closing else BookingStatus.PENDING,
        starts_at=noon - timedelta(hours=1) if closing else noon + timedelta(days=3),
    )
    before = booking.status
    sees = own or role in (Role.SUPPORT, Role.ADMIN)
    if sees and name in ALLOWED[role]:
        SERVICES[name](session, actor, booking)
        assert booking.status != before
        return
    with pytest.raises(NotPermitted if sees else NotFound):
        SERVICES[name](session, actor, booking)
    session.refresh(booking)
    assert booking.status == before
    assert books(session, booking) == []


@pytest.mark.parametrize("name", ["decline", "cancel"])
def test_a_reason_is_asked_for(session: Session, noon: datetime, name: str) -> None:
    booking = make.make_booking(session)
    service = {"decline": decline_booking, "cancel": cancel_booking}[name]
    with pytest.raises(InvalidInput, match=r"^Say why"):
        service(session, SYSTEM, booking.id, "  ")
    session.refresh(booking)
    assert booking.status == BookingStatus.PENDING


def test_a_client_cannot_undo_what_has_begun(session: Session, noon: datetime) -> None:
    client = make.make_client(session)
    actor = make.actor_of(session.get_one(make.User, client.user_id), client=client)
    booking = due(session, noon, client=client)
    with pytest.raises(Conflict, match=r"^This session has begun\."):
        cancel_booking(session, actor, booking.id, "I was not there")
    assert booking.status == BookingStatus.CONFIRMED


def test_the_limit_of_support_is_in_one_currency(session: Session, noon: datetime) -> None:
    support = make.make_actor(session, Role.SUPPORT)
    pounds = make.make_booking(session, payment_status=PaymentStatus.PAID, currency="GBP", price_minor=100)
    with pytest.raises(NotPermitted, match=r"^A support agent can refund in ZAR only\."):
        cancel_booking(session, support, pounds.id, "Asked for it by phone")
    session.refresh(pounds)
    assert (pounds.status, pounds.refunded_minor) == (BookingStatus.PENDING, 0)


@pytest.mark.parametrize("end", ["complete", "no_show", "cancel"])
def test_what_was_given_back_before_is_not_lost(session: Session, noon: datetime, end: str) -> None:
    """R-PAY-03: after a part refund the books hold what is left, however the session ends."""
    booking = due(session, noon, price_minor=60_000)
    record_payment(session, booking, 60_000)
    record_refund(session, booking, 10_000, "Began late")
    SERVICES[end](session, SYSTEM, booking)
    session.flush()
    in_the_till = sum(
        t.amount_minor * (1 if t.kind == TransactionKind.CHARGE else -1) for t in session.scalars(select(Transaction))
    )
    lines = books(session, booking)
    assert sum(gross for _, gross, _ in lines) == in_the_till == (0 if end == "cancel" else 50_000)
    assert sum(commission for _, _, commission in lines) == (0 if end == "cancel" else 7_500)
