"""Desks: their hours, their holidays, and what is promised for which ticket."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae.enums import TicketCategory, TicketPriority, TicketStatus
from avenrae.models import BusinessHours, Desk, Holiday, SlaPolicy, Ticket, TicketMessage, TicketStatusChange
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
        self._policies = {(p.priority, p.category): _promise(p) for p in session.scalars(select(SlaPolicy))}
        self.desks = desk_hours(session)

    def of(self, priority: TicketPriority, category: TicketCategory) -> Promise | None:
        """Return the promise for a ticket, or None where none is made (R-SLA-04)."""
        return self._policies.get((priority, category)) or self._policies.get((priority, None))

    def missing(self) -> list[TicketPriority]:
        """Return the priorities for which nothing is promised in general."""
        return [p for p in TicketPriority if (p, None) not in self._policies]


def desk_hours(session: Session) -> dict[uuid.UUID, DeskHours]:
    """Return the hours and holidays of every desk."""
    weekly: dict[uuid.UUID, list[Rule]] = defaultdict(list)
    for row in session.scalars(select(BusinessHours)):
        weekly[row.desk_id].append(Rule(row.starts_local, row.ends_local, weekday=row.weekday))
    holidays: dict[uuid.UUID, dict[object, str]] = defaultdict(dict)
    for day in session.scalars(select(Holiday)):
        holidays[day.desk_id][day.on_date] = day.title
    return {
        desk.id: DeskHours(ZoneInfo(desk.time_zone), tuple(weekly[desk.id]), dict(holidays[desk.id]))  # type: ignore[arg-type]
        for desk in session.scalars(select(Desk))
    }


def ticket_histories(session: Session, tickets: Iterable[Ticket]) -> dict[uuid.UUID, list[Event]]:
    """Return what the clocks of these tickets listen to, each in order and beginning with its opening.

    A message that a merge brought counts from the opening of the ticket it stands in now, at the earliest.
    """
    opened = {t.id: t.created_at for t in tickets}
    lines: dict[uuid.UUID, list[tuple[datetime, int, Event]]] = defaultdict(list)
    messages = session.execute(
        select(TicketMessage.ticket_id, TicketMessage.created_at, TicketMessage.from_staff).where(
            TicketMessage.ticket_id.in_(opened), TicketMessage.is_internal.is_(False)
        )
    )
    for ticket_id, at, from_staff in messages:
        what = Happening.STAFF_REPLIED if from_staff else Happening.CLIENT_WROTE
        lines[ticket_id].append((max(at, opened[ticket_id]), 1, Event(max(at, opened[ticket_id]), what)))
    changes = session.execute(
        select(TicketStatusChange.ticket_id, TicketStatusChange.occurred_at, TicketStatusChange.status)
        .where(TicketStatusChange.ticket_id.in_(opened))
        .order_by(TicketStatusChange.occurred_at, TicketStatusChange.id)
    )
    for ticket_id, at, status in changes:
        lines[ticket_id].append((at, 2, Event(at, Happening.STATUS, TicketStatus(status))))
    return {
        ticket_id: [Event(at, Happening.OPENED), *(event for *_, event in sorted(lines[ticket_id], key=_order))]
        for ticket_id, at in opened.items()
    }


def _order(line: tuple[datetime, int, Event]) -> tuple[datetime, int]:
    """A status that a message brings about stands after it, though both have one instant."""
    return line[:2]


def targets_of(first_response: int | None, update: int | None, resolution: int | None) -> Targets:
    """Return what minutes of business time promise."""

    def minutes(n: int | None) -> timedelta | None:
        return None if n is None else timedelta(minutes=n)

    return Targets(minutes(first_response), minutes(update), minutes(resolution))


def _promise(policy: SlaPolicy) -> Promise:
    targets = targets_of(policy.first_response_minutes, policy.update_minutes, policy.resolution_minutes)
    return Promise(policy.id, policy.name, policy.desk_id, targets)
