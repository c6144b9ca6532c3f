"""A booking and its practitioner's calendar: who holds the lock, what is offered, what keeps its time.

Whatever takes or frees time holds the practitioner's lock first and locks rows after it: one order, no deadlock.
"""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Text, cast, func, select, text, update
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus, VerificationStatus, WaitlistStatus
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.models import Booking, BookingWaitlist, Client, Practitioner, Service, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.bookings import is_offer
from avenrae.queries.scopes import visible_bookings, visible_clients
from avenrae.scheduling.diary import Diary
from avenrae.scheduling.reasons import why_not
from avenrae.scheduling.slots import nearest, slots
from avenrae.scheduling.zones import spoken
from avenrae.settings import settings

NEARBY = timedelta(days=7)
"""How far around a time that is not offered the nearest ones are looked for."""
_CALENDAR_LOCK = text("SELECT pg_advisory_xact_lock(7211, hashtext(:practitioner) & 1023)")
OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)
WORDS = {
    BookingStatus.PENDING: "waiting for an answer",
    BookingStatus.CONFIRMED: "confirmed already",
    BookingStatus.COMPLETED: "completed already",
    BookingStatus.CANCELLED: "cancelled",
    BookingStatus.NO_SHOW: "marked as a no-show",
}
CONSOLE = Actor.system("The console")


def lock_calendar(session: Session, practitioner_id: uuid.UUID) -> None:
    """Take the practitioner's lock until the transaction ends: whoever lost a race then reads who won.

    It is the lock that the trigger of the constraint takes; taken here, an answer can name the nearest free times.
    """
    session.execute(_CALENDAR_LOCK, {"practitioner": str(practitioner_id)})


def lock_calendar_of(session: Session, actor: Actor, booking_id: uuid.UUID) -> None:
    """Take the lock of the practitioner of a booking that the actor sees, before its row is locked."""
    key = func.hashtext(cast(Booking.practitioner_id, Text)).op("&")(1023)
    is_it = (Booking.id == booking_id, visible_bookings(actor))
    session.execute(select(func.pg_advisory_xact_lock(7211, key)).where(*is_it))


def locked_booking(session: Session, actor: Actor, booking_id: uuid.UUID, permission: Permission) -> Booking:
    """Return a booking that the actor sees, with its calendar and itself locked, when he has the permission."""
    lock_calendar_of(session, actor, booking_id)
    query = select(Booking).where(Booking.id == booking_id, visible_bookings(actor)).with_for_update()
    booking = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if booking is None:
        raise NotFound("There is no such booking, or it is not yours to see.")
    require(actor, permission)
    return booking


def visible_client(session: Session, actor: Actor, client_id: uuid.UUID) -> Client:
    """Return a client for whom the actor may book.

    Raises:
        NotFound: There is none for this actor.
    """
    client = session.execute(select(Client).where(Client.id == client_id, visible_clients(actor))).scalar_one_or_none()
    if client is None:
        raise NotFound("There is no such client.")
    return client


def offered_service(session: Session, service_id: uuid.UUID) -> tuple[Service, Practitioner]:
    """Return a service that can be booked now, and whose it is.

    Raises:
        NotFound: There is no such service.
        InvalidInput: It is not offered at the moment.
    """
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


def require_time(starts_at: datetime) -> None:
    """Refuse a start that cannot be one.

    Raises:
        InvalidInput: It has passed or has no zone.
    """
    if starts_at.tzinfo is None:
        raise InvalidInput("The start needs a time zone.")
    if starts_at < clock.now():
        raise InvalidInput("This time has passed. Choose a time to come.")


def require_offered(diary: Diary, starts_at: datetime) -> None:
    """Refuse a time that is not offered, with the rule that removed it and the nearest that are (R-BOOK-13)."""
    if sentence := refused(diary, starts_at):
        raise Conflict(sentence)


def refused(diary: Diary, starts_at: datetime) -> str:
    """Return why a start is not offered, with the nearest that are; nothing where it is (R-BOOK-13)."""
    reason = why_not(diary, clock.now(), starts_at)
    if reason is None:
        return ""
    close = nearest(slots(diary, clock.now(), starts_at - NEARBY, starts_at + NEARBY), starts_at)
    times = "; ".join(spoken(at, diary.terms.zone) for at in close)
    return f"{reason.sentence} " + (f"The nearest free times: {times}." if times else "")


def agreed(
    client_id: uuid.UUID, service: Service, practitioner: Practitioner, starts_at: datetime, held_until: datetime | None
) -> Booking:
    """Return a new booking on the terms of this moment (R-BOOK-10): a hold until then, or confirmed at once."""
    return Booking(
        client_id=client_id,
        practitioner_id=practitioner.id,
        service_id=service.id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=service.duration_minutes),
        buffer_before=practitioner.buffer_before if service.buffer_before is None else service.buffer_before,
        buffer_after=practitioner.buffer_after if service.buffer_after is None else service.buffer_after,
        time_zone=practitioner.time_zone,
        status=BookingStatus.PENDING if held_until else BookingStatus.CONFIRMED,
        confirmed_at=None if held_until else clock.now(),
        hold_expires_at=held_until,
        price_minor=service.price_minor,
        currency=service.currency,
        commission_bps=practitioner.commission_bps or settings().commission_bps,
        policy=service.policy,
    )


def refuse_offer(session: Session, booking: Booking) -> None:
    """Refuse to touch a place that is only offered.

    Raises:
        Conflict: Somebody on the waiting list has been offered it and has not answered.
    """
    if session.scalar(select(is_offer()).where(Booking.id == booking.id)):
        raise Conflict(
            "This place is only offered so far, to somebody on the waiting list. It can be accepted or declined."
        )


def close_offer(session: Session, booking: Booking, status: WaitlistStatus) -> bool:
    """End the offer that a booking was; returns whether it was one."""
    closed = session.execute(
        update(BookingWaitlist)
        .where(BookingWaitlist.booking_id == booking.id, BookingWaitlist.status == WaitlistStatus.OFFERED)
        .values(status=status)
        .returning(BookingWaitlist.id)
        .execution_options(synchronize_session="fetch")
    )
    return closed.first() is not None
