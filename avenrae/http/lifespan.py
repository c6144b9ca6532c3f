"""What happens before the first request and after the last."""

import asyncio
import gc
import importlib
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

from anyio import to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from avenrae.db.transaction import wait_until_written
from avenrae.errors import StartError
from avenrae.http.sockets import OpenSockets

LONGEST_WRITE = 25.0


def make_lifespan(
    sockets: OpenSockets, prepare: Callable[[], object] | None = None
) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """Return the lifespan of the app: the database is made ready, open pages are watched, writes are let finish.

    Without `prepare` it is `avenrae.start` that makes the database ready.
    """

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        await to_thread.run_sync(prepare or _start)
        threading.Thread(target=_warm_up, daemon=True).start()
        watching = asyncio.create_task(sockets.watch())
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await to_thread.run_sync(wait_until_written, LONGEST_WRITE)
            await to_thread.run_sync(_close)

    return lifespan


def _start() -> None:
    from avenrae import start

    start.prepare()


def _close() -> None:
    # Loaded only where it has started something.
    if (start := sys.modules.get("avenrae.start")) is not None:
        start.close()


def _warm_up() -> None:
    """Import what draws charts and maps, so that whoever opens one first does not wait a second or two for it.

    What is in memory then stays to the end, so it is not looked through for garbage again; and what 100 open pages
    keep is so much that each look at all of it holds everybody up for 0.2 s. Every six seconds is too often for that.
    """
    for name in ("plotly.graph_objects", "pydeck"):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 20)


class PlainStart:
    """Make a start that is refused say its one sentence in the log instead of a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return
        held: list[Message] = []

        async def hold_failure(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                held.append(message)
            else:
                await send(message)

        try:
            await self.app(scope, receive, hold_failure)
        except StartError as e:
            await send({"type": "lifespan.startup.failed", "message": e.message})
        except BaseException:
            for message in held:
                await send(message)
            raise
