"""The results as the sections of `docs/performance.md`, ready to be put there, each beside its goal."""

import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sqlalchemy import text

from avenrae.clock import now
from avenrae.db import engine as db
from bench.console import ROOT
from bench.downloads import DownloadCost
from bench.load import LoadCost
from bench.pages import PageCost
from bench.peers.measure import PeerCost
from bench.radius import RadiusCost
from bench.starts import BrowserCost, ImportCost, StartCost
from bench.writes import WriteCost

P95_GOAL = 0.100
GROWTH_GOAL = 1.3
FLOOR_GOAL = 2.0
QUERIES_GOAL = 12
LOAD_GOAL = 0.250
RADIUS_GOAL = 0.005


def circumstances(database_url: str) -> str:
    """Return on what and with what was measured, as one sentence."""
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
    processor = cores[0].partition(":")[2].strip() if cores else platform.machine()
    return (
        f"Commit {commit.stdout.strip() or 'unknown'}, {now():%Y-%m-%d %H:%M} UTC, {len(cores)} × {processor} (load"
        f" average {load} at the end), PostgreSQL {server} (shared_buffers {buffers}), Python"
        f" {platform.python_version()}. Bold misses its goal."
    )


def pages_section(costs: Sequence[PageCost], tenfold: Sequence[PageCost], runs: int) -> Iterator[str]:
    """Yield how many views reach each goal, and a line for each view."""
    yield f"**Pages**: {len(costs)} views at ×1 (every role counted)."
    yield ""
    yield from _goals(costs, tenfold)
    yield ""
    yield f"Each view below is shown as the role for which it took longest; {runs} runs each."
    yield ""
    yield from _views(costs, tenfold)
    if tenfold:
        yield ""
        yield f"The last column is of the role that is shown, {max(runs // 2, 2)} runs each at ×10; it scatters."


def _views(costs: Sequence[PageCost], tenfold: Sequence[PageCost]) -> Iterator[str]:
    """Yield one line for each view, as the role for which it is slowest."""
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


def _goals(costs: Sequence[PageCost], tenfold: Sequence[PageCost]) -> Iterator[str]:
    yield "| Goal | Reached |"
    yield "|---|---|"
    yield f"| p95 ≤ 100 ms | {sum(c.p95 <= P95_GOAL for c in costs)} of {len(costs)} |"
    yield f"| at most twice the floor | {sum(c.over_floor <= FLOOR_GOAL for c in costs)} of {len(costs)} |"
    yield f"| at most 12 queries | {sum(c.queries <= QUERIES_GOAL for c in costs)} of {len(costs)} |"
    smaller: Mapping[tuple[str, str], PageCost] = {(c.target.role, c.target.name): c for c in costs}
    both = [(smaller[k], c) for c in tenfold if (k := (c.target.role, c.target.name)) in smaller]
    if both:
        grown = sum(ten.median <= GROWTH_GOAL * one.median for one, ten in both)
        yield f"| at ×10 at most 1.3 times the ×1 time | {grown} of {len(both)} |"


def writes_section(costs: Sequence[WriteCost]) -> Iterator[str]:
    """Yield one line for each click that writes."""
    yield "**Clicks that write**, from the press to the redrawn page:"
    yield ""
    yield "| Click | Median | p95 | In the database | Queries |"
    yield "|---|--:|--:|--:|--:|"
    for c in costs:
        yield (
            f"| {c.name} | {_ms(c.median)} | {_goal(_ms(c.p95), c.p95 <= P95_GOAL)} | {_ms(c.database)} | {c.queries} |"
        )


def downloads_section(costs: Sequence[DownloadCost]) -> Iterator[str]:
    """Yield one line for each file."""
    yield "**Downloads** as an admin, lists as a whole and narrowed:"
    yield ""
    yield "| File | Lines | Size | First byte | Whole | Memory |"
    yield "|---|--:|--:|--:|--:|--:|"
    for c in costs:
        yield (
            f"| {c.name} | {_number(c.lines)} | {c.size / 1e6:.1f} MB | {_ms(c.first)} | {c.seconds:.1f} s |"
            f" +{c.grown / 1e6:.0f} MB |"
        )


def peers_section(costs: Sequence[PeerCost]) -> Iterator[str]:
    """Yield one line for each page: ours, and each other with how many times as long it took as ours."""
    yield "**Beside other admins** on the same database, medians of runs in turns:"
    yield ""
    yield "| Page | Ours | Django admin | ÷ ours | starlette-admin | ÷ ours |"
    yield "|---|--:|--:|--:|--:|--:|"
    for c in costs:
        others = " | ".join(f"{_ms(other)} | {other / c.ours:.1f}" for other in (c.django, c.starlette))
        yield f"| {c.name} | {_ms(c.ours)} | {others} |"


def load_section(costs: Sequence[LoadCost]) -> Iterator[str]:
    """Yield one line for each crowd; the last never pauses."""
    yield "**Load**, four of five clicks to read:"
    yield ""
    yield "| People | Clicks a second | p50 | p95 | p95 reading | p95 writing | Errors | CPU of the console | Memory |"
    yield "|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    for n, c in enumerate(costs):
        people = f"{c.people}" if n < len(costs) - 1 else f"{c.people} without a pause"
        p95 = _goal(_ms(c.p95), c.p95 <= LOAD_GOAL) if n < len(costs) - 1 else _ms(c.p95)
        yield (
            f"| {people} | {c.per_second:.1f} | {_ms(c.median)} | {p95} | {_ms(c.reads_p95)} | {_ms(c.writes_p95)} |"
            f" {c.failed} | {c.cpu:.0%} | {c.memory / 1e6:.0f} MB |"
        )


def radius_section(costs: Sequence[RadiusCost]) -> Iterator[str]:
    """Yield one line for each number of practitioners and radius."""
    yield "**The fifty nearest**, 200 points each:"
    yield ""
    yield "| Practitioners | Radius | Within it | Median | p95 |"
    yield "|--:|--:|--:|--:|--:|"
    for c in costs:
        p95 = _goal(f"{c.p95 * 1e3:.1f} ms", c.p95 <= RADIUS_GOAL)
        yield f"| {c.practitioners} | {c.km} km | {c.within} | {c.median * 1e3:.1f} ms | {p95} |"


def starts_section(
    starts: Sequence[StartCost], loads: Sequence[BrowserCost], imported: ImportCost | None = None
) -> Iterator[str]:
    """Yield one line for each start, load of a browser and import."""
    yield "**Starts and imports**"
    yield ""
    yield "| What | |"
    yield "|---|--:|"
    names = ("fresh start (database made, demo world loaded)", "second start")
    for name, start in zip(names, starts, strict=True):
        yield f"| {name}: answers / first page usable | {start.answers:.1f} s / {start.usable:.1f} s |"
    for name, load in zip(("home page in Chromium, cold", "the same again (reload)"), loads, strict=False):
        yield f"| {name} | {load.requests} requests, {load.size / 1e6:.2f} MB, {load.seconds:.1f} s |"
    if imported:
        speed = f"{imported.seconds:.1f} s, {_number(round(imported.rows_per_second, -2))} rows a second"
        yield f"| the shop's file: {_number(imported.rows)} rows | {speed}, {imported.memory / 1e6:.0f} MB at most |"


def _slowest(costs: Sequence[PageCost]) -> Iterator[PageCost]:
    found: dict[str, PageCost] = {}
    for cost in costs:
        kept = found.setdefault(cost.target.name, cost)
        if cost.median > kept.median:
            found[cost.target.name] = cost
    yield from found.values()


def _goal(shown: str, reached: bool) -> str:
    return shown if reached else f"**{shown}**"


def _number(n: float) -> str:
    return f"{n:,.0f}".replace(",", " ")


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms"
