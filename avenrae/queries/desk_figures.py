"""The figures of the support desk, each defined once; every number's rows are found by the same conditions."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Float, and_, func, literal, null, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from avenrae import clock
from avenrae.enums import TicketCategory, TicketPriority
from avenrae.errors import InvalidInput
from avenrae.models import SlaPolicy, Ticket, TicketBacklog, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.listing import key_of, one_of
from avenrae.queries.periods import PRESETS, FigurePeriod, Span, figure_period, known_zone, midnight, span_of, today
from avenrae.queries.scopes import visible_tickets

ALWAYS = Span()
NOBODY = "nobody"
"""The value of a filter that means: of no agent, or under no policy."""
DEFINITIONS: Mapping[str, str] = {
    "opened": "Opened: tickets that were opened in the period. Tickets merged into another one count nowhere.",
    "resolved": "Resolved: tickets that were resolved in the period and have stayed so.",
    "first_response": "First response: of tickets first answered in the period with such a promise, the minutes of the "
    "desk's hours from opening to the first public reply; half took at most the median, nine of ten the p90.",
    "first_in_time": "Answered in time: tickets first answered by their due time ÷ tickets first answered, in the "
    "period, of those with such a promise.",
    "resolution": "Resolution: of tickets resolved in the period with such a promise, the minutes of the desk's hours "
    "from opening to resolving, without the time in which they waited on the client.",
    "resolved_in_time": "Resolved in time: tickets resolved by their due time ÷ tickets resolved, in the period, of "
    "those with such a promise.",
    "broken": "Promises broken: tickets opened in the period of which a first response, an answer or the resolution "
    "came after its due time, or has not come and is overdue.",
    "backlog": "Backlog: tickets that were neither resolved nor closed at the end of a day.",
    "satisfaction": "Satisfaction: mean of the answers (1 to 5) about tickets resolved in the period.",
    "answered_share": "Share answered: answers ÷ tickets resolved in the period whose requester was asked.",
}
"""What each figure means, as a screen explains it."""


PERIODS: Mapping[str, str] = {
    "past-30": "Past 30 days",
    "past-7": "Past 7 days",
    "this-month": "This month so far",
    "last-month": "Last full month",
    "3-months": "Last 3 full months",
    "6-months": "Last 6 full months",
    "12-months": "Last 12 full months",
    "this-year": "This year so far",
    "last-year": "Last year",
    "dates": "Chosen dates",
}
"""The periods that these figures are shown for."""
MOST_DAYS = 400
"""No period is longer: medians are taken of every ticket in it, each time."""
KINDS = ("agent", "category", "policy")
"""What figures are cut into."""


@dataclass(frozen=True)
class DeskFilters:
    """What the figures are narrowed to; `agent` and `policy` may be nobody's."""

    span: Span = ALWAYS
    agent: uuid.UUID | str | None = None
    category: TicketCategory | None = None
    priority: TicketPriority | None = None
    policy: uuid.UUID | str | None = None
    of: str = "opened"
    at: datetime | None = None


@dataclass(frozen=True)
class DeskFigures:
    """Counts of tickets, and minutes of business time; None where nothing is there to be measured."""

    opened: int = 0
    broken: int = 0
    first_late: int = 0
    update_late: int = 0
    resolution_late: int = 0
    answered: int = 0
    answered_in_time: int = 0
    first_median: int | None = None
    first_p90: int | None = None
    resolved: int = 0
    resolved_promised: int = 0
    resolved_in_time: int = 0
    resolution_median: int | None = None
    resolution_p90: int | None = None
    asked: int = 0
    rated: int = 0
    stars: int = 0

    @property
    def satisfaction(self) -> float | None:
        """The mean of the answers; None without any."""
        return self.stars / self.rated if self.rated else None


@dataclass(frozen=True)
class Segment:
    """The figures of one agent, category or policy; `key` is its value as a filter, "" for everything."""

    kind: str
    key: str
    figures: DeskFigures


def desk_period(name: str, params: Mapping[str, str], zone: str) -> FigurePeriod:
    """Return the period of a name in `PERIODS`, cut in a zone; the days of “Chosen dates” are in the address.

    Raises:
        InvalidInput: The chosen dates are too many.
    """
    if name == "dates":
        chosen = span_of(params, zone)
        first = chosen.start or midnight(today(zone) - timedelta(days=30), zone)
        last = chosen.end or midnight(today(zone) + timedelta(days=1), zone)
        # Days are 25 hours long where clocks go back.
        if last - first > timedelta(days=MOST_DAYS, hours=2):
            raise InvalidInput(f"Choose at most {MOST_DAYS} days for these figures.")
        return FigurePeriod(Span(first, last), None, is_running=last > clock.now())
    if name in PRESETS:
        return FigurePeriod(span_of({"when": name}, zone), None, is_running=False)
    return figure_period(name, zone, ALWAYS)


def desk_filters(params: Mapping[str, str], zone: str) -> DeskFilters:
    """Return the filters that an address holds (`from`, `to`, `agent`, `category`, `priority`, `policy`, `of`, `day`).

    Days are cut in the `zone` of the address where it names one.

    Raises:
        InvalidInput: A value is none of those there are.
    """
    zone = known_zone(params["zone"]) if params.get("zone") else zone
    of = params.get("of") or "opened"
    if of not in ROWS and of != "backlog":
        raise InvalidInput(f"“{of}” is none of the figures: {', '.join([*ROWS, 'backlog'])}.")
    ended = span_of({"from": params.get("day", ""), "to": params.get("day", "")}, zone).end
    return DeskFilters(
        span=span_of(params, zone),
        agent=_owner(params.get("agent")),
        category=one_of(TicketCategory, params.get("category")),
        priority=one_of(TicketPriority, params.get("priority")),
        policy=_owner(params.get("policy")),
        of=of,
        at=ended,
    )


def desk_figures(
    session: Session, actor: Actor, filters: DeskFilters, kinds: Sequence[str] = KINDS
) -> dict[tuple[str, str], Segment]:
    """Return the figures of everything (`("", "")`) and of each agent, category and policy, by (kind, key).

    Medians are of every ticket there is, so what is not looked at is better not asked for: `kinds` says what is.

    Raises:
        NotPermitted: The role sees no figures of operations.
    """
    require(actor, Permission.FIGURES_OPERATIONS)
    found: dict[tuple[str, str], Segment] = {("", ""): Segment("", "", DeskFigures())}
    columns = [_COLUMNS[kind] for kind in kinds]
    sets = func.grouping_sets(tuple_(), *(tuple_(column) for column in columns))
    which = func.grouping(*columns) if columns else literal(0)
    for of, measures in _measures().items():
        where = _conditions(actor, replace(filters, of=of))
        query = select(which, *columns, *measures.values()).where(*where).group_by(sets)
        for grouping, *row in session.execute(query):
            place = _place(int(grouping), kinds, row[: len(kinds)])
            numbers: dict[str, Any] = dict(_numbers(measures, row[len(kinds) :]))
            before = found.get(place, Segment(*place, DeskFigures()))
            found[place] = replace(before, figures=replace(before.figures, **numbers))
    return found


def list_agents(session: Session, actor: Actor) -> dict[str, str]:
    """Return the names of those who work tickets or did, by their key as a filter."""
    require(actor, Permission.FIGURES_OPERATIONS)
    query = select(User.id, User.first_name + " " + User.last_name).where(User.role.in_(("support", "admin")))
    return {str(key): name for key, name in session.execute(query.order_by(User.name_folded.collate("C")).limit(500))}


def list_policies(session: Session, actor: Actor) -> dict[str, str]:
    """Return the names of the policies, by their key as a filter."""
    require(actor, Permission.FIGURES_OPERATIONS)
    query = select(SlaPolicy.id, SlaPolicy.name).order_by(SlaPolicy.name, SlaPolicy.id)
    return {str(key): name for key, name in session.execute(query)}


def is_late(of: str) -> ColumnElement[bool]:
    """Return the condition that a promise of a ticket was broken: the first response, an update, the resolution."""
    now = clock.now()
    return {
        "first": func.coalesce(Ticket.first_responded_at, now) > Ticket.first_response_due_at,
        "update": or_(Ticket.updates_late > 0, Ticket.update_due_at < now),
        "resolution": func.coalesce(Ticket.resolved_at, now) > Ticket.resolution_due_at,
    }[of]


def any_late() -> ColumnElement[bool]:
    """Return the condition that any promise of a ticket was broken."""
    return or_(is_late("first"), is_late("update"), is_late("resolution"))


def rows_of(actor: Actor, filters: DeskFilters) -> tuple[list[ColumnElement[bool]], InstrumentedAttribute[Any]]:
    """Return the condition for the tickets that a figure counts, and the date by which it counts them."""
    return _conditions(actor, filters), ROWS[filters.of][0] if filters.of in ROWS else Ticket.created_at


def _always() -> list[ColumnElement[bool]]:
    return []


ROWS: Mapping[str, tuple[InstrumentedAttribute[Any], Callable[[], list[ColumnElement[bool]]]]] = {
    "opened": (Ticket.created_at, _always),
    "broken": (Ticket.created_at, lambda: [any_late()]),
    "first-late": (Ticket.created_at, lambda: [is_late("first")]),
    "update-late": (Ticket.created_at, lambda: [is_late("update")]),
    "resolution-late": (Ticket.created_at, lambda: [is_late("resolution")]),
    "answered": (Ticket.first_responded_at, lambda: [Ticket.first_response_due_at.is_not(None)]),
    "answered-in-time": (
        Ticket.first_responded_at,
        lambda: [Ticket.first_responded_at <= Ticket.first_response_due_at],
    ),
    "resolved": (Ticket.resolved_at, _always),
    "resolved-promised": (Ticket.resolved_at, lambda: [Ticket.resolution_due_at.is_not(None)]),
    "resolved-in-time": (Ticket.resolved_at, lambda: [Ticket.resolved_at <= Ticket.resolution_due_at]),
    "asked": (Ticket.resolved_at, lambda: [Ticket.satisfaction_asked_at.is_not(None)]),
    "rated": (Ticket.resolved_at, lambda: [Ticket.satisfaction.is_not(None)]),
}
"""The rows behind each figure: the date that must be in the period, and what else holds for them."""
_COLUMNS: Mapping[str, InstrumentedAttribute[Any]] = {
    "agent": Ticket.assignee_id,
    "category": Ticket.category,
    "policy": Ticket.policy_id,
}


def _number(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(*conditions) if conditions else func.count()


def _half_and_most(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """Return the median and the p90 in an array, for which the values are sorted once."""
    return func.percentile_disc(literal([0.5, 0.9], ARRAY(Float))).within_group(column)


def _numbers(measures: Mapping[str, Any], row: Sequence[Any]) -> Iterator[tuple[str, int | None]]:
    """Yield each figure of a row by its name; a pair of percentiles is two."""
    for name, value in zip(measures, row, strict=True):
        pair = name.endswith("_minutes")
        names = (name.replace("_minutes", "_median"), name.replace("_minutes", "_p90")) if pair else (name,)
        values = (value or (None, None)) if pair else (value,)
        yield from zip(names, (None if v is None else int(v) for v in values), strict=True)


def _measures() -> dict[str, dict[str, ColumnElement[Any]]]:
    """Return what is measured of the rows of each date; made anew each time, since what is late depends on now."""
    return {
        "opened": {
            "opened": _number(),
            "broken": _number(any_late()),
            "first_late": _number(is_late("first")),
            "update_late": _number(is_late("update")),
            "resolution_late": _number(is_late("resolution")),
        },
        "answered": {
            "answered": _number(),
            "answered_in_time": _number(*ROWS["answered-in-time"][1]()),
            "first_minutes": _half_and_most(Ticket.first_response_minutes),
        },
        "resolved": {
            "resolved": _number(),
            "resolved_promised": _number(*ROWS["resolved-promised"][1]()),
            "resolved_in_time": _number(*ROWS["resolved-in-time"][1]()),
            "resolution_minutes": _half_and_most(Ticket.resolution_minutes),
            "asked": _number(*ROWS["asked"][1]()),
            "rated": _number(*ROWS["rated"][1]()),
            "stars": func.coalesce(func.sum(Ticket.satisfaction), 0),
        },
    }


def _conditions(actor: Actor, filters: DeskFilters) -> list[ColumnElement[bool]]:
    conditions = [visible_tickets(actor), *narrowed(filters)]
    if filters.of == "backlog":
        b, at = TicketBacklog, filters.at
        open_then = b.until.is_(None) if at is None else and_(b.since < at, or_(b.until.is_(None), b.until >= at))
        return [*conditions, Ticket.id.in_(select(b.ticket_id).where(open_then))]
    column, more = ROWS[filters.of]
    conditions.append(column.is_not(None))
    if filters.span.start is not None:
        conditions.append(column >= filters.span.start)
    if filters.span.end is not None:
        conditions.append(column < filters.span.end)
    return [*conditions, *more()]


def narrowed(filters: DeskFilters) -> list[ColumnElement[bool]]:
    """Return the condition for the tickets that filters leave, whatever their dates."""
    conditions: list[ColumnElement[bool]] = [Ticket.merged_into_id.is_(None)]
    for column, wanted in (
        (Ticket.assignee_id, filters.agent),
        (Ticket.policy_id, filters.policy),
        (Ticket.category, filters.category),
        (Ticket.priority, filters.priority),
    ):
        if wanted == NOBODY:
            conditions.append(column.is_(null()))
        elif wanted is not None:
            conditions.append(column == wanted)
    return conditions


def _owner(word: str | None) -> uuid.UUID | str | None:
    return NOBODY if word == NOBODY else key_of(word)


def _place(grouping: int, kinds: Sequence[str], keys: Sequence[Any]) -> tuple[str, str]:
    """Return which segment a row of the grouped query is: a bit is set for every kind that it adds up over."""
    for n, kind in enumerate(kinds):
        if not grouping & 1 << (len(kinds) - 1 - n):
            return kind, NOBODY if keys[n] is None else str(keys[n])
    return "", ""
