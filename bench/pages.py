"""Every page as every role, through the real server: how long a run takes, and where the time goes."""

import asyncio
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from avenrae.db import engine as db
from avenrae.enums import Role
from bench.client import Person
from bench.console import Console
from bench.targets import SignedIn, Target, people_of, targets


@dataclass(frozen=True)
class PageCost:
    """What one view costs, in seconds and bytes: opened first in the process, in a new tab, and again and again."""

    target: Target
    first: float
    new_tab: float
    median: float
    p95: float
    database: float
    queries: int
    slowest: float
    slowest_query: str
    size: int
    floor: float
    problems: tuple[str, ...]

    @property
    def over_floor(self) -> float:
        """How many times as long it takes as the same elements with constant data."""
        return self.median / self.floor if self.floor else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the others does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def measure_pages(
    database_url: str,
    *,
    runs: int = 30,
    only: str = "",
    say: Callable[[str], None] = print,
    then: Callable[[Console, Mapping[Role, SignedIn]], None] | None = None,
) -> list[PageCost]:
    """Open every view of every page; `only` narrows it to names that hold these letters."""
    engine = db.make_engine(database_url, pool_size=1, options="-c jit=off")
    people = people_of(engine)
    wanted = [t for t in targets(engine, people) if only in f"{t.name} {t.role}"]
    engine.dispose()
    costs = []
    with Console(database_url) as console:
        asyncio.run(_warm_up(console, people))
        for target in wanted:
            cost = asyncio.run(_measure(console, people[target.role], target, runs))
            costs.append(cost)
            say(line(cost))
        if then is not None:
            then(console, people)
    return costs


async def _warm_up(console: Console, people: Mapping[Role, SignedIn]) -> None:
    """Make the process load what every page shares; a page's own first run is still its first."""
    for signed_in in people.values():
        async with Person(console.url, signed_in.token) as person:
            await person.open("account")


async def _measure(console: Console, who: SignedIn, target: Target, runs: int) -> PageCost:
    first: list[float] = []
    for _ in range(3):
        async with Person(console.url, who.token) as person:
            first.append((await person.open(target.path, target.params)).seconds)
    times, database, queries, problems, size = [], [], [], set[str](), 0
    slowest = (0.0, "")
    floor = []
    async with Person(console.url, who.token) as person:
        for _ in range(2):
            await person.open(target.path, target.params)
        console.take()
        for n in range(runs):
            run = await person.open(target.path, target.params)
            taken = console.take()
            times.append(run.seconds)
            database.append(taken.seconds)
            queries.append(len(taken.queries))
            slowest = max(slowest, taken.slowest) if n < 5 else slowest
            size = run.size
            problems.update(run.problems)
            # In turns, so that whatever else the machine does falls on both; the first one fills the memory.
            if n % 2 == 0 or runs < 6:
                console.floor(True)
                if n == 0:
                    await person.open(target.path, target.params)
                floor.append((await person.open(target.path, target.params)).seconds)
                console.floor(False)
    return PageCost(
        target=target,
        first=first[0],
        new_tab=statistics.median(first[1:]),
        median=statistics.median(times),
        p95=percentile(times, 0.95),
        database=statistics.median(database),
        queries=max(queries),
        slowest=slowest[0],
        slowest_query=" ".join(slowest[1].split()),
        size=size,
        floor=statistics.median(floor),
        problems=tuple(sorted(problems)),
    )


def line(cost: PageCost) -> str:
    """Return one line of the table, in milliseconds and kilobytes."""
    ms = {
        name: getattr(cost, name) * 1e3
        for name in ("first", "new_tab", "median", "p95", "database", "slowest", "floor")
    }
    return (
        f"{cost.target.role:<12} {cost.target.name:<38} first {ms['first']:6.0f}  tab {ms['new_tab']:5.0f}"
        f"  median {ms['median']:6.1f}  p95 {ms['p95']:6.1f}  db {ms['database']:6.1f} in {cost.queries:>2}"
        f"  slowest {ms['slowest']:6.1f}  {cost.size / 1e3:6.1f} kB  floor {ms['floor']:6.1f}"
        f" (×{cost.over_floor:.1f}){'  ' + '; '.join(cost.problems) if cost.problems else ''}"
    )
