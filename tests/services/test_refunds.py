"""Refunds of sessions to the cent, and four eyes on those above an agent's limit."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import BookingStatus, CancellationPolicy, Role
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import (
    Booking,
    LedgerEntry,
    Notification,
    Order,
    OutboxMail,
    RefundRequest,
    TicketMessage,
    Transaction,
    User,
)
from avenrae.permissions import Actor
from avenrae.queries.invariants import broken
from avenrae.services.bookings import cancel_booking, complete_booking, mark_no_show
from avenrae.services.money import record_payment
from avenrae.services.orders import fulfil_order, place_order, record_order_payment, refund_order
from avenrae.services.refunds import ask_for_refund, grant_refund, refund_booking, refuse_refund
from tests import make
from tests.threads import answers, at_once, click

SYSTEM = Actor.system("Test")


def paid(session: Session, *, price_minor: int = 99_99, **kw) -> Booking:
    """A confirmed session that was paid and has begun."""
    practitioner = make.make_practitioner(session)
    service = make.make_service(session, practitioner, price_minor=price_minor)
    kw = {"starts_at": clock.now() - timedelta(hours=1), "status": BookingStatus.CONFIRMED, **kw}
    booking = make.make_booking(session, practitioner=practitioner, service=service, **kw)
    record_payment(session, booking, booking.price_minor)
    session.flush()
    return booking


def booked(session: Session, booking: Booking) -> list[tuple[str, int, int]]:
    """What the books say of a session."""
    lines = session.scalars(
        select(LedgerEntry).where(LedgerEntry.source_id == booking.id).order_by(LedgerEntry.created_at, LedgerEntry.id)
    )
    return [(e.kind, e.gross_minor, e.commission_minor) for e in lines]


def test_a_completed_session_is_given_back_in_thirds(session: Session, noon: datetime) -> None:
    """R-PAY-03: 33.33 three times on 99.99 is exact, and its commission goes back exactly to zero."""
    agent, booking = make.make_actor(session, Role.SUPPORT), paid(session)
    complete_booking(session, SYSTEM, booking.id)
    for _ in range(3):
        refund_booking(session, agent, booking.id, amount_minor=33_33, reason="No sound")
    lines = booked(session, booking)
    assert [(k, g) for k, g, _ in lines] == [("sale", 99_99), *[("refund", -33_33)] * 3]
    assert sum(c for *_, c in lines) == 0
    assert (booking.status, booking.payment_status) == ("completed", "refunded")
    with pytest.raises(Conflict, match=r"^This booking cannot be refunded: nothing of what was paid is left\.$"):
        refund_booking(session, agent, booking.id, amount_minor=1, reason="More")
    assert broken(session) == []


@pytest.mark.parametrize("how", ["no-show", "late"])
def test_a_kept_fee_goes_back_as_it_came(session: Session, noon: datetime, how: str) -> None:
    """R-BOOK-11: staff waive a fee that was kept; adjustment and commission are taken back, GMV stays."""
    if how == "no-show":
        booking = paid(session)
        mark_no_show(session, SYSTEM, booking.id)
    else:
        booking = paid(session, starts_at=noon + timedelta(hours=30), policy=CancellationPolicy.MODERATE)
        client = session.get_one(User, session.scalar(select(Transaction.user_id)))
        owner = make.actor_of(client)
        owner = Actor(owner.user_id, Role.CLIENT, owner.name, client_id=booking.client_id)
        cancel_booking(session, owner, booking.id, "Ill")
    kept = booking.price_minor - booking.refunded_minor
    fee = booked(session, booking)[0]
    refund_booking(session, SYSTEM, booking.id, amount_minor=kept // 3, reason="Goodwill")
    refund_booking(session, SYSTEM, booking.id, amount_minor=kept - kept // 3, reason="All of it")
    lines = booked(session, booking)
    assert {k for k, *_ in lines} == {"adjustment"}
    assert (sum(g for _, g, _ in lines), sum(c for *_, c in lines)) == (0, 0)
    assert fee[1] == kept
    assert broken(session) == []


def test_a_session_to_come_is_given_back_and_closed_later(session: Session, noon: datetime) -> None:
    """What goes back before the session is in the books once it took place."""
    booking = paid(session, starts_at=noon - timedelta(minutes=5))
    refund_booking(session, SYSTEM, booking.id, amount_minor=10_00, reason="Shorter")
    assert booked(session, booking) == []
    complete_booking(session, SYSTEM, booking.id)
    assert [(k, g) for k, g, _ in booked(session, booking)] == [("sale", 99_99), ("refund", -10_00)]
    assert broken(session) == []


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER])
def test_nobody_else_gives_back(session: Session, noon: datetime, role: Role) -> None:
    """R-USR-01: refused at the services, and nothing changed."""
    booking, other = paid(session), make.make_actor(session, role)
    request = ask_for_refund(
        session, make.make_actor(session, Role.SUPPORT), amount_minor=1, reason="Late", booking_id=booking.id
    )
    for attempt in (
        lambda: refund_booking(session, other, booking.id, amount_minor=1, reason="Mine"),
        lambda: ask_for_refund(session, other, amount_minor=1, reason="Mine", booking_id=booking.id),
        lambda: grant_refund(session, other, request.id),
        lambda: refuse_refund(session, other, request.id, "No"),
    ):
        with pytest.raises((NotFound, NotPermitted)):
            attempt()
    assert (booking.refunded_minor, request.decided_at) == (0, None)


def test_above_the_limit_an_admin_is_asked(session: Session, noon: datetime) -> None:
    """The whole way: asked from a ticket, all other admins are told, one grants it, the agent is told."""
    make.make_desk(session)
    agent, admin = make.make_actor(session, Role.SUPPORT), make.make_actor(session, Role.ADMIN)
    booking, ticket = paid(session, price_minor=3_000_00), make.make_ticket(session)
    complete_booking(session, SYSTEM, booking.id)
    with pytest.raises(NotPermitted, match=r"^A support agent can refund up to R.2.000\.00 in all\."):
        refund_booking(session, agent, booking.id, amount_minor=2_500_00, reason="Never came")
    request = ask_for_refund(
        session, agent, amount_minor=2_500_00, reason="Never came", booking_id=booking.id, ticket_id=ticket.id
    )
    notice = session.scalars(select(Notification).where(Notification.event == "refund_asked")).one()
    assert (notice.user_id, notice.kind, notice.record_id) == (admin.user_id, "refund", request.id)
    assert notice.title == f"{agent.name} asks for a refund of R\u00a02\u00a0500.00"
    with pytest.raises(NotPermitted, match=r"^Your role \(support\) does not allow this\."):
        grant_refund(session, agent, request.id)
    grant_refund(session, admin, request.id, "Fair enough")
    assert (booking.refunded_minor, request.is_granted, request.decided_by_id) == (2_500_00, True, admin.user_id)
    told = session.scalars(select(OutboxMail).where(OutboxMail.user_id == agent.user_id)).one()
    assert (told.subject, told.body) == (
        "Your refund of R\u00a02\u00a0500.00 was granted",
        f"{admin.name} granted it: Fair enough",
    )
    notes = session.scalars(
        select(TicketMessage.body).where(TicketMessage.is_internal).order_by(TicketMessage.id)
    ).all()
    assert notes == [
        f"Asked an admin to give back R\u00a02\u00a0500.00 of {booking.reference}: Never came",
        "The refund of R\u00a02\u00a0500.00 was granted: Fair enough",
    ]
    assert broken(session) == []


def test_who_asked_does_not_decide(session: Session, noon: datetime) -> None:
    """Four eyes: by the service, and by the constraint where somebody goes past it."""
    admin, booking = make.make_actor(session, Role.ADMIN), paid(session)
    request = ask_for_refund(session, admin, amount_minor=1_00, reason="Late", booking_id=booking.id)
    for attempt in (
        lambda: grant_refund(session, admin, request.id),
        lambda: refuse_refund(session, admin, request.id, "No"),
    ):
        with pytest.raises(NotPermitted, match=r"^You asked for this refund, so another admin must decide it\.$"):
            attempt()
    assert (booking.refunded_minor, request.decided_at) == (0, None)


def test_the_database_wants_four_eyes_too(database: str) -> None:
    with transaction(SYSTEM, "prepare") as session:
        admin, booking = make.make_actor(session, Role.ADMIN), paid(session)
        request = ask_for_refund(session, admin, amount_minor=1_00, reason="Late", booking_id=booking.id)
        key = request.id

    def decide() -> None:
        with transaction(admin, "past_the_service") as session:
            own = session.get_one(RefundRequest, key)
            own.decided_by_id, own.decided_at, own.is_granted = admin.user_id, clock.now(), True

    with pytest.raises(Conflict, match=r"^Somebody else than who asked for it must decide\.$"):
        decide()


def test_what_is_left_is_asked_again_when_it_is_granted(session: Session, noon: datetime) -> None:
    """R-PAY-03: between asking and granting something went back; the sum never passes what was paid."""
    agent, admin = make.make_actor(session, Role.SUPPORT), make.make_actor(session, Role.ADMIN)
    booking = paid(session)
    request = ask_for_refund(session, agent, amount_minor=60_00, reason="Late", booking_id=booking.id)
    refund_booking(session, agent, booking.id, amount_minor=50_00, reason="At once")
    with pytest.raises(InvalidInput, match=r"^The refund must be more than zero and at most R.49\.99\.$"):
        grant_refund(session, admin, request.id)
    assert (booking.refunded_minor, request.decided_at) == (50_00, None)
    refuse_refund(session, admin, request.id, "Given back in part already")
    assert (request.is_granted, request.answer) == (False, "Given back in part already")
    with pytest.raises(Conflict, match=r"^This request has been refused already\.$"):
        grant_refund(session, admin, request.id)


def test_an_order_is_asked_for_as_well(session: Session, noon: datetime) -> None:
    agent, admin = make.make_actor(session, Role.SUPPORT), make.make_actor(session, Role.ADMIN)
    product = make.make_product(session, stock=5, price_minor=1_500_00)
    order = place_order(session, SYSTEM, client_id=make.make_client(session).id, lines=[(product.id, 2)])
    with pytest.raises(Conflict, match=r"^There is nothing to ask for"):
        ask_for_refund(session, agent, amount_minor=1, reason="Late", order_id=order.id)
    record_order_payment(session, SYSTEM, order.id)
    fulfil_order(session, SYSTEM, order.id)
    request = ask_for_refund(session, agent, amount_minor=3_000_00, reason="Broken", order_id=order.id)
    grant_refund(session, admin, request.id)
    assert (order.refunded_minor, order.payment_status) == (3_000_00, "refunded")
    assert broken(session) == []


@pytest.mark.parametrize(
    ("kw", "error", "sentence"),
    [
        ({"amount_minor": 0}, InvalidInput, "The refund must be more than zero and at most R\u00a099.99."),
        ({"amount_minor": 100_00}, InvalidInput, "The refund must be more than zero and at most R\u00a099.99."),
        ({"reason": " "}, InvalidInput, "Say why, so that the admin can decide."),
        ({"booking_id": None}, InvalidInput, "Say of which booking or order the money goes back."),
    ],
)
def test_what_cannot_be_asked(session: Session, noon: datetime, kw, error: type[AvenraeError], sentence: str) -> None:
    agent, booking = make.make_actor(session, Role.SUPPORT), paid(session)
    asked = {"amount_minor": 50_00, "reason": "Late", "booking_id": booking.id, **kw}
    with pytest.raises(error) as refused:
        ask_for_refund(session, agent, **asked)
    assert refused.value.message == sentence
    assert session.scalar(select(func.count()).select_from(RefundRequest)) == 0


def test_one_question_at_a_time(database: str) -> None:
    with transaction(SYSTEM, "prepare") as session:
        agent, booking = make.make_actor(session, Role.SUPPORT), paid(session)
        ask_for_refund(session, agent, amount_minor=1_00, reason="Late", booking_id=booking.id)

    def ask_again() -> None:
        with transaction(agent, "ask_for_refund") as session:
            ask_for_refund(session, agent, amount_minor=2_00, reason="Later", booking_id=booking.id)

    with pytest.raises(Conflict, match=r"^An admin has been asked about this booking already; wait for the answer\.$"):
        ask_again()


def test_two_admins_decide_once(database: str) -> None:
    """Eight clicks of several admins at once, some grant and some refuse: one decides, money moves at most once."""
    with transaction(SYSTEM, "prepare") as session:
        agent = make.make_actor(session, Role.SUPPORT)
        admins = [make.make_actor(session, Role.ADMIN) for _ in range(8)]
        booking = paid(session)
        request = ask_for_refund(session, agent, amount_minor=40_00, reason="Late", booking_id=booking.id)
        booking_id, request_id = booking.id, request.id

    def decide(session: Session, n: int) -> None:
        if n % 2:
            refuse_refund(session, admins[n], request_id, "No")
        else:
            grant_refund(session, admins[n], request_id)

    said = answers(at_once([click(admins[n], partial(decide, n=n)) for n in range(8)]))
    with read_session() as session:
        request = session.get_one(RefundRequest, request_id)
        word = "granted" if request.is_granted else "refused"
        assert sorted(said) == sorted(["done", *[f"This request has been {word} already."] * 7])
        assert session.get_one(Booking, booking_id).refunded_minor == (40_00 if request.is_granted else 0)
        told = select(func.count()).select_from(OutboxMail).where(OutboxMail.user_id == agent.user_id)
        assert session.scalar(told) == 1
        assert broken(session) == []


def test_an_order_s_refund_counts_for_the_question(session: Session, noon: datetime) -> None:
    """A refund given meanwhile by hand leaves less for the request of an order, too."""
    agent, admin = make.make_actor(session, Role.SUPPORT), make.make_actor(session, Role.ADMIN)
    product = make.make_product(session, stock=5, price_minor=1_000_00)
    order = place_order(session, SYSTEM, client_id=make.make_client(session).id, lines=[(product.id, 1)])
    record_order_payment(session, SYSTEM, order.id)
    request = ask_for_refund(session, agent, amount_minor=1_000_00, reason="Lost", order_id=order.id)
    refund_order(session, agent, order.id, amount_minor=1_00, reason="Stamps")
    with pytest.raises(InvalidInput, match=r"at most R.999\.00\.$"):
        grant_refund(session, admin, request.id)
    assert session.get_one(Order, order.id).refunded_minor == 1_00


@pytest.mark.parametrize("decide", [grant_refund, refuse_refund])
def test_what_is_decided_waits_for_nobody(session: Session, noon: datetime, decide) -> None:
    """R-NOT-01: one admin decides, and the other is not asked any more."""
    agent, first, second = (make.make_actor(session, role) for role in (Role.SUPPORT, Role.ADMIN, Role.ADMIN))
    asked = ask_for_refund(session, agent, amount_minor=99_99, reason="Ill", booking_id=paid(session).id)
    other = ask_for_refund(session, agent, amount_minor=99_99, reason="Ill", booking_id=paid(session).id)
    unread = select(Notification.record_id).where(Notification.read_at.is_(None))
    unread = unread.where(Notification.user_id.in_([first.user_id, second.user_id]))
    assert sorted(session.scalars(unread)) == sorted([asked.id, other.id] * 2)
    decide(session, first, asked.id, "It is so.")
    assert session.scalars(unread).all() == [other.id] * 2
