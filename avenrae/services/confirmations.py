"""Confirmations sent once more, to a client who cannot find the first."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae.enums import BookingStatus, OrderKind, OrderStatus
from avenrae.errors import Conflict, NotFound
from avenrae.ids import uuid7
from avenrae.letters import bookings, orders
from avenrae.models import Booking, Client, Order, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import visible_bookings, visible_orders
from avenrae.services.booking_notices import tell_client
from avenrae.services.order_notices import tell_of_order


def resend_booking_confirmation(session: Session, actor: Actor, booking_id: uuid.UUID) -> User:
    """Send the client of a confirmed session its facts by e-mail once more; returns who gets it.

    Raises:
        Conflict: The session is not confirmed, or the client gets no mail.
    """
    booking = session.scalar(select(Booking).where(Booking.id == booking_id, visible_bookings(actor)))
    if booking is None:
        raise NotFound("There is no such booking, or it is not yours to see.")
    require(actor, Permission.TICKET_WORK)
    if booking.status != BookingStatus.CONFIRMED:
        raise Conflict("There is nothing to confirm: the session is not confirmed, or it is over.")
    reader = _reader(session, booking.client_id)
    tell_client(session, actor, booking, bookings.RESENT, once=f"confirmation:{booking.id}:{uuid7()}")
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
    tell_of_order(session, actor, order, orders.RESENT, once=f"confirmation:{order.id}:{uuid7()}")
    return reader


def _reader(session: Session, client_id: uuid.UUID) -> User:
    reader = session.scalars(select(User).join(Client, Client.user_id == User.id).where(Client.id == client_id)).one()
    if not reader.is_active or reader.erased_at is not None:
        raise Conflict("No mail goes to this person: the account is suspended.")
    return reader
