"""What client and practitioner are told of their session: each with the other's name, and times on both clocks."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from avenrae import money
from avenrae.enums import PaymentStatus
from avenrae.letters import bookings as letters
from avenrae.letters.event import Event
from avenrae.models import Booking, Client, Practitioner, Service, User
from avenrae.permissions import Actor
from avenrae.scheduling.zones import on_clocks
from avenrae.services.telling import tell

ALWAYS = frozenset({"service", "other", "time", "reference", "price", "by"})
"""What can be said of any booking."""
Said = str | datetime | Sequence[datetime]
"""Words, a time or several: a time is said on its reader's clock and on that of the other side (R-BOOK-12)."""


def tell_both(session: Session, actor: Actor, booking: Booking, event: Event, *, once: str, **said: Said) -> None:
    """Tell client and practitioner of a booking, but not who acts."""
    _tell(session, actor, booking, event, (True, True), once, said)


def tell_client(session: Session, actor: Actor, booking: Booking, event: Event, *, once: str, **said: Said) -> None:
    """Tell the client of a booking, unless he acts."""
    _tell(session, actor, booking, event, (True, False), once, said)


def tell_practitioner(
    session: Session, actor: Actor, booking: Booking, event: Event, *, once: str, **said: Said
) -> None:
    """Tell the practitioner of a booking, unless he acts."""
    _tell(session, actor, booking, event, (False, True), once, said)


def _tell(
    session: Session,
    actor: Actor,
    booking: Booking,
    event: Event,
    sides: tuple[bool, bool],
    once: str,
    said: dict[str, Said],
) -> None:
    title, client, practitioner = _parties(session, booking)
    # A client meets the practitioner on the booking's clock, which may be another than the practitioner's own by now.
    for reader, other, their_zone, is_told in (
        (client, practitioner, booking.time_zone, sides[0]),
        (practitioner, client, client.time_zone, sides[1]),
    ):
        if not is_told:
            continue
        words = {name: _words(value, reader.time_zone, their_zone) for name, value in said.items()}
        words |= {
            "service": title,
            "other": other.name,
            "time": on_clocks(booking.starts_at, reader.time_zone, their_zone),
            "reference": booking.reference,
            "price": _price(booking),
            "by": other.name if other.id == actor.user_id else letters.OUR_TEAM,
        }
        unsaid = ALWAYS - event.blanks
        told = {name: value for name, value in words.items() if name not in unsaid}
        tell(session, actor, reader.id, event, about=booking.id, once=once, **told)


def _parties(session: Session, booking: Booking) -> tuple[str, User, User]:
    client, practitioner = aliased(User), aliased(User)
    row = session.execute(
        select(Service.title, client, practitioner)
        .select_from(Booking)
        .join(Service, Service.id == Booking.service_id)
        .join(Client, Client.id == Booking.client_id)
        .join(client, client.id == Client.user_id)
        .join(Practitioner, Practitioner.id == Booking.practitioner_id)
        .join(practitioner, practitioner.id == Practitioner.user_id)
        .where(Booking.id == booking.id)
    ).one()
    return row[0], row[1], row[2]


def _price(booking: Booking) -> str:
    paid = letters.PAID[PaymentStatus(booking.payment_status)]
    return f"{money.show(booking.price_minor, booking.currency)}, {paid}." if booking.price_minor else "Free of charge."


def _words(value: Said, zone: str, other: str) -> str:
    if isinstance(value, str):
        return value
    times = [value] if isinstance(value, datetime) else value
    return "\n".join(on_clocks(at, zone, other) for at in times)
