"""What client and practitioner are told of their session: each with the other's name, and times on both clocks."""

import uuid
from collections.abc import Collection, Mapping, Sequence
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
from avenrae.services.telling import News, tell_all

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


TO_BOTH, TO_CLIENT, TO_PRACTITIONER = ("client", "practitioner"), ("client",), ("practitioner",)


class Telling(NamedTuple):
    """An event of a booking, what is said of it, and to whom."""

    event: Event
    once: str
    said: Mapping[str, Said]
    sides: Collection[str]


def tell_both(session: Session, actor: Actor, booking: Booking, event: Event, *, once: str, **said: Said) -> None:
    """Tell client and practitioner of a booking, but not who acts."""
    tell_sides(session, actor, booking, Telling(event, once, said, TO_BOTH))


def tell_client(session: Session, actor: Actor, booking: Booking, event: Event, *, once: str, **said: Said) -> None:
    """Tell the client of a booking, unless he acts."""
    tell_sides(session, actor, booking, Telling(event, once, said, TO_CLIENT))


def tell_practitioner(
    session: Session, actor: Actor, booking: Booking, event: Event, *, once: str, **said: Said
) -> None:
    """Tell the practitioner of a booking, unless he acts."""
    tell_sides(session, actor, booking, Telling(event, once, said, TO_PRACTITIONER))


def tell_sides(session: Session, actor: Actor, booking: Booking, *tellings: Telling) -> None:
    """Tell the sides of a booking of events, but not who acts."""
    title, client, practitioner = _parties(session, booking)
    # A client meets the practitioner on the booking's clock, which may be another than the practitioner's own by now.
    meets = {
        "client": (client, practitioner, booking.time_zone),
        "practitioner": (practitioner, client, client.time_zone),
    }
    news = []
    for telling in tellings:
        for side in telling.sides:
            reader, other, their_zone = meets[side]
            own = {name: getattr(said, side) if isinstance(said, Each) else said for name, said in telling.said.items()}
            words = {name: _words(said, reader.time_zone, their_zone) for name, said in own.items()}
            words |= {
                "service": title,
                "other": other.name,
                "time": on_clocks(booking.starts_at, reader.time_zone, their_zone),
                "reference": booking.reference,
                "price": _price(booking),
                "by": other.name if other.id == actor.user_id else letters.OUR_TEAM,
            }
            unsaid = ALWAYS - telling.event.blanks
            told = {name: word for name, word in words.items() if name not in unsaid}
            news.append(News(reader.id, telling.event, booking.id, telling.once, told))
    tell_all(session, actor, news)


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
