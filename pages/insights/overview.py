"""Overview: what was sold, given back and kept, by month and source, next to the period before.

Admins see the whole books, a practitioner his own lines. One currency at a time; days and months are cut in the
zone that is chosen. Every figure carries its definition, and the entries behind them are listed below.
"""

from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from avenrae.enums import LedgerKind, LedgerSource, Role
from avenrae.queries.figures import (
    DEFINITIONS,
    Figures,
    MonthFigures,
    books_span,
    list_currencies,
    month_figures,
    total_of,
)
from avenrae.queries.ledger import EntryRow, count_entries, entry_filters, list_entries
from avenrae.queries.periods import FIGURE_PERIODS, FigurePeriod, Span, figure_period, span_of, today
from avenrae.settings import settings
from avenrae.ui.actions import actor, load
from avenrae.ui.charts import SOURCE_NAMES, sales_by_month
from avenrae.ui.format import day, first_to_last, number, percent, show_money, words
from avenrae.ui.lists import choice, pick, show_list
from avenrae.ui.records import Cell, Column, records

who = actor()
mine = who.role is Role.PRACTITIONER


def main() -> None:
    """Draw the page."""
    st.title("My figures" if mine else "Overview")
    currencies = load(list_currencies)
    if not currencies:
        st.info(
            "The books are empty. The first completed session or paid order will show here.", icon=":material/info:"
        )
        return
    currency, zone, name, restated = _choose(currencies)
    told = st.container()
    books = load(books_span, currency)
    period = figure_period(name, zone, books, _dates(zone, books) if name == "dates" else None)
    months = load(month_figures, currency, period.span, zone, restated=restated)
    before = load(month_figures, currency, period.before, zone, restated=restated) if period.before else []
    _explain(period, zone, name, books, empty=not months)
    _tiles(total_of(months), total_of(before) if before else None, currency)
    if months:
        sales_by_month(months, currency, key="sales")
    by_month, entries = st.tabs(["By month and source", "Entries behind these figures"])
    with by_month:
        _table(months, currency)
    with entries:
        _entries(currency, zone, period, told, restated=restated)


def _choose(currencies: list[str]) -> tuple[str, str, str, bool]:
    zones = list(dict.fromkeys([settings().time_zone, who.time_zone, "Europe/London", "UTC"]))
    own = settings().currency
    currencies.sort(key=lambda c: (c != own, c))
    row = st.columns([2, 3, 3, 3], vertical_alignment="bottom")
    with row[0]:
        currency = pick("Currency", currencies, key="currency")
    with row[1]:
        name = pick("Period", FIGURE_PERIODS, key="period", name=FIGURE_PERIODS.__getitem__)
    with row[2]:
        zone = pick("Months cut in", zones, key="zone")
    restated = row[3].toggle(
        "Restate refunds",
        key="restated",
        bind="query-params",
        help="Book refunds on the date of their sale instead of their own date.",
    )
    return currency, zone, name, restated


def _dates(zone: str, books: Span) -> Span:
    first = books.start.astimezone(ZoneInfo(zone)).date() if books.start else today(zone)
    left, right = st.columns(2)
    start = left.date_input("First day", first, key="from", bind="query-params", min_value=first, max_value=today(zone))
    end = right.date_input("Last day", today(zone), key="to", bind="query-params", min_value=start)
    return span_of({"from": start.isoformat(), "to": end.isoformat()}, zone)


def _explain(period: FigurePeriod, zone: str, name: str, books: Span, *, empty: bool) -> None:
    start, end = period.span.start, period.span.end
    if start and end:
        compared = name not in ("all", "dates")
        why = " · still running, so it is not compared" if period.is_running and compared else ""
        if not why and compared and not period.before:
            why = " · the books do not reach back over the period before, so it is not compared"
        st.caption(f"{first_to_last(start, end, zone)}{why}")
    if empty and books.start and books.end:
        st.info(
            f"Nothing was booked in this period. The entries reach from {day(books.start, zone)} to"
            f" {day(books.end, zone)}: choose the period “Everything” to see them.",
            icon=":material/info:",
        )


def _tiles(now: Figures, before: Figures | None, currency: str) -> None:
    def money(name: str, value: int | None, previous: int | None, label: str, *, good: bool = True) -> None:
        change = None if previous is None or value is None or not before else percent(value - previous, abs(previous))
        grid.metric(
            label,
            show_money(value, currency),
            delta=None if change in (None, "–") else f"{change} on {show_money(previous, currency)}",
            delta_color="normal" if good else "inverse",
            help=DEFINITIONS[name],
            border=True,
            height="stretch",
        )

    was = before or Figures()
    grid = st.grid(4)
    money("gmv", now.gmv, was.gmv, "GMV")
    money("refunds", now.refunds, was.refunds, "Refunds", good=False)
    money("net", now.net, was.net, "Net GMV")
    money("adjustments", now.adjustments, was.adjustments, "Adjustments")
    if mine:
        earned = now.session_gross - now.commission
        money("earnings", earned, was.session_gross - was.commission, "My earnings")
    else:
        money("revenue", now.revenue, was.revenue, "Platform revenue")
        average = f"{show_money(now.aov, currency)} on average" if now.orders else None
        grid.metric(
            "Orders",
            number(now.orders),
            average,
            delta_color="off",
            delta_arrow="off",
            help=f"{DEFINITIONS['orders']} {DEFINITIONS['aov']}",
            border=True,
            height="stretch",
        )
    grid.metric("Sessions", number(now.bookings), help=DEFINITIONS["bookings"], border=True, height="stretch")
    if not mine:
        rate = percent(now.commission, now.session_gross)
        grid.metric("Take rate", rate, help=DEFINITIONS["take_rate"], border=True, height="stretch")


def _table(months: list[MonthFigures], currency: str) -> None:
    def amount(value: int) -> str:
        return show_money(value, currency)

    columns: list[Column[MonthFigures]] = [
        Column("Month", lambda m: f"{m.month:%b %Y}", wrap=False),
        Column("Source", lambda m: SOURCE_NAMES[m.source]),
        Column("Sales", lambda m: amount(m.figures.gmv), align="right"),
        Column("Refunds", lambda m: amount(-m.figures.refunds), align="right"),
        Column("Net", lambda m: amount(m.figures.net), align="right"),
        Column("Adjustments", lambda m: amount(m.figures.adjustments), align="right"),
        Column("Commission", lambda m: amount(m.figures.commission), align="right"),
    ]
    records(
        months,
        columns,
        label="Figures by month and source",
        key="months",
        row_id=lambda m: f"{m.month}-{m.source}",
        empty="No entries in this period.",
    )


def _entries(currency: str, zone: str, period: FigurePeriod, told: DeltaGenerator, *, restated: bool) -> None:
    left, right = st.columns(2)
    with left:
        kind = choice("Kind", LedgerKind, key="kind", every="Every kind")
    with right:
        source = choice(
            "Source", LedgerSource, key="source", every="Every source", name=lambda s: SOURCE_NAMES[LedgerSource(s)]
        )
    params = {"currency": currency, "kind": kind, "source": source, "zone": zone, **period.days(zone)}
    params["restated"] = "yes" if restated else ""
    columns: list[Column[EntryRow]] = [
        Column("Date", lambda e: day(e.occurred_at, zone), key="occurred_at", wrap=False),
        Column("Kind", lambda e: Cell(words(e.kind), sub=e.note)),
        Column("Of", lambda e: Cell(e.subject or "–", href=f"/{e.source}?id={e.source_id}" if e.subject else "")),
        Column("Gross", lambda e: show_money(e.gross_minor, e.currency), align="right"),
        Column("Commission", lambda e: show_money(e.commission_minor, e.currency), align="right"),
    ]
    show_list(
        noun="entry",
        nouns="entries",
        filters=entry_filters(params, zone),
        params=params,
        count=count_entries,
        rows=list_entries,
        columns=columns,
        sort="-occurred_at",
        export="entries",
        told=told,
    )


main()
