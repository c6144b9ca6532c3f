"""The clicks that write, through the real server: book, cancel, refund, receive, adjust and more.

They use up what the world has waiting; there is enough for hundreds of runs, and making the world anew brings it back.
"""

import asyncio
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, text

from avenrae.enums import Role
from bench.client import Person
from bench.console import Console
from bench.targets import SignedIn


@dataclass(frozen=True)
class Click:
    """One way to write: whose, on which page of which record, what is filled in and which buttons are pressed.

    `rows` finds the records; each of its columns stands in addresses, buttons and values by its name in braces. `fills`
    are what is chosen one after the other before the last button is pressed with `values`.
    """

    name: str
    role: Role
    path: str
    rows: str
    buttons: Sequence[str]
    values: Mapping[str, Any] = field(default_factory=dict)
    fills: Sequence[Mapping[str, Any]] = ()
    param: str = "id"


_REASON = {"Reason": "Something came up."}
_FREE = """
    SELECT p.id, u.email AS client, to_char(d.day, 'YYYY/MM/DD') AS day
    FROM (SELECT now()::date + 14 + (9 - extract(isodow FROM now()::date))::int % 7 AS day) d, practitioners p
    JOIN LATERAL (SELECT u.email FROM clients c JOIN users u ON u.id = c.user_id WHERE u.is_active
                  OFFSET p.booking_count LIMIT 1) u ON true
    WHERE p.verification_status = 'approved' AND p.booking_count BETWEEN 20 AND 90 AND NOT EXISTS (
        SELECT FROM bookings b WHERE b.practitioner_id = p.id AND b.starts_at BETWEEN d.day - 1 AND d.day + 2)
    AND (SELECT count(*) FROM services s WHERE s.practitioner_id = p.id AND s.is_available) > 1
"""
"""Practitioners who are free on a Tuesday in two weeks or three, with a client to book for."""

CLICKS = (
    Click(
        "Book a session",
        Role.SUPPORT,
        "new-booking",
        _FREE,
        ["Book this session"],
        {"Notes for practitioner and staff": "Prefers the quiet room."},
        fills=({"find-client": "{client}"}, {"Service": 0}, {"Day": "{day}"}, {"Start, *": 0}),
        param="practitioner",
    ),
    Click(
        "Confirm a booking",
        Role.SUPPORT,
        "booking",
        "SELECT id FROM bookings WHERE status = 'pending' AND starts_at > now() AND hold_expires_at IS NULL",
        ["button:confirm-{id}"],
    ),
    Click(
        "Cancel a booking, with its refund",
        Role.ADMIN,
        "booking",
        "SELECT id FROM bookings WHERE status = 'confirmed' AND payment_status = 'paid' AND starts_at > now()",
        ["open:Cancel", "Cancel booking"],
        _REASON,
    ),
    Click(
        "Save notes of a booking",
        Role.ADMIN,
        "booking",
        "SELECT id FROM bookings WHERE status = 'confirmed'",
        ["Save notes"],
        {"Notes for practitioner and staff": "Called back, all is well."},
    ),
    Click("Receive stock", Role.ADMIN, "product", "SELECT id FROM products", ["Receive"], {"Pieces received": 5}),
    Click(
        "Adjust stock",
        Role.ADMIN,
        "product",
        "SELECT id FROM products WHERE on_hand - allocated > 0",
        ["Adjust"],
        {"Change *": -1, "What happened": "Fell from the shelf."},
    ),
    Click(
        "Fulfil an order",
        Role.SUPPORT,
        "order",
        "SELECT id FROM orders WHERE status = 'paid' AND payment_status = 'paid'",
        ["open:Fulfil", "Fulfil order"],
    ),
    Click(
        "Refund an order",
        Role.ADMIN,
        "order",
        "SELECT id FROM orders WHERE status = 'fulfilled' AND payment_status = 'paid'"
        " AND placed_at > now() - interval '1 year'",
        ["open:Refund", "Refund"],
        _REASON,
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
            query = f"SELECT * FROM ({click.rows}) r ORDER BY md5(id::text) LIMIT {runs}"
            ids = [{name: str(v) for name, v in row.items()} for row in connection.execute(text(query)).mappings()]
        cost = asyncio.run(_measure(console, people[click.role], click, ids))
        costs.append(cost)
        say(
            f"{click.name:<34} median {cost.median * 1e3:6.1f}  p95 {cost.p95 * 1e3:6.1f}"
            f"  db {cost.database * 1e3:5.1f} in {cost.queries}  {'; '.join(cost.problems)}"
        )
    return costs


async def _measure(console: Console, who: SignedIn, click: Click, rows: Sequence[Mapping[str, str]]) -> WriteCost:
    times, database, queries, problems = [], [], [], set[str]()
    async with Person(console.url, who.token) as person:
        for row in rows:
            await person.open(click.path, {click.param: row["id"]})
            for values in click.fills:
                await person.fill({k: v.format(**row) if isinstance(v, str) else v for k, v in values.items()})
            *before, last = [button.format(**row) for button in click.buttons]
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
