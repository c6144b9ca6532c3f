"""The due times of tickets: computed from their history by `scheduling/sla.py`, kept in their rows for sorting."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import TicketStatus
from avenrae.models import Ticket
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.desks import Promises, ticket_histories
from avenrae.scheduling.business_hours import OpenTime
from avenrae.scheduling.sla import Clocks, clocks_in
from avenrae.scheduling.zones import local_day

_AHEAD = timedelta(days=800)
_AT_ONCE = 1000
_UNDONE = (TicketStatus.OPEN, TicketStatus.IN_PROGRESS, TicketStatus.WAITING)


def set_clocks(session: Session, tickets: Sequence[Ticket], promises: Promises | None = None) -> None:
    """Compute the due times of tickets anew and store them (R-SLA-01…03); due times are never set by hand."""
    if not tickets:
        return
    session.flush()
    promises = promises or Promises(session)
    known = _open_times(tickets, promises)
    histories = ticket_histories(session, tickets)
    for ticket in tickets:
        promise = promises.of(ticket.priority, ticket.category)
        if promise is None:
            found = Clocks(None, (), None)
        else:
            desk = promises.desks[promise.desk_id]
            found = clocks_in(histories[ticket.id], promise.targets, desk, known[promise.desk_id], clock.now())
        _store(ticket, found)


def recompute_open_tickets(session: Session, actor: Actor) -> int:
    """Compute the due times of every ticket that is not resolved, after hours or a policy changed (R-SLA-04).

    Returns how many there are.
    """
    require(actor, Permission.DESK_EDIT)
    promises, done = Promises(session), 0
    query = select(Ticket).where(Ticket.status.in_(_UNDONE)).order_by(Ticket.id).limit(_AT_ONCE)
    tickets = session.scalars(query.with_for_update()).all()
    while tickets:
        set_clocks(session, tickets, promises)
        session.flush()
        done += len(tickets)
        last = tickets[-1].id
        session.expunge_all()
        tickets = session.scalars(query.where(Ticket.id > last).with_for_update()).all()
    return done


def _open_times(tickets: Sequence[Ticket], promises: Promises) -> dict[object, OpenTime]:
    """Return each desk's open time from the oldest of these tickets on, added up once for all of them."""
    oldest = min(t.created_at for t in tickets)
    until = clock.now() + _AHEAD
    found: dict[object, OpenTime] = defaultdict(lambda: OpenTime([]))
    for key, desk in promises.desks.items():
        found[key] = desk.between(local_day(oldest, desk.zone), local_day(until, desk.zone))
    return found


def _store(ticket: Ticket, found: Clocks) -> None:
    running = [c for c in found.updates if c.ended_at is None]
    ticket.first_response_due_at = found.first_response.due_at if found.first_response else None
    ticket.first_responded_at = found.first_response.ended_at if found.first_response else ticket.first_responded_at
    ticket.update_due_at = running[-1].due_at if running else None
    ticket.resolution_due_at = found.resolution.due_at if found.resolution else None
    ticket.next_due_at = found.due_next()
