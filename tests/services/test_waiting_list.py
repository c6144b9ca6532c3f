"""The waiting list: a place that comes free is offered to the first whose service fits, for a while, once."""

import threading
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import BookingStatus, Role, WaitlistStatus
from avenrae.errors import Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.jobs import tasks
from avenrae.models import (
    AvailabilityRule,
    Booking,
    BookingWaitlist,
    Notification,
    OutboxMail,
    Practitioner,
    Service,
    User,
)
from avenrae.permissions import Actor
from avenrae.queries.history import list_changes
from avenrae.queries.home import count_needs
from avenrae.queries.waiting_list import WaitFilters, count_waiting, find_waiting, get_waiting, list_waiting
from avenrae.services.availability import add_override
from avenrae.services.bookings import (
    cancel_booking,
    cancel_series_from,
    confirm_booking,
    create_booking,
    create_series,
    decline_booking,
    mark_no_show,
    places,
    reschedule_booking,
)
from avenrae.services.bookings.places import expire_hold
from avenrae.services.waiting_list import accept_offer, join_waiting_list, leave_waiting_list, offer_free_places
from tests import make

SYSTEM = Actor.system("Test")
TUESDAY = date(2026, 3, 17)
HOUR = timedelta(hours=1)


class Day:
    """A practitioner who works on Tuesdays from 9 to 11, both hours of the next one taken."""

    def __init__(self, session: Session, **terms) -> None:
        self.session = session
        self.practitioner = make.make_practitioner(session, is_open=False, **terms)
        rule = {"weekday": 1, "starts_local": time(9), "ends_local": time(11)}
        session.add(AvailabilityRule(practitioner_id=self.practitioner.id, **rule))
        self.service = make.make_service(session, self.practitioner)
        self.nine = datetime.combine(TUESDAY, time(7), clock.now().tzinfo)
        self.bookings = [self.book(self.nine), self.book(self.nine + HOUR)]

    def book(self, at: datetime, **kw) -> Booking:
        """A confirmed session."""
        kw = {"status": BookingStatus.CONFIRMED, **kw}
        return make.make_booking(self.session, practitioner=self.practitioner, service=self.service, starts_at=at, **kw)

    def join(self, who: Actor | None = None, service: Service | None = None) -> Actor:
        """Let a client wait for the day."""
        who = who or make.make_actor(self.session, Role.CLIENT)
        service_id = (service or self.service).id
        join_waiting_list(self.session, who, client_id=who.client_id, service_id=service_id, on_date=TUESDAY)
        return who

    def entry(self, who: Actor) -> BookingWaitlist:
        """A client's place in the line."""
        query = select(BookingWaitlist).where(BookingWaitlist.client_id == who.client_id)
        return self.session.execute(query.execution_options(populate_existing=True)).scalar_one()

    def states(self, *who: Actor) -> list[str]:
        """Where they stand."""
        return [self.entry(one).status for one in who]

    def held(self, who: Actor) -> Booking:
        """What is held for a client."""
        return self.session.get_one(Booking, self.entry(who).booking_id, populate_existing=True)

    def worker(self) -> Actor:
        """The practitioner."""
        user = self.session.get_one(User, self.practitioner.user_id)
        return make.actor_of(user, practitioner=self.practitioner)


@pytest.fixture
def day(session: Session, noon: datetime) -> Day:
    return Day(session)


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


def test_an_accepted_offer_is_a_request_as_any_other(session: Session, day: Day, noon: datetime) -> None:
    """R-BOOK-09: from the moment it is accepted it is held as long as a request is."""
    waiting = day.join()
    cancel_booking(session, SYSTEM, day.bookings[0].id, "Ill")
    held = day.held(waiting)
    with pytest.raises(Conflict, match=r"^This place is only offered so far"):
        confirm_booking(session, day.worker(), held.id)
    with pytest.raises(Conflict, match=r"^This place is only offered so far"):
        reschedule_booking(session, waiting, held.id, starts_at=day.nine + timedelta(days=7))
    assert count_needs(session, day.worker()).requests == 0
    with clock.stopped(noon + timedelta(minutes=50)):
        accept_offer(session, waiting, day.entry(waiting).id)
        assert held.hold_expires_at == noon + timedelta(minutes=65)
        assert count_needs(session, day.worker()).requests == 1
        confirm_booking(session, day.worker(), held.id)
    assert (day.states(waiting), held.status) == (["booked"], BookingStatus.CONFIRMED)


def test_staff_accepts_for_a_client(session: Session, day: Day) -> None:
    waiting = day.join()
    cancel_booking(session, SYSTEM, day.bookings[0].id, "Ill")
    booking = accept_offer(session, make.make_actor(session, Role.SUPPORT), day.entry(waiting).id)
    assert (booking.status, booking.hold_expires_at, day.states(waiting)) == ("confirmed", None, ["booked"])


@pytest.mark.parametrize("how", ["declines", "cancels the booking", "lets it run out"])
def test_what_is_not_taken_goes_to_the_next(session: Session, day: Day, noon: datetime, how: str) -> None:
    first = day.join()
    with clock.stopped(noon + timedelta(seconds=1)):
        second = day.join()
    cancel_booking(session, SYSTEM, day.bookings[0].id, "Ill")
    held = day.held(first)
    if how == "declines":
        leave_waiting_list(session, first, day.entry(first).id)
    elif how == "cancels the booking":
        cancel_booking(session, first, held.id, "Not that day")
    else:
        with clock.stopped(noon + HOUR):
            with pytest.raises(Conflict, match=r"^This offer has run out\."):
                accept_offer(session, first, day.entry(first).id)
            assert expire_hold(session, SYSTEM, held.id)
    session.refresh(held)
    ended = WaitlistStatus.EXPIRED if how == "lets it run out" else WaitlistStatus.LEFT
    assert day.states(first, second) == [ended, WaitlistStatus.OFFERED]
    assert held.status == BookingStatus.CANCELLED
    assert day.held(second).starts_at == day.nine
    if how == "lets it run out":
        assert held.cancellation_reason == "The offer ran out before it was accepted"


def test_whoever_waits_again_stands_at_the_end(session: Session, day: Day, noon: datetime) -> None:
    first, second = day.join(), make.make_actor(session, Role.CLIENT)
    leave_waiting_list(session, first, day.entry(first).id)
    with clock.stopped(noon + timedelta(minutes=1)):
        day.join(second)
    with clock.stopped(noon + timedelta(minutes=2)):
        day.join(first)
        cancel_booking(session, SYSTEM, day.bookings[0].id, "Ill")
    assert day.states(first, second) == [WaitlistStatus.WAITING, WaitlistStatus.OFFERED]
    found = find_waiting(
        session, first, client_id=first.client_id, practitioner_id=day.practitioner.id, on_date=TUESDAY
    )
    assert (found.ahead, found.is_offered) == (0, False)


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


def test_whoever_books_the_day_waits_no_more(session: Session, day: Day) -> None:
    waiting = day.join()
    at = day.nine + 5 * HOUR
    create_booking(
        session, SYSTEM, client_id=waiting.client_id, service_id=day.service.id, starts_at=at, outside_hours=True
    )
    assert day.states(waiting) == [WaitlistStatus.BOOKED]


@pytest.mark.parametrize(
    ("on_date", "kind", "sentence"),
    [
        (date(2026, 3, 15), InvalidInput, "This day has passed. Choose a day to come."),
        (date(2027, 3, 16), InvalidInput, "Bookings open 90 days ahead; wait for a day before that."),
        (date(2026, 3, 24), Conflict, "There are free times on Tue 24 Mar 2026. Choose one of them."),
    ],
)
def test_joining_is_refused(session: Session, day: Day, on_date: date, kind: type, sentence: str) -> None:
    who = make.make_actor(session, Role.CLIENT)
    with pytest.raises(kind) as refused:
        join_waiting_list(session, who, client_id=who.client_id, service_id=day.service.id, on_date=on_date)
    assert str(refused.value) == sentence
    assert count_waiting(session, SYSTEM, WaitFilters()) == 0


def test_nobody_waits_twice(session: Session, day: Day) -> None:
    who = day.join()
    with pytest.raises(Conflict, match=r"^This client waits for Tue 17 Mar 2026 already\.$"):
        day.join(who)
    assert count_waiting(session, SYSTEM, WaitFilters()) == 1


def test_only_ones_own_place(session: Session, day: Day) -> None:
    """R-USR-01: another's is not there, a practitioner sees those who wait for him and does not answer for them."""
    waiting, other = day.join(), make.make_actor(session, Role.CLIENT)
    stranger = make.make_actor(session, Role.PRACTITIONER)
    entry = day.entry(waiting).id
    with pytest.raises(NotFound, match=r"^There is no such client\.$"):
        join_waiting_list(session, other, client_id=waiting.client_id, service_id=day.service.id, on_date=TUESDAY)
    cancel_booking(session, SYSTEM, day.bookings[0].id, "Ill")
    for service in (leave_waiting_list, accept_offer):
        for who in (other, stranger):
            with pytest.raises(NotFound):
                service(session, who, entry)
        with pytest.raises(NotPermitted):
            service(session, day.worker(), entry)
    for who, n in ((waiting, 1), (other, 0), (stranger, 0), (day.worker(), 1), (SYSTEM, 1)):
        assert len(list_waiting(session, who, WaitFilters())) == n
    with pytest.raises(NotFound):
        get_waiting(session, other, entry)
    assert day.states(waiting) == [WaitlistStatus.OFFERED]


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
    together = threading.Barrier(len(keys) + workers)
    failed: list[Exception] = []

    def at_once(service, *args) -> None:
        together.wait()
        try:
            with transaction(SYSTEM, service.__name__) as session:
                service(session, SYSTEM, *args)
        except Exception as e:
            failed.append(e)

    jobs = [(cancel_booking, key, "Ill") for key in keys] + [(offer_free_places, practitioner_id)] * workers
    threads = [threading.Thread(target=at_once, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
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


def test_nobody_reads_who_called_off(session: Session, day: Day) -> None:
    """R-USR-01: the history of an offer names the console, not the client whose place it was."""
    waiting, caller = day.join(), make.make_actor(session, Role.CLIENT, user={"first_name": "Nomsa"})
    day.bookings[0].client_id = caller.client_id
    session.flush()
    cancel_booking(session, caller, day.bookings[0].id, "Ill")
    entry = day.entry(waiting)
    for table, key in (("booking_waitlist", entry.id), ("bookings", entry.booking_id)):
        changes = list_changes(session, waiting, table, key)
        assert {c.actor_name for c in changes if c.action == "offer_places"} == {"The console"}
        assert "Nomsa" not in str(changes)
