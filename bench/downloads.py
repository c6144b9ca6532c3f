"""Whole lists as CSV files, as an admin downloads them: until the first byte, until the last, and how much memory."""

import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from avenrae.db import engine as db
from avenrae.enums import Role
from avenrae.http.exports import EXPORTS
from avenrae.http.guard import COOKIE
from bench.console import Console
from bench.targets import people_of


@dataclass(frozen=True)
class DownloadCost:
    """One file: its lines and bytes, seconds to the first and the last of them, and bytes that the server grew by."""

    name: str
    lines: int
    size: int
    first: float
    seconds: float
    grown: int


_NARROWED: Mapping[str, str] = {"bookings": "q=dlamini", "products": "stock=low"}


def measure_downloads(database_url: str, say: Callable[[str], None] = print) -> list[DownloadCost]:
    """Download every list as a whole, and two of them narrowed."""
    engine = db.make_engine(database_url, pool_size=1)
    token = people_of(engine)[Role.ADMIN].token
    engine.dispose()
    asked = [*((name, "") for name in EXPORTS), *_NARROWED.items()]
    costs = []
    with Console(database_url) as console:
        for name, query in asked:
            cost = _download(console, token, name, query)
            costs.append(cost)
            say(
                f"{cost.name}: {cost.lines} lines, {cost.size / 1e6:.1f} MB, first byte after"
                f" {cost.first * 1e3:.0f} ms, whole after {cost.seconds:.1f} s, memory +{cost.grown / 1e6:.0f} MB"
            )
    return costs


def _download(console: Console, token: str, name: str, query: str) -> DownloadCost:
    before, lines, size = console.take().memory, 0, 0
    address = f"{console.url}/download/{name}.csv?{query}"
    request = urllib.request.Request(address, headers={"Cookie": f"{COOKIE}={token}"})  # noqa: S310
    began = time.perf_counter()
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        first = 0.0
        while piece := answer.read1(1 << 16):
            first = first or time.perf_counter() - began
            size += len(piece)
            lines += piece.count(b"\n")
    seconds = time.perf_counter() - began
    return DownloadCost(f"{name} {query}".strip(), lines, size, first, seconds, console.take().memory - before)
