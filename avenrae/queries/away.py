"""Times in which nobody can book a practitioner: what he blocked, and what his other calendars say."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, Uuid, cast, literal, null, select, union_all
from sqlalchemy.orm import Session

from avenrae.models import BlockedPeriod, BusyCalendar, BusyTime, Practitioner
from avenrae.permissions import Actor
from avenrae.queries.scopes import visible_practitioners


@dataclass(frozen=True)
class Away:
    """A time away, in UTC, with its reason; `id` is the blocked period's, None where another calendar says so."""

    id: uuid.UUID | None
    starts_at: datetime
    ends_at: datetime
    reason: str


def list_away(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID,
    start: datetime,
    end: datetime,
    *,
    limit: int | None = None,
) -> list[Away]:
    """Return the times away that reach into [start, end), in order; why is told only to the owner and to staff."""
    blocked = (
        select(
            BlockedPeriod.id,
            BlockedPeriod.starts_at,
            BlockedPeriod.ends_at,
            BlockedPeriod.reason,
            cast(null(), Text).label("calendar"),
        )
        .join(Practitioner, Practitioner.id == BlockedPeriod.practitioner_id)
        .where(
            BlockedPeriod.practitioner_id == practitioner_id,
            visible_practitioners(actor),
            BlockedPeriod.starts_at < end,
            BlockedPeriod.ends_at > start,
        )
    )
    busy = (
        select(cast(null(), Uuid), BusyTime.starts_at, BusyTime.ends_at, literal(""), BusyCalendar.name)
        .join(BusyCalendar, BusyCalendar.id == BusyTime.busy_calendar_id)
        .join(Practitioner, Practitioner.id == BusyCalendar.practitioner_id)
        .where(
            BusyCalendar.practitioner_id == practitioner_id,
            BusyCalendar.is_active,
            visible_practitioners(actor),
            BusyTime.starts_at < end,
            BusyTime.ends_at > start,
        )
    )
    found = session.execute(union_all(blocked, busy).order_by("starts_at", "ends_at").limit(limit))
    is_own = actor.practitioner_id == practitioner_id
    return [
        Away(id_, starts_at, ends_at, busy_reason(calendar, is_own=is_own) if calendar else reason)
        if is_own or actor.is_staff
        else Away(None, starts_at, ends_at, "")
        for id_, starts_at, ends_at, reason, calendar in found
    ]


def busy_reason(calendar: str, *, is_own: bool) -> str:
    """Return why a time is blocked by another calendar: its name, nothing of what it says."""
    return f"busy in {'your' if is_own else 'the'} calendar “{calendar}”"
