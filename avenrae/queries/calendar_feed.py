"""Reads of sessions for calendars outside the console: one of them, or the feed of a practitioner."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from avenrae import clock
from avenrae.enums import BookingStatus, Role
from avenrae.errors import NotFound
from avenrae.models import Booking, Client, Practitioner, Service, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import visible_bookings
from avenrae.queries.sessions import token_hash

PAST, AHEAD = timedelta(days=30), timedelta(days=365)
"""How far a feed reaches."""

_client_user = aliased(User, name="client_user")
_practitioner_user = aliased(User, name="practitioner_user")
_ENTRIES = (
    select(
        Booking.id,
        Booking.reference,
        Booking.starts_at,
        Booking.ends_at,
        Booking.time_zone,
        Booking.status,
        Booking.hold_expires_at,
        Booking.sequence,
        Booking.updated_at,
        Service.title.label("service_title"),
        (_client_user.first_name + " " + _client_user.last_name).label("client_name"),
        (_practitioner_user.first_name + " " + _practitioner_user.last_name).label("practitioner_name"),
    )
    .join(Client, Client.id == Booking.client_id)
    .join(_client_user, _client_user.id == Client.user_id)
    .join(Practitioner, Practitioner.id == Booking.practitioner_id)
    .join(_practitioner_user, _practitioner_user.id == Practitioner.user_id)
    .join(Service, Service.id == Booking.service_id)
)


@dataclass(frozen=True)
class CalendarEntry:
    """A session as a calendar shows it, times in UTC; notes and ways to reach a client stay in the console."""

    id: uuid.UUID
    reference: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    status: BookingStatus
    hold_expires_at: datetime | None
    sequence: int
    updated_at: datetime
    service_title: str
    client_name: str
    practitioner_name: str


@dataclass(frozen=True)
class Feed:
    """What a practitioner's calendar follows."""

    practitioner_name: str
    entries: tuple[CalendarEntry, ...]


def get_calendar_entry(session: Session, actor: Actor, booking_id: uuid.UUID) -> CalendarEntry:
    """Return one session for a calendar.

    Raises:
        NotPermitted: The role sees no bookings.
        NotFound: There is none, or the actor may not see it.
    """
    require(actor, Permission.BOOKING_VIEW)
    found = session.execute(_ENTRIES.where(Booking.id == booking_id, visible_bookings(actor))).one_or_none()
    if found is None:
        raise NotFound("There is no such booking, or it is not yours to see.")
    return _entry(found)


def find_feed(session: Session, token: str) -> Feed | None:
    """Return the feed behind a token: sessions of the last 30 and the next 365 days, cancelled ones too.

    None where no practitioner has this token, or the one who has it may not sign in any more.
    """
    owner = session.execute(
        select(Practitioner.id, User.first_name + " " + User.last_name)
        .join(User, User.id == Practitioner.user_id)
        .where(
            Practitioner.feed_token_hash == token_hash(token),
            User.role == Role.PRACTITIONER,
            User.is_active,
            User.erased_at.is_(None),
        )
    ).one_or_none()
    if owner is None:
        return None
    practitioner_id, name = owner
    now = clock.now()
    found = session.execute(
        _ENTRIES.where(
            Booking.practitioner_id == practitioner_id,
            Booking.starts_at >= now - PAST,
            Booking.starts_at < now + AHEAD,
        ).order_by(Booking.starts_at, Booking.id)
    )
    return Feed(name, tuple(_entry(row) for row in found))


def _entry(found: Any) -> CalendarEntry:
    r = found._mapping
    return CalendarEntry(**{**r, "status": BookingStatus(r["status"])})
