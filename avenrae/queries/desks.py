"""Desks: their hours, their holidays, and what is promised for which ticket."""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, case, func, literal, select, text
from sqlalchemy.orm import Session

from avenrae.enums import TicketCategory, TicketPriority, TicketStatus
from avenrae.models import BusinessHours, Desk, Holiday, SlaPolicy, TicketMessage, TicketStatusChange
from avenrae.scheduling.business_hours import DeskHours
from avenrae.scheduling.hours import Rule
from avenrae.scheduling.sla import Event, Happening, Targets


@dataclass(frozen=True)
class Promise:
    """What is promised for a ticket, by which desk's hours."""

    policy_id: uuid.UUID
    policy_name: str
    desk_id: uuid.UUID
    targets: Targets


class Promises:
    """All policies at once; the one of a category comes before the one of every category."""

    def __init__(self, session: Session) -> None:
        self._policies: dict[tuple[str, str | None], Promise] = {}
        self.desks: dict[uuid.UUID, DeskHours] = {}
        for desk_id, zone, hours, holidays, policies in session.execute(_DESKS):
            self.desks[desk_id] = _desk(zone, hours, holidays)
            for key, name, priority, category, *minutes in policies:
                self._policies[priority, category] = Promise(uuid.UUID(key), name, desk_id, targets_of(*minutes))

    def of(self, priority: TicketPriority, category: TicketCategory) -> Promise | None:
        """Return the promise for a ticket, or None where none is made (R-SLA-04)."""
        return self._policies.get((priority, category)) or self._policies.get((priority, None))

    def missing(self) -> list[TicketPriority]:
        """Return the priorities for which nothing is promised in general."""
        return [p for p in TicketPriority if (p, None) not in self._policies]


def desk_hours(session: Session) -> dict[uuid.UUID, DeskHours]:
    """Return the hours and holidays of every desk."""
    return Promises(session).desks


def ticket_histories(session: Session, opened: Mapping[uuid.UUID, datetime]) -> dict[uuid.UUID, list[Event]]:
    """Return what the clocks of tickets listen to, each in order; `opened` is when each was, with which it begins.

    A message that a merge brought counts from the opening of the ticket it stands in now, at the earliest.
    """
    these = literal(list(opened), ARRAY(Uuid))
    lines: dict[uuid.UUID, list[tuple[datetime, int, uuid.UUID, Event]]] = defaultdict(list)
    said = select(
        TicketMessage.ticket_id,
        TicketMessage.created_at,
        literal(1),
        TicketMessage.id,
        case((TicketMessage.from_staff, Happening.STAFF_REPLIED.value), else_=Happening.CLIENT_WROTE.value),
    ).where(TicketMessage.ticket_id == any_(these), TicketMessage.is_internal.is_(False))
    # A status that a message brings about stands after it, though both have one instant.
    became = select(
        TicketStatusChange.ticket_id,
        TicketStatusChange.occurred_at,
        literal(2),
        TicketStatusChange.id,
        TicketStatusChange.status,
    ).where(TicketStatusChange.ticket_id == any_(these))
    for ticket_id, at, nth, key, what in session.execute(said.union_all(became)):
        at = max(at, opened[ticket_id]) if nth == 1 else at
        event = Event(at, Happening(what)) if nth == 1 else Event(at, Happening.STATUS, TicketStatus(what))
        lines[ticket_id].append((at, nth, key, event))
    return {
        ticket_id: [Event(at, Happening.OPENED), *(event for *_, event in sorted(lines[ticket_id]))]
        for ticket_id, at in opened.items()
    }


def targets_of(first_response: int | None, update: int | None, resolution: int | None) -> Targets:
    """Return what minutes of business time promise."""

    def minutes(n: int | None) -> timedelta | None:
        return None if n is None else timedelta(minutes=n)

    return Targets(minutes(first_response), minutes(update), minutes(resolution))


def _desk(zone: str, hours: list[list[Any]], holidays: list[list[str]]) -> DeskHours:
    weekly = (Rule(time.fromisoformat(begins), time.fromisoformat(ends), weekday=day) for day, begins, ends in hours)
    return DeskHours(ZoneInfo(zone), tuple(weekly), {date.fromisoformat(day): title for day, title in holidays})


def _of_desk(model: Any, *columns: Any) -> ColumnElement[Any]:
    """Return the rows of a table that belong to a desk, in the desk's own row."""
    rows = select(func.jsonb_agg(func.jsonb_build_array(*columns))).where(model.desk_id == Desk.id)
    return func.coalesce(rows.scalar_subquery(), text("'[]'::jsonb"))


_DESKS = select(
    Desk.id,
    Desk.time_zone,
    _of_desk(BusinessHours, BusinessHours.weekday, BusinessHours.starts_local, BusinessHours.ends_local),
    _of_desk(Holiday, Holiday.on_date, Holiday.title),
    _of_desk(
        SlaPolicy,
        SlaPolicy.id,
        SlaPolicy.name,
        SlaPolicy.priority,
        SlaPolicy.category,
        SlaPolicy.first_response_minutes,
        SlaPolicy.update_minutes,
        SlaPolicy.resolution_minutes,
    ),
)
"""Every desk with its hours, holidays and promises in one row: they are few, and each click on a ticket needs them."""
