"""Diaries: all that decides which times of a service are offered, read for the pure functions of `scheduling`."""

import uuid
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus, Role, VerificationStatus
from avenrae.errors import NotFound
from avenrae.models import AvailabilityOverride, AvailabilityRule, Booking, Practitioner, Service
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.away import list_away
from avenrae.queries.bookings import is_not_expired
from avenrae.queries.scopes import visible_practitioners
from avenrae.scheduling.diary import Blocked, Diary, Taken, Terms
from avenrae.scheduling.hours import Override, Rule
from avenrae.scheduling.reasons import Reason, why_not
from avenrae.scheduling.slots import slots
from avenrae.scheduling.zones import local_day

_AROUND = timedelta(days=2)
"""What lies this far outside a span can still reach into it: a session, its buffers, a zone's offset."""


def get_diary(
    session: Session,
    actor: Actor,
    service_id: uuid.UUID,
    since: datetime,
    until: datetime,
    *,
    leave_out: uuid.UUID | None = None,
) -> Diary:
    """Return the diary of a service for a span; `leave_out` is a booking that is about to move.

    Raises:
        NotFound: There is no such service for this actor.
    """
    row = session.execute(
        select(Service, Practitioner)
        .join(Practitioner, Practitioner.id == Service.practitioner_id)
        .where(Service.id == service_id, visible_practitioners(actor))
    ).one_or_none()
    if row is None:
        raise NotFound("This service cannot be booked at the moment.")
    service, practitioner = row
    return diary_of(session, actor, practitioner, service, since, until, leave_out)


def diary_of(
    session: Session,
    actor: Actor,
    practitioner: Practitioner,
    service: Service,
    since: datetime,
    until: datetime,
    leave_out: uuid.UUID | None = None,
) -> Diary:
    """Return the diary of a service that the actor sees, as `get_diary` does, where it has been read already."""
    rules = session.scalars(select(AvailabilityRule).where(AvailabilityRule.practitioner_id == practitioner.id))
    overrides = session.scalars(
        select(AvailabilityOverride).where(
            AvailabilityOverride.practitioner_id == practitioner.id,
            AvailabilityOverride.on_date.between((since - _AROUND).date(), (until + _AROUND).date()),
        )
    )
    away = list_away(session, actor, practitioner.id, since - _AROUND, until + _AROUND)
    return Diary(
        terms_of(practitioner, service),
        [Rule(r.starts_local, r.ends_local, r.weekday, r.rrule, r.valid_from, r.valid_until) for r in rules],
        [Override(o.on_date, o.starts_local, o.ends_local) for o in overrides],
        [Blocked(a.starts_at, a.ends_at, a.reason, a.id) for a in away],
        _taken(session, actor, practitioner.id, since, until, leave_out),
    )


def list_slots(
    session: Session,
    actor: Actor,
    service_id: uuid.UUID,
    since: datetime,
    until: datetime,
    *,
    leave_out: uuid.UUID | None = None,
) -> list[datetime]:
    """Return the starts that a service offers in a span, in UTC: exactly those that a booking accepts (R-BOOK-07)."""
    diary = get_diary(session, actor, service_id, since, until, leave_out=leave_out)
    return slots(diary, clock.now(), since, until)


def next_times(
    session: Session, actor: Actor, practitioner_id: uuid.UUID, *, each: int = 4, days: int = 14
) -> dict[uuid.UUID, list[datetime]]:
    """Return the first start on each of the next days that have one, for every service on offer; all read at once."""
    found = session.execute(
        select(Service, Practitioner)
        .join(Practitioner, Practitioner.id == Service.practitioner_id)
        .where(
            Practitioner.id == practitioner_id,
            Practitioner.verification_status == VerificationStatus.APPROVED,
            Service.is_available,
            visible_practitioners(actor),
        )
    ).all()
    if not found:
        return {}
    now = clock.now()
    until = now + timedelta(days=days)
    first, owner = found[0]
    diary = diary_of(session, actor, owner, first, now, until)
    times = {}
    for service, practitioner in found:
        terms = terms_of(practitioner, service)
        first_of_day: dict[date, datetime] = {}
        for start in slots(replace(diary, terms=terms), now, now, until):
            first_of_day.setdefault(local_day(start, terms.zone), start)
        times[service.id] = list(first_of_day.values())[:each]
    return times


def explain(session: Session, actor: Actor, service_id: uuid.UUID, start: datetime) -> Reason | None:
    """Return the one rule that keeps a service from being offered at an instant; None where it is (R-BOOK-13).

    Raises:
        NotPermitted: The role does not see availability.
        NotFound: There is no such service for this actor.
    """
    require(actor, Permission.AVAILABILITY_VIEW)
    return why_not(get_diary(session, actor, service_id, start, start), clock.now(), start)


def terms_of(practitioner: Practitioner, service: Service) -> Terms:
    """Return how a service is offered: the service's own buffers, else the practitioner's."""
    return Terms.of_minutes(
        practitioner.time_zone,
        service.duration_minutes,
        step=practitioner.slot_step,
        buffer_before=practitioner.buffer_before if service.buffer_before is None else service.buffer_before,
        buffer_after=practitioner.buffer_after if service.buffer_after is None else service.buffer_after,
        min_notice=practitioner.min_notice,
        max_horizon_days=practitioner.max_horizon,
    )


def _taken(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID,
    since: datetime,
    until: datetime,
    leave_out: uuid.UUID | None,
) -> list[Taken]:
    found = session.execute(
        select(Booking.id, Booking.occupied, Booking.reference, Booking.hold_expires_at).where(
            Booking.practitioner_id == practitioner_id,
            Booking.status.in_([BookingStatus.PENDING, BookingStatus.CONFIRMED]),
            or_(Booking.status == BookingStatus.CONFIRMED, is_not_expired()),
            Booking.starts_at < until + _AROUND,
            Booking.starts_at > since - _AROUND,
            *([Booking.id != leave_out] if leave_out else []),
        )
    )
    named = actor.role is not Role.CLIENT
    return [
        Taken(
            occupied.lower,
            occupied.upper,
            f"Booking {reference}" if named else "Another booking",
            is_hold=hold is not None,
            cause=booking_id if named else None,
        )
        for booking_id, occupied, reference, hold in found
        if occupied.lower and occupied.upper
    ]
