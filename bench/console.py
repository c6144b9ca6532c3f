"""Starts the console in a process of its own against a world, and asks it what its pages cost."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from avenrae.errors import Conflict

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Taken:
    """What the console has done since it was last asked: queries with their seconds; CPU seconds and bytes in all."""

    queries: list[tuple[float, str]]
    cpu: float
    memory: int

    @property
    def seconds(self) -> float:
        """How long the queries took together."""
        return sum(s for s, _ in self.queries)

    @property
    def slowest(self) -> tuple[float, str]:
        """The slowest query; none at all is an empty one."""
        return max(self.queries, default=(0.0, ""))


class Console:
    """The console serving a world: `with Console(database_url) as console: ... console.url`."""

    def __init__(self, database_url: str) -> None:
        self._port, self._control = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._env = {**os.environ, "DATABASE_URL": database_url}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.server", str(self._port), str(self._control)], cwd=ROOT, env=self._env
        )
        until = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self._process.kill()
                raise Conflict("The console did not start.")
            time.sleep(0.1)
        return self

    def __exit__(self, *error: object) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def take(self) -> Taken:
        """Return what was done since the last time, and start to count anew."""
        return self._ask("/take")

    def floor(self, on: bool) -> None:
        """Answer the queries of pages from memory, or from the database again."""
        self._ask(f"/floor/{'on' if on else 'off'}")

    def _ask(self, path: str) -> Taken:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._control}{path}", timeout=10) as answer:
            found = json.load(answer)
        return Taken([(s, q) for s, q in found["queries"]], found["cpu"], found["memory"])

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
