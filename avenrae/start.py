"""Everything that must be true before the console can serve: a server, a schema and, in development, a world."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from avenrae.db import engine as db
from avenrae.db.embedded import EmbeddedServer, acquire
from avenrae.db.migrate import migrate
from avenrae.errors import Conflict
from avenrae.settings import settings

log = logging.getLogger("avenrae")
_DATABASE = "avenrae"
_WATCH_SECONDS = 1.0
_lock = threading.Lock()
_server: EmbeddedServer | None = None
_leaving = threading.Event()


def prepare(say: Callable[[str], None] = log.info, *, demo: bool = True) -> None:
    """Make the database ready: start it if it is ours, migrate it, load the demo world into an empty one.

    Calling it again does nothing new. Production never gets the demo world.

    Raises:
        StartError: Something is missing; says what to do.
    """
    open_database(say)
    migrate(db.engine())
    if demo and not settings().is_production:
        _fill(say)


def _fill(say: Callable[[str], None]) -> None:
    from avenrae.demo.world import is_empty, load_world

    if is_empty():
        say("Loading the demo world, once…")
        # Another instance may have loaded it since the line above asked.
        with suppress(Conflict):
            load_world()


def open_database(say: Callable[[str], None] = log.info) -> None:
    """Point the process at its database, starting the embedded server where no `DATABASE_URL` is set."""
    global _server
    with _lock:
        if settings().database_url:
            db.use(settings().database_url)
        elif _server is None:
            say("Starting the database…")
            _server = acquire(settings().data_dir)
            _server.create_database(_DATABASE)
            db.use(_server.url(_DATABASE))
            threading.Thread(target=_watch, args=(_server,), name="database-watch", daemon=True).start()


def close() -> None:
    """Let go of the embedded server; the last process that holds it stops it."""
    global _server
    with _lock:
        _leaving.set()
        db.engine().dispose()
        if _server is not None:
            _server.release()
            _server = None


def _watch(server: EmbeddedServer) -> None:
    """Start the embedded server again when it dies, so that the next click works."""
    while not _leaving.wait(_WATCH_SECONDS):
        try:
            if not server.is_running() and not _leaving.is_set():
                log.warning("the database server went away; starting it again")
                server.ensure_running()
        except Exception:
            log.exception("the database server could not be started again")
