"""Reads of tickets: the queue with its views and filters, and what a person asked himself."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, String, case, false, func, literal, null, or_, select, text, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from avenrae import clock
from avenrae.enums import TicketCategory, TicketPriority, TicketStatus
from avenrae.models import Ticket, TicketMessage, TicketPresence, TicketTag, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.listing import COUNT_LIMIT, count_of, in_order, key_of, one_of, page_of
from avenrae.queries.scopes import visible_tickets
from avenrae.queries.ticket_search import holding, words_of

_requester = aliased(User, name="requester")
_assignee = aliased(User, name="assignee")
NOBODY, ME = "nobody", "me"
SOON = timedelta(hours=2)
PRESENT = timedelta(seconds=30)
_MOST_COUNTED = 999
_READ = 5_000
_AROUND = "StartSel='', StopSel='', MaxWords=18, MinWords=9"
# As text, since a partial index is taken only where the planner sees the words themselves.
_UNDONE: ColumnElement[bool] = text("tickets.status IN ('open', 'in_progress', 'waiting')")  # type: ignore[assignment]
_SORTS = {"due": Ticket.next_due_at, "last": Ticket.last_message_at, "created": Ticket.created_at}


class View(StrEnum):
    """The parts of the queue, in the order of their tabs."""

    OPEN = "open"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    SOON = "soon"
    WAITING = "waiting"
    SNOOZED = "snoozed"
    ALL = "all"


@dataclass(frozen=True)
class TicketFilters:
    """What a list of tickets can be narrowed to; `nobody` means those without an assignee.

    `search_is_common` is what `ticket_search.is_common` says, where it was asked already.
    """

    view: View = View.OPEN
    search: str = ""
    status: TicketStatus | None = None
    priority: TicketPriority | None = None
    category: TicketCategory | None = None
    assignee_id: uuid.UUID | None = None
    mine: bool = False
    nobody: bool = False
    tag: str = ""
    requester_id: uuid.UUID | None = None
    search_is_common: bool | None = None


@dataclass(frozen=True)
class TicketRow:
    """One line of the queue; `last_words` are the beginning of its last message, `openers` who has it open now.

    Where words were looked for, `found_id` is the newest message that holds them, and `last_words` are those of that.
    """

    id: uuid.UUID
    number: str
    subject: str
    status: TicketStatus
    priority: TicketPriority
    category: TicketCategory
    requester_id: uuid.UUID
    requester_name: str
    assignee_id: uuid.UUID | None
    assignee_name: str | None
    created_at: datetime
    last_message_at: datetime
    next_due_at: datetime | None
    snoozed_until: datetime | None
    is_merged: bool
    last_words: str
    last_is_internal: bool
    openers: str
    tags: tuple[str, ...]
    found_id: uuid.UUID | None


def ticket_filters(params: Mapping[str, str], zone: str) -> TicketFilters:
    """Return the filters that an address holds (`view`, `q`, `status`, `priority`, `category`, `assignee`, …).

    Raises:
        InvalidInput: A value is none of those there are.
    """
    assignee = params.get("assignee", "")
    return TicketFilters(
        view=one_of(View, params.get("view")) or View.OPEN,
        search=params.get("q", ""),
        status=one_of(TicketStatus, params.get("status")),
        priority=one_of(TicketPriority, params.get("priority")),
        category=one_of(TicketCategory, params.get("category")),
        assignee_id=None if assignee in (NOBODY, ME) else key_of(assignee),
        mine=assignee == ME,
        nobody=assignee == NOBODY,
        tag=params.get("tag", ""),
        requester_id=key_of(params.get("requester")),
    )


def count_tickets(session: Session, actor: Actor, filters: TicketFilters) -> int:
    """Return how many tickets the filters leave, up to the counting limit."""
    return count_of(session, _ids(session, actor, filters))


def list_tickets(
    session: Session, actor: Actor, filters: TicketFilters, *, sort: str = "due", page: int = 1, size: int = 50
) -> list[TicketRow]:
    """Return one page of tickets; first comes what breaches next, last what stands still.

    Raises:
        NotPermitted: The role sees no tickets.
        InvalidInput: The sort is not one of the list's.
    """
    order = _in_order(sort)
    chosen = page_of(_ids(session, actor, filters).order_by(*order), page, size).subquery()
    rows = _rows(actor, filters.search)
    found = session.execute(rows.where(Ticket.id.in_(select(chosen.c.id))).order_by(*order))
    return [_row(r) for r in found]


def count_and_list_tickets(
    session: Session, actor: Actor, filters: TicketFilters, *, sort: str = "due", page: int = 1, size: int = 50
) -> tuple[int, list[TicketRow]]:
    """Return both at once; words are looked for once, since what holds them is a bounded number of tickets."""
    if not filters.search.strip():
        total = count_tickets(session, actor, filters)
        return total, list_tickets(session, actor, filters, sort=sort, page=page, size=size) if total else []
    order = _in_order(sort)
    # The plan that suits every word suits none: a prepared search was given it after ten, and took twice the time.
    session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    found = list(session.scalars(_ids(session, actor, filters).order_by(*order).limit(COUNT_LIMIT + 1)))
    shown = found[(page - 1) * size : page * size]
    if not shown:
        return len(found), []
    rows = session.execute(_rows(actor, filters.search).where(Ticket.id.in_(shown)).order_by(*order))
    return len(found), [_row(r) for r in rows]


def each_ticket(session: Session, actor: Actor, filters: TicketFilters, sort: str) -> Iterator[TicketRow]:
    """Yield every ticket the filters leave, as the database sends them; for exports."""
    query = _rows(actor).where(Ticket.id.in_(_ids(session, actor, filters)))
    ordered = query.order_by(*_in_order(sort)).execution_options(yield_per=1000)
    return (_row(r) for r in session.execute(ordered))


def find_ticket_ids(session: Session, actor: Actor, filters: TicketFilters, *, limit: int = 200) -> list[uuid.UUID]:
    """Return the keys of the tickets the filters leave, the most urgent first, up to a limit."""
    return list(session.scalars(_ids(session, actor, filters).order_by(*_in_order("due")).limit(limit)))


def list_rows_of(session: Session, actor: Actor, ticket_ids: list[uuid.UUID]) -> list[TicketRow]:
    """Return these tickets as far as the actor sees them, the most urgent first."""
    query = _rows(actor).where(Ticket.id.in_(ticket_ids), visible_tickets(actor)).order_by(*_in_order("due"))
    return [_row(r) for r in session.execute(query)]


def count_views(session: Session, actor: Actor) -> dict[View, int]:
    """Return how many tickets are in each view but the whole, counted up to 999 and one more."""
    require(actor, Permission.TICKET_WORK)
    counted = [v for v in View if v is not View.ALL]
    parts = []
    for view in counted:
        ids = select(Ticket.id).where(visible_tickets(actor), *_of_view(view, actor))
        bounded = ids.limit(_MOST_COUNTED + 1).subquery()
        parts.append(select(func.count()).select_from(bounded).scalar_subquery())
    return dict(zip(counted, session.execute(select(*parts)).one(), strict=True))


def next_ticket(session: Session, actor: Actor, due_at: datetime | None, after: uuid.UUID) -> uuid.UUID | None:
    """Return the ticket to work on after one with this due time: what breaches next of the actor's and nobody's.

    `due_at` is what it was due at when the actor came to it, since what he did there may have moved it. After the last
    one comes the first again; None where there is no other.
    """
    require(actor, Permission.TICKET_WORK)
    query = select(Ticket.id).where(
        _UNDONE,
        *_awake(),
        Ticket.id != after,
        Ticket.status != TicketStatus.WAITING,
        or_(Ticket.assignee_id == actor.user_id, Ticket.assignee_id.is_(None)),
    )
    still = Ticket.next_due_at.is_(None)
    later: ColumnElement[bool]
    if due_at is None:
        later = still & (Ticket.id > after)
    else:
        later = or_(Ticket.next_due_at > due_at, (Ticket.next_due_at == due_at) & (Ticket.id > after), still)
    order = _in_order("due")
    found = [q.order_by(*order).limit(1).scalar_subquery() for q in (query.where(later), query)]
    return session.scalar(select(func.coalesce(*found)))


def _in_order(sort: str) -> list[Any]:
    """Standing still comes last; turned round it comes first, as the index is walked the other way."""
    if sort == "-due":
        return [Ticket.next_due_at.desc().nulls_first(), Ticket.id.desc()]
    return in_order(_SORTS, sort, Ticket.id)


def _ids(session: Session, actor: Actor, filters: TicketFilters) -> Select[Any]:
    require(actor, Permission.TICKET_VIEW)
    conditions = _conditions(actor, filters)
    if filters.search.strip():
        conditions = holding(session, actor, filters.search, conditions, common=filters.search_is_common)
    return select(Ticket.id).where(visible_tickets(actor), *conditions)


def _conditions(actor: Actor, f: TicketFilters) -> list[ColumnElement[bool]]:
    conditions = _of_view(f.view, actor)
    for column, value in (
        (Ticket.status, f.status),
        (Ticket.priority, f.priority),
        (Ticket.category, f.category),
        (Ticket.requester_id, f.requester_id),
        (Ticket.assignee_id, actor.user_id if f.mine else f.assignee_id),
    ):
        if value is not None:
            conditions.append(column == value)
    if f.nobody:
        conditions.append(Ticket.assignee_id.is_(None))
    if f.tag:
        conditions.append(Ticket.id.in_(select(TicketTag.ticket_id).where(TicketTag.tag == f.tag)))
    return conditions


def _of_view(view: View, actor: Actor) -> list[ColumnElement[bool]]:
    """What breaks soon is shown though it is snoozed: its clocks go on."""
    if view is View.ALL:
        return []
    if view is View.SOON:
        return [_UNDONE, Ticket.next_due_at < clock.now() + SOON]
    if view is View.SNOOZED:
        return [_UNDONE, Ticket.snoozed_until > clock.now()]
    if view is View.WAITING:
        return [Ticket.status == TicketStatus.WAITING, *_awake()]
    narrowed = {
        View.OPEN: true(),
        View.MINE: Ticket.assignee_id == actor.user_id,
        View.UNASSIGNED: Ticket.assignee_id.is_(None),
    }
    return [_UNDONE, *_awake(), narrowed[view]]


def _awake() -> list[ColumnElement[bool]]:
    return [or_(Ticket.snoozed_until.is_(None), Ticket.snoozed_until <= clock.now())]


def _rows(actor: Actor, search: str = "") -> Select[*tuple[Any, ...]]:
    m = TicketMessage
    public = [] if actor.is_staff else [m.is_internal.is_(False)]
    holds: ColumnElement[bool] = false()
    words: ColumnElement[str] = func.left(m.body, 160)
    if search.strip():
        holds = m.body_words.op("@@")(words_of(search))
        around = func.ts_headline("simple", func.left(m.body, _READ), words_of(search), _AROUND)
        words = case((holds, around), else_=words)
    # The newest that holds what is looked for, where one does; looked at are the messages of one ticket only.
    last = (
        select(words.label("words"), m.is_internal, case((holds, m.id)).label("found_id"))
        .where(m.ticket_id == Ticket.id, *public)
        .order_by(*([holds.desc()] if search.strip() else []), m.created_at.desc(), m.id.desc())
        .limit(1)
        .lateral("last")
    )
    tags = select(func.array_agg(aggregate_order_by(TicketTag.tag, TicketTag.tag))).where(
        TicketTag.ticket_id == Ticket.id
    )
    name = _assignee.first_name + " " + _assignee.last_name
    return (
        select(
            Ticket.id,
            Ticket.number,
            Ticket.subject,
            Ticket.status,
            Ticket.priority,
            Ticket.category,
            Ticket.requester_id,
            (_requester.first_name + " " + _requester.last_name).label("requester_name"),
            Ticket.assignee_id,
            (name if actor.is_staff else literal(None, String)).label("assignee_name"),
            Ticket.created_at,
            Ticket.last_message_at,
            Ticket.next_due_at,
            Ticket.snoozed_until,
            Ticket.merged_into_id.is_not(None).label("is_merged"),
            func.coalesce(last.c.words, "").label("last_words"),
            func.coalesce(last.c.is_internal, False).label("last_is_internal"),
            (_openers(actor) if actor.is_staff else literal("")).label("openers"),
            (tags.scalar_subquery() if actor.is_staff else null()).label("tags"),
            last.c.found_id,
        )
        .join(_requester, _requester.id == Ticket.requester_id)
        .outerjoin(_assignee, _assignee.id == Ticket.assignee_id)
        .outerjoin(last, true())
    )


def _openers(actor: Actor) -> ColumnElement[str]:
    """Return the first names of the others who have a ticket open now."""
    names = (
        select(func.string_agg(User.first_name, ", "))
        .join(TicketPresence, TicketPresence.user_id == User.id)
        .where(
            TicketPresence.ticket_id == Ticket.id,
            TicketPresence.seen_at > clock.now() - PRESENT,
            TicketPresence.user_id.is_distinct_from(actor.user_id),
        )
        .scalar_subquery()
    )
    return func.coalesce(names, "")


def _row(found: Any) -> TicketRow:
    r = found._mapping
    understood = ("status", "priority", "category", "tags")
    return TicketRow(
        **{f: r[f] for f in TicketRow.__dataclass_fields__ if f not in understood},
        tags=tuple(r["tags"] or ()),
        status=TicketStatus(r["status"]),
        priority=TicketPriority(r["priority"]),
        category=TicketCategory(r["category"]),
    )
