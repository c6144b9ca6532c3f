"""Bookings are agreed and moved."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import WaitlistStatus
from avenrae.errors import Conflict, InvalidInput
from avenrae.letters import bookings as letters
from avenrae.models import Booking, BookingWaitlist
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.diaries import diary_of, get_diary
from avenrae.scheduling.diary import Diary
from avenrae.services.booking_notices import tell_both, tell_practitioner
from avenrae.services.bookings.calendars import (
    NEARBY,
    OPEN,
    WORDS,
    agreed,
    lock_calendar,
    locked_booking,
    offered_service,
    refuse_offer,
    require_offered,
    require_time,
    visible_client,
)
from avenrae.services.bookings.holds import expire_holds_between
from avenrae.services.bookings.places import offer_places
from avenrae.services.users import add_client
from avenrae.settings import settings

NEXT_DAY = timedelta(days=1)
"""As far as a hold that ran out can reach to be in the way: no session and its buffers are longer."""


def create_booking(
    session: Session,
    actor: Actor,
    *,
    client_id: uuid.UUID,
    service_id: uuid.UUID,
    starts_at: datetime | None,
    notes: str = "",
    outside_hours: bool = False,
    tells_client: bool = True,
) -> Booking:
    """Agree a session for a client: confirmed at once when staff makes it, a hold when the client does.

    Price, commission, policy and buffers are copied from the service as they are now (R-BOOK-10). The time must be
    one that is offered (R-BOOK-07); staff may go `outside_hours`, never over another session. No time at all is
    now, for somebody who stands at the door. Both sides are told, but not who does it.

    Raises:
        InvalidInput: The time has passed or has no zone, or the service is not offered.
        NotFound: There is no such client for this actor.
        Conflict: The time is not offered, or taken (constraint `bookings_no_overlap`).
    """
    require(actor, Permission.BOOKING_CREATE)
    at = _now(actor) if starts_at is None else starts_at
    if starts_at is not None:
        require_time(starts_at)
    client = visible_client(session, actor, client_id)
    service, practitioner = offered_service(session, service_id)
    lock_calendar(session, practitioner.id)
    freed = expire_holds_between(session, practitioner.id, at - NEXT_DAY, at + NEXT_DAY)
    by_staff = actor.is_staff
    if starts_at is not None and not (outside_hours and by_staff):
        require_offered(diary_of(session, actor, practitioner, service, at - NEARBY, at + NEARBY), at)
    held_until = None if by_staff else clock.now() + timedelta(minutes=settings().hold_minutes)
    booking = agreed(client.id, service, practitioner, at, held_until)
    booking.notes = notes.strip()
    session.add(booking)
    session.flush()
    stop_waiting(session, booking)
    offer_places(session, practitioner.id, freed)
    tell_of_agreed(session, actor, booking, tells_client=tells_client)
    return booking


def book_walk_in(
    session: Session,
    actor: Actor,
    *,
    first_name: str,
    last_name: str,
    email: str,
    phone: str,
    service_id: uuid.UUID,
    starts_at: datetime | None,
    notes: str = "",
    outside_hours: bool = False,
) -> Booking:
    """Take somebody in as a client, who gets no password, and agree a session with him; both or neither.

    He stands at the door and is sent nothing.

    Raises:
        InvalidInput: A name, the address or the number cannot be used, or what `create_booking` says of the time.
        Conflict: The address is somebody's already, or the time is not free.
    """
    require(actor, Permission.CLIENT_ADD)
    client_id = add_client(session, actor, first_name=first_name, last_name=last_name, email=email, phone=phone)
    return create_booking(
        session,
        actor,
        client_id=client_id,
        service_id=service_id,
        starts_at=starts_at,
        notes=notes,
        outside_hours=outside_hours,
        tells_client=False,
    )


def reschedule_booking(
    session: Session, actor: Actor, booking_id: uuid.UUID, *, starts_at: datetime, outside_hours: bool = False
) -> Booking:
    """Move a session to another start; it stays the same booking, with its length, price and terms (R-BOOK-10).

    Raises:
        InvalidInput: The new time has passed or has no zone.
        Conflict: The session is over or only offered, or the new time is not offered or taken.
    """
    booking = locked_booking(session, actor, booking_id, Permission.BOOKING_RESCHEDULE)
    if booking.status not in OPEN:
        raise Conflict(f"This booking cannot be moved: it is {WORDS[booking.status]}.")
    if booking.starts_at <= clock.now() and not actor.is_staff:
        raise Conflict("This session has begun and cannot be moved any more.")
    refuse_offer(session, booking)
    require_time(starts_at)
    length, before = booking.ends_at - booking.starts_at, booking.starts_at
    freed = [(booking.starts_at, booking.ends_at)]
    freed += expire_holds_between(session, booking.practitioner_id, starts_at - NEXT_DAY, starts_at + NEXT_DAY)
    if not (outside_hours and actor.is_staff):
        require_offered(_diary_without(session, actor, booking, starts_at), starts_at)
    booking.starts_at, booking.ends_at, booking.moved_at = starts_at, starts_at + length, clock.now()
    session.flush()
    offer_places(session, booking.practitioner_id, freed)
    once = f"moved:{booking.id}:{booking.moved_at.timestamp()}:{starts_at.timestamp()}"
    tell_both(session, actor, booking, letters.MOVED, once=once, before=before)
    return booking


def tell_of_agreed(session: Session, actor: Actor, booking: Booking, *, tells_client: bool = True) -> None:
    """Tell the practitioner that he is asked, or both sides that a session is agreed."""
    if booking.hold_expires_at is not None:
        once, until = f"requested:{booking.id}", booking.hold_expires_at
        tell_practitioner(session, actor, booking, letters.REQUESTED, once=once, until=until)
    elif tells_client:
        tell_both(session, actor, booking, letters.BOOKED, once=f"booked:{booking.id}")
    else:
        tell_practitioner(session, actor, booking, letters.BOOKED, once=f"booked:{booking.id}")


def stop_waiting(session: Session, *made: Booking) -> None:
    """Take a client off the waiting list of the days on which he has booked a practitioner."""
    by_day = {b.starts_at.astimezone(ZoneInfo(b.time_zone)).date(): b for b in made}
    waiting = select(BookingWaitlist).where(
        BookingWaitlist.client_id == made[0].client_id,
        BookingWaitlist.practitioner_id == made[0].practitioner_id,
        BookingWaitlist.on_date.in_(by_day),
        BookingWaitlist.status == WaitlistStatus.WAITING,
    )
    for entry in session.scalars(waiting.execution_options(populate_existing=True)):
        entry.status, entry.booking_id = WaitlistStatus.BOOKED, by_day[entry.on_date].id
    session.flush()


def _diary_without(session: Session, actor: Actor, booking: Booking, at: datetime) -> Diary:
    """Return the diary around an instant to which a booking is to move on its own terms, as if it were not there."""
    diary = get_diary(session, actor, booking.service_id, at - NEARBY, at + NEARBY, leave_out=booking.id)
    own = replace(
        diary.terms,
        duration=booking.ends_at - booking.starts_at,
        buffer_before=timedelta(minutes=booking.buffer_before),
        buffer_after=timedelta(minutes=booking.buffer_after),
    )
    return replace(diary, terms=own)


def _now(actor: Actor) -> datetime:
    """Return the minute that runs, at which only staff may let a session begin."""
    if not actor.is_staff:
        raise InvalidInput("Choose a time to come.")
    return clock.now().replace(second=0, microsecond=0)
