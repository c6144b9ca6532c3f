"""Series: sessions of one client at the same local time, week by week, agreed and called off together."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Role
from avenrae.errors import Conflict, InvalidInput
from avenrae.ids import uuid7
from avenrae.letters import bookings as letters
from avenrae.models import Booking
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.diaries import diary_of
from avenrae.queries.scopes import visible_bookings
from avenrae.scheduling.diary import Taken
from avenrae.scheduling.recurrence import SERIES
from avenrae.scheduling.zones import spoken
from avenrae.services.booking_notices import tell_both
from avenrae.services.bookings.agreeing import NEXT_DAY, stop_waiting
from avenrae.services.bookings.answering import called_off, tell_of_end
from avenrae.services.bookings.calendars import (
    NEARBY,
    OPEN,
    agreed,
    lock_calendar,
    locked_booking,
    offered_service,
    refused,
    require_time,
    visible_client,
)
from avenrae.services.bookings.holds import expire_holds_between
from avenrae.services.bookings.places import offer_places


def create_series(
    session: Session,
    actor: Actor,
    *,
    client_id: uuid.UUID,
    service_id: uuid.UUID,
    starts: Sequence[datetime],
    notes: str = "",
) -> list[Booking]:
    """Agree all of these sessions, confirmed, or none; each start must be offered, none may touch another.

    Raises:
        InvalidInput: There are fewer than 2 or more than 26, one twice, or one has passed or has no zone.
        NotFound: There is no such client or service for this actor.
        Conflict: One is not offered any more; the sentence names it.
    """
    require(actor, Permission.BOOKING_CREATE_SERIES)
    wanted = sorted(set(starts)) if all(at.tzinfo for at in starts) else list(starts)
    if len(wanted) not in SERIES or len(wanted) < len(starts):
        raise InvalidInput(f"A series has {SERIES[0]} to {SERIES[-1]} sessions, each at another time.")
    for at in wanted:
        require_time(at)
    client = visible_client(session, actor, client_id)
    service, practitioner = offered_service(session, service_id)
    lock_calendar(session, practitioner.id)
    length = timedelta(minutes=service.duration_minutes)
    freed = expire_holds_between(session, practitioner.id, wanted[0] - NEXT_DAY, wanted[-1] + NEXT_DAY)
    diary = diary_of(session, actor, practitioner, service, wanted[0] - NEARBY, wanted[-1] + NEARBY)
    made, key = [], uuid7()
    for at in wanted:
        if why := refused(diary, at):
            raise Conflict(f"{spoken(at, diary.terms.zone)}: {why} Nothing was booked.")
        booking = agreed(client.id, service, practitioner, at, None)
        booking.series_id, booking.notes = key, notes.strip()
        before, after = diary.terms.buffer_before, diary.terms.buffer_after
        own = Taken(at - before, at + length + after, "Another session of this series")
        diary = replace(diary, taken=[*diary.taken, own])
        made.append(booking)
    session.add_all(made)
    session.flush()
    stop_waiting(session, *made)
    offer_places(session, practitioner.id, freed)
    count, times = str(len(made)), [booking.starts_at for booking in made]
    tell_both(session, actor, made[0], letters.SERIES_BOOKED, once=f"series:{key}", count=count, times=times)
    return made


def cancel_series_from(session: Session, actor: Actor, booking_id: uuid.UUID, reason: str) -> list[Booking]:
    """Call off a session of a series and all that follow it; each gives back what it would by itself (R-BOOK-11).

    Raises:
        Conflict: It is not part of a series, or nothing of it is left to call off.
        InvalidInput: No reason was given.
        NotPermitted: A refund is above what a support agent may give.
    """
    first = locked_booking(session, actor, booking_id, Permission.BOOKING_CANCEL)
    if first.series_id is None:
        raise Conflict("This booking is not part of a series.")
    query = (
        select(Booking)
        .where(
            Booking.series_id == first.series_id,
            visible_bookings(actor),
            Booking.starts_at >= first.starts_at,
            Booking.status.in_(OPEN),
            *([Booking.starts_at > clock.now()] if actor.role is Role.CLIENT else []),
        )
        .order_by(Booking.starts_at, Booking.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    rest = list(session.scalars(query))
    if not rest:
        raise Conflict("Nothing of this series is left to call off from here on.")
    money_of_each = [called_off(session, actor, booking, reason) for booking in rest]
    back, kept, _ = (sum(amounts) for amounts in zip(*money_of_each, strict=True))
    if len(rest) == 1:
        tell_of_end(session, actor, rest[0], letters.CANCELLED, back, kept)
    else:
        count, times = str(len(rest)), [booking.starts_at for booking in rest]
        tell_of_end(session, actor, rest[0], letters.SERIES_CANCELLED, back, kept, count=count, times=times)
    return rest
