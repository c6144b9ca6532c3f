"""Writes of calendars kept elsewhere, whose busy times block a practitioner's: add, read anew, pause, remove.

Sessions that are agreed stay whatever a calendar says; `queries/busy_calendars.py` tells which collide.
"""

import uuid
from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import delete, func, insert, select, tuple_
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.models import BusyCalendar, BusyTime, Practitioner
from avenrae.permissions import Actor, Permission
from avenrae.scheduling.busy import read_calendar, window_of
from avenrae.scheduling.hours import Range
from avenrae.scheduling.zones import zone_named
from avenrae.services.availability import locked_practitioner

MOST_CALENDARS = 10
_LONGEST_NAME = 60


def add_busy_calendar(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID,
    *,
    name: str,
    content: bytes,
    url: str | None = None,
) -> BusyCalendar:
    """Block what a calendar kept elsewhere says is busy; with an address it is read again from there.

    Raises:
        InvalidInput: The name is none or too long, or the content is no calendar.
        Conflict: There is one of this name already, or there are too many.
    """
    practitioner = locked_practitioner(session, actor, practitioner_id, Permission.AVAILABILITY_EDIT)
    named = " ".join(name.split())
    if not 1 <= len(named) <= _LONGEST_NAME or "\0" in named:
        raise InvalidInput(f"Give the calendar a name of 1 to {_LONGEST_NAME} letters.")
    kept = select(func.count()).where(BusyCalendar.practitioner_id == practitioner.id)
    if session.execute(kept).scalar_one() >= MOST_CALENDARS:
        raise Conflict(f"{MOST_CALENDARS} calendars are the most. Remove one that is no longer needed.")
    found = BusyCalendar(practitioner_id=practitioner.id, name=named, secret_url=url)
    session.add(found)
    _take_over(session, found, practitioner, content)
    return found


def read_busy_calendar(
    session: Session, actor: Actor, practitioner_id: uuid.UUID, calendar_id: uuid.UUID, *, content: bytes
) -> BusyCalendar:
    """Replace a calendar's times by what it says now.

    Raises:
        InvalidInput: The content is no calendar; the times stay as they are.
        NotFound: The practitioner has no such calendar (any more).
    """
    practitioner = locked_practitioner(session, actor, practitioner_id, Permission.AVAILABILITY_EDIT)
    found = _own(session, practitioner, calendar_id)
    _take_over(session, found, practitioner, content)
    return found


def pause_busy_calendar(
    session: Session, actor: Actor, practitioner_id: uuid.UUID, calendar_id: uuid.UUID, *, is_active: bool
) -> None:
    """Let a calendar block no time for now, or block it again.

    Raises:
        NotFound: The practitioner has no such calendar (any more).
    """
    practitioner = locked_practitioner(session, actor, practitioner_id, Permission.AVAILABILITY_EDIT)
    _own(session, practitioner, calendar_id).is_active = is_active
    session.flush()


def remove_busy_calendar(session: Session, actor: Actor, practitioner_id: uuid.UUID, calendar_id: uuid.UUID) -> None:
    """Forget a calendar and its address, and open the times that it blocked.

    Raises:
        NotFound: The practitioner has no such calendar (any more).
    """
    practitioner = locked_practitioner(session, actor, practitioner_id, Permission.AVAILABILITY_EDIT)
    session.delete(_own(session, practitioner, calendar_id))
    session.flush()


def note_unread(
    session: Session, actor: Actor, practitioner_id: uuid.UUID, calendar_id: uuid.UUID, *, why: str
) -> None:
    """Write down that a calendar could not be read; what it said before goes on blocking.

    Raises:
        NotFound: The practitioner has no such calendar (any more).
    """
    practitioner = locked_practitioner(session, actor, practitioner_id, Permission.AVAILABILITY_EDIT)
    found = _own(session, practitioner, calendar_id)
    found.last_error, found.last_read_at = why, clock.now()
    session.flush()


def _take_over(session: Session, calendar: BusyCalendar, practitioner: Practitioner, content: bytes) -> None:
    now = clock.now()
    busy = read_calendar(content, zone_named(practitioner.time_zone), *window_of(now))
    calendar.content_hash = sha256(content).hexdigest()
    calendar.left_out = "\n".join(f"{n} × {why}" for why, n in busy.left_out)
    calendar.last_read_at, calendar.last_error = now, ""
    session.flush()
    _write(session, calendar, busy.times)


def _write(session: Session, calendar: BusyCalendar, times: Sequence[Range]) -> None:
    """Make a calendar's stored times these; what stays is not written again."""
    stored = select(BusyTime.starts_at, BusyTime.ends_at).where(BusyTime.busy_calendar_id == calendar.id)
    before = {(starts, ends) for starts, ends in session.execute(stored)}
    wanted = {(r.start, r.end) for r in times}
    gone = sorted(before - wanted)
    for n in range(0, len(gone), 1000):
        session.execute(
            delete(BusyTime).where(
                BusyTime.busy_calendar_id == calendar.id,
                tuple_(BusyTime.starts_at, BusyTime.ends_at).in_(gone[n : n + 1000]),
            )
        )
    if new := sorted(wanted - before):
        session.execute(
            insert(BusyTime), [{"busy_calendar_id": calendar.id, "starts_at": s, "ends_at": e} for s, e in new]
        )


def _own(session: Session, practitioner: Practitioner, calendar_id: uuid.UUID) -> BusyCalendar:
    query = select(BusyCalendar).where(BusyCalendar.id == calendar_id, BusyCalendar.practitioner_id == practitioner.id)
    found = session.execute(query.with_for_update()).scalar_one_or_none()
    if found is None:
        raise NotFound("This calendar has been removed already.")
    return found
