"""Reads of calendars kept elsewhere: which there are, what adding one would block, and which are due."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.errors import NotFound
from avenrae.models import BusyCalendar, BusyTime, Practitioner
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.availability import Outside, sessions_touched
from avenrae.queries.scopes import visible_practitioners
from avenrae.scheduling.busy import read_calendar, window_of
from avenrae.scheduling.diary import Blocked
from avenrae.scheduling.zones import zone_named


@dataclass(frozen=True)
class BusyCalendarRow:
    """A calendar as its owner sees it; `host` is where it is read from, None for a file. The address stays inside."""

    id: uuid.UUID
    name: str
    host: str | None
    is_active: bool
    last_read_at: datetime | None
    last_error: str
    left_out: tuple[str, ...]
    times: int
    until: datetime | None


@dataclass(frozen=True)
class BusyPreview:
    """What a calendar would block: how many times until when, what is left out, and the sessions that collide."""

    times: int
    until: datetime | None
    left_out: tuple[tuple[str, int], ...]
    sessions: tuple[Outside, ...]


@dataclass(frozen=True)
class DueCalendar:
    """A calendar that is to be read again; its address is a secret."""

    id: uuid.UUID
    practitioner_id: uuid.UUID
    secret_url: str


def list_busy_calendars(session: Session, actor: Actor, practitioner_id: uuid.UUID) -> list[BusyCalendarRow]:
    """Return a practitioner's calendars kept elsewhere, by name.

    Raises:
        NotPermitted: The role does not see availability.
    """
    require(actor, Permission.AVAILABILITY_VIEW)
    ahead = (
        select(func.count().label("times"), func.max(BusyTime.ends_at).label("until"))
        .where(BusyTime.busy_calendar_id == BusyCalendar.id, BusyTime.ends_at > clock.now())
        .lateral()
    )
    found = session.execute(
        select(BusyCalendar, ahead.c.times, ahead.c.until)
        .join(Practitioner, Practitioner.id == BusyCalendar.practitioner_id)
        .join(ahead, ahead.c.times >= 0)
        .where(BusyCalendar.practitioner_id == practitioner_id, visible_practitioners(actor))
        .order_by(BusyCalendar.name, BusyCalendar.id)
    )
    return [
        BusyCalendarRow(
            id=c.id,
            name=c.name,
            host=urlsplit(c.secret_url).hostname if c.secret_url else None,
            is_active=c.is_active,
            last_read_at=c.last_read_at,
            last_error=c.last_error,
            left_out=tuple(c.left_out.splitlines()),
            times=times,
            until=until,
        )
        for c, times, until in found
    ]


def preview_busy(session: Session, actor: Actor, practitioner_id: uuid.UUID, content: bytes) -> BusyPreview:
    """Return what a calendar would block, from now on.

    Raises:
        NotFound: There is no such practitioner for this actor.
        InvalidInput: The content is no calendar.
    """
    require(actor, Permission.AVAILABILITY_VIEW)
    name = session.execute(
        select(Practitioner.time_zone).where(Practitioner.id == practitioner_id, visible_practitioners(actor))
    ).scalar_one_or_none()
    if name is None:
        raise NotFound("There is no such practitioner, or the profile is not yours to see.")
    now = clock.now()
    busy = read_calendar(content, zone_named(name), *window_of(now))
    ahead = [r for r in busy.times if r.end > now]
    touched: list[Outside] = []
    if ahead:
        blocked = [Blocked(r.start, r.end) for r in ahead]
        touched = sessions_touched(session, actor, practitioner_id, blocked)
    return BusyPreview(len(ahead), ahead[-1].end if ahead else None, busy.left_out, tuple(touched))


def get_address(session: Session, actor: Actor, practitioner_id: uuid.UUID, calendar_id: uuid.UUID) -> str:
    """Return the secret address from which a calendar is read, for whoever may change it.

    Raises:
        NotPermitted: The role may not.
        NotFound: There is no such calendar for this actor, or it came from a file.
    """
    require(actor, Permission.AVAILABILITY_EDIT)
    found = session.execute(
        select(BusyCalendar.secret_url)
        .join(Practitioner, Practitioner.id == BusyCalendar.practitioner_id)
        .where(
            BusyCalendar.id == calendar_id,
            BusyCalendar.practitioner_id == practitioner_id,
            visible_practitioners(actor),
        )
    ).scalar_one_or_none()
    if found is None:
        raise NotFound("This calendar has been removed, or it came from a file.")
    return found


def list_due_calendars(session: Session, actor: Actor, read_before: datetime, *, size: int = 100) -> list[DueCalendar]:
    """Return the calendars with an address that were last read before an instant, the oldest first.

    Raises:
        NotPermitted: Only who keeps everybody's availability may read these addresses.
    """
    require(actor, Permission.AVAILABILITY_EDIT)
    found = session.execute(
        select(BusyCalendar.id, BusyCalendar.practitioner_id, BusyCalendar.secret_url)
        .join(Practitioner, Practitioner.id == BusyCalendar.practitioner_id)
        .where(
            BusyCalendar.secret_url.is_not(None),
            BusyCalendar.is_active,
            or_(BusyCalendar.last_read_at.is_(None), BusyCalendar.last_read_at < read_before),
            visible_practitioners(actor),
        )
        .order_by(BusyCalendar.last_read_at, BusyCalendar.id)
        .limit(size)
    )
    return [DueCalendar(id_, owner, url) for id_, owner, url in found if url]
