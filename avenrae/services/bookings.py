"""Writes of bookings: create, confirm, decline, cancel, complete, no-show."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from avenrae import clock, money
from avenrae.enums import (
    BookingStatus,
    CancellationPolicy,
    CancelledBy,
    PaymentStatus,
    Role,
    VerificationStatus,
)
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.models import Booking, Client, Practitioner, Service, Transaction, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.diaries import get_diary
from avenrae.queries.due import is_to_complete
from avenrae.queries.scopes import visible_bookings, visible_clients
from avenrae.scheduling.policies import refund_share
from avenrae.scheduling.reasons import why_not
from avenrae.scheduling.slots import nearest, slots
from avenrae.scheduling.zones import spoken
from avenrae.services.edits import refuse_stale
from avenrae.services.holds import claim_due, expire_holds_between
from avenrae.services.money import (
    book_booking_sale,
    book_refund,
    book_retained_fee,
    find_payment,
    find_refunds,
    record_payment,
    record_refund,
    require_refund_limit,
)
from avenrae.settings import settings

_NEARBY = timedelta(days=7)
_CALENDAR_LOCK = text("SELECT pg_advisory_xact_lock(7211, hashtext(:practitioner) & 1023)")
_OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)
_WORDS = {
    BookingStatus.PENDING: "waiting for an answer",
    BookingStatus.CONFIRMED: "confirmed already",
    BookingStatus.COMPLETED: "completed already",
    BookingStatus.CANCELLED: "cancelled",
    BookingStatus.NO_SHOW: "marked as a no-show",
}


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
    service, practitioner = _offered(session, service_id)
    ends_at = starts_at + timedelta(minutes=service.duration_minutes)
    _hold_calendar(session, practitioner.id, starts_at, ends_at)
    by_staff = actor.is_staff
    if not (outside_hours and by_staff):
        _require_offered(session, actor, service.id, starts_at)
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


def confirm_booking(session: Session, actor: Actor, booking_id: uuid.UUID) -> Booking:
    """Accept a request: the session is agreed and its hold no longer runs out.

    Raises:
        Conflict: It is not waiting for an answer any more.
    """
    booking = _locked(session, actor, booking_id, Permission.BOOKING_CONFIRM)
    if booking.status != BookingStatus.PENDING:
        raise Conflict(f"This booking cannot be confirmed: it is {_WORDS[booking.status]}.")
    is_unpaid = booking.payment_status == PaymentStatus.UNPAID
    if is_unpaid and booking.hold_expires_at and booking.hold_expires_at <= clock.now():
        raise Conflict("The hold on this time has run out. Make a new booking if the time is still free.")
    booking.status, booking.confirmed_at, booking.hold_expires_at = BookingStatus.CONFIRMED, clock.now(), None
    session.flush()
    return booking


def decline_booking(session: Session, actor: Actor, booking_id: uuid.UUID, reason: str) -> Booking:
    """Turn a request down; what was paid goes back in full.

    Raises:
        Conflict: It is not waiting for an answer any more.
        InvalidInput: No reason was given.
    """
    booking = _locked(session, actor, booking_id, Permission.BOOKING_DECLINE)
    if booking.status != BookingStatus.PENDING:
        raise Conflict(f"This booking cannot be declined: it is {_WORDS[booking.status]}.")
    return _cancelled(session, actor, booking, reason)


def cancel_booking(session: Session, actor: Actor, booking_id: uuid.UUID, reason: str) -> Booking:
    """Call a session off and free its time.

    Staff give back in full what was paid; a client gets what the policy of his booking gives (R-BOOK-11).

    Raises:
        Conflict: It has been completed, cancelled or marked as a no-show.
        InvalidInput: No reason was given.
        NotPermitted: The refund is above what a support agent may give.
    """
    booking = _locked(session, actor, booking_id, Permission.BOOKING_CANCEL)
    if booking.status not in _OPEN:
        raise Conflict(f"This booking cannot be cancelled: it is {_WORDS[booking.status]}.")
    if actor.role is Role.CLIENT and booking.starts_at <= clock.now():
        raise Conflict("This session has begun. Ask the practitioner or support about it.")
    return _cancelled(session, actor, booking, reason)


def complete_booking(session: Session, actor: Actor, booking_id: uuid.UUID, *, paid_on_site: bool = False) -> Booking:
    """Close a session that took place, and put it into the books on the day it began.

    Raises:
        Conflict: It is not confirmed, has not begun yet, or has not been paid.
    """
    booking = _locked(session, actor, booking_id, Permission.BOOKING_COMPLETE)
    payment = _held(session, booking, "completed", paid_on_site=paid_on_site)
    booking.status, booking.completed_at = BookingStatus.COMPLETED, clock.now()
    book_booking_sale(session, booking, payment)
    for refunded in find_refunds(session, booking):
        book_refund(session, booking, refunded)
    session.flush()
    return booking


def complete_unclosed(session: Session, actor: Actor, booking_id: uuid.UUID) -> bool:
    """Close a paid session that ended long enough ago (a setting) and nobody closed; returns whether it was due."""
    due = claim_due(session, actor, booking_id, is_to_complete(settings().auto_complete_hours))
    if due is not None:
        complete_booking(session, actor, due.id)
    return due is not None


def mark_no_show(session: Session, actor: Actor, booking_id: uuid.UUID) -> Booking:
    """Close a session to which the client did not come; what was paid is kept.

    Raises:
        Conflict: It is not confirmed or has not begun yet.
    """
    booking = _locked(session, actor, booking_id, Permission.BOOKING_NO_SHOW)
    payment = _held(session, booking, "marked as a no-show", must_be_paid=False)
    booking.status = BookingStatus.NO_SHOW
    if kept := _still_paid(booking):
        book_retained_fee(session, booking, payment, kept, "No-show, payment kept")
    session.flush()
    return booking


def reschedule_booking(
    session: Session, actor: Actor, booking_id: uuid.UUID, *, starts_at: datetime, outside_hours: bool = False
) -> Booking:
    """Move a session to another start; it stays the same booking, with its length, price and terms (R-BOOK-10).

    Raises:
        InvalidInput: The new time has passed or has no zone.
        Conflict: The session is over, or the new time is not offered or taken.
    """
    booking = _locked(session, actor, booking_id, Permission.BOOKING_RESCHEDULE)
    if booking.status not in _OPEN:
        raise Conflict(f"This booking cannot be moved: it is {_WORDS[booking.status]}.")
    if booking.starts_at <= clock.now() and not actor.is_staff:
        raise Conflict("This session has begun and cannot be moved any more.")
    if starts_at.tzinfo is None:
        raise InvalidInput("The start needs a time zone.")
    if starts_at < clock.now():
        raise InvalidInput("This time has passed. Choose a time to come.")
    length = booking.ends_at - booking.starts_at
    _hold_calendar(session, booking.practitioner_id, starts_at, starts_at + length)
    if not (outside_hours and actor.is_staff):
        _require_offered(session, actor, booking.service_id, starts_at, moving=booking)
    booking.starts_at, booking.ends_at, booking.moved_at = starts_at, starts_at + length, clock.now()
    session.flush()
    return booking


def edit_booking_notes(
    session: Session, actor: Actor, booking_id: uuid.UUID, notes: str, *, seen: Mapping[str, Any] | None = None
) -> Booking:
    """Replace the notes that practitioner and staff keep on a booking; `seen` is what the form showed.

    Raises:
        Conflict: Somebody changed them meanwhile.
    """
    booking = _locked(session, actor, booking_id, Permission.BOOKING_CONFIRM)
    refuse_stale(booking, seen)
    booking.notes = notes.strip()
    session.flush()
    return booking


def _locked(session: Session, actor: Actor, booking_id: uuid.UUID, permission: Permission) -> Booking:
    query = select(Booking).where(Booking.id == booking_id, visible_bookings(actor)).with_for_update()
    booking = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if booking is None:
        raise NotFound("There is no such booking, or it is not yours to see.")
    require(actor, permission)
    return booking


def _offered(session: Session, service_id: uuid.UUID) -> tuple[Service, Practitioner]:
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


def _require_offered(
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


def _hold_calendar(session: Session, practitioner_id: uuid.UUID, starts_at: datetime, ends_at: datetime) -> None:
    """Take the practitioner's lock, so that whoever lost a race reads who won, and release holds that ran out.

    It is the lock that the trigger of the constraint takes; taken here, the answer can name the nearest free times.
    Holds that nobody paid for in time no longer count (R-BOOK-09).
    """
    session.execute(_CALENDAR_LOCK, {"practitioner": str(practitioner_id)})
    day = timedelta(days=1)
    expire_holds_between(session, practitioner_id, starts_at - day, ends_at + day)


def _held(
    session: Session, booking: Booking, done: str, *, must_be_paid: bool = True, paid_on_site: bool = False
) -> Transaction | None:
    """Check that the session was due and paid, recording a payment made on site; returns the payment."""
    if booking.status != BookingStatus.CONFIRMED:
        raise Conflict(f"This booking cannot be {done}: it is {_WORDS[booking.status]}.")
    if booking.starts_at > clock.now():
        raise Conflict(f"This booking cannot be {done} before it has begun.")
    if must_be_paid and booking.payment_status == PaymentStatus.UNPAID:
        if booking.price_minor and not paid_on_site:
            raise Conflict("This session has not been paid. Say that it was paid on site to complete it.")
        return record_payment(session, booking, booking.price_minor)
    return find_payment(session, booking)


def _cancelled(session: Session, actor: Actor, booking: Booking, reason: str) -> Booking:
    if not reason.strip():
        raise InvalidInput("Say why, so that everybody concerned can be told.")
    _give_back(session, actor, booking, reason)
    booking.status, booking.cancelled_at = BookingStatus.CANCELLED, clock.now()
    booking.cancelled_by = {Role.CLIENT: CancelledBy.CLIENT, Role.PRACTITIONER: CancelledBy.PRACTITIONER}.get(
        actor.role, CancelledBy.STAFF if actor.user_id else CancelledBy.SYSTEM
    )
    booking.cancellation_reason, booking.hold_expires_at = reason.strip(), None
    session.flush()
    return booking


def _still_paid(booking: Booking) -> int:
    """Return what was paid for a booking and has not gone back, in minor units."""
    return 0 if booking.payment_status == PaymentStatus.UNPAID else booking.price_minor - booking.refunded_minor


def _give_back(session: Session, actor: Actor, booking: Booking, reason: str) -> None:
    paid = amount = _still_paid(booking)
    if booking.payment_status == PaymentStatus.UNPAID or (not paid and booking.price_minor):
        return
    if actor.role is Role.CLIENT:
        notice = booking.starts_at - clock.now()
        amount = money.share(amount, refund_share(CancellationPolicy(booking.policy), notice))
    require_refund_limit(actor, booking, amount)
    if amount or not booking.price_minor:
        record_refund(session, booking, amount, reason)
    if kept := paid - amount:
        book_retained_fee(session, booking, find_payment(session, booking), kept, "Cancelled late, part kept")
