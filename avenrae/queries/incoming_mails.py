"""Reads of mails that came in, and of what became of them."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from avenrae.enums import MailVerdict
from avenrae.errors import NotFound
from avenrae.models import IncomingMailRow, Ticket
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.listing import count_of, in_order, one_of, page_of
from avenrae.queries.scopes import visible_tickets

_SORTS = {"received_at": IncomingMailRow.received_at}


@dataclass(frozen=True)
class MailFilters:
    """What the list can be narrowed to; `sender` is a whole address."""

    verdict: MailVerdict | None = None
    sender: str = ""


@dataclass(frozen=True)
class MailRow:
    """One mail; the words are there only of what was set aside."""

    id: uuid.UUID
    received_at: datetime
    sender: str
    subject: str
    body: str
    verdict: MailVerdict
    reason: str
    ticket_id: uuid.UUID | None
    ticket_number: str | None


def mail_filters(params: Mapping[str, str], zone: str = "") -> MailFilters:
    """Return the filters that an address holds (`verdict`, `q`).

    Raises:
        InvalidInput: A value is none of those there are.
    """
    return MailFilters(
        verdict=one_of(MailVerdict, params.get("verdict")), sender=params.get("q", "").replace("\0", "").strip().lower()
    )


def count_mails(session: Session, actor: Actor, filters: MailFilters) -> int:
    """Return how many mails the filters leave, up to the counting limit."""
    return count_of(session, _ids(actor, filters))


def list_mails(
    session: Session, actor: Actor, filters: MailFilters, *, sort: str = "-received_at", page: int = 1, size: int = 50
) -> list[MailRow]:
    """Return one page of mails, the newest first unless sorted otherwise.

    Raises:
        NotPermitted: The actor is not of the desk.
        InvalidInput: The sort is not one of the list's.
    """
    order = in_order(_SORTS, sort, IncomingMailRow.id)
    ids = page_of(_ids(actor, filters).order_by(*order), page, size).subquery()
    return [
        _row(r) for r in session.execute(_rows(actor).where(IncomingMailRow.id.in_(select(ids.c.id))).order_by(*order))
    ]


def each_mail(session: Session, actor: Actor, filters: MailFilters, sort: str) -> Iterator[MailRow]:
    """Yield every mail the filters leave, as the database sends them; for exports."""
    require(actor, Permission.TICKET_WORK)
    query = _rows(actor).where(*_conditions(filters)).order_by(*in_order(_SORTS, sort, IncomingMailRow.id))
    return (_row(r) for r in session.execute(query.execution_options(yield_per=1000)))


def get_mail(session: Session, actor: Actor, mail_id: uuid.UUID) -> MailRow:
    """Return one mail.

    Raises:
        NotPermitted: The actor is not of the desk.
        NotFound: There is none.
    """
    require(actor, Permission.TICKET_WORK)
    found = session.execute(_rows(actor).where(IncomingMailRow.id == mail_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such mail.")
    return _row(found)


def _ids(actor: Actor, filters: MailFilters) -> Select[Any]:
    require(actor, Permission.TICKET_WORK)
    return select(IncomingMailRow.id).where(*_conditions(filters))


def _conditions(f: MailFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if f.verdict:
        conditions.append(IncomingMailRow.verdict == f.verdict)
    if f.sender:
        conditions.append(IncomingMailRow.sender == f.sender)
    return conditions


def _rows(actor: Actor) -> Select[*tuple[Any, ...]]:
    seen = visible_tickets(actor)
    return select(IncomingMailRow, Ticket.number).outerjoin(Ticket, (Ticket.id == IncomingMailRow.ticket_id) & seen)


def _row(found: Any) -> MailRow:
    mail, number = found
    return MailRow(
        mail.id,
        mail.received_at,
        mail.sender,
        mail.subject,
        mail.body,
        MailVerdict(mail.verdict),
        mail.reason,
        mail.ticket_id,
        number,
    )
