"""The console as the product serves it, in a process that also keeps count of its queries.

    python -m bench.server PORT CONTROL_PORT

The count is asked for over a second port, so nothing of it is in the product: `/take` returns and clears it,
`/floor/on` answers every query of a page from memory from then on, which leaves what the screen itself costs.
"""

import json
import re
import resource
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

_INSTANT = re.compile(r"datetime\.datetime\(\d+, \d+, \d+, \d+, \d+, \d+, \d+, tzinfo=datetime\.timezone\.utc\)")


class Count:
    """The queries of the pages' own threads since the last time somebody asked."""

    def __init__(self) -> None:
        self._queries: list[tuple[float, str]] = []
        self._lock = threading.Lock()

    def install(self) -> None:
        """Listen to every engine of this process."""
        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "after_cursor_execute", self._after)

    def take(self) -> dict[str, Any]:
        """Return the queries with their seconds, and forget them; with them what the process has used so far."""
        with self._lock:
            queries, self._queries = self._queries, []
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {"queries": queries, "cpu": used.ru_utime + used.ru_stime, "memory": _resident()}

    def _before(self, connection: Any, *_: Any) -> None:
        connection.info["bench_began"] = time.perf_counter()

    def _after(self, connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seconds = time.perf_counter() - connection.info["bench_began"]
        if "ScriptRunner" in threading.current_thread().name:
            with self._lock:
                self._queries.append((seconds, statement))


def _named(given: Any) -> Any:
    """Return what a question is known by: reads by their name, the instant of asking as the same at all times."""
    if isinstance(given, partial):
        return (_named(given.func), *map(_named, given.args), *map(_named, sorted(given.keywords.items())))
    return f"{given.__module__}.{given.__qualname__}" if callable(given) else _INSTANT.sub("now", repr(given))


class Floor:
    """What pages read, kept: while it is on, the same question gets the same answer without the database."""

    def __init__(self) -> None:
        self.on = False
        self._kept: dict[Any, Any] = {}

    def install(self) -> None:
        """Stand between the pages and their reads; must come before anything imports them."""
        from avenrae.ui import actions

        actions.load = self._keeping(actions.load)
        actions.read_actor = self._keeping(actions.read_actor)

    def _keeping(self, read: Callable[..., Any]) -> Callable[..., Any]:
        import streamlit as st

        def kept(*args: Any, **kwargs: Any) -> Any:
            if not self.on:
                return read(*args, **kwargs)
            key = (read.__name__, st.user.get("sid"), *map(_named, args), *map(_named, sorted(kwargs.items())))
            if key not in self._kept:
                self._kept[key] = read(*args, **kwargs)
            return self._kept[key]

        return kept


def _resident() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def _answer_on(port: int, count: Count, floor: Floor) -> None:
    class Control(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/floor/"):
                floor.on = self.path.endswith("/on")
            body = json.dumps(count.take()).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Control)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main(port: int, control: int) -> None:
    """Serve until a signal comes."""
    count, floor = Count(), Floor()
    count.install()
    floor.install()
    _answer_on(control, count, floor)
    import uvicorn

    uvicorn.run(
        "app:app", host="127.0.0.1", port=port, access_log=False, log_level="warning", ws_per_message_deflate=False
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
