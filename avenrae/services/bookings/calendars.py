"""A booking and its practitioner's calendar: who holds the lock, what is offered, what keeps its time."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus, CancelledBy, PaymentStatus, VerificationStatus
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.models import Booking, Practitioner, Service, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.diaries import get_diary
from avenrae.queries.scopes import visible_bookings
from avenrae.scheduling.reasons import why_not
from avenrae.scheduling.slots import nearest, slots
from avenrae.scheduling.zones import spoken

_NEARBY = timedelta(days=7)
_CALENDAR_LOCK = text("SELECT pg_advisory_xact_lock(7211, hashtext(:practitioner) & 1023)")
OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)
WORDS = {
    BookingStatus.PENDING: "waiting for an answer",
    BookingStatus.CONFIRMED: "confirmed already",
    BookingStatus.COMPLETED: "completed already",
    BookingStatus.CANCELLED: "cancelled",
    BookingStatus.NO_SHOW: "marked as a no-show",
}


def locked_booking(session: Session, actor: Actor, booking_id: uuid.UUID, permission: Permission) -> Booking:
    """Return a booking that the actor sees, locked, when he has the permission."""
    query = select(Booking).where(Booking.id == booking_id, visible_bookings(actor)).with_for_update()
    booking = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if booking is None:
        raise NotFound("There is no such booking, or it is not yours to see.")
    require(actor, permission)
    return booking


def offered_service(session: Session, service_id: uuid.UUID) -> tuple[Service, Practitioner]:
    """Return a service that can be booked now, and whose it is."""
    row = session.execute(
        select(Service, Practitioner, User.is_active)
        .join(Practitioner, Practitioner.id == Service.practitioner_id)
        .join(User, User.id == Practitioner.user_id)
        .where(Service.id == service_id)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such service.")
    service, practitioner, is_active = row
    if not (is_active and service.is_available) or practitioner.verification_status != VerificationStatus.APPROVED:
        raise InvalidInput("This service is not offered at the moment. Choose another one.")
    return service, practitioner


def require_offered(
    session: Session, actor: Actor, service_id: uuid.UUID, starts_at: datetime, *, moving: Booking | None = None
) -> None:
    """Refuse a time that is not offered, with the rule that removed it and the nearest that are (R-BOOK-13)."""
    since, until = starts_at - _NEARBY, starts_at + _NEARBY
    diary = get_diary(session, actor, service_id, since, until, leave_out=moving.id if moving else None)
    if moving:
        own = replace(
            diary.terms,
            duration=moving.ends_at - moving.starts_at,
            buffer_before=timedelta(minutes=moving.buffer_before),
            buffer_after=timedelta(minutes=moving.buffer_after),
        )
        diary = replace(diary, terms=own)
    if reason := why_not(diary, clock.now(), starts_at):
        close = nearest(slots(diary, clock.now(), since, until), starts_at)
        times = "; ".join(spoken(at, diary.terms.zone) for at in close)
        raise Conflict(f"{reason.sentence} " + (f"The nearest free times: {times}." if times else ""))


def hold_calendar(session: Session, practitioner_id: uuid.UUID, starts_at: datetime, ends_at: datetime) -> None:
    """Take the practitioner's lock, so that whoever lost a race reads who won, and release holds that ran out.

    It is the lock that the trigger of the constraint takes; taken here, the answer can name the nearest free times.
    Holds that nobody paid for in time no longer count (R-BOOK-09).
    """
    session.execute(_CALENDAR_LOCK, {"practitioner": str(practitioner_id)})
    session.execute(
        update(Booking)
        .where(
            Booking.practitioner_id == practitioner_id,
            Booking.status == BookingStatus.PENDING,
            Booking.payment_status == PaymentStatus.UNPAID,
            Booking.hold_expires_at <= clock.now(),
            Booking.starts_at < ends_at + timedelta(days=1),
            Booking.ends_at > starts_at - timedelta(days=1),
        )
        .values(
            status=BookingStatus.CANCELLED,
            cancelled_at=clock.now(),
            cancelled_by=CancelledBy.SYSTEM,
            cancellation_reason="The hold ran out before it was paid",
            hold_expires_at=None,
        )
        .execution_options(synchronize_session=False)
    )
