"""The clicks that write, through the real server: confirm a booking, receive stock, fulfil an order and more.

They use up what the world has waiting; there is enough for hundreds of runs, and making the world anew brings it back.
"""

import asyncio
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, text

from avenrae.enums import Role
from bench.client import Person
from bench.console import Console
from bench.targets import SignedIn


@dataclass(frozen=True)
class Click:
    """One way to write: whose, on which page of which record, what is filled in and which buttons are pressed."""

    name: str
    role: Role
    path: str
    ids: str
    buttons: Sequence[str]
    values: Mapping[str, Any]


CLICKS = (
    Click(
        "Confirm a booking",
        Role.SUPPORT,
        "booking",
        "SELECT id FROM bookings WHERE status = 'pending' AND starts_at > now() AND hold_expires_at IS NULL",
        ["button:confirm-{id}"],
        {},
    ),
    Click(
        "Save notes of a booking",
        Role.ADMIN,
        "booking",
        "SELECT id FROM bookings WHERE status = 'confirmed'",
        ["Save notes"],
        {"Notes for practitioner and staff": "Called back, all is well."},
    ),
    Click(
        "Receive stock",
        Role.ADMIN,
        "product",
        "SELECT id FROM products",
        ["Receive"],
        {"Pieces received": 5},
    ),
    Click(
        "Fulfil an order",
        Role.SUPPORT,
        "order",
        "SELECT id FROM orders WHERE status = 'paid' AND payment_status = 'paid'",
        ["open:Fulfil", "Fulfil order"],
        {},
    ),
)


@dataclass(frozen=True)
class WriteCost:
    """What one click costs, in seconds from the press to the redrawn page."""

    name: str
    median: float
    p95: float
    database: float
    queries: int
    runs: int
    problems: tuple[str, ...]


def measure_writes(
    console: Console, engine: Engine, people: Mapping[Role, SignedIn], *, runs: int, say: Callable[[str], None] = print
) -> list[WriteCost]:
    """Press each button on records of its own, one after the other."""
    costs = []
    for click in CLICKS:
        with engine.connect() as connection:
            query = f"{click.ids} ORDER BY md5(id::text) LIMIT {runs}"
            ids = [str(key) for key in connection.execute(text(query)).scalars()]
        cost = asyncio.run(_measure(console, people[click.role], click, ids))
        costs.append(cost)
        say(
            f"{click.name:<28} median {cost.median * 1e3:6.1f}  p95 {cost.p95 * 1e3:6.1f}"
            f"  db {cost.database * 1e3:5.1f} in {cost.queries}  {'; '.join(cost.problems)}"
        )
    return costs


async def _measure(console: Console, who: SignedIn, click: Click, ids: Sequence[str]) -> WriteCost:
    times, database, queries, problems = [], [], [], set[str]()
    async with Person(console.url, who.token) as person:
        for key in ids:
            await person.open(click.path, {"id": key})
            *before, last = [button.format(id=key) for button in click.buttons]
            for button in before:
                await person.press(button)
            console.take()
            run = await person.press(last, click.values)
            taken = console.take()
            times.append(run.seconds)
            database.append(taken.seconds)
            queries.append(len(taken.queries))
            problems.update(run.problems)
            if not run.all("toast"):
                problems.add("no toast said that it was done")
    ordered = sorted(times)
    return WriteCost(
        click.name,
        statistics.median(times),
        ordered[round(0.95 * (len(ordered) - 1))],
        statistics.median(database),
        max(queries),
        len(times),
        tuple(sorted(problems)),
    )
