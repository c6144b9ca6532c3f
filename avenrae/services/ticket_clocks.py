"""The due times of tickets: computed from their history by `scheduling/sla.py`, kept in their rows for sorting."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ARRAY, func, literal, select, update
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import TicketStatus
from avenrae.models import ClockRun, Ticket
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.desks import Promises, ticket_histories
from avenrae.scheduling.business_hours import OpenTime
from avenrae.scheduling.sla import Clock, Clocks, clocks_in, first_reply
from avenrae.scheduling.zones import local_day
from avenrae.services.notices import defer_job

RECOMPUTE = "recompute_tickets"
"""The task that gives all open tickets their due times anew, by its name in the queue."""
AT_ONCE = 1000
"""Up to this many tickets are computed in the click's own transaction."""
_AHEAD = timedelta(days=800)
_UNDONE = (TicketStatus.OPEN, TicketStatus.IN_PROGRESS, TicketStatus.WAITING)
_MINUTE = timedelta(minutes=1)
_KEPT = (
    "policy_id",
    "first_responded_at",
    "first_response_due_at",
    "first_response_minutes",
    "update_due_at",
    "update_since",
    "updates_late",
    "resolution_due_at",
    "resolution_minutes",
    "next_due_at",
)
"""What the clocks of a ticket say, as its row keeps it."""


def set_clocks(session: Session, tickets: Sequence[Ticket]) -> None:
    """Compute what the clocks of tickets say and store it (R-SLA-01…03); due times are never set by hand."""
    if not tickets:
        return
    session.flush()
    told = _told(session, tickets)
    for ticket in tickets:
        for name, value in zip(_KEPT, told[ticket.id], strict=True):
            setattr(ticket, name, value)


def recompute_open_tickets(session: Session, actor: Actor) -> ClockRun | None:
    """Give every ticket that is not resolved its due times anew, after hours or a policy changed (R-SLA-04).

    A thousand are computed at once; more of them are left to the background, as the run that is returned. A run that
    is under way begins anew.
    """
    require(actor, Permission.DESK_EDIT)
    session.flush()
    total = session.scalar(select(func.count()).select_from(Ticket).where(Ticket.status.in_(_UNDONE))) or 0
    run = session.scalar(select(ClockRun).where(ClockRun.finished_at.is_(None)).with_for_update())
    if total <= AT_ONCE:
        _compute(session, None, AT_ONCE)
        if run is not None:
            run.finished_at, run.done = clock.now(), run.total
        session.flush()
        return None
    if run is None:
        run = ClockRun(total=total, begun_at=clock.now())
        session.add(run)
    run.total, run.done, run.after_id, run.begun_at = total, 0, None, clock.now()
    session.flush()
    # One for each change: whoever works on the run now leaves it when he finds it locked by this transaction.
    defer_job(session, RECOMPUTE, {"run_id": str(run.id)})
    return run


def recompute_some(session: Session, actor: Actor, run_id: uuid.UUID, *, size: int = 500) -> bool:
    """Compute the next tickets of a run; returns whether there are more.

    Nothing is lost by a crash: the next one goes on where the last commit was. Of several workers, one works.
    """
    require(actor, Permission.DESK_EDIT)
    query = select(ClockRun).where(ClockRun.id == run_id, ClockRun.finished_at.is_(None))
    run = session.scalar(query.with_for_update(skip_locked=True))
    if run is None:
        return False
    computed = _compute(session, run.after_id, size)
    if computed:
        run.done, run.after_id = run.done + len(computed), computed[-1]
    if len(computed) < size:
        run.finished_at = clock.now()
    session.flush()
    return run.finished_at is None


def _compute(session: Session, after_id: uuid.UUID | None, size: int) -> list[uuid.UUID]:
    """Compute the next of those that are not resolved and write what is new, all in one statement."""
    kept = [Ticket.__table__.c[name] for name in _KEPT]
    query = select(Ticket.id, Ticket.priority, Ticket.category, Ticket.created_at, *kept)
    query = query.where(Ticket.status.in_(_UNDONE)).order_by(Ticket.id).limit(size)
    if after_id is not None:
        query = query.where(Ticket.id > after_id)
    tickets = session.execute(query.with_for_update()).all()
    told = _told(session, tickets) if tickets else {}
    changed = [(t.id, *told[t.id]) for t in tickets if told[t.id] != tuple(t)[-len(_KEPT) :]]
    if changed:
        columns = [Ticket.__table__.c.id, *kept]
        lists = [literal(list(v), ARRAY(c.type)) for c, v in zip(columns, zip(*changed, strict=True), strict=True)]
        new = func.unnest(*lists).table_valued(*(c.name for c in columns), name="new").render_derived()
        values = {name: new.c[name] for name in _KEPT}
        session.execute(
            update(Ticket).where(Ticket.id == new.c.id).values(values), execution_options={"synchronize_session": False}
        )
        session.expire_all()
    return [t.id for t in tickets]


def _told(session: Session, tickets: Sequence[Any]) -> dict[uuid.UUID, tuple[Any, ...]]:
    """Return for each ticket, by its key, what its clocks say, in the order of `_KEPT`."""
    promises = Promises(session)
    known = _open_times(tickets, promises)
    histories = ticket_histories(session, {t.id: t.created_at for t in tickets})
    told = {}
    for ticket in tickets:
        promise, history = promises.of(ticket.priority, ticket.category), histories[ticket.id]
        found = Clocks(None, (), None)
        if promise is not None:
            desk = promises.desks[promise.desk_id]
            found = clocks_in(history, promise.targets, desk, known[promise.desk_id], clock.now())
        told[ticket.id] = (promise.policy_id if promise else None, first_reply(history), *_due(found))
    return told


def _open_times(tickets: Iterable[Any], promises: Promises) -> dict[uuid.UUID, OpenTime]:
    """Return each desk's open time from the oldest of these tickets on, added up once for all of them."""
    oldest = min(t.created_at for t in tickets)
    until = clock.now() + _AHEAD
    return {
        key: desk.between(local_day(oldest, desk.zone), local_day(until, desk.zone))
        for key, desk in promises.desks.items()
    }


def _due(found: Clocks) -> tuple[Any, ...]:
    running = [c for c in found.updates if c.ended_at is None]
    first, resolution = found.first_response, found.resolution
    return (
        first.due_at if first else None,
        _used(first),
        running[-1].due_at if running else None,
        running[-1].started_at if running else None,
        sum(c.ended_at is not None and c.is_late(c.ended_at) for c in found.updates),
        resolution.due_at if resolution else None,
        _used(resolution),
        found.due_next(),
    )


def _used(ended: Clock | None) -> int | None:
    """Return the full minutes of business time that a clock took, once it has ended."""
    return ended.used // _MINUTE if ended is not None and ended.ended_at is not None else None
