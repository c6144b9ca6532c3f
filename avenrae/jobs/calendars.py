"""Calendars kept elsewhere, read again from their addresses."""

import logging
from collections.abc import Collection
from datetime import timedelta

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.errors import AvenraeError
from avenrae.integrations.web_calendars import fetch_calendar
from avenrae.permissions import Actor
from avenrae.queries.busy_calendars import DueCalendar, list_due_calendars
from avenrae.services.busy_calendars import note_unread, read_busy_calendar

log = logging.getLogger("avenrae.jobs")
_EVERY = timedelta(minutes=55)
"""A calendar is read again when it was last read this long ago, at the next run."""


def read_due_calendars(actor: Actor, *, allowed: Collection[str] = ()) -> int:
    """Read every calendar that is due; returns how many could be. One that cannot never stops the others.

    `allowed` names IP addresses that may be connected to although they are not public.
    """
    with read_session() as session:
        due = list_due_calendars(session, actor, clock.now() - _EVERY)
    read = sum(_read_one(actor, calendar, allowed) for calendar in due)
    if due:
        log.info("calendars read: %d of %d", read, len(due))
    return read


def _read_one(actor: Actor, calendar: DueCalendar, allowed: Collection[str]) -> bool:
    """Read one calendar, with no transaction open while its server is talked to."""
    try:
        content = fetch_calendar(calendar.secret_url, allowed=allowed)
        with transaction(actor, "read_busy_calendar") as session:
            read_busy_calendar(session, actor, calendar.practitioner_id, calendar.id, content=content)
    except AvenraeError as e:
        why = e.message
    except Exception:
        log.exception("calendar %s could not be read", calendar.id)
        why = "It could not be read because of a fault on our side."
    else:
        return True
    try:
        with transaction(actor, "note_unread") as session:
            note_unread(session, actor, calendar.practitioner_id, calendar.id, why=why)
    except AvenraeError as e:
        log.warning("calendar %s: %s", calendar.id, e.message)
    return False
