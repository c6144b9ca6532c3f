"""What the desk of the demo world keeps of people, and the refunds it asked the admins for."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae.demo.rows import Frame
from avenrae.enums import BookingStatus, PaymentStatus, Role
from avenrae.models import Booking, Client, Ticket, User
from avenrae.permissions import Actor
from avenrae.services.client_notes import add_note
from avenrae.services.refunds import ask_for_refund, grant_refund, refuse_refund

_NOTES = (
    "Prefers a call to an e-mail, mornings are best.",
    "Travels a lot: check the time zone before moving a session.",
    "Asked twice about the refund policy; explained it in detail.",
    "Speaks Afrikaans at home and is glad of an answer in it.",
)
_ASKED = (
    ("The practitioner lost the connection three times, and the client wants to go on with somebody else.", "open"),
    ("The client was charged in the shop and here for the same session.", "open"),
    ("The session ended after ten minutes.", "The practitioner confirmed it. Sorry about that."),
    ("Did not like the reading.", ""),
)
_REFUSED = "The session took place in full; offer a discount on the next one instead."


def ask_and_note(session: Session, frame: Frame) -> None:
    """Write notes about a few clients, and ask for refunds: two wait, one was granted, one refused."""
    agent, admin = _first(session, Role.SUPPORT), _first(session, Role.ADMIN)
    clients = session.scalars(select(Client.user_id).order_by(Client.id).limit(12)).all()
    for n, user_id in enumerate([clients[0], *frame.rng.sample(clients[1:], 3)]):
        add_note(session, agent, user_id, _NOTES[n])
    paid = session.scalars(
        select(Booking)
        .where(Booking.status == BookingStatus.COMPLETED, Booking.payment_status == PaymentStatus.PAID)
        .order_by(Booking.price_minor.desc(), Booking.id)
        .limit(len(_ASKED))
    ).all()
    for booking, (reason, answer) in zip(paid, _ASKED, strict=False):
        about = session.scalar(
            select(Ticket.id).where(Ticket.booking_id == booking.id, Ticket.merged_into_id.is_(None))
        )
        request = ask_for_refund(
            session, agent, amount_minor=booking.price_minor, reason=reason, booking_id=booking.id, ticket_id=about
        )
        if answer == "open":
            continue
        if answer:
            grant_refund(session, admin, request.id, answer)
        else:
            refuse_refund(session, admin, request.id, _REFUSED)


def _first(session: Session, role: Role) -> Actor:
    found = select(User).where(User.role == role, User.password_hash.is_not(None)).order_by(User.id).limit(1)
    user = session.scalars(found).one()
    return Actor(user.id, role, user.name, user.email, user.time_zone)
