"""Reads of messages that one of two people reported: the desk's list of them, and those of one ticket.

The desk reads the words of what was reported; the rest of the conversation needs the ticket that the report opened.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, select, text
from sqlalchemy.orm import Session, aliased

from avenrae.models import Conversation, Message, Ticket, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.listing import PAGE_SIZE, count_of, in_order, one_of, page_of
from avenrae.queries.scopes import visible_messages

_author = aliased(User, name="author")
_reporter = aliased(User, name="reporter")
_SORTS = {"reported": Message.reported_at}


class Shown(StrEnum):
    """The parts of the list, in the order of their tabs."""

    OPEN = "open"
    HIDDEN = "hidden"
    KEPT = "kept"
    ALL = "all"


# As text, since a partial index is taken only where the planner sees the words themselves.
_PARTS: dict[Shown, ColumnElement[bool]] = {
    Shown.OPEN: text("messages.reported_at IS NOT NULL AND messages.decided_at IS NULL"),  # type: ignore[dict-item]
    Shown.HIDDEN: text("messages.reported_at IS NOT NULL AND messages.hidden_at IS NOT NULL"),  # type: ignore[dict-item]
    Shown.KEPT: text(  # type: ignore[dict-item]
        "messages.reported_at IS NOT NULL AND messages.decided_at IS NOT NULL AND messages.hidden_at IS NULL"
    ),
    Shown.ALL: text("messages.reported_at IS NOT NULL"),  # type: ignore[dict-item]
}


@dataclass(frozen=True)
class ReportFilters:
    """What the list can be narrowed to."""

    show: Shown = Shown.OPEN


@dataclass(frozen=True)
class ReportedMessage:
    """One message that was reported, by whom and why, in which ticket, and what was decided."""

    id: uuid.UUID
    body: str
    author_name: str
    reporter_name: str
    created_at: datetime
    reported_at: datetime
    report_reason: str
    ticket_id: uuid.UUID
    ticket_number: str
    decided_at: datetime | None
    decision_reason: str | None
    hidden_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision."""
        return self.decided_at is None


def report_filters(params: Mapping[str, str]) -> ReportFilters:
    """Return the filters that an address holds (`show`).

    Raises:
        InvalidInput: It is none of those there are.
    """
    return ReportFilters(one_of(Shown, params.get("show")) or Shown.OPEN)


def count_reported(session: Session, actor: Actor, filters: ReportFilters) -> int:
    """Return how many reported messages the filters leave, up to the counting limit."""
    require(actor, Permission.CONVERSATION_MODERATE)
    return count_of(session, _ids(actor, filters))


def list_reported(
    session: Session,
    actor: Actor,
    filters: ReportFilters,
    *,
    sort: str = "reported",
    page: int = 1,
    size: int = PAGE_SIZE,
) -> list[ReportedMessage]:
    """Return one page of reported messages; first the one that has waited longest.

    Raises:
        InvalidInput: The sort is not one of the list's.
    """
    require(actor, Permission.CONVERSATION_MODERATE)
    order = in_order(_SORTS, sort, Message.id)
    chosen = page_of(_ids(actor, filters).order_by(*order), page, size).subquery()
    found = session.execute(_rows().where(Message.id.in_(select(chosen.c.id))).order_by(*order))
    return [ReportedMessage(*row) for row in found]


def find_reported(session: Session, actor: Actor, ticket_id: uuid.UUID) -> ReportedMessage | None:
    """Return the message whose report opened a ticket, or None where it was opened otherwise."""
    require(actor, Permission.CONVERSATION_MODERATE)
    found = session.execute(_rows().where(Message.ticket_id == ticket_id, visible_messages(actor))).one_or_none()
    return ReportedMessage(*found) if found else None


def _ids(actor: Actor, filters: ReportFilters) -> Select[Any]:
    return select(Message.id).where(_PARTS[filters.show], visible_messages(actor))


def _rows() -> Select[*tuple[Any, ...]]:
    both = (Conversation.client_user_id, Conversation.practitioner_user_id)
    reporter = case((both[0] == Message.author_id, both[1]), else_=both[0])
    return (
        select(
            Message.id,
            Message.body,
            _author.first_name + " " + _author.last_name,
            _reporter.first_name + " " + _reporter.last_name,
            Message.created_at,
            Message.reported_at,
            Message.report_reason,
            Ticket.id,
            Ticket.number,
            Message.decided_at,
            Message.decision_reason,
            Message.hidden_at,
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(_author, _author.id == Message.author_id)
        .join(_reporter, _reporter.id == reporter)
        .join(Ticket, Ticket.id == Message.ticket_id)
    )
