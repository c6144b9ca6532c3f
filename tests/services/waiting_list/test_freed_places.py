"""The waiting list: a place that comes free is offered to the first whose service fits, for a while, once."""

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import BookingStatus, Role, WaitlistStatus
from avenrae.jobs import tasks
from avenrae.models import Booking, BookingWaitlist, Notification, OutboxMail, Practitioner
from avenrae.queries.waiting_list import WaitFilters, count_waiting, list_waiting
from avenrae.services.availability import add_override
from avenrae.services.bookings import (
    cancel_booking,
    cancel_series_from,
    create_series,
    decline_booking,
    mark_no_show,
    places,
    reschedule_booking,
)
from avenrae.services.bookings.places import expire_hold
from avenrae.services.waiting_list import join_waiting_list, leave_waiting_list, offer_free_places
from tests import make
from tests.services.waiting_list.day import HOUR, SYSTEM, TUESDAY, Day
from tests.threads import told_at_once


def test_the_first_who_joined_is_offered_the_place(session: Session, day: Day, noon: datetime) -> None:
    first = day.join()
    with clock.stopped(noon + timedelta(seconds=1)):
        second = day.join()
    cancel_booking(session, SYSTEM, day.bookings[1].id, "Ill")
    entry, held = day.entry(first), day.held(first)
    assert day.states(first, second) == [WaitlistStatus.OFFERED, WaitlistStatus.WAITING]
    assert (held.starts_at, held.status, held.client_id) == (
        day.bookings[1].starts_at,
        BookingStatus.PENDING,
        first.client_id,
    )
    assert entry.offer_expires_at == held.hold_expires_at == noon + HOUR
    assert entry.offered_at == noon
    told = session.scalars(select(Notification).where(Notification.user_id == first.user_id)).one()
    assert (told.title, told.body, told.screen, told.record_id) == (
        "A place is free for you",
        f"Healing session with {day.worker().name}, Tue 17 March 2026, 10:00 (Africa/Johannesburg)."
        " It is held for you until Mon 16 March 2026, 13:00 (Africa/Johannesburg). Accept it, or decline it so that the"
        " next person gets it.",
        "care/waiting_list",
        entry.id,
    )
    offers = select(OutboxMail.user_id).where(OutboxMail.once.startswith("offer:"))
    assert session.scalars(offers).all() == [first.user_id]


def frees_by_reschedule(session: Session, day: Day) -> None:
    reschedule_booking(session, SYSTEM, day.bookings[0].id, starts_at=day.nine + timedelta(days=7))


FREES = {
    "cancel": lambda s, d: cancel_booking(s, SYSTEM, d.bookings[0].id, "Ill"),
    "move away": frees_by_reschedule,
}


@pytest.mark.parametrize("how", list(FREES))
def test_every_way_to_free_a_place_offers_it(session: Session, day: Day, how: str) -> None:
    waiting = day.join()
    FREES[how](session, day)
    assert day.states(waiting) == [WaitlistStatus.OFFERED]
    assert day.held(waiting).starts_at == day.nine


def test_a_declined_request_offers_its_place(session: Session, day: Day) -> None:
    waiting = day.join()
    day.bookings[0].status, day.bookings[0].confirmed_at = BookingStatus.PENDING, None
    session.flush()
    decline_booking(session, day.worker(), day.bookings[0].id, "Away")
    assert day.held(waiting).starts_at == day.nine


def test_a_no_show_frees_nothing(session: Session, day: Day) -> None:
    waiting = day.join()
    with clock.stopped(day.nine + timedelta(minutes=10)):
        mark_no_show(session, SYSTEM, day.bookings[0].id)
    assert day.states(waiting) == [WaitlistStatus.WAITING]


def test_a_hold_that_ran_out_offers_its_place(session: Session, day: Day, noon: datetime) -> None:
    """R-BOOK-09"""
    waiting = day.join()
    hold = day.bookings[0]
    hold.status, hold.confirmed_at, hold.hold_expires_at = BookingStatus.PENDING, None, noon + timedelta(minutes=15)
    session.flush()
    assert not expire_hold(session, SYSTEM, hold.id)
    assert day.states(waiting) == [WaitlistStatus.WAITING]
    with clock.stopped(noon + timedelta(minutes=15)):
        assert expire_hold(session, SYSTEM, hold.id)
        assert not expire_hold(session, SYSTEM, hold.id)
    session.refresh(hold)
    assert (hold.status, hold.cancellation_reason) == ("cancelled", "The hold ran out before it was paid")
    assert day.held(waiting).starts_at == day.nine


def test_a_hold_that_ran_out_is_released_for_whoever_waits(session: Session, day: Day, noon: datetime) -> None:
    """R-BOOK-09: nobody has swept it up yet, and a place beside it frees: two hours are offered over both."""
    long = make.make_service(session, day.practitioner, duration_minutes=120)
    waiting = day.join(service=long)
    hold = day.bookings[0]
    hold.status, hold.confirmed_at, hold.hold_expires_at = BookingStatus.PENDING, None, noon
    session.flush()
    cancel_booking(session, SYSTEM, day.bookings[1].id, "Ill")
    session.refresh(hold)
    assert (hold.status, day.held(waiting).starts_at) == (BookingStatus.CANCELLED, day.nine)


def test_hours_that_were_opened_are_offered_by_the_sweep(session: Session, day: Day) -> None:
    waiting = day.join()
    add_override(session, SYSTEM, day.practitioner.id, on_date=TUESDAY, hours=[(time(9), time(12))])
    assert offer_free_places(session, SYSTEM, day.practitioner.id) == 1
    assert day.held(waiting).starts_at == day.nine + 2 * HOUR


def test_a_series_called_off_frees_every_one_of_its_places(session: Session, day: Day, noon: datetime) -> None:
    client = make.make_client(session)
    later = [day.nine + timedelta(days=7 * n) for n in (1, 2)]
    made = create_series(session, SYSTEM, client_id=client.id, service_id=day.service.id, starts=later)
    others = [day.book(at + HOUR) for at in later]
    waiting = make.make_actor(session, Role.CLIENT)
    for at in later:
        join_waiting_list(session, waiting, client_id=waiting.client_id, service_id=day.service.id, on_date=at.date())
    cancel_series_from(session, SYSTEM, made[0].id, "Moving away")
    offers = session.scalars(select(BookingWaitlist).order_by(BookingWaitlist.on_date)).all()
    assert [e.status for e in offers] == ["offered", "offered"]
    assert [session.get_one(Booking, e.booking_id).starts_at for e in offers] == later
    assert {b.status for b in others} == {BookingStatus.CONFIRMED}


def test_a_service_that_does_not_fit_is_passed_over(session: Session, day: Day) -> None:
    long = make.make_service(session, day.practitioner, duration_minutes=120)
    first, second = day.join(service=long), day.join()
    cancel_booking(session, SYSTEM, day.bookings[0].id, "Ill")
    assert day.states(first, second) == [WaitlistStatus.WAITING, WaitlistStatus.OFFERED]
    leave_waiting_list(session, second, day.entry(second).id)
    cancel_booking(session, SYSTEM, day.bookings[1].id, "Ill")
    assert day.states(first, second) == [WaitlistStatus.OFFERED, WaitlistStatus.LEFT]
    assert day.held(first).ends_at - day.held(first).starts_at == 2 * HOUR


def test_an_offer_ends_with_the_notice_of_its_session(session: Session, noon: datetime) -> None:
    day = Day(session, min_notice=60)
    waiting = day.join()
    with clock.stopped(day.nine - timedelta(minutes=70)):
        cancel_booking(session, SYSTEM, day.bookings[0].id, "Ill")
        assert day.entry(waiting).offer_expires_at == day.nine - HOUR


def test_a_place_that_nobody_could_answer_in_time_is_not_offered(session: Session, noon: datetime) -> None:
    day = Day(session, min_notice=60)
    waiting = day.join()
    with clock.stopped(day.nine - timedelta(minutes=64)):
        cancel_booking(session, SYSTEM, day.bookings[0].id, "Ill")
    assert day.states(waiting) == [WaitlistStatus.WAITING]


def test_nothing_is_offered_for_a_day_that_is_over(session: Session, day: Day) -> None:
    waiting = day.join()
    with clock.stopped(day.nine + timedelta(days=1)):
        cancel_booking(session, SYSTEM, day.bookings[0].id, "Never took place")
        assert day.states(waiting) == [WaitlistStatus.WAITING]
        assert offer_free_places(session, SYSTEM, day.practitioner.id) == 0
    assert day.states(waiting) == [WaitlistStatus.EXPIRED]


def test_a_failed_offer_does_not_break_the_cancellation(
    session: Session, day: Day, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = day.join()

    def fail(*_args: object) -> None:
        session.execute(text("SELECT 1 / 0"))

    monkeypatch.setattr(places, "_hold", fail)
    cancel_booking(session, SYSTEM, day.bookings[0].id, "Ill")
    session.refresh(day.bookings[0])
    assert day.bookings[0].status == BookingStatus.CANCELLED
    assert day.states(waiting) == [WaitlistStatus.WAITING]
    assert "could not be offered" in caplog.text
    monkeypatch.undo()
    assert offer_free_places(session, SYSTEM, day.practitioner.id) == 1


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 4])
def test_two_cancellations_at_once_make_two_offers(database: str, noon: datetime, workers: int) -> None:
    """R-BOOK-01: each freed place is offered once, whoever comes at the same time; nobody gets two."""
    with transaction(SYSTEM, "prepare") as session:
        day = Day(session)
        people = []
        for n in range(5):
            with clock.stopped(noon + timedelta(seconds=n)):
                people.append(day.join())
        keys = [b.id for b in day.bookings]
        practitioner_id = day.practitioner.id
    cancels = [lambda s, key=key: cancel_booking(s, SYSTEM, key, "Ill") for key in keys]
    sweeps = [lambda s: offer_free_places(s, SYSTEM, practitioner_id)] * workers
    assert told_at_once(SYSTEM, cancels + sweeps) == ["done"] * (len(keys) + workers)
    with transaction(SYSTEM, "check") as session:
        offered = session.execute(
            text(
                "SELECT w.client_id, b.starts_at FROM booking_waitlist w JOIN bookings b ON b.id = w.booking_id"
                " WHERE w.status = 'offered' AND b.status = 'pending' ORDER BY w.joined_at"
            )
        ).all()
        assert [row.client_id for row in offered] == [who.client_id for who in people[:2]]
        assert len({row.starts_at for row in offered}) == 2
        assert session.get_one(Practitioner, practitioner_id)
        assert count_waiting(session, SYSTEM, WaitFilters(status=WaitlistStatus.WAITING)) == 3


def test_the_worker_sweeps_for_everybody_who_waits(database: str, noon: datetime) -> None:
    with transaction(SYSTEM, "prepare") as session:
        days = [Day(session) for _ in range(3)]
        people = [day.join() for day in days]
        for day in days[:2]:
            add_override(session, SYSTEM, day.practitioner.id, on_date=TUESDAY, hours=[(time(9), time(12))])
    tasks.offer_free_places(timestamp=0)
    tasks.offer_free_places(timestamp=0)
    with read_session() as session:
        found = {row.client_id: row.status for row in list_waiting(session, SYSTEM, WaitFilters())}
    assert [found[who.client_id] for who in people] == ["offered", "offered", "waiting"]
