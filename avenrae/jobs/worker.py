"""The worker's process: takes jobs from the queue until it is told to leave, and finishes what it has begun."""

import asyncio
import logging
import os
import signal
import threading
from contextlib import suppress

from procrastinate import PsycopgConnector
from procrastinate.jobs import DeleteJobCondition
from sqlalchemy import make_url

from avenrae.db import engine as db
from avenrae.jobs.tasks import app

log = logging.getLogger("avenrae.jobs")
_AT_ONCE = 4
_PAUSE = 5.0
_OPTIONS = "-c statement_timeout=10000 -c timezone=UTC"


def work(*, attached: bool = False) -> None:
    """Run jobs until SIGTERM or SIGINT; where `attached`, also until standard input ends, as it does with its parent.

    A database that goes away is waited for.
    """
    asyncio.run(_work(attached))


async def _work(attached: bool) -> None:
    loop, leaving = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leaving.set)
    if attached:
        _watch_parent(loop, leaving)
    log.info("background work runs")
    while not leaving.is_set():
        working = asyncio.create_task(run_jobs(db.engine().url.render_as_string(hide_password=False)))
        left = asyncio.create_task(leaving.wait())
        await asyncio.wait({working, left}, return_when=asyncio.FIRST_COMPLETED)
        if leaving.is_set():
            log.info("background work ends; what has begun is finished first")
            # Cancelled, it takes no more jobs and finishes those under way.
            working.cancel()
        with suppress(asyncio.CancelledError):
            try:
                await working
            except Exception as e:
                reason = " ".join(str(e.__cause__ or e).split())
                log.warning("background work was interrupted (%s); it goes on in %d s", reason, _PAUSE)
        left.cancel()
        if not leaving.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(leaving.wait(), _PAUSE)


async def run_jobs(url: str, *, wait: bool = True) -> None:
    """Run jobs of the database at a SQLAlchemy address until cancelled, or without `wait` until there are none."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connector = PsycopgConnector(
        conninfo=address,
        min_size=1,
        max_size=_AT_ONCE,
        kwargs={"application_name": "avenrae worker", "connect_timeout": 5, "options": _OPTIONS},
    )
    with app.replace_connector(connector):
        async with app.open_async():
            await app.run_worker_async(
                concurrency=_AT_ONCE,
                wait=wait,
                install_signal_handlers=False,
                delete_jobs=DeleteJobCondition.SUCCESSFUL,
            )


def _watch_parent(loop: asyncio.AbstractEventLoop, leaving: asyncio.Event) -> None:
    def wait_for_the_end() -> None:
        with suppress(OSError):
            while os.read(0, 1024):
                pass
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(leaving.set)

    threading.Thread(target=wait_for_the_end, name="parent-watch", daemon=True).start()
