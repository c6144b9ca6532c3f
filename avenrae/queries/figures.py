"""The figures of PRODUCT.md, each defined once, from the ledger; every screen and export uses these."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import LedgerKind, LedgerSource
from avenrae.models import LedgerDay, LedgerEntry, LedgerHour
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.periods import Span, add_months, midnight
from avenrae.queries.scopes import visible_ledger

DEFINITIONS: Mapping[str, str] = {
    "gmv": "GMV: the sum of gross sales, each on its sale date (a session's start once completed, an order's payment).",
    "refunds": "Refunds: what was given back, on the refund's own date, or on the sale's date when restated.",
    "net": "Net GMV: GMV less refunds.",
    "adjustments": "Adjustments: corrections of the books that are neither sales nor refunds, such as bad debt or a "
    "no-show's payment that was kept.",
    "revenue": "Platform revenue: commission on sessions and events, plus product sales less their refunds.",
    "take_rate": "Take rate: commission ÷ gross of the same session and event rows, with refunds and adjustments.",
    "aov": "Average order value: gross of paid orders ÷ number of paid orders.",
    "orders": "Orders: paid orders, on the day they were paid.",
    "bookings": "Sessions: completed bookings, on the day they took place.",
    "earnings": "Earnings: gross less commission of the practitioner's sessions, net of refunds and with fees kept.",
}
"""What each figure means, as a screen explains it."""
_HOURS = text(
    "ANY(ARRAY(SELECT day + n * interval '1 hour'"
    " FROM unnest(CAST(:cut AS timestamptz[])) day, generate_series(0, 23) n))"
)


@dataclass(frozen=True)
class Figures:
    """Sums over ledger entries of one currency, in minor units; refunds are positive here."""

    gmv: int = 0
    refunds: int = 0
    adjustments: int = 0
    commission: int = 0
    order_gmv: int = 0
    order_refunds: int = 0
    session_gross: int = 0
    orders: int = 0
    bookings: int = 0

    @property
    def net(self) -> int:
        """GMV less refunds."""
        return self.gmv - self.refunds

    @property
    def revenue(self) -> int:
        """What the platform keeps: commission, and product sales less their refunds."""
        return self.commission + self.order_gmv - self.order_refunds

    @property
    def aov(self) -> int | None:
        """Average order value, rounded down to the minor unit; None without orders."""
        return self.order_gmv // self.orders if self.orders else None

    def __add__(self, other: "Figures") -> "Figures":
        names = self.__dataclass_fields__
        return Figures(**{n: getattr(self, n) + getattr(other, n) for n in names})


@dataclass(frozen=True)
class MonthFigures:
    """The figures of one source in one month (its first day), in the zone that was asked for."""

    month: date
    source: LedgerSource
    figures: Figures = field(default_factory=Figures)


def month_figures(
    session: Session, actor: Actor, currency: str, span: Span, zone: str, *, restated: bool = False
) -> list[MonthFigures]:
    """Return the figures by month and source, months cut in a zone; sums over them are the figures of the span.

    `restated` books refunds on the date of their sale. Admins see all entries, a practitioner his own.

    Raises:
        NotPermitted: The role sees no revenue.
    """
    require(actor, Permission.FIGURES_REVENUE)
    e = _entries(actor, currency, span, zone, restated=restated).subquery()
    month = cast(func.date_trunc("month", func.timezone(zone, e.c.at)), Date)
    found = session.execute(
        select(
            month,
            e.c.source,
            e.c.kind,
            func.sum(e.c.gross_minor),
            func.sum(e.c.commission_minor),
            func.sum(e.c.entries),
        )
        .group_by(month, e.c.source, e.c.kind)
        .order_by(month, e.c.source)
    )
    months: dict[tuple[date, LedgerSource], Figures] = {}
    for first_day, source_name, kind, *sums in found:
        source = LedgerSource(source_name)
        figures = _figures_of(source, LedgerKind(kind), *(int(n) for n in sums))
        months[first_day, source] = months.get((first_day, source), Figures()) + figures
    return [MonthFigures(first_day, source, figures) for (first_day, source), figures in months.items()]


def _figures_of(source: LedgerSource, kind: LedgerKind, gross: int, commission: int, entries: int) -> Figures:
    """Return what the sums over entries of one source and kind add to each figure."""
    of_sessions = source in (LedgerSource.BOOKING, LedgerSource.EVENT) and kind is not LedgerKind.PAYOUT
    of_orders = source is LedgerSource.ORDER
    sold, back = gross * (kind is LedgerKind.SALE), -gross * (kind is LedgerKind.REFUND)
    return Figures(
        gmv=sold,
        refunds=back,
        adjustments=gross * (kind is LedgerKind.ADJUSTMENT),
        commission=commission * of_sessions,
        order_gmv=sold * of_orders,
        order_refunds=back * of_orders,
        session_gross=gross * of_sessions,
        orders=entries * (of_orders and kind is LedgerKind.SALE),
        bookings=entries * (source is LedgerSource.BOOKING and kind is LedgerKind.SALE),
    )


def total_of(months: Iterable[MonthFigures]) -> Figures:
    """Return the sum of months and sources."""
    return sum((m.figures for m in months), Figures())


def list_currencies(session: Session, actor: Actor) -> list[str]:
    """Return the currencies of the entries the actor sees, found by stepping through the index."""
    least = select(func.min(LedgerEntry.currency).label("currency")).where(visible_ledger(actor))
    found = least.cte("found", recursive=True)
    following = least.where(LedgerEntry.currency > found.c.currency).correlate(found).scalar_subquery()
    found = found.union_all(select(following).where(found.c.currency.is_not(None)))
    return list(session.scalars(select(found.c.currency).where(found.c.currency.is_not(None))))


def books_span(session: Session, actor: Actor, currency: str) -> Span:
    """Return when the first and the last entry of a currency occurred; open where there is none."""
    query = select(func.min(LedgerEntry.occurred_at), func.max(LedgerEntry.occurred_at))
    first, last = session.execute(query.where(visible_ledger(actor), LedgerEntry.currency == currency)).one()
    return Span(first, last)


def _entries(actor: Actor, currency: str, span: Span, zone: str, *, restated: bool) -> CompoundSelect[Any]:
    """Return what is summed: sums by day and hour where these answer the same (all of the books, cut at full hours).

    Refunds that are restated are read from the ledger, which alone knows the date of their sale.
    """
    parts = _summed(actor, span, zone)
    if restated:
        sold_at = func.coalesce(LedgerEntry.sale_at, LedgerEntry.occurred_at)
        refunds = (LedgerEntry.kind == LedgerKind.REFUND, *_within(sold_at, span.start, span.end))
        parts = [(source, at, (*when, source.kind != LedgerKind.REFUND)) for source, at, when in parts]
        parts.append((LedgerEntry, sold_at, refunds))
    return union_all(
        *(
            select(
                at.label("at"),
                source.kind,
                source.source,
                source.gross_minor,
                source.commission_minor,
                (literal(1) if source is LedgerEntry else source.entries).label("entries"),
            ).where(visible_ledger(actor), source.currency == currency, *when)
            for source, at, when in parts
        )
    )


def _summed(actor: Actor, span: Span, zone: str) -> list[tuple[Any, Any, tuple[Any, ...]]]:
    """Return the tables that hold the sums of a span, each with its time and with what is read of it.

    Whole days of UTC are read as such; of those in which a month of the zone or the span begins or ends, the hours.
    """
    if not (actor.is_staff and _cuts_at_full_hours(span, zone)):
        return [(LedgerEntry, LedgerEntry.occurred_at, tuple(_within(LedgerEntry.occurred_at, span.start, span.end)))]
    if span.start is None or span.end is None:
        return [(LedgerHour, LedgerHour.hour, tuple(_within(LedgerHour.hour, span.start, span.end)))]
    cut = _cut_days(span.start.astimezone(UTC), span.end.astimezone(UTC), zone)
    whole = LedgerDay.day != text("ALL(CAST(:cut AS timestamptz[]))").bindparams(cut=cut)
    return [
        (LedgerDay, LedgerDay.day, (*_within(LedgerDay.day, span.start, span.end), whole)),
        (
            LedgerHour,
            LedgerHour.hour,
            (*_within(LedgerHour.hour, span.start, span.end), LedgerHour.hour == _HOURS.bindparams(cut=cut)),
        ),
    ]


def _cut_days(start: datetime, end: datetime, zone: str) -> list[datetime]:
    """Return the days of UTC, by their midnights, within which a span or a month of a zone begins or ends."""
    cuts, month = [start, end], start.astimezone(ZoneInfo(zone)).date().replace(day=1)
    while (cut := midnight(month, zone)) < end:
        cuts.append(cut)
        month = add_months(month, 1)
    days = {cut: midnight(cut.date(), "UTC") for cut in cuts}
    return sorted({day for cut, day in days.items() if day != cut})


def _cuts_at_full_hours(span: Span, zone: str) -> bool:
    """Whether days of the zone begin at full hours of UTC, in summer and winter; those of Asia/Kathmandu do not."""
    first, last = span.start or clock.now(), span.end or clock.now()
    years = range(first.year, last.year + 1)
    days = [datetime(year, month, 1, tzinfo=ZoneInfo(zone)) for year in years for month in (1, 7)]
    edges = [t for t in (span.start, span.end) if t]
    return all(t.astimezone(UTC).minute == 0 for t in (*days, *edges)) and all(t.second == 0 for t in edges)


def counted_within(start: datetime | None, end: datetime | None, *, restated: bool) -> list[ColumnElement[bool]]:
    """Return the condition for entries that the figures of a span count: refunds on their sale's date when restated."""
    if not restated:
        return _within(LedgerEntry.occurred_at, start, end)
    at_sale = and_(
        LedgerEntry.kind == LedgerKind.REFUND,
        *_within(func.coalesce(LedgerEntry.sale_at, LedgerEntry.occurred_at), start, end),
    )
    as_it_happened = and_(LedgerEntry.kind != LedgerKind.REFUND, *_within(LedgerEntry.occurred_at, start, end))
    # Nothing is refunded before it is sold, so the index on the date can be walked from the start.
    return [*_within(LedgerEntry.occurred_at, start, None), or_(at_sale, as_it_happened)]


def _within(at: Any, start: datetime | None, end: datetime | None) -> list[Any]:
    return [*([at >= start] if start else []), *([at < end] if end else [])]
