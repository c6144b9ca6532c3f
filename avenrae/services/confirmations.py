"""Confirmations sent once more, to a client who cannot find the first."""

import uuid
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import money
from avenrae.enums import BookingStatus, NoticeKind, OrderKind, OrderStatus, PaymentStatus
from avenrae.errors import Conflict, NotFound
from avenrae.ids import uuid7
from avenrae.models import Booking, Client, Order, OrderItem, Practitioner, Service, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import visible_bookings, visible_orders
from avenrae.scheduling.zones import spoken
from avenrae.services.notices import notify

_PAID = {
    PaymentStatus.UNPAID: "not paid yet",
    PaymentStatus.PAID: "paid",
    PaymentStatus.PARTIALLY_REFUNDED: "paid, and given back in part",
    PaymentStatus.REFUNDED: "given back",
}


def resend_booking_confirmation(session: Session, actor: Actor, booking_id: uuid.UUID) -> User:
    """Send the client of a confirmed session its facts by e-mail once more; returns who gets it.

    Raises:
        Conflict: The session is not confirmed, or the client gets no mail.
    """
    found = session.execute(
        select(Booking, Service.title)
        .join(Service, Service.id == Booking.service_id)
        .where(Booking.id == booking_id, visible_bookings(actor))
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such booking, or it is not yours to see.")
    require(actor, Permission.TICKET_WORK)
    booking, service = found
    if booking.status != BookingStatus.CONFIRMED:
        raise Conflict("There is nothing to confirm: the session is not confirmed, or it is over.")
    reader = _reader(session, booking.client_id)
    of_practitioner = select(User).join(Practitioner, Practitioner.user_id == User.id)
    by = session.scalars(of_practitioner.where(Practitioner.id == booking.practitioner_id)).one()
    at = f"{spoken(booking.starts_at, ZoneInfo(reader.time_zone))} ({reader.time_zone})"
    notify(
        session,
        reader.id,
        NoticeKind.BOOKING,
        subject=f"Your session {booking.reference}",
        text=(
            f"{service} with {by.name}\n{at}\n"
            f"{money.show(booking.price_minor, booking.currency)}, {_PAID[PaymentStatus(booking.payment_status)]}\n\n"
            f"Your reference is {booking.reference}."
        ),
        screen="care/booking",
        record_id=booking.id,
        once=f"confirmation:{booking.id}:{uuid7()}",
    )
    return reader


def resend_order_confirmation(session: Session, actor: Actor, order_id: uuid.UUID) -> User:
    """Send the client of an order its lines by e-mail once more; returns who gets it.

    Raises:
        Conflict: The order was cancelled or has no client, or the client gets no mail.
    """
    order = session.scalar(select(Order).where(Order.id == order_id, visible_orders(actor)))
    if order is None:
        raise NotFound("There is no such order, or it is not yours to see.")
    require(actor, Permission.TICKET_WORK)
    if order.status == OrderStatus.CANCELLED or order.kind == OrderKind.CREDIT_NOTE or order.client_id is None:
        raise Conflict("There is nothing to confirm: the order was cancelled, or nobody is known for it.")
    reader = _reader(session, order.client_id)
    items = session.execute(
        select(OrderItem.quantity, OrderItem.title, OrderItem.line_total_minor)
        .where(OrderItem.order_id == order.id)
        .order_by(OrderItem.id)
    )
    lines = [f"{n} × {title}: {money.show(minor, order.currency)}" for n, title, minor in items]
    notify(
        session,
        reader.id,
        NoticeKind.ORDER,
        subject=f"Your order {order.reference}",
        text="\n".join(
            [
                *lines,
                f"Shipping: {money.show(order.shipping_minor, order.currency)}",
                f"Total: {money.show(order.total_minor, order.currency)}, {_PAID[PaymentStatus(order.payment_status)]}",
                "",
                f"Your reference is {order.reference}.",
            ]
        ),
        screen="store/order",
        record_id=order.id,
        once=f"confirmation:{order.id}:{uuid7()}",
    )
    return reader


def _reader(session: Session, client_id: uuid.UUID) -> User:
    reader = session.scalars(select(User).join(Client, Client.user_id == User.id).where(Client.id == client_id)).one()
    if not reader.is_active or reader.erased_at is not None:
        raise Conflict("No mail goes to this person: the account is suspended.")
    return reader
