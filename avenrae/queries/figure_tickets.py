"""The tickets behind a figure of the desk: counted, listed and exported by the conditions of the figure itself."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from avenrae.enums import TicketCategory, TicketPriority, TicketStatus
from avenrae.models import SlaPolicy, Ticket, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.desk_figures import DeskFilters, any_late, rows_of
from avenrae.queries.listing import count_of, in_order, page_of

_requester, _assignee = aliased(User), aliased(User)


@dataclass(frozen=True)
class FigureTicket:
    """A ticket with what figures say of it; minutes are of business time."""

    id: uuid.UUID
    number: str
    subject: str
    requester: str
    assignee: str
    category: TicketCategory
    priority: TicketPriority
    status: TicketStatus
    policy: str
    created_at: datetime
    first_responded_at: datetime | None
    first_response_minutes: int | None
    resolved_at: datetime | None
    resolution_minutes: int | None
    is_broken: bool
    satisfaction: int | None


def count_figure_tickets(session: Session, actor: Actor, filters: DeskFilters) -> int:
    """Return how many tickets a figure counts."""
    return count_of(session, _ids(actor, filters))


def list_figure_tickets(
    session: Session, actor: Actor, filters: DeskFilters, *, sort: str = "-at", page: int = 1, size: int = 50
) -> list[FigureTicket]:
    """Return one page of the tickets that a figure counts, the newest by its own date first."""
    order = _order(actor, filters, sort)
    chosen = page_of(_ids(actor, filters).order_by(*order), page, size).subquery()
    found = session.execute(_rows().where(Ticket.id.in_(select(chosen.c.id))).order_by(*order))
    return [_row(r) for r in found]


def each_figure_ticket(session: Session, actor: Actor, filters: DeskFilters, sort: str) -> Iterator[FigureTicket]:
    """Yield every ticket that a figure counts, as the database sends them; for exports."""
    require(actor, Permission.FIGURES_OPERATIONS)
    conditions, _ = rows_of(actor, filters)
    ordered = _rows().where(*conditions).order_by(*_order(actor, filters, sort)).execution_options(yield_per=1000)
    return (_row(r) for r in session.execute(ordered))


def _ids(actor: Actor, filters: DeskFilters) -> Select[Any]:
    require(actor, Permission.FIGURES_OPERATIONS)
    conditions, _ = rows_of(actor, filters)
    return select(Ticket.id).where(*conditions)


def _order(actor: Actor, filters: DeskFilters, sort: str) -> list[Any]:
    _, at = rows_of(actor, filters)
    return in_order({"at": at}, sort, Ticket.id)


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Ticket,
            (_requester.first_name + " " + _requester.last_name).label("requester"),
            (_assignee.first_name + " " + _assignee.last_name).label("assignee"),
            SlaPolicy.name.label("policy"),
            any_late().label("is_broken"),
        )
        .join(_requester, _requester.id == Ticket.requester_id)
        .outerjoin(_assignee, _assignee.id == Ticket.assignee_id)
        .outerjoin(SlaPolicy, SlaPolicy.id == Ticket.policy_id)
    )


def _row(found: Any) -> FigureTicket:
    t = found[0]
    own = ("id", "number", "subject", "created_at", "first_responded_at", "resolved_at", "satisfaction")
    return FigureTicket(
        **{name: getattr(t, name) for name in (*own, "first_response_minutes", "resolution_minutes")},
        requester=found.requester,
        assignee=found.assignee or "",
        category=TicketCategory(t.category),
        priority=TicketPriority(t.priority),
        status=TicketStatus(t.status),
        policy=found.policy or "",
        is_broken=bool(found.is_broken),
    )
