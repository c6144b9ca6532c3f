"""The results as tables for `docs/performance.md`, each beside its goal."""

import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sqlalchemy import text

from avenrae.clock import now
from avenrae.db import engine as db
from bench.console import ROOT
from bench.load import LoadCost
from bench.pages import PageCost
from bench.radius import RadiusCost
from bench.writes import WriteCost

P95_GOAL = 0.100
GROWTH_GOAL = 1.3
FLOOR_GOAL = 2.0
QUERIES_GOAL = 12
LOAD_GOAL = 0.250
RADIUS_GOAL = 0.005


def circumstances(database_url: str) -> str:
    """Return when, on what and with what was measured, as one line."""
    engine = db.make_engine(database_url, pool_size=1)
    with engine.connect() as connection:
        server = connection.execute(text("SHOW server_version")).scalar_one()
        buffers = connection.execute(text("SHOW shared_buffers")).scalar_one()
    engine.dispose()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    cores = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    load = Path("/proc/loadavg").read_text().split()[0]
    return (
        f"{now():%Y-%m-%d %H:%M} UTC, commit {commit.stdout.strip() or 'unknown'}, {len(cores)} ×"
        f" {cores[0].partition(':')[2].strip() if cores else platform.machine()}, PostgreSQL {server}"
        f" (shared_buffers {buffers}), Python {platform.python_version()}, load average {load} at the end"
    )


def pages_table(costs: Sequence[PageCost], tenfold: Sequence[PageCost] = ()) -> Iterator[str]:
    """Yield one line for each view, as the role for which it is slowest; bold is what misses its goal."""
    larger = {(c.target.role, c.target.name): c for c in tenfold}
    yield "| View | Slowest as | New tab | Median | p95 | Database | Queries | Slowest one | kB | × floor | ×10 ÷ ×1 |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    for cost in _slowest(costs):
        ten = larger.get((cost.target.role, cost.target.name))
        growth = ten.median / cost.median if ten else None
        yield (
            f"| {cost.target.name} | {cost.target.role} | {_ms(cost.new_tab)} | {_ms(cost.median)} |"
            f" {_goal(_ms(cost.p95), cost.p95 <= P95_GOAL)} | {_ms(cost.database)} |"
            f" {_goal(str(cost.queries), cost.queries <= QUERIES_GOAL)} | {_ms(cost.slowest)} | {cost.size / 1e3:.0f} |"
            f" {_goal(f'{cost.over_floor:.1f}', cost.over_floor <= FLOOR_GOAL)} |"
            f" {_goal(f'{growth:.1f}', growth <= GROWTH_GOAL) if growth else '–'} |"
        )


def summary(costs: Sequence[PageCost], tenfold: Sequence[PageCost] = ()) -> Iterator[str]:
    """Yield how many views of how many reach each goal."""
    yield f"- p95 ≤ 100 ms: {sum(c.p95 <= P95_GOAL for c in costs)} of {len(costs)} views (each role counted)"
    yield f"- at most twice the floor: {sum(c.over_floor <= FLOOR_GOAL for c in costs)} of {len(costs)}"
    yield f"- at most 12 queries: {sum(c.queries <= QUERIES_GOAL for c in costs)} of {len(costs)}"
    smaller: Mapping[tuple[str, str], PageCost] = {(c.target.role, c.target.name): c for c in costs}
    both = [(smaller[k], c) for c in tenfold if (k := (c.target.role, c.target.name)) in smaller]
    if both:
        grown = sum(ten.median <= GROWTH_GOAL * one.median for one, ten in both)
        yield f"- at ×10 at most 1.3 times as long as at ×1: {grown} of {len(both)}"


def writes_table(costs: Sequence[WriteCost]) -> Iterator[str]:
    """Yield one line for each click that writes."""
    yield "| Click | Median | p95 | In the database | Queries |"
    yield "|---|--:|--:|--:|--:|"
    for c in costs:
        yield (
            f"| {c.name} | {_ms(c.median)} | {_goal(_ms(c.p95), c.p95 <= P95_GOAL)} | {_ms(c.database)} | {c.queries} |"
        )


def load_table(costs: Sequence[LoadCost]) -> Iterator[str]:
    """Yield one line for each crowd; the last never pauses."""
    yield "| People | Clicks a second | p50 | p95 | p95 reading | p95 writing | Errors | CPU of the console | Memory |"
    yield "|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    for n, c in enumerate(costs):
        people = f"{c.people}" if n < len(costs) - 1 else f"{c.people} without a pause"
        p95 = _goal(_ms(c.p95), c.p95 <= LOAD_GOAL) if n < len(costs) - 1 else _ms(c.p95)
        yield (
            f"| {people} | {c.per_second:.1f} | {_ms(c.median)} | {p95} | {_ms(c.reads_p95)} | {_ms(c.writes_p95)} |"
            f" {c.failed} | {c.cpu:.0%} | {c.memory / 1e6:.0f} MB |"
        )


def radius_table(costs: Sequence[RadiusCost]) -> Iterator[str]:
    """Yield one line for each number of practitioners and radius."""
    yield "| Practitioners | Radius | Within it | Median | p95 |"
    yield "|--:|--:|--:|--:|--:|"
    for c in costs:
        p95 = _goal(f"{c.p95 * 1e3:.1f} ms", c.p95 <= RADIUS_GOAL)
        yield f"| {c.practitioners} | {c.km} km | {c.within} | {c.median * 1e3:.1f} ms | {p95} |"


def _slowest(costs: Sequence[PageCost]) -> Iterator[PageCost]:
    found: dict[str, PageCost] = {}
    for cost in costs:
        kept = found.setdefault(cost.target.name, cost)
        if cost.median > kept.median:
            found[cost.target.name] = cost
    yield from found.values()


def _goal(shown: str, reached: bool) -> str:
    return shown if reached else f"**{shown}**"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms"
