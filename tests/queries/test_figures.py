"""The figures against an independent recomputation from the same entries."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import LedgerKind, LedgerSource, Role
from avenrae.errors import NotPermitted
from avenrae.models import LedgerEntry
from avenrae.permissions import Actor
from avenrae.queries.figures import Figures, books_span, list_currencies, month_figures, total_of
from avenrae.queries.ledger import EntryFilters, count_entries, list_entries
from avenrae.queries.periods import Span, add_months, figure_period, midnight, span_of
from tests import make

ADMIN = Actor.system("Test")
JOHANNESBURG = "Africa/Johannesburg"
ALWAYS = Span(None, None)


def random_entries(seed: int, n: int) -> list[dict]:
    """Entries of both currencies over two years, at any minute, with amounts that do not divide evenly."""
    rng = random.Random(seed)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    entries = []
    for _ in range(n):
        kind = rng.choice(list(LedgerKind)[:3])
        source = rng.choice(list(LedgerSource)[:3])
        gross = rng.randrange(0, 1_000_00)
        sign = {LedgerKind.SALE: 1, LedgerKind.REFUND: -1, LedgerKind.ADJUSTMENT: rng.choice([1, -1])}[kind]
        at = start + timedelta(minutes=rng.randrange(0, 2 * 365 * 1440))
        commission = 0 if source is LedgerSource.ORDER else gross * rng.randrange(1500, 2001) // 10_000
        entries.append(
            {
                "occurred_at": at,
                "sale_at": at - timedelta(minutes=rng.randrange(0, 90 * 1440)),
                "kind": kind.value,
                "source": source.value,
                "gross_minor": sign * gross,
                "commission_minor": sign * commission,
                "currency": rng.choice(["ZAR", "GBP"]),
            }
        )
    return entries


def recomputed(entries: list[dict], currency: str, span: Span, zone: str, *, restated: bool) -> dict:
    """The same by hand: one pass over the entries in Python."""
    result: dict[tuple[date, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for e in entries:
        at = e["sale_at"] if restated and e["kind"] == "refund" else e["occurred_at"]
        if e["currency"] != currency or (span.start and at < span.start) or (span.end and at >= span.end):
            continue
        month = at.astimezone(ZoneInfo(zone)).date().replace(day=1)
        sums = result[month, e["source"]]
        is_order = e["source"] == "order"
        match e["kind"]:
            case "sale":
                sums["gmv"] += e["gross_minor"]
                sums["order_gmv"] += e["gross_minor"] if is_order else 0
                sums["orders"] += is_order
                sums["bookings"] += e["source"] == "booking"
            case "refund":
                sums["refunds"] -= e["gross_minor"]
                sums["order_refunds"] -= e["gross_minor"] if is_order else 0
            case "adjustment":
                sums["adjustments"] += e["gross_minor"]
        if not is_order:
            sums["commission"] += e["commission_minor"]
            sums["session_gross"] += e["gross_minor"]
    return {key: Figures(**sums) for key, sums in result.items()}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    seed=st.integers(0, 10**6),
    zone=st.sampled_from([JOHANNESBURG, "Europe/London", "America/New_York", "Asia/Kathmandu"]),
    restated=st.booleans(),
    cut=st.none() | st.integers(0, 48),
)
def test_figures_equal_a_recomputation(session: Session, seed: int, zone: str, restated: bool, cut: int | None) -> None:
    """R-AN-02, R-AN-01: every month and source to the cent, in any zone; their sums are the totals."""
    entries = random_entries(seed, 60)
    span = ALWAYS
    if cut is not None:
        hours = timedelta(hours=cut)
        span = Span(midnight(date(2025, 3, 1), zone) + hours, midnight(date(2026, 4, 1), zone) - hours)
    with session.begin_nested() as nested:
        session.execute(insert(LedgerEntry), entries)
        for currency in ("ZAR", "GBP"):
            found = month_figures(session, ADMIN, currency, span, zone, restated=restated)
            expected = recomputed(entries, currency, span, zone, restated=restated)
            assert {(m.month, m.source.value): m.figures for m in found} == expected
            assert total_of(found) == sum(expected.values(), Figures())
        nested.rollback()


def test_derived_figures() -> None:
    """R-AN-01: a zero base has no average; revenue is commission and product sales less their refunds."""
    f = Figures(
        gmv=10_000, refunds=1_000, adjustments=-50, commission=600, order_gmv=6_001, order_refunds=900, orders=2
    )
    assert (f.net, f.revenue, f.aov) == (9_000, 5_701, 3_000)
    assert Figures().aov is None


def test_a_month_is_cut_in_its_zone(session: Session) -> None:
    """R-AN-01: half past eleven at night in London on the last of March is April in Johannesburg."""
    at = datetime(2025, 3, 31, 22, 30, tzinfo=UTC)
    session.execute(
        insert(LedgerEntry),
        [{"occurred_at": at, "kind": "sale", "source": "order", "gross_minor": 1, "currency": "ZAR"}],
    )
    months = {
        zone: month_figures(session, ADMIN, "ZAR", ALWAYS, zone)[0].month for zone in ("Europe/London", JOHANNESBURG)
    }
    assert months == {"Europe/London": date(2025, 3, 1), JOHANNESBURG: date(2025, 4, 1)}


def test_days_of_a_clock_change_are_23_and_25_hours() -> None:
    """R-AN-01"""
    london = [span_of({"from": d, "to": d}, "Europe/London") for d in ("2025-03-30", "2025-10-26", "2025-06-01")]
    assert [s.end - s.start for s in london] == [timedelta(hours=h) for h in (23, 25, 24)]


@pytest.mark.parametrize(
    ("name", "first", "after", "before", "running"),
    [
        ("12-months", "2025-03-01", "2026-03-01", "2024-03-01", False),
        ("3-months", "2025-12-01", "2026-03-01", "2025-09-01", False),
        ("last-month", "2026-02-01", "2026-03-01", "2026-01-01", False),
        ("this-month", "2026-03-01", "2026-04-01", None, True),
        ("this-year", "2026-01-01", "2027-01-01", None, True),
        ("last-year", "2025-01-01", "2026-01-01", "2024-01-01", False),
    ],
)
def test_periods(noon: datetime, name: str, first: str, after: str, before: str | None, running: bool) -> None:
    """R-AN-04: a period that is still running is not compared with a whole one."""
    period = figure_period(name, JOHANNESBURG, ALWAYS)
    start = midnight(date.fromisoformat(first), JOHANNESBURG)
    assert period.span == Span(start, midnight(date.fromisoformat(after), JOHANNESBURG))
    expected = Span(midnight(date.fromisoformat(before), JOHANNESBURG), start) if before else None
    assert (period.before, period.is_running) == (expected, running)


def test_a_period_is_not_compared_with_one_before_the_books_began(noon: datetime) -> None:
    """R-AN-04: half a period is no measure for a whole one."""
    begun = Span(midnight(date(2025, 4, 2), JOHANNESBURG), noon)
    assert figure_period("6-months", JOHANNESBURG, begun).before is None
    assert figure_period("3-months", JOHANNESBURG, begun).before is not None


def test_everything_reaches_over_the_books(session: Session, noon: datetime) -> None:
    session.execute(insert(LedgerEntry), random_entries(7, 40))
    span = books_span(session, ADMIN, "GBP")
    period = figure_period("all", "Europe/London", span)
    assert total_of(month_figures(session, ADMIN, "GBP", period.span, "Europe/London")) == total_of(
        month_figures(session, ADMIN, "GBP", ALWAYS, "Europe/London")
    )
    assert list_currencies(session, ADMIN) == ["GBP", "ZAR"]


def test_add_months_over_years() -> None:
    assert [add_months(date(2026, 1, 1), n) for n in (-1, 0, 11, 12)] == [
        date(2025, 12, 1),
        date(2026, 1, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
    ]


def test_a_practitioner_sees_his_own_lines_only(session: Session) -> None:
    """R-USR-01: own figures; support and clients see no revenue at all."""
    me = make.make_actor(session, Role.PRACTITIONER)
    other = make.make_practitioner(session)
    for practitioner_id in (me.practitioner_id, other.id):
        session.execute(
            insert(LedgerEntry),
            [
                {
                    "occurred_at": clock.now(),
                    "kind": "sale",
                    "source": "booking",
                    "gross_minor": 100,
                    "commission_minor": 15,
                    "currency": "ZAR",
                    "practitioner_id": practitioner_id,
                }
            ],
        )
    assert total_of(month_figures(session, me, "ZAR", ALWAYS, "UTC")).gmv == 100
    assert total_of(month_figures(session, ADMIN, "ZAR", ALWAYS, "UTC")).gmv == 200
    everything = EntryFilters(currency="ZAR")
    assert (count_entries(session, me, everything), len(list_entries(session, ADMIN, everything))) == (1, 2)
    for role in (Role.SUPPORT, Role.CLIENT):
        with pytest.raises(NotPermitted):
            month_figures(session, make.make_actor(session, role), "ZAR", ALWAYS, "UTC")
