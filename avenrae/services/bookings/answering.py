"""Bookings are confirmed, declined, called off and annotated."""

import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from avenrae import clock, money
from avenrae.enums import BookingStatus, CancellationPolicy, CancelledBy, PaymentStatus, Role, WaitlistStatus
from avenrae.errors import Conflict, InvalidInput
from avenrae.letters import bookings as letters
from avenrae.letters.event import Event
from avenrae.models import Booking
from avenrae.permissions import Actor, Permission
from avenrae.scheduling.policies import refund_share
from avenrae.services.booking_notices import TO_BOTH, TO_CLIENT, Each, Said, Telling, tell_both, tell_sides
from avenrae.services.bookings.calendars import OPEN, WORDS, close_offer, locked_booking, refuse_offer
from avenrae.services.bookings.closing import still_paid
from avenrae.services.bookings.places import offer_places
from avenrae.services.edits import refuse_stale
from avenrae.services.money import book_retained_fee, find_payment, record_refund, require_refund_limit


def confirm_booking(session: Session, actor: Actor, booking_id: uuid.UUID) -> Booking:
    """Accept a request: the session is agreed and its hold no longer runs out.

    Raises:
        Conflict: It is not waiting for an answer any more.
    """
    booking = locked_booking(session, actor, booking_id, Permission.BOOKING_CONFIRM)
    if booking.status != BookingStatus.PENDING:
        raise Conflict(f"This booking cannot be confirmed: it is {WORDS[booking.status]}.")
    refuse_offer(session, booking)
    is_unpaid = booking.payment_status == PaymentStatus.UNPAID
    if is_unpaid and booking.hold_expires_at and booking.hold_expires_at <= clock.now():
        raise Conflict("The hold on this time has run out. Make a new booking if the time is still free.")
    booking.status, booking.confirmed_at, booking.hold_expires_at = BookingStatus.CONFIRMED, clock.now(), None
    session.flush()
    tell_both(session, actor, booking, letters.CONFIRMED, once=f"confirmed:{booking.id}")
    return booking


def decline_booking(session: Session, actor: Actor, booking_id: uuid.UUID, reason: str) -> Booking:
    """Turn a request down; what was paid goes back in full.

    Raises:
        Conflict: It is not waiting for an answer any more.
        InvalidInput: No reason was given.
    """
    booking = locked_booking(session, actor, booking_id, Permission.BOOKING_DECLINE)
    if booking.status != BookingStatus.PENDING:
        raise Conflict(f"This booking cannot be declined: it is {WORDS[booking.status]}.")
    back, kept, was_offer = called_off(session, actor, booking, reason)
    tell_of_end(session, actor, booking, letters.DECLINED, back, kept, client_only=was_offer)
    return booking


def cancel_booking(session: Session, actor: Actor, booking_id: uuid.UUID, reason: str) -> Booking:
    """Call a session off and free its time.

    Staff give back in full what was paid; a client gets what the policy of his booking gives (R-BOOK-11).

    Raises:
        Conflict: It has been completed, cancelled or marked as a no-show.
        InvalidInput: No reason was given.
        NotPermitted: The refund is above what a support agent may give.
    """
    booking = locked_booking(session, actor, booking_id, Permission.BOOKING_CANCEL)
    if booking.status not in OPEN:
        raise Conflict(f"This booking cannot be cancelled: it is {WORDS[booking.status]}.")
    if actor.role is Role.CLIENT and booking.starts_at <= clock.now():
        raise Conflict("This session has begun. Ask the practitioner or support about it.")
    back, kept, was_offer = called_off(session, actor, booking, reason)
    tell_of_end(session, actor, booking, letters.CANCELLED, back, kept, client_only=was_offer)
    return booking


def edit_booking_notes(
    session: Session, actor: Actor, booking_id: uuid.UUID, notes: str, *, seen: Mapping[str, Any] | None = None
) -> Booking:
    """Replace the notes that practitioner and staff keep on a booking; `seen` is what the form showed.

    Raises:
        Conflict: Somebody changed them meanwhile.
    """
    booking = locked_booking(session, actor, booking_id, Permission.BOOKING_CONFIRM)
    refuse_stale(booking, seen)
    booking.notes = notes.strip()
    session.flush()
    return booking


def called_off(session: Session, actor: Actor, booking: Booking, reason: str) -> tuple[int, int, bool]:
    """Cancel a booking that is locked with its calendar, give back what is due, and offer the place to who waits.

    Returns what goes back and what is kept, in minor units, and whether it was only offered to somebody who waits;
    telling people is the caller's.
    """
    if not reason.strip():
        raise InvalidInput("Say why, so that everybody concerned can be told.")
    back, kept = _give_back(session, actor, booking, reason)
    booking.status, booking.cancelled_at = BookingStatus.CANCELLED, clock.now()
    booking.cancelled_by = {Role.CLIENT: CancelledBy.CLIENT, Role.PRACTITIONER: CancelledBy.PRACTITIONER}.get(
        actor.role, CancelledBy.STAFF if actor.user_id else CancelledBy.SYSTEM
    )
    booking.cancellation_reason, booking.hold_expires_at = reason.strip(), None
    session.flush()
    by_client = actor.role is Role.CLIENT
    was_offer = close_offer(session, booking, WaitlistStatus.LEFT if by_client else WaitlistStatus.EXPIRED)
    offer_places(session, booking.practitioner_id, [(booking.starts_at, booking.ends_at)])
    return back, kept, was_offer


def tell_of_end(
    session: Session,
    actor: Actor,
    booking: Booking,
    event: Event,
    back_minor: int,
    kept_minor: int,
    *,
    client_only: bool = False,
    **said: Said,
) -> None:
    """Tell both sides that sessions do not take place, with the reason, and what becomes of the money.

    The practitioner knows nothing of a place that was only offered; a client who gets money back for what he called
    off himself is sent a receipt.
    """
    once, reason = f"ended:{booking.id}", booking.cancellation_reason or ""
    back = partial(letters.money_back, back_minor, kept_minor, booking.currency)
    said |= {"reason": reason, "money": Each(back(), back(whose="the client"))}
    news = [Telling(event, once, said, TO_CLIENT if client_only else TO_BOTH)]
    if actor.role is Role.CLIENT and back_minor:
        amount = money.show(back_minor, booking.currency)
        news.append(Telling(letters.REFUNDED, f"refunded-{once}", {"amount": amount}, TO_CLIENT))
    tell_sides(session, actor, booking, *news)


def _give_back(session: Session, actor: Actor, booking: Booking, reason: str) -> tuple[int, int]:
    paid = amount = still_paid(booking)
    if booking.payment_status == PaymentStatus.UNPAID or (not paid and booking.price_minor):
        return 0, 0
    if actor.role is Role.CLIENT:
        notice = booking.starts_at - clock.now()
        amount = money.share(amount, refund_share(CancellationPolicy(booking.policy), notice))
    require_refund_limit(actor, booking, amount)
    if amount or not booking.price_minor:
        record_refund(session, booking, amount, reason)
    if kept := paid - amount:
        book_retained_fee(session, booking, find_payment(session, booking), kept, "Cancelled late, part kept")
    return amount, kept
