"""Bookings are agreed and moved."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.models import Booking, Client
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import visible_clients
from avenrae.services.bookings.calendars import (
    OPEN,
    WORDS,
    hold_calendar,
    locked_booking,
    offered_service,
    require_offered,
)
from avenrae.settings import settings


def create_booking(
    session: Session,
    actor: Actor,
    *,
    client_id: uuid.UUID,
    service_id: uuid.UUID,
    starts_at: datetime,
    notes: str = "",
    outside_hours: bool = False,
) -> Booking:
    """Agree a session for a client: confirmed at once when staff makes it, a hold when the client does.

    Price, commission, policy and buffers are copied from the service as they are now (R-BOOK-10). The time must be
    one that is offered (R-BOOK-07); staff may go `outside_hours`, never over another session.

    Raises:
        InvalidInput: The time has passed or has no zone, or the service is not offered.
        NotFound: There is no such client for this actor.
        Conflict: The time is not offered, or taken (constraint `bookings_no_overlap`).
    """
    require(actor, Permission.BOOKING_CREATE)
    if starts_at.tzinfo is None:
        raise InvalidInput("The start needs a time zone.")
    if starts_at < clock.now():
        raise InvalidInput("This time has passed. Choose a time to come.")
    client = session.execute(select(Client).where(Client.id == client_id, visible_clients(actor))).scalar_one_or_none()
    if client is None:
        raise NotFound("There is no such client.")
    service, practitioner = offered_service(session, service_id)
    ends_at = starts_at + timedelta(minutes=service.duration_minutes)
    hold_calendar(session, practitioner.id, starts_at, ends_at)
    by_staff = actor.is_staff
    if not (outside_hours and by_staff):
        require_offered(session, actor, service.id, starts_at)
    booking = Booking(
        client_id=client.id,
        practitioner_id=practitioner.id,
        service_id=service.id,
        starts_at=starts_at,
        ends_at=ends_at,
        buffer_before=practitioner.buffer_before if service.buffer_before is None else service.buffer_before,
        buffer_after=practitioner.buffer_after if service.buffer_after is None else service.buffer_after,
        time_zone=practitioner.time_zone,
        status=BookingStatus.CONFIRMED if by_staff else BookingStatus.PENDING,
        confirmed_at=clock.now() if by_staff else None,
        hold_expires_at=None if by_staff else clock.now() + timedelta(minutes=settings().hold_minutes),
        price_minor=service.price_minor,
        currency=service.currency,
        commission_bps=practitioner.commission_bps or settings().commission_bps,
        policy=service.policy,
        notes=notes.strip(),
    )
    session.add(booking)
    session.flush()
    session.refresh(booking, ["reference", "payment_status"])
    return booking


def reschedule_booking(
    session: Session, actor: Actor, booking_id: uuid.UUID, *, starts_at: datetime, outside_hours: bool = False
) -> Booking:
    """Move a session to another start; it stays the same booking, with its length, price and terms (R-BOOK-10).

    Raises:
        InvalidInput: The new time has passed or has no zone.
        Conflict: The session is over, or the new time is not offered or taken.
    """
    booking = locked_booking(session, actor, booking_id, Permission.BOOKING_RESCHEDULE)
    if booking.status not in OPEN:
        raise Conflict(f"This booking cannot be moved: it is {WORDS[booking.status]}.")
    if booking.starts_at <= clock.now() and not actor.is_staff:
        raise Conflict("This session has begun and cannot be moved any more.")
    if starts_at.tzinfo is None:
        raise InvalidInput("The start needs a time zone.")
    if starts_at < clock.now():
        raise InvalidInput("This time has passed. Choose a time to come.")
    length = booking.ends_at - booking.starts_at
    hold_calendar(session, booking.practitioner_id, starts_at, starts_at + length)
    if not (outside_hours and actor.is_staff):
        require_offered(session, actor, booking.service_id, starts_at, moving=booking)
    booking.starts_at, booking.ends_at = starts_at, starts_at + length
    session.flush()
    return booking
