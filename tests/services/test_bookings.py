"""Agreeing, closing and cancelling sessions."""

import re
import threading
import time
from datetime import datetime, timedelta
from datetime import time as time_type

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db import engine as db
from avenrae.db.transaction import transaction
from avenrae.enums import BookingStatus, LedgerKind, PaymentStatus, Role, TransactionKind
from avenrae.errors import Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import AvailabilityRule, Booking, LedgerEntry, OutboxMail, Practitioner, Transaction
from avenrae.permissions import Actor
from avenrae.queries.diaries import list_slots
from avenrae.queries.history import list_changes
from avenrae.services.bookings import (
    cancel_booking,
    complete_booking,
    confirm_booking,
    create_booking,
    decline_booking,
    edit_booking_notes,
    mark_no_show,
    reschedule_booking,
)
from avenrae.services.money import record_payment, record_refund
from tests import make
from tests.bench.conftest import listening

TAKEN = "This time is taken, counting the buffers around sessions. Choose another time."
SYSTEM = Actor.system("Test")


def race(jobs: list) -> list:
    """Run every job at once in its own thread; each result is what it returned or raised, with its seconds."""
    barrier = threading.Barrier(len(jobs))
    results: list = [None] * len(jobs)

    def run(i: int) -> None:
        barrier.wait()
        started = time.perf_counter()
        try:
            results[i] = (jobs[i](), time.perf_counter() - started)
        except Exception as e:
            results[i] = (e, time.perf_counter() - started)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.slow
@pytest.mark.parametrize("outside_hours", [True, False], ids=["by the constraint", "among what is offered"])
def test_one_slot_has_one_winner(database: str, outside_hours: bool) -> None:
    """R-BOOK-01: 50 at one slot; one succeeds, 49 get the same sentence, no writer waits longer than a second."""
    with transaction(SYSTEM, "prepare") as session:
        practitioner = make.make_practitioner(session)
        service = make.make_service(session, practitioner)
        clients = [make.make_client(session).id for _ in range(50)]
    at = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)

    def book(client_id):
        def job():
            with transaction(SYSTEM, "create_booking") as session:
                return create_booking(
                    session,
                    SYSTEM,
                    client_id=client_id,
                    service_id=service.id,
                    starts_at=at,
                    outside_hours=outside_hours,
                ).reference

        return job

    results = race([book(c) for c in clients])
    won = [r for r, _ in results if isinstance(r, str)]
    lost = {(type(r), str(r)) for r, _ in results if not isinstance(r, str)}
    assert len(won) == 1
    assert len(lost) == 1
    kind, sentence = lost.pop()
    assert kind is Conflict
    assert sentence == TAKEN if outside_hours else re.search(r"occupies .*The nearest free times: .*;.*;", sentence)
    # Looking for the nearest times takes Python's time, 50 threads of it; only the bare race is about waiting.
    assert not outside_hours or max(seconds for _, seconds in results) < 1.0
    with transaction(SYSTEM, "check") as session:
        assert session.scalar(select(func.count()).select_from(Booking)) == 1


@pytest.mark.slow
def test_two_overlapping_requests_moved_together_at_once(database: str) -> None:
    """R-BOOK-01: reschedules into one slot race like inserts; exactly one of them gets it."""
    with transaction(SYSTEM, "prepare") as session:
        practitioner = make.make_practitioner(session)
        start = clock.now() + timedelta(days=3)
        ids = [
            make.make_booking(session, practitioner=practitioner, starts_at=start + timedelta(hours=2 * i)).id
            for i in range(20)
        ]
    target = start + timedelta(days=7)

    def move(booking_id):
        def job():
            with transaction(SYSTEM, "reschedule") as session:
                booking = session.get_one(Booking, booking_id, with_for_update=True)
                booking.starts_at, booking.ends_at = target, target + timedelta(hours=1)
            return "moved"

        return job

    results = [r for r, _ in race([move(i) for i in ids])]
    assert results.count("moved") == 1
    assert {str(r) for r in results if r != "moved"} == {TAKEN}


@pytest.mark.slow
def test_confirming_is_done_once(database: str) -> None:
    """R-BOOK-01: 20 people confirm one request; one does, the others are told that it is confirmed already."""
    with transaction(SYSTEM, "prepare") as session:
        booking_id = make.make_booking(session).id

    def job():
        with transaction(SYSTEM, "confirm_booking") as session:
            return confirm_booking(session, SYSTEM, booking_id).reference

    results = [r for r, _ in race([job] * 20)]
    assert sum(isinstance(r, str) for r in results) == 1
    assert {str(r) for r in results if not isinstance(r, str)} == {
        "This booking cannot be confirmed: it is confirmed already."
    }


def times(session: Session, practitioner: Practitioner, *spans: tuple[datetime, datetime], **kw) -> None:
    """Book every span with a practitioner."""
    for start, end in spans:
        make.make_booking(session, practitioner=practitioner, starts_at=start, ends_at=end, **kw)


def test_neighbours_are_no_overlap(session: Session, noon: datetime) -> None:
    """R-BOOK-02: ranges are half-open, so 10–11 and 11–12 coexist."""
    practitioner = make.make_practitioner(session)
    ten = noon + timedelta(days=1)
    times(session, practitioner, (ten, ten + timedelta(hours=1)), (ten + timedelta(hours=1), ten + timedelta(hours=2)))


@pytest.mark.parametrize(
    ("start_minute", "free"), [(60, False), (61, False), (180, True), (179, False), (-180, True), (-179, False)]
)
def test_buffers_of_an_hour_block_from_nine_to_twelve(
    session: Session, noon: datetime, start_minute: int, free: bool
) -> None:
    """R-BOOK-02: with 60/60 a booking 10–11 blocks 9–12; another hour with its own buffers fits two hours away."""
    practitioner = make.make_practitioner(session)
    ten = noon + timedelta(days=1)
    times(session, practitioner, (ten, ten + timedelta(hours=1)), buffer_before=60, buffer_after=60)
    start = ten + timedelta(minutes=start_minute)
    book(session, practitioner, start, 60, 60, 60, free=free)


@pytest.mark.parametrize(
    ("start_minute", "minutes", "free"), [(75, 30, True), (74, 30, False), (-75, 30, True), (-74, 30, False)]
)
def test_both_bookings_buffers_count(
    session: Session, noon: datetime, start_minute: int, minutes: int, free: bool
) -> None:
    """R-BOOK-02: 15 before / 30 after around 02:00–02:30: 03:15 is the next start, 01:15 the last end before."""
    practitioner = make.make_practitioner(session)
    two = noon + timedelta(days=1)
    times(session, practitioner, (two, two + timedelta(minutes=30)), buffer_before=15, buffer_after=30)
    book(session, practitioner, two + timedelta(minutes=start_minute), minutes, 15, 30, free=free)


def book(session, practitioner, start, minutes, before, after, *, free: bool) -> None:
    """Book a span through the database and expect it to fit or not."""
    kw = {"ends_at": start + timedelta(minutes=minutes), "buffer_before": before, "buffer_after": after}
    if free:
        make.make_booking(session, practitioner=practitioner, starts_at=start, **kw)
        return
    with pytest.raises(Exception, match="bookings_no_overlap"):
        make.make_booking(session, practitioner=practitioner, starts_at=start, **kw)


def test_cancelling_frees_the_time(session: Session, noon: datetime) -> None:
    admin = make.make_actor(session, Role.ADMIN)
    booking = make.make_booking(session)
    cancel_booking(session, admin, booking.id, "Practitioner is ill")
    again = make.make_booking(
        session,
        practitioner=session.get_one(Practitioner, booking.practitioner_id),
        starts_at=booking.starts_at,
    )
    assert again.status == BookingStatus.PENDING


def test_an_expired_hold_frees_its_slot(session: Session, noon: datetime) -> None:
    """R-BOOK-09: a hold blocks for 15 minutes and not a moment longer."""
    client = make.make_actor(session, Role.CLIENT)
    practitioner = make.make_practitioner(session)
    service = make.make_service(session, practitioner)
    at = noon + timedelta(days=1)
    held = create_booking(session, client, client_id=client.client_id, service_id=service.id, starts_at=at)
    assert (held.status, held.hold_expires_at) == (BookingStatus.PENDING, noon + timedelta(minutes=15))
    other = make.make_actor(session, Role.CLIENT)
    with clock.stopped(noon + timedelta(minutes=15)):
        again = create_booking(session, other, client_id=other.client_id, service_id=service.id, starts_at=at)
        session.refresh(held)
        assert (again.status, held.status) == (BookingStatus.PENDING, BookingStatus.CANCELLED)
        assert held.cancellation_reason == "The hold ran out before it was paid"


def test_terms_are_copied(session: Session, noon: datetime) -> None:
    """R-BOOK-10: a service or commission edited later never changes a booking that exists."""
    support = make.make_actor(session, Role.SUPPORT)
    practitioner = make.make_practitioner(session, commission_bps=1800, buffer_after=10)
    service = make.make_service(session, practitioner, policy="strict", buffer_before=5)
    client = make.make_client(session)
    booking = create_booking(
        session, support, client_id=client.id, service_id=service.id, starts_at=noon + timedelta(days=1)
    )
    service.price_minor, service.policy, practitioner.commission_bps = 1, "flexible", 1500
    session.flush()
    session.refresh(booking)
    assert (booking.price_minor, booking.policy, booking.commission_bps) == (60_000, "strict", 1800)
    assert (booking.buffer_before, booking.buffer_after, booking.status) == (5, 10, BookingStatus.CONFIRMED)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"starts_at": timedelta(seconds=-1)}, "This time has passed. Choose a time to come."),
        ({"available": False}, "This service is not offered at the moment. Choose another one."),
        ({"status": "suspended"}, "This service is not offered at the moment. Choose another one."),
    ],
)
def test_create_refuses(session: Session, noon: datetime, change: dict, sentence: str) -> None:
    practitioner = make.make_practitioner(session, verification_status=change.get("status", "approved"))
    service = make.make_service(session, practitioner, is_available=change.get("available", True))
    client = make.make_client(session)
    at = noon + change.get("starts_at", timedelta(days=1))
    with pytest.raises(InvalidInput) as refused:
        create_booking(session, SYSTEM, client_id=client.id, service_id=service.id, starts_at=at)
    assert str(refused.value) == sentence
    assert session.scalar(select(func.count()).select_from(Booking)) == 0


def test_a_client_books_for_himself_only(session: Session, noon: datetime) -> None:
    """R-USR-01: own row yes, another's no."""
    client = make.make_actor(session, Role.CLIENT)
    service = make.make_service(session, make.make_practitioner(session))
    at = noon + timedelta(days=1)
    with pytest.raises(NotFound, match=r"^There is no such client\.$"):
        create_booking(session, client, client_id=make.make_client(session).id, service_id=service.id, starts_at=at)
    create_booking(session, client, client_id=client.client_id, service_id=service.id, starts_at=at)


def due(session: Session, noon: datetime, **kw) -> Booking:
    """A confirmed session that began an hour ago."""
    return make.make_booking(
        session, starts_at=noon - timedelta(hours=1), status=BookingStatus.CONFIRMED, confirmed_at=noon, **kw
    )


def books(session: Session, booking: Booking) -> list[tuple[str, int, int]]:
    """The booking's lines in the ledger."""
    rows = session.scalars(select(LedgerEntry).where(LedgerEntry.source_id == booking.id).order_by(LedgerEntry.id))
    return [(r.kind, r.gross_minor, r.commission_minor) for r in rows]


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


SERVICES = {
    "confirm": lambda s, a, b: confirm_booking(s, a, b.id),
    "decline": lambda s, a, b: decline_booking(s, a, b.id, "Fully booked"),
    "cancel": lambda s, a, b: cancel_booking(s, a, b.id, "Changed plans"),
    "complete": lambda s, a, b: complete_booking(s, a, b.id, paid_on_site=True),
    "no_show": lambda s, a, b: mark_no_show(s, a, b.id),
}
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


def test_a_suspended_practitioner_is_not_booked(session: Session, noon: datetime) -> None:
    practitioner = make.make_practitioner(session, user={"is_active": False})
    service, client = make.make_service(session, practitioner), make.make_client(session)
    with pytest.raises(InvalidInput, match=r"^This service is not offered at the moment\."):
        create_booking(session, SYSTEM, client_id=client.id, service_id=service.id, starts_at=noon + timedelta(days=1))


def test_notes_typed_over_an_older_state_are_refused(session: Session, noon: datetime) -> None:
    """R-TCK-01 for notes: a stale edit is refused, not written over."""
    booking = make.make_booking(session, notes="first")
    edit_booking_notes(session, SYSTEM, booking.id, "second", seen={"notes": "first"})
    with pytest.raises(Conflict, match=r"^Somebody changed this meanwhile;"):
        edit_booking_notes(session, SYSTEM, booking.id, "third", seen={"notes": "first"})
    assert booking.notes == "second"


def test_a_move_keeps_the_booking(session: Session, noon: datetime) -> None:
    """R-BOOK-10: identity, reference, length and terms stay; the trail has old and new times."""
    support = make.make_actor(session, Role.SUPPORT)
    booking = make.make_booking(session, status=BookingStatus.CONFIRMED)
    before = (booking.id, booking.reference, booking.price_minor, booking.ends_at - booking.starts_at)
    old, new = booking.starts_at, booking.starts_at + timedelta(days=1)
    reschedule_booking(session, support, booking.id, starts_at=new)
    session.refresh(booking)
    assert (booking.id, booking.reference, booking.price_minor, booking.ends_at - booking.starts_at) == before
    assert (booking.starts_at, booking.sequence) == (new, 1)
    moved = [c for c in list_changes(session, support, "bookings", booking.id) if "starts_at" in c.before]
    assert [(c.before["starts_at"][:16], c.after["starts_at"][:16]) for c in moved] == [
        (f"{old:%Y-%m-%dT%H:%M}", f"{new:%Y-%m-%dT%H:%M}")
    ]


def test_a_move_goes_to_offered_times_only(session: Session, noon: datetime) -> None:
    """R-BOOK-07, R-BOOK-13: what is not offered is refused with the rule; staff may leave the hours, never overlap."""
    practitioner = make.make_practitioner(session, is_open=False)
    session.add(
        AvailabilityRule(practitioner_id=practitioner.id, weekday=1, starts_local=time_of(9), ends_local=time_of(12))
    )
    me = make.actor_of(session.get_one(make.User, practitioner.user_id), practitioner=practitioner)
    tuesday = noon.replace(hour=7) + timedelta(days=1)
    booking = make.make_booking(session, practitioner=practitioner, starts_at=tuesday)
    other = make.make_booking(session, practitioner=practitioner, starts_at=tuesday + timedelta(hours=1))
    evening = tuesday + timedelta(hours=10)
    with pytest.raises(Conflict, match=r"does not lie within the hours .*The nearest free times: "):
        reschedule_booking(session, me, booking.id, starts_at=evening)
    with pytest.raises(Conflict, match=rf"^Booking {other.reference} occupies "):
        reschedule_booking(session, me, booking.id, starts_at=other.starts_at)
    with pytest.raises(Conflict, match="does not lie within the hours"):
        reschedule_booking(session, me, booking.id, starts_at=evening, outside_hours=True)
    reschedule_booking(session, me, booking.id, starts_at=tuesday + timedelta(hours=2))
    support = make.make_actor(session, Role.SUPPORT)
    reschedule_booking(session, support, booking.id, starts_at=evening, outside_hours=True)
    assert booking.starts_at == evening
    with pytest.raises(Exception, match="bookings_no_overlap"), session.begin_nested():
        reschedule_booking(session, support, booking.id, starts_at=other.starts_at, outside_hours=True)


def test_what_a_page_offers_is_what_a_booking_accepts(session: Session, noon: datetime) -> None:
    """R-BOOK-07: every offered start of a week can be booked, and none between them."""
    support = make.make_actor(session, Role.SUPPORT)
    practitioner = make.make_practitioner(session, is_open=False, buffer_after=15, slot_step=45)
    for day in (1, 3):
        session.add(
            AvailabilityRule(
                practitioner_id=practitioner.id, weekday=day, starts_local=time_of(8), ends_local=time_of(12)
            )
        )
    service, client = make.make_service(session, practitioner), make.make_client(session)
    make.make_booking(session, practitioner=practitioner, starts_at=noon.replace(hour=7) + timedelta(days=1))
    week = (noon, noon + timedelta(days=7))
    offered = set(list_slots(session, support, service.id, *week))
    assert offered
    at = noon
    while at < week[1]:
        booked = session.begin_nested()
        try:
            create_booking(session, support, client_id=client.id, service_id=service.id, starts_at=at)
            accepted = True
        except Conflict:
            accepted = False
        booked.rollback()
        assert accepted == (at in offered), at
        at += timedelta(minutes=15)


def time_of(hour: int) -> time_type:
    """A time on the practitioner's clock."""
    return time_type(hour)


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


def test_a_paid_hold_does_not_run_out(session: Session, noon: datetime) -> None:
    """R-BOOK-09: a hold is pending and unpaid."""
    client = make.make_actor(session, Role.CLIENT)
    practitioner = make.make_practitioner(session)
    service = make.make_service(session, practitioner)
    at = noon + timedelta(days=1)
    held = create_booking(session, client, client_id=client.client_id, service_id=service.id, starts_at=at)
    record_payment(session, held, held.price_minor)
    session.flush()
    with clock.stopped(noon + timedelta(minutes=20)):
        with pytest.raises(Conflict, match=rf"^Booking {held.reference} holds "):
            create_booking(session, SYSTEM, client_id=client.client_id, service_id=service.id, starts_at=at)
        confirm_booking(session, SYSTEM, held.id)
    assert held.status == BookingStatus.CONFIRMED


def test_telling_both_sides_asks_no_more_than_telling_one(session: Session, noon: datetime) -> None:
    """R-NOT-01: staff, of whose answer both hear, and the practitioner, of whose answer the client hears."""
    worker, support = make.make_actor(session, Role.PRACTITIONER), make.make_actor(session, Role.SUPPORT)
    practitioner = session.get_one(Practitioner, worker.practitioner_id)
    sent, told = [], []
    for hours, actor in enumerate((worker, support)):
        starts_at = noon + timedelta(days=1, hours=2 * hours)
        booking = make.make_booking(session, practitioner=practitioner, starts_at=starts_at)
        with listening(db.engine()) as heard:
            confirm_booking(session, actor, booking.id)
        sent.append(len(heard.statements))
        of_it = select(func.count()).select_from(OutboxMail).where(OutboxMail.once == f"confirmed:{booking.id}")
        told.append(session.scalar(of_it))
    assert told == [1, 2]
    assert sent == [8, 8]
