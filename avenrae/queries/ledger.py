"""The rows behind the figures: entries of the books."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from avenrae.enums import LedgerKind, LedgerSource
from avenrae.models import Booking, LedgerEntry, Order
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.figures import counted_within
from avenrae.queries.listing import count_of, in_order, one_of, page_of
from avenrae.queries.periods import known_zone, span_of
from avenrae.queries.scopes import visible_ledger
from avenrae.settings import settings

_SORTS = {"occurred_at": LedgerEntry.occurred_at}
_ROWS: Select[*tuple[Any, ...]] = (
    select(
        LedgerEntry.id,
        LedgerEntry.occurred_at,
        LedgerEntry.kind,
        LedgerEntry.source,
        LedgerEntry.source_id,
        Booking.reference.label("booking"),
        Order.reference.label("order"),
        LedgerEntry.gross_minor,
        LedgerEntry.commission_minor,
        LedgerEntry.currency,
        LedgerEntry.note,
    )
    .outerjoin(Booking, Booking.id == LedgerEntry.source_id)
    .outerjoin(Order, Order.id == LedgerEntry.source_id)
)


@dataclass(frozen=True)
class EntryFilters:
    """What the entries can be narrowed to; the currency always is, for amounts of two are never added."""

    currency: str
    kind: LedgerKind | None = None
    source: LedgerSource | None = None
    start: datetime | None = None
    end: datetime | None = None
    restated: bool = False


@dataclass(frozen=True)
class EntryRow:
    """One entry; amounts in minor units, refunds negative, `subject` the reference of its booking or order."""

    id: uuid.UUID
    occurred_at: datetime
    kind: LedgerKind
    source: LedgerSource
    source_id: uuid.UUID | None
    subject: str
    gross_minor: int
    commission_minor: int
    currency: str
    note: str


def entry_filters(params: Mapping[str, str], zone: str) -> EntryFilters:
    """Return the filters that an address holds: `currency`, `kind`, `source`, `from` and `to` in the zone."""
    span = span_of(params, known_zone(params.get("zone") or zone))
    return EntryFilters(
        currency=params.get("currency") or settings().currency,
        restated=bool(params.get("restated")),
        kind=one_of(LedgerKind, params.get("kind")),
        source=one_of(LedgerSource, params.get("source")),
        start=span.start,
        end=span.end,
    )


def count_entries(session: Session, actor: Actor, filters: EntryFilters) -> int:
    """Return how many entries the filters leave, up to the counting limit."""
    return count_of(session, _ids(actor, filters))


def list_entries(
    session: Session, actor: Actor, filters: EntryFilters, *, sort: str = "-occurred_at", page: int = 1, size: int = 50
) -> list[EntryRow]:
    """Return one page of entries."""
    order = in_order(_SORTS, sort, LedgerEntry.id)
    chosen = page_of(_ids(actor, filters).order_by(*order), page, size).subquery()
    found = session.execute(_ROWS.where(LedgerEntry.id.in_(select(chosen.c.id))).order_by(*order))
    return [_row(r) for r in found]


def each_entry(session: Session, actor: Actor, filters: EntryFilters, sort: str) -> Iterator[EntryRow]:
    """Yield every entry the filters leave, as the database sends them; for exports."""
    ids = _ids(actor, filters).subquery()
    query = _ROWS.where(LedgerEntry.id.in_(select(ids.c.id))).order_by(*in_order(_SORTS, sort, LedgerEntry.id))
    return (_row(r) for r in session.execute(query.execution_options(yield_per=1000)))


def _ids(actor: Actor, f: EntryFilters) -> Select[Any]:
    require(actor, Permission.FIGURES_REVENUE)
    query = select(LedgerEntry.id).where(visible_ledger(actor), LedgerEntry.currency == f.currency)
    if f.kind:
        query = query.where(LedgerEntry.kind == f.kind)
    if f.source:
        query = query.where(LedgerEntry.source == f.source)
    return query.where(*counted_within(f.start, f.end, restated=f.restated))


def _row(found: Any) -> EntryRow:
    r = found._mapping
    return EntryRow(
        id=r["id"],
        occurred_at=r["occurred_at"],
        kind=LedgerKind(r["kind"]),
        source=LedgerSource(r["source"]),
        source_id=r["source_id"],
        subject=r["booking"] or r["order"] or "",
        gross_minor=r["gross_minor"],
        commission_minor=r["commission_minor"],
        currency=r["currency"],
        note=r["note"],
    )
