"""The waiting list: who may wait, where he stands, what he is offered and how he answers."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus, Role, WaitlistStatus
from avenrae.errors import Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.queries.history import list_changes
from avenrae.queries.home import count_needs
from avenrae.queries.waiting_list import WaitFilters, count_waiting, find_waiting, get_waiting, list_waiting
from avenrae.services.bookings import cancel_booking, confirm_booking, create_booking, reschedule_booking
from avenrae.services.bookings.places import expire_hold
from avenrae.services.waiting_list import accept_offer, join_waiting_list, leave_waiting_list
from tests import make
from tests.services.waiting_list.day import HOUR, SYSTEM, TUESDAY, Day


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
