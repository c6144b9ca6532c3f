"""Bookings: which times are free, what is copied, who may ask, moves and notes."""

from datetime import datetime, timedelta
from datetime import time as time_type

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db import engine as db
from avenrae.enums import BookingStatus, Role
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.models import AvailabilityRule, Booking, OutboxMail, Practitioner
from avenrae.queries.diaries import list_slots
from avenrae.queries.history import list_changes
from avenrae.services.bookings import (
    cancel_booking,
    confirm_booking,
    create_booking,
    edit_booking_notes,
    reschedule_booking,
)
from avenrae.services.money import record_payment
from tests import make
from tests.bench.conftest import listening
from tests.services.bookings.sessions import SYSTEM


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
