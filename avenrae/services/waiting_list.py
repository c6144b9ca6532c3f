"""Writes of the waiting list: join, leave, accept what is offered; and the sweep for what no click freed."""

import uuid
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Text, cast, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus, WaitlistStatus
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.models import Booking, BookingWaitlist
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.diaries import list_slots
from avenrae.queries.scopes import visible_waitlist
from avenrae.scheduling.hours import MIDNIGHT, ONE_DAY
from avenrae.scheduling.zones import instant, spoken_day
from avenrae.services.bookings.agreeing import tell_of_agreed
from avenrae.services.bookings.answering import called_off
from avenrae.services.bookings.calendars import lock_calendar, offered_service, visible_client
from avenrae.services.bookings.places import sweep_waiting_list
from avenrae.settings import settings

_WORDS = {
    WaitlistStatus.WAITING: "nothing is offered yet",
    WaitlistStatus.BOOKED: "it led to a booking",
    WaitlistStatus.EXPIRED: "the offer ran out",
    WaitlistStatus.LEFT: "the place in the line was given up",
}


def join_waiting_list(
    session: Session, actor: Actor, *, client_id: uuid.UUID, service_id: uuid.UUID, on_date: date
) -> uuid.UUID:
    """Put a client at the end of the line for a day on which nothing is offered; returns the entry's key.

    One place in the line for each client, practitioner and day; whoever joins again stands at its end.

    Raises:
        NotFound: There is no such client or service for this actor.
        InvalidInput: The day has passed or is too far ahead, or the service is not offered.
        Conflict: A time is free on that day, or the client waits already.
    """
    require(actor, Permission.BOOKING_CREATE)
    client = visible_client(session, actor, client_id)
    service, practitioner = offered_service(session, service_id)
    zone = ZoneInfo(practitioner.time_zone)
    today = clock.now().astimezone(zone).date()
    if on_date < today:
        raise InvalidInput("This day has passed. Choose a day to come.")
    if on_date > today + timedelta(days=practitioner.max_horizon):
        raise InvalidInput(f"Bookings open {practitioner.max_horizon} days ahead; wait for a day before that.")
    lock_calendar(session, practitioner.id)
    since, until = instant(on_date, MIDNIGHT, zone), instant(on_date + ONE_DAY, MIDNIGHT, zone)
    if list_slots(session, actor, service.id, since, until):
        raise Conflict(f"There are free times on {spoken_day(on_date)}. Choose one of them.")
    line = insert(BookingWaitlist).values(
        client_id=client.id,
        practitioner_id=practitioner.id,
        service_id=service.id,
        on_date=on_date,
        status=WaitlistStatus.WAITING,
        joined_at=clock.now(),
    )
    joined = session.execute(
        line.on_conflict_do_update(
            index_elements=["client_id", "practitioner_id", "on_date"],
            set_={
                "service_id": service.id,
                "status": WaitlistStatus.WAITING,
                "joined_at": clock.now(),
                "booking_id": None,
                "offered_at": None,
                "offer_expires_at": None,
            },
            where=BookingWaitlist.status.not_in([WaitlistStatus.WAITING, WaitlistStatus.OFFERED]),
        ).returning(BookingWaitlist.id)
    ).scalar_one_or_none()
    if joined is None:
        raise Conflict(f"This client waits for {spoken_day(on_date)} already.")
    return joined


def leave_waiting_list(session: Session, actor: Actor, entry_id: uuid.UUID) -> None:
    """Give up a place in the line, or decline what is offered, which then is offered to the next.

    Raises:
        NotFound: There is no such entry for this actor.
        Conflict: It has come to an end already.
    """
    entry = _locked(session, actor, entry_id, Permission.BOOKING_CANCEL)
    if entry.status not in (WaitlistStatus.WAITING, WaitlistStatus.OFFERED):
        raise Conflict(f"There is nothing to leave any more: {_WORDS[WaitlistStatus(entry.status)]}.")
    offered = entry.status == WaitlistStatus.OFFERED
    entry.status = WaitlistStatus.LEFT
    session.flush()
    if offered:
        called_off(session, actor, _booking(session, entry), "The offered place was declined")


def accept_offer(session: Session, actor: Actor, entry_id: uuid.UUID) -> Booking:
    """Take the place that is offered: from then on a request of the client, or confirmed when staff accepts it for him.

    Raises:
        NotFound: There is no such entry for this actor.
        Conflict: Nothing is offered, or the offer has run out.
    """
    entry = _locked(session, actor, entry_id, Permission.BOOKING_CREATE)
    if entry.status != WaitlistStatus.OFFERED:
        raise Conflict(f"This cannot be accepted: {_WORDS[WaitlistStatus(entry.status)]}.")
    booking = _booking(session, entry)
    if booking.hold_expires_at is None or booking.hold_expires_at <= clock.now():
        raise Conflict("This offer has run out. You can wait for the day again.")
    entry.status = WaitlistStatus.BOOKED
    if actor.is_staff:
        booking.status, booking.confirmed_at, booking.hold_expires_at = BookingStatus.CONFIRMED, clock.now(), None
    else:
        booking.hold_expires_at = clock.now() + timedelta(minutes=settings().hold_minutes)
    session.flush()
    tell_of_agreed(session, actor, booking)
    return booking


def offer_free_places(session: Session, actor: Actor, practitioner_id: uuid.UUID) -> int:
    """Offer what is free on the days for which somebody waits, and close the lines of days that are over.

    For what no click freed: hours that were opened, days that came within the horizon. Run every minute for each
    practitioner for whom somebody waits; run by several at once, it offers once. Returns how many offers were made.
    """
    require(actor, Permission.BOOKING_CREATE)
    lock_calendar(session, practitioner_id)
    return sweep_waiting_list(session, practitioner_id)


def _locked(session: Session, actor: Actor, entry_id: uuid.UUID, permission: Permission) -> BookingWaitlist:
    is_it = (BookingWaitlist.id == entry_id, visible_waitlist(actor))
    key = func.hashtext(cast(BookingWaitlist.practitioner_id, Text)).op("&")(1023)
    session.execute(select(func.pg_advisory_xact_lock(7211, key)).where(*is_it))
    query = select(BookingWaitlist).where(*is_it).with_for_update().execution_options(populate_existing=True)
    entry = session.execute(query).scalar_one_or_none()
    if entry is None:
        raise NotFound("There is no such place in a waiting list, or it is not yours to see.")
    require(actor, permission)
    return entry


def _booking(session: Session, entry: BookingWaitlist) -> Booking:
    query = select(Booking).where(Booking.id == entry.booking_id).with_for_update()
    return session.execute(query.execution_options(populate_existing=True)).scalar_one()
