"""Places that came free: the first on the waiting list whose service fits is offered one, for a while."""

import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from avenrae import clock
from avenrae.db.transaction import acting_as
from avenrae.enums import VerificationStatus, WaitlistStatus
from avenrae.letters import bookings as letters
from avenrae.models import BookingWaitlist, Client, Practitioner, Service, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.diaries import diary_of
from avenrae.queries.due import is_hold_over
from avenrae.scheduling.diary import Diary, Taken
from avenrae.scheduling.hours import MIDNIGHT, ONE_DAY
from avenrae.scheduling.slots import slots
from avenrae.scheduling.zones import instant, on_clocks
from avenrae.services.bookings.calendars import CONSOLE, agreed, lock_calendar_of
from avenrae.services.bookings.holds import claim_due, expire_holds_between, release
from avenrae.services.telling import News, tell_all
from avenrae.settings import settings

log = logging.getLogger("avenrae")
LEAST = timedelta(minutes=5)
"""An offer that would run out sooner than this is none: nobody could answer it."""
_MOST = 200
"""So many who wait are looked at together; the next time it is the turn of the others."""
_client_user = aliased(User)
_reader = (_client_user.id, _client_user.time_zone)


def offer_places(session: Session, practitioner_id: uuid.UUID, freed: Iterable[tuple[datetime, datetime]]) -> int:
    """Offer what came free to those who wait for those days, joined first; returns how many offers were made.

    Part of the transaction that freed the time, whose lock on the practitioner it stands under, so a place is
    offered once. Should it fail, what freed the time stands and the sweep offers the place.
    """
    spans = list(freed)
    if not spans:
        return 0
    first, last = min(start for start, _ in spans).date(), max(end for _, end in spans).date()
    waiting = _waiting(session, practitioner_id, first - ONE_DAY, last + ONE_DAY)
    if not waiting:
        return 0
    try:
        with session.begin_nested():
            return _offer(session, practitioner_id, waiting)
    except Exception:
        log.exception("a freed place could not be offered to the waiting list")
        return 0


def expire_hold(session: Session, actor: Actor, booking_id: uuid.UUID) -> bool:
    """Cancel a hold that ran out unpaid, tell people, and offer its time to who waits; returns whether it was due.

    R-BOOK-09.
    """
    require(actor, Permission.BOOKING_CANCEL)
    lock_calendar_of(session, actor, booking_id)
    booking = claim_due(session, actor, booking_id, is_hold_over())
    if booking is not None:
        release(session, booking)
        offer_places(session, booking.practitioner_id, [(booking.starts_at, booking.ends_at)])
    return booking is not None


def sweep_waiting_list(session: Session, practitioner_id: uuid.UUID) -> int:
    """Offer whatever is free on the days for which somebody waits, and close the lines of days that are over.
    The practitioner's lock is held.
    """
    practitioner = session.get_one(Practitioner, practitioner_id)
    today = clock.now().astimezone(ZoneInfo(practitioner.time_zone)).date()
    session.execute(
        update(BookingWaitlist)
        .where(
            BookingWaitlist.practitioner_id == practitioner_id,
            BookingWaitlist.status == WaitlistStatus.WAITING,
            BookingWaitlist.on_date < today,
        )
        .values(status=WaitlistStatus.EXPIRED)
        .execution_options(synchronize_session=False)
    )
    waiting = _waiting(session, practitioner_id, today, today + timedelta(days=practitioner.max_horizon + 1))
    return _offer(session, practitioner_id, waiting) if waiting else 0


def _waiting(session: Session, practitioner_id: uuid.UUID, first: date, last: date) -> Sequence[Any]:
    return session.execute(
        select(BookingWaitlist, Service, Practitioner, User.first_name + " " + User.last_name, *_reader)
        .join(Service, Service.id == BookingWaitlist.service_id)
        .join(Practitioner, Practitioner.id == BookingWaitlist.practitioner_id)
        .join(User, User.id == Practitioner.user_id)
        .join(Client, Client.id == BookingWaitlist.client_id)
        .join(_client_user, _client_user.id == Client.user_id)
        .where(
            BookingWaitlist.practitioner_id == practitioner_id,
            BookingWaitlist.status == WaitlistStatus.WAITING,
            BookingWaitlist.on_date.between(first, last),
            BookingWaitlist.on_date >= func.date(func.timezone(Practitioner.time_zone, clock.now())),
            Service.is_available,
            Practitioner.verification_status == VerificationStatus.APPROVED,
            User.is_active,
            _client_user.is_active,
        )
        .order_by(BookingWaitlist.joined_at, BookingWaitlist.id)
        .limit(_MOST)
        .execution_options(populate_existing=True)
    ).all()


def _offer(session: Session, practitioner_id: uuid.UUID, waiting: Sequence[Any]) -> int:
    days = [entry.on_date for entry, *_ in waiting]
    since, until = (datetime.combine(day, MIDNIGHT, UTC) for day in (min(days) - ONE_DAY, max(days) + 2 * ONE_DAY))
    # A hold that ran out is no obstacle to what is offered, but to the constraint it is until it is released.
    expire_holds_between(session, practitioner_id, since, until)
    with acting_as(session, CONSOLE, "offer_places"):
        return _offer_each(session, waiting)


def _offer_each(session: Session, waiting: Sequence[Any]) -> int:
    days = [entry.on_date for entry, *_ in waiting]
    diaries: dict[uuid.UUID, Diary] = {}
    news = []
    for entry, service, practitioner, name, *reader in waiting:
        zone = ZoneInfo(practitioner.time_zone)
        if service.id not in diaries:
            span = (instant(min(days), MIDNIGHT, zone), instant(max(days) + ONE_DAY, MIDNIGHT, zone))
            diaries[service.id] = diary_of(session, CONSOLE, practitioner, service, *span)
        start = _free(diaries[service.id], entry.on_date)
        if start is None:
            continue
        taken = _hold(session, entry, service, practitioner, start)
        diaries = {key: replace(diary, taken=[*diary.taken, taken]) for key, diary in diaries.items()}
        news.append(_news(entry, (service.title, name), reader, start, practitioner.time_zone))
    tell_all(session, CONSOLE, news)
    return len(news)


def _free(diary: Diary, day: date) -> datetime | None:
    """Return the first start of a day that is offered and leaves time to answer."""
    zone = diary.terms.zone
    since, until = instant(day, MIDNIGHT, zone), instant(day + ONE_DAY, MIDNIGHT, zone)
    soonest = clock.now() + diary.terms.min_notice + LEAST
    return next(iter(slots(diary, clock.now(), max(since, soonest), until)), None)


def _news(entry: BookingWaitlist, what: tuple[str, str], reader: Sequence[Any], start: datetime, zone: str) -> News:
    user_id, own_zone = reader
    words = {
        "service": what[0],
        "other": what[1],
        "time": on_clocks(start, own_zone, zone),
        "until": on_clocks(entry.offer_expires_at, own_zone, zone) if entry.offer_expires_at else "",
    }
    return News(user_id, letters.OFFERED, entry.id, f"offer:{entry.booking_id}", words)


def _hold(
    session: Session, entry: BookingWaitlist, service: Service, practitioner: Practitioner, start: datetime
) -> Taken:
    """Hold a place for whoever waits: a booking as any other, so that nobody else can take it."""
    notice = timedelta(minutes=practitioner.min_notice)
    ends = min(clock.now() + timedelta(minutes=settings().waitlist_offer_minutes), start - notice)
    booking = agreed(entry.client_id, service, practitioner, start, ends)
    session.add(booking)
    session.flush()
    entry.status, entry.booking_id = WaitlistStatus.OFFERED, booking.id
    entry.offered_at, entry.offer_expires_at = clock.now(), ends
    session.flush()
    lower, upper = booking.occupied.lower, booking.occupied.upper
    return Taken(lower or booking.starts_at, upper or booking.ends_at, f"Booking {booking.reference}", is_hold=True)
