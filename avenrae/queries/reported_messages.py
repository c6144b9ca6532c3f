"""Reads of messages that one of two people reported: the desk's list of them, and those of one ticket.

The desk reads the words of what was reported; the rest of the conversation needs the ticket that the report opened.
"""

import uuid
from collections.abc import Mapping, Sequence
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

_client = aliased(User, name="client")
_practitioner = aliased(User, name="practitioner")
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

    author_name: str
    reporter_name: str
    id: uuid.UUID
    body: str
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


@dataclass(frozen=True)
class LinkedConversation:
    """The conversation that a ticket links to, and of it only the message whose report opened the ticket."""

    client_name: str
    practitioner_name: str
    reported: ReportedMessage | None


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


def with_linked_conversation(tickets: Select[Any]) -> Select[Any]:
    """Return a query of tickets with what `linked_conversation` reads, in its last columns; for the desk alone."""
    return (
        tickets.add_columns(
            *_names(Conversation.client_user_id == Message.author_id), *_told(), _name(_client), _name(_practitioner)
        )
        .outerjoin(Conversation, Conversation.id == Ticket.conversation_id)
        .outerjoin(_client, _client.id == Conversation.client_user_id)
        .outerjoin(_practitioner, _practitioner.id == Conversation.practitioner_user_id)
        .outerjoin(Message, Message.ticket_id == Ticket.id)
    )


def linked_conversation(row: Sequence[Any]) -> LinkedConversation | None:
    """Return the conversation that a ticket links to, from a row of such a query."""
    *message, client, practitioner = row[-len(ReportedMessage.__dataclass_fields__) - 2 :]
    reported = ReportedMessage(*message)
    return LinkedConversation(client, practitioner, reported if reported.reported_at else None) if client else None


def _ids(actor: Actor, filters: ReportFilters) -> Select[Any]:
    return select(Message.id).where(_PARTS[filters.show], visible_messages(actor))


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(*_names(Conversation.client_user_id == Message.author_id), *_told())
        .select_from(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(_client, _client.id == Conversation.client_user_id)
        .join(_practitioner, _practitioner.id == Conversation.practitioner_user_id)
        .join(Ticket, Ticket.id == Message.ticket_id)
    )


def _names(by_client: ColumnElement[bool]) -> list[ColumnElement[Any]]:
    """Return who wrote a message and who reported it."""
    client, practitioner = _name(_client), _name(_practitioner)
    return [case((by_client, client), else_=practitioner), case((by_client, practitioner), else_=client)]


def _told() -> list[Any]:
    return [
        Message.id,
        Message.body,
        Message.created_at,
        Message.reported_at,
        Message.report_reason,
        Ticket.id.label("in_ticket"),
        Ticket.number,
        Message.decided_at,
        Message.decision_reason,
        Message.hidden_at,
    ]


def _name(who: Any) -> ColumnElement[str]:
    name: ColumnElement[str] = who.first_name + " " + who.last_name
    return name
