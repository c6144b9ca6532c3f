"""Whom a promise that is about to be broken, or was, must be told to now."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Select, Text, and_, cast, extract, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import TicketStatus
from avenrae.models import Desk, Notification, SlaPolicy, Ticket
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.desks import desk_hours
from avenrae.scheduling.zones import local_day

_RUNNING = (TicketStatus.OPEN, TicketStatus.IN_PROGRESS)
_REACH = timedelta(days=60)
_MOST = 500


class Step(StrEnum):
    """How far it has come: soon due, overdue, and overdue for so long that the lead hears of it."""

    SOON = "soon"
    LATE = "late"
    LEAD = "lead"


@dataclass(frozen=True)
class Escalation:
    """One thing to tell about one clock of a ticket; `once` is the same whoever finds it, whenever."""

    ticket_id: uuid.UUID
    step: Step
    promise: str
    due_at: datetime
    once: str


@dataclass(frozen=True)
class _Edges:
    """A desk's marks on the line of time: what is due by `soon` is warned of, by `lead` the lead is told."""

    desk_id: uuid.UUID
    soon: datetime
    lead: datetime | None


def list_escalations(
    session: Session, actor: Actor, *, ticket_id: uuid.UUID | None = None, limit: int = _MOST
) -> list[Escalation]:
    """Return what is to be told now and was not told yet, the most urgent first; of one ticket, if it is named.

    Desks are asked in their own hours only, unless they escalate out of hours; then minutes count by the clock on the
    wall.
    """
    require(actor, Permission.DESK_EDIT)
    parts = [
        _part(edges, step, *promise)
        for edges in _edges(session)
        for step in Step
        if step is not Step.LEAD or edges.lead is not None
        for promise in _PROMISES
    ]
    if not parts:
        return []
    if ticket_id is not None:
        parts = [part.where(Ticket.id == ticket_id) for part in parts]
    found = union_all(*parts).subquery()
    rows = session.execute(select(found).order_by(found.c.due_at, found.c.id).limit(limit))
    return [Escalation(r.id, Step(r.step), r.promise, r.due_at, r.once) for r in rows]


_PROMISES: tuple[tuple[str, Any, Any, Any], ...] = (
    (
        "first response",
        Ticket.created_at,
        Ticket.first_response_due_at,
        Ticket.first_responded_at.is_(None),
    ),
    ("update", Ticket.update_since, Ticket.update_due_at, Ticket.update_since.is_not(None)),
    ("resolution", Ticket.created_at, Ticket.resolution_due_at, Ticket.resolved_at.is_(None)),
)
"""Each promise: its name, since when its clock runs, when it is due, and whether it still runs."""


def _edges(session: Session) -> Iterator[_Edges]:
    now, hours = clock.now(), desk_hours(session)
    for desk in session.scalars(select(Desk).where(Desk.id.in_(select(SlaPolicy.desk_id)))):
        warn, lead = timedelta(minutes=desk.warn_minutes), timedelta(minutes=desk.lead_minutes)
        if desk.escalates_out_of_hours:
            yield _Edges(desk.id, now + warn, now - lead if desk.lead_id else None)
            continue
        zone = hours[desk.id].zone
        known = hours[desk.id].between(local_day(now - _REACH, zone), local_day(now + _REACH, zone))
        if known.is_open(now):
            yield _Edges(desk.id, known.after(now, warn) or now, known.before(now, lead) if desk.lead_id else None)


def _part(edges: _Edges, step: Step, name: str, since: Any, due: Any, runs: Any) -> Select[Any]:
    now = clock.now()
    when = {
        Step.SOON: and_(due > now, due <= edges.soon),
        Step.LATE: due <= now,
        Step.LEAD: due <= (edges.lead or now),
    }[step]
    micros = cast(extract("epoch", since) * 1_000_000, BigInteger)
    once = func.concat(f"escalation-{step.value}:{name}:", cast(Ticket.id, Text), ":", micros)
    told = select(Notification.id).where(Notification.once == once).exists()
    return (
        select(
            Ticket.id,
            literal(step.value).label("step"),
            literal(name).label("promise"),
            due.label("due_at"),
            once.label("once"),
        )
        .join(SlaPolicy, SlaPolicy.id == Ticket.policy_id)
        .where(
            SlaPolicy.desk_id == edges.desk_id,
            or_(*(Ticket.status == status for status in _RUNNING)),
            Ticket.next_due_at <= edges.soon,
            runs,
            when,
            ~told,
        )
    )
