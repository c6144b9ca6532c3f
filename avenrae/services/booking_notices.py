"""What client and practitioner are told of their session: each with the other's name, and times on both clocks."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

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
_client, _practitioner = aliased(User), aliased(User)


class Each(NamedTuple):
    """Words that differ for the two sides."""

    client: str
    practitioner: str


Said = str | Each | datetime | Sequence[datetime]
"""Words, a time or several: a time is said on its reader's clock and on that of the other side (R-BOOK-12)."""


class _Side(NamedTuple):
    id: uuid.UUID
    name: str
    time_zone: str


def tell_both(session: Session, actor: Actor, booking: Booking, event: Event, *, once: str, **said: Said) -> None:
    """Tell client and practitioner of a booking, but not who acts."""
    _tell(session, actor, booking, event, ("client", "practitioner"), once, said)


def tell_client(session: Session, actor: Actor, booking: Booking, event: Event, *, once: str, **said: Said) -> None:
    """Tell the client of a booking, unless he acts."""
    _tell(session, actor, booking, event, ("client",), once, said)


def tell_practitioner(
    session: Session, actor: Actor, booking: Booking, event: Event, *, once: str, **said: Said
) -> None:
    """Tell the practitioner of a booking, unless he acts."""
    _tell(session, actor, booking, event, ("practitioner",), once, said)


def _tell(
    session: Session,
    actor: Actor,
    booking: Booking,
    event: Event,
    sides: Collection[str],
    once: str,
    said: dict[str, Said],
) -> None:
    title, client, practitioner = _parties(session, booking)
    # A client meets the practitioner on the booking's clock, which may be another than the practitioner's own by now.
    for side, reader, other, their_zone in (
        ("client", client, practitioner, booking.time_zone),
        ("practitioner", practitioner, client, client.time_zone),
    ):
        if side not in sides:
            continue
        own = {name: getattr(value, side) if isinstance(value, Each) else value for name, value in said.items()}
        words = {name: _words(value, reader.time_zone, their_zone) for name, value in own.items()}
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


def _parties(session: Session, booking: Booking) -> tuple[str, _Side, _Side]:
    columns = [(u.id, u.first_name + " " + u.last_name, u.time_zone) for u in (_client, _practitioner)]
    row: Any = session.execute(
        select(Service.title, *columns[0], *columns[1])
        .select_from(Service)
        .join(Client, Client.id == booking.client_id)
        .join(_client, _client.id == Client.user_id)
        .join(Practitioner, Practitioner.id == booking.practitioner_id)
        .join(_practitioner, _practitioner.id == Practitioner.user_id)
        .where(Service.id == booking.service_id)
    ).one()
    return row[0], _Side(*row[1:4]), _Side(*row[4:])


def _price(booking: Booking) -> str:
    paid = letters.PAID[PaymentStatus(booking.payment_status)]
    return f"{money.show(booking.price_minor, booking.currency)}, {paid}." if booking.price_minor else "Free of charge."


def _words(value: str | datetime | Sequence[datetime], zone: str, other: str) -> str:
    if isinstance(value, str):
        return value
    times = [value] if isinstance(value, datetime) else value
    return "\n".join(on_clocks(at, zone, other) for at in times)
