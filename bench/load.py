"""Many people at once: each clicks every few seconds for a minute, four of five clicks to read, one to write."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, text

from avenrae.db import engine as db
from avenrae.enums import Role
from bench.client import Person
from bench.console import Console
from bench.pages import percentile
from bench.targets import Target, people_of, targets

_SHARES = {Role.CLIENT: 40, Role.PRACTITIONER: 30, Role.SUPPORT: 20, Role.ADMIN: 10}
_RARE = ("last page", "page 500", "page 50", "page 100", "everything", "by ")
_WRITES_OF_FIVE = 0.25
"""How often somebody opens a record to change it; the change is a click more, so one click in five writes."""


@dataclass(frozen=True)
class LoadCost:
    """What so many people at once met: seconds a click, errors, and what the server's process used."""

    people: int
    clicks: int
    per_second: float
    median: float
    p95: float
    reads_p95: float
    writes_p95: float
    worst: float
    errors: tuple[str, ...]
    failed: int
    cpu: float
    memory: int


@dataclass(frozen=True)
class Visitor:
    """Somebody who works with the console: what he opens, and which bookings he keeps notes on."""

    role: Role
    token: str
    views: Sequence[Target]
    bookings: Sequence[str]


def measure_load(
    database_url: str,
    *,
    crowds: Sequence[int] = (10, 50, 100),
    seconds: float = 60,
    pause: float = 5,
    say: Callable[[str], None] = print,
) -> list[LoadCost]:
    """Let each crowd work for a while, and at last one that never pauses, which is where one process is full."""
    engine = db.make_engine(database_url, pool_size=1, options="-c jit=off")
    visitors = _visitors(engine, max(*crowds, 50))
    engine.dispose()
    costs = []
    with Console(database_url) as console:
        asyncio.run(_crowd(console, visitors[:10], seconds=8, pause=0.5))
        for number, wait in (*((n, pause) for n in crowds), (50, 0.0)):
            cost = asyncio.run(_crowd(console, visitors[:number], seconds=seconds if wait else seconds / 2, pause=wait))
            costs.append(cost)
            say(line(cost, paused=bool(wait)))
    return costs


def line(cost: LoadCost, *, paused: bool = True) -> str:
    """Return one line of the table."""
    return (
        f"{cost.people:>3} people{'' if paused else ' without a pause'}: {cost.clicks} clicks, {cost.per_second:.1f}/s,"
        f" p50 {cost.median * 1e3:.0f} ms, p95 {cost.p95 * 1e3:.0f} ms (reads {cost.reads_p95 * 1e3:.0f}, writes"
        f" {cost.writes_p95 * 1e3:.0f}), worst {cost.worst * 1e3:.0f} ms, {cost.failed} errors, CPU {cost.cpu:.0%},"
        f" {cost.memory / 1e6:.0f} MB" + "".join(f"\n      {e}" for e in cost.errors)
    )


def _visitors(engine: Engine, number: int) -> list[Visitor]:
    """Return people of all roles, mixed as they are when work goes on."""
    views = targets(engine, people_of(engine))
    dice = random.Random(7)
    roles = dice.choices(list(_SHARES), list(_SHARES.values()), k=number)
    found = []
    with engine.connect() as connection:
        for n, role in enumerate(roles):
            token = f"bench-{role}-{n % (30 if role in (Role.ADMIN, Role.SUPPORT) else 100)}"
            if not connection.execute(text(_KNOWN), {"t": token.encode()}).first():
                token = f"bench-{role}-0"
            bookings = connection.execute(text(_BOOKINGS[role]), {"t": token.encode(), "n": n}).scalars()
            own = [t for t in views if t.role is role and "id" not in t.params]
            found.append(Visitor(role, token, own, [str(b) for b in bookings]))
    return found


_KNOWN = "SELECT 1 FROM sessions WHERE token_hash = sha256(:t)"
_OF = (
    "SELECT b.id FROM sessions s JOIN {} p ON p.user_id = s.user_id JOIN bookings b ON b.{} = p.id"
    " WHERE s.token_hash = sha256(:t) AND :n >= 0"
)
_ANY = (
    "SELECT id FROM bookings WHERE status = 'confirmed' AND octet_length(:t) > 0 ORDER BY md5(id::text || :n) LIMIT 20"
)
_BOOKINGS = {
    Role.CLIENT: _OF.format("clients", "client_id") + " ORDER BY b.id DESC LIMIT 10",
    Role.PRACTITIONER: _OF.format("practitioners", "practitioner_id") + " ORDER BY b.starts_at DESC LIMIT 10",
    Role.SUPPORT: _ANY,
    Role.ADMIN: _ANY,
}


class _Log:
    def __init__(self) -> None:
        self.reads: list[float] = []
        self.writes: list[float] = []
        self.errors: list[str] = []


async def _crowd(console: Console, visitors: Sequence[Visitor], *, seconds: float, pause: float) -> LoadCost:
    log = _Log()
    before, began = console.take(), time.monotonic()
    until = began + seconds
    await asyncio.gather(*(_work(console.url, v, n, len(visitors), until, pause, log) for n, v in enumerate(visitors)))
    wall = time.monotonic() - began
    after = console.take()
    clicks = [*log.reads, *log.writes] or [0.0]
    return LoadCost(
        people=len(visitors),
        clicks=len(clicks),
        per_second=len(clicks) / wall,
        median=percentile(clicks, 0.5),
        p95=percentile(clicks, 0.95),
        reads_p95=percentile(log.reads or [0.0], 0.95),
        writes_p95=percentile(log.writes or [0.0], 0.95),
        worst=max(clicks),
        errors=tuple(sorted(set(log.errors)))[:5],
        failed=len(log.errors),
        cpu=(after.cpu - before.cpu) / wall,
        memory=after.memory,
    )


async def _work(url: str, visitor: Visitor, n: int, of: int, until: float, pause: float, log: _Log) -> None:
    dice = random.Random(n)
    weights = [_weight(view) for view in visitor.views]
    await asyncio.sleep(pause * n / of)
    try:
        async with Person(url, visitor.token) as person:
            while time.monotonic() < until:
                due = time.monotonic() + pause
                if visitor.bookings and dice.random() < _WRITES_OF_FIVE:
                    await _change(person, visitor, dice, pause, log)
                else:
                    view = dice.choices(visitor.views, weights)[0]
                    run = await person.open(view.path, view.params)
                    log.reads.append(run.seconds)
                    log.errors += [f"{visitor.role} {view.name}: {p}" for p in run.problems]
                await asyncio.sleep(max(0.0, due - time.monotonic()))
    except (OSError, TimeoutError, LookupError) as e:
        log.errors.append(f"{visitor.role}: {type(e).__name__} {e}")


def _weight(target: Target) -> float:
    """Return how often a view is opened: front pages most, deep pages and other orders now and then."""
    if any(word in target.view for word in _RARE):
        return 0.15
    return 4 if target.view in ("", "first page") else 1


async def _change(person: Person, visitor: Visitor, dice: random.Random, pause: float, log: _Log) -> None:
    """Open a record of one's own and save a change: a booking's notes, or, as a client, the account."""
    if visitor.role is Role.CLIENT:
        run = await person.open("account")
        button, values = "Save", {"Phone": f"+27 82 {dice.randrange(100, 999)} {dice.randrange(1000, 9999)}"}
    else:
        run = await person.open("booking", {"id": dice.choice(visitor.bookings)})
        button = "Save notes"
        values = {"Notes for practitioner and staff": f"Called back at {dice.randrange(8, 18)}:30."}
    log.reads.append(run.seconds)
    await asyncio.sleep(pause)
    run = await person.press(button, values)
    log.writes.append(run.seconds)
    log.errors += [f"{visitor.role} {button}: {p}" for p in run.problems]
    if not run.all("toast"):
        log.errors.append(f"{visitor.role} {button}: nothing said that it was saved")
