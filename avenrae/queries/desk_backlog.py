"""How many tickets were open when: at the end of each day, week or month of a span, and now."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import accumulate
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, DateTime, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.models import Ticket, TicketBacklog
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.desk_figures import MOST_DAYS, DeskFilters, narrowed, rows_of
from avenrae.queries.periods import Span, midnight
from avenrae.queries.scopes import visible_tickets


class Step(StrEnum):
    """How far apart the backlog is looked at."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def steps_of(span: Span) -> list[Step]:
    """Return the steps that suit a span, the one that suits it best first."""
    days = (span.end - span.start).days if span.start and span.end else MOST_DAYS
    if days > 200:
        return [Step.WEEK, Step.MONTH, Step.DAY]
    return [Step.DAY, Step.WEEK, Step.MONTH] if days > 45 else [Step.DAY, Step.WEEK] if days > 14 else [Step.DAY]


@dataclass(frozen=True)
class BacklogDay:
    """How many tickets were open at the end of a day, which may be the last of a week or a month."""

    day: date
    open: int


def backlog(session: Session, actor: Actor, filters: DeskFilters, zone: str, step: Step = Step.DAY) -> list[BacklogDay]:
    """Return how many tickets were open at the end of each step of the span that is over, cut in a zone."""
    require(actor, Permission.FIGURES_OPERATIONS)
    days = list(_last_days(filters.span, zone, step))
    if not days:
        return []
    ends = [midnight(day + timedelta(days=1), zone) for day in days]
    edges = literal(ends, ARRAY(DateTime(timezone=True)))
    b = TicketBacklog
    # The number of the first edge at which a ticket was open, and of the first at which it was not any more.
    since, until = func.width_bucket(b.since, edges), func.width_bucket(b.until, edges)
    query = (
        select(since, until, func.count())
        .where(or_(b.until.is_(None), b.until >= ends[0]), b.since < ends[-1])
        .group_by(since, until)
    )
    if any((filters.agent, filters.policy, filters.category, filters.priority)):
        # Whoever was open then is open still or was resolved since; an index of its own names each.
        those = select(Ticket.id).where(visible_tickets(actor), *narrowed(filters))
        either = union_all(those.where(Ticket.resolved_at.is_(None)), those.where(Ticket.resolved_at >= ends[0]))
        ticket = either.subquery()
        query = query.join(ticket, ticket.c.id == b.ticket_id)
    else:
        # Without filters no ticket is read but the merged ones, which are few.
        query = query.where(b.ticket_id.not_in(select(Ticket.id).where(Ticket.merged_into_id.is_not(None))))
    changes: Counter[int] = Counter()
    for opened, over, n in session.execute(query):
        changes[int(opened)] += n
        if over is not None:
            changes[int(over)] -= n
    open_then = accumulate(changes[n] for n in range(len(days)))
    return [BacklogDay(day, n) for day, n in zip(days, open_then, strict=True)]


def count_backlog(session: Session, actor: Actor, filters: DeskFilters) -> int:
    """Return how many tickets are open now."""
    require(actor, Permission.FIGURES_OPERATIONS)
    now = replace(filters, of="backlog", at=None)
    return session.execute(select(func.count()).select_from(Ticket).where(*rows_of(actor, now)[0])).scalar_one()


def _last_days(span: Span, zone: str, step: Step) -> Iterator[date]:
    """Yield the last day of each step of a span that is over; weeks end on Sunday, the last step with the span."""
    if span.start is None:
        return
    until = min(span.end or clock.now(), clock.now())
    day = span.start.astimezone(ZoneInfo(zone)).date()
    while midnight(following := day + timedelta(days=1), zone) <= until:
        turns = {Step.DAY: True, Step.WEEK: following.weekday() == 0, Step.MONTH: following.day == 1}
        if turns[step] or (span.end is not None and midnight(following, zone) == span.end):
            yield day
        day = following
