"""The due times of tickets: computed from their history by `scheduling/sla.py`, kept in their rows for sorting."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import func, select
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


def set_clocks(session: Session, tickets: Sequence[Ticket], promises: Promises | None = None) -> None:
    """Compute what the clocks of tickets say and store it (R-SLA-01…03); due times are never set by hand."""
    if not tickets:
        return
    session.flush()
    promises = promises or Promises(session)
    known = _open_times(tickets, promises)
    histories = ticket_histories(session, {t.id: t.created_at for t in tickets})
    for ticket in tickets:
        promise, history = promises.of(ticket.priority, ticket.category), histories[ticket.id]
        ticket.policy_id = promise.policy_id if promise else None
        ticket.first_responded_at = first_reply(history)
        found = Clocks(None, (), None)
        if promise is not None:
            desk = promises.desks[promise.desk_id]
            found = clocks_in(history, promise.targets, desk, known[promise.desk_id], clock.now())
        _store(ticket, found)


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
    query = select(Ticket).where(Ticket.status.in_(_UNDONE)).order_by(Ticket.id).limit(size)
    if after_id is not None:
        query = query.where(Ticket.id > after_id)
    tickets = session.scalars(query.with_for_update()).all()
    set_clocks(session, tickets)
    session.flush()
    return [t.id for t in tickets]


def _open_times(tickets: Iterable[Ticket], promises: Promises) -> dict[uuid.UUID, OpenTime]:
    """Return each desk's open time from the oldest of these tickets on, added up once for all of them."""
    oldest = min(t.created_at for t in tickets)
    until = clock.now() + _AHEAD
    return {
        key: desk.between(local_day(oldest, desk.zone), local_day(until, desk.zone))
        for key, desk in promises.desks.items()
    }


def _store(ticket: Ticket, found: Clocks) -> None:
    running = [c for c in found.updates if c.ended_at is None]
    first, resolution = found.first_response, found.resolution
    ticket.first_response_due_at = first.due_at if first else None
    ticket.first_response_minutes = _used(first)
    ticket.update_due_at = running[-1].due_at if running else None
    ticket.update_since = running[-1].started_at if running else None
    ticket.updates_late = sum(c.ended_at is not None and c.is_late(c.ended_at) for c in found.updates)
    ticket.resolution_due_at = resolution.due_at if resolution else None
    ticket.resolution_minutes = _used(resolution)
    ticket.next_due_at = found.due_next()


def _used(ended: Clock | None) -> int | None:
    """Return the full minutes of business time that a clock took, once it has ended."""
    return ended.used // _MINUTE if ended is not None and ended.ended_at is not None else None
