"""Giving money of a booking back, and asking an admin for what an agent may not give alone (four eyes)."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock, money
from avenrae.enums import BookingStatus, OrderKind, OrderStatus, PaymentStatus
from avenrae.errors import Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.letters import bookings, refunds
from avenrae.models import Booking, Order, RefundRequest, Ticket
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import visible_bookings, visible_orders, visible_refund_requests
from avenrae.services.booking_notices import tell_client
from avenrae.services.edits import written
from avenrae.services.money import book_kept_fee_back, book_refund, record_refund, require_refund_limit
from avenrae.services.notices import settle
from avenrae.services.orders import refund_order
from avenrae.services.telling import tell, tell_admins
from avenrae.services.tickets import write_message


def refund_booking(session: Session, actor: Actor, booking_id: uuid.UUID, *, amount_minor: int, reason: str) -> Booking:
    """Give back a part or all of what was paid for a session, whatever became of it; its status stays.

    Of a completed session the sale is reversed, of one that was called off or missed the fee that was kept; of one to
    come nothing is in the books yet.

    Raises:
        Conflict: Nothing that was paid is left.
        InvalidInput: The amount is more than is left, or no reason was given.
        NotPermitted: The refund is above what a support agent may give.
    """
    booking = _locked_booking(session, actor, booking_id)
    if not left_of(booking):
        raise Conflict("This booking cannot be refunded: nothing of what was paid is left.")
    if not reason.strip():
        raise InvalidInput("Say why, so that everybody concerned can be told.")
    require_refund_limit(actor, booking, amount_minor)
    refunded = record_refund(session, booking, amount_minor, reason)
    if refunded is not None and booking.status == BookingStatus.COMPLETED:
        book_refund(session, booking, refunded)
    elif refunded is not None and booking.status in (BookingStatus.CANCELLED, BookingStatus.NO_SHOW):
        book_kept_fee_back(session, booking, refunded, reason)
    session.flush()
    if refunded is not None:
        amount = money.show(refunded.amount_minor, booking.currency)
        tell_client(session, actor, booking, bookings.REFUNDED, once=f"refunded:{refunded.id}", amount=amount)
    return booking


def ask_for_refund(
    session: Session,
    actor: Actor,
    *,
    amount_minor: int,
    reason: str,
    booking_id: uuid.UUID | None = None,
    order_id: uuid.UUID | None = None,
    ticket_id: uuid.UUID | None = None,
) -> RefundRequest:
    """Ask the admins to give money of a booking or an order back; from a ticket, it is noted there.

    Raises:
        InvalidInput: The amount is more than is left, no reason was given, or it is about neither or both.
        Conflict: Nothing is left, or an admin has been asked about it already (constraint).
    """
    require(actor, Permission.PAYMENT_REFUND)
    if actor.user_id is None or (booking_id is None) == (order_id is None):
        raise InvalidInput("Say of which booking or order the money goes back.")
    subject = _locked_booking(session, actor, booking_id) if booking_id else _locked_order(session, actor, order_id)
    left = left_of(subject)
    if not left:
        raise Conflict("There is nothing to ask for: nothing of what was paid is left.")
    if not 0 < amount_minor <= left:
        raise InvalidInput(f"The refund must be more than zero and at most {money.show(left, subject.currency)}.")
    why = written(reason, "Say why, so that the admin can decide.")
    request = RefundRequest(
        ticket_id=ticket_id,
        booking_id=booking_id,
        order_id=order_id,
        amount_minor=amount_minor,
        currency=subject.currency,
        reason=why,
        asked_by_id=actor.user_id,
        created_at=clock.now(),
    )
    session.add(request)
    session.flush()
    amount = money.show(amount_minor, subject.currency)
    if ticket_id:
        note = f"Asked an admin to give back {amount} of {subject.reference}: {request.reason}"
        _note(session, actor, ticket_id, note)
    tell_admins(
        session,
        actor,
        refunds.ASKED,
        about=request.id,
        once=f"refund-asked:{request.id}",
        by=actor.name,
        amount=amount,
        reference=subject.reference,
        reason=request.reason,
    )
    return request


def grant_refund(session: Session, actor: Actor, request_id: uuid.UUID, answer: str = "") -> RefundRequest:
    """Give the money back that was asked for, by the same service and rules as without asking.

    Raises:
        Conflict: It has been decided already, or the money is not there any more.
        NotPermitted: The actor asked for it himself.
    """
    request = _undecided(session, actor, request_id)
    if request.booking_id:
        refund_booking(session, actor, request.booking_id, amount_minor=request.amount_minor, reason=request.reason)
    elif request.order_id:
        refund_order(session, actor, request.order_id, amount_minor=request.amount_minor, reason=request.reason)
    return _decided(session, actor, request, is_granted=True, answer=answer)


def refuse_refund(session: Session, actor: Actor, request_id: uuid.UUID, answer: str) -> RefundRequest:
    """Refuse a refund that was asked for, with a reason.

    Raises:
        InvalidInput: No reason was given.
        Conflict: It has been decided already.
        NotPermitted: The actor asked for it himself.
    """
    if not answer.strip():
        raise InvalidInput("Say why not, so that the agent can tell the client.")
    return _decided(session, actor, _undecided(session, actor, request_id), is_granted=False, answer=answer)


def left_of(subject: Booking | Order) -> int:
    """Return what was paid and has not gone back, in minor units; nothing of an order that is not to be refunded."""
    if isinstance(subject, Booking):
        return 0 if subject.payment_status == PaymentStatus.UNPAID else subject.price_minor - subject.refunded_minor
    is_paid = subject.kind == OrderKind.SALE and subject.status in (OrderStatus.PAID, OrderStatus.FULFILLED)
    return subject.total_minor - subject.refunded_minor if is_paid else 0


def _locked_booking(session: Session, actor: Actor, booking_id: uuid.UUID) -> Booking:
    query = select(Booking).where(Booking.id == booking_id, visible_bookings(actor)).with_for_update()
    booking = session.scalar(query.execution_options(populate_existing=True))
    if booking is None:
        raise NotFound("There is no such booking, or it is not yours to see.")
    require(actor, Permission.PAYMENT_REFUND)
    return booking


def _locked_order(session: Session, actor: Actor, order_id: uuid.UUID | None) -> Order:
    query = select(Order).where(Order.id == order_id, visible_orders(actor)).with_for_update()
    order = session.scalar(query.execution_options(populate_existing=True))
    if order is None:
        raise NotFound("There is no such order, or it is not yours to see.")
    return order


def _undecided(session: Session, actor: Actor, request_id: uuid.UUID) -> RefundRequest:
    query = select(RefundRequest).where(RefundRequest.id == request_id, visible_refund_requests(actor))
    request = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if request is None:
        raise NotFound("There is no such request, or it is not yours to see.")
    require(actor, Permission.REFUND_DECIDE)
    if request.decided_at is not None:
        raise Conflict(f"This request has been {'granted' if request.is_granted else 'refused'} already.")
    if request.asked_by_id == actor.user_id:
        raise NotPermitted("You asked for this refund, so another admin must decide it.")
    return request


def _decided(session: Session, actor: Actor, request: RefundRequest, *, is_granted: bool, answer: str) -> RefundRequest:
    if actor.user_id is None:
        raise NotPermitted("A person must decide this.")
    request.decided_by_id, request.decided_at = actor.user_id, clock.now()
    request.is_granted, request.answer = is_granted, answer.strip()
    session.flush()
    settle(session, f"refund-asked:{request.id}")
    amount = money.show(request.amount_minor, request.currency)
    done = "granted" if is_granted else "refused"
    because = f": {request.answer}" if request.answer else "."
    if request.ticket_id:
        note = f"The refund of {amount} was {done}{because}"
        _note(session, actor, request.ticket_id, note)
    tell(
        session,
        actor,
        request.asked_by_id,
        refunds.GRANTED if is_granted else refunds.REFUSED,
        about=request.id,
        once=f"refund-decided:{request.id}",
        amount=amount,
        by=actor.name,
        because=because,
    )
    return request


def _note(session: Session, actor: Actor, ticket_id: uuid.UUID, note: str) -> None:
    """Leave an internal note in a ticket, or in the one that it was merged into."""
    found = session.get(Ticket, ticket_id)
    while found is not None and found.merged_into_id is not None:
        found = session.get(Ticket, found.merged_into_id)
    write_message(session, actor, found.id if found else ticket_id, note, is_internal=True)
