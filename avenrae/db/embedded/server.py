"""Starts, shares, watches and stops a server."""

import contextlib
import json
import logging
import os
import re
import signal
import subprocess
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import pq, sql

from avenrae.db.embedded.cluster import USER, initialize
from avenrae.db.embedded.files import (
    drop_stale_pid_file,
    is_postmaster,
    locked,
    open_lock,
    open_owned,
    read_pid,
    try_lock,
    write_file,
)
from avenrae.db.embedded.place import Place, as_owner, find_place, find_programs, socket_dir
from avenrae.errors import StartError

_SOCKET_PORT = 5432
_START_SECONDS = 300.0  # crash recovery may take minutes
_DEFAULTS: Mapping[str, str] = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "100",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_compression": "on",
    "checkpoint_completion_target": "0.9",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Endpoint:
    socket_dir: str
    port: int
    tcp: bool


class EmbeddedServer:
    """A running server that this process holds until `release`."""

    def __init__(self, place: Place, settings: Mapping[str, str], port: int | None) -> None:
        self._place = place
        self._settings = dict(settings)
        self._port = port
        self._users: int | None = None
        self._endpoint = self._read_endpoint() or _Endpoint(str(place.run), _SOCKET_PORT, tcp=False)

    def url(self, database: str = "avenrae") -> str:
        """Give the SQLAlchemy address of a database of this server."""
        name, at = quote(database, safe=""), self._endpoint
        if self._port is not None:
            return f"postgresql+psycopg://{USER}@127.0.0.1:{self._port}/{name}"
        # %20 and not +: libpq reads these addresses too
        return f"postgresql+psycopg://{USER}@/{name}?host={quote(at.socket_dir, safe='')}&port={at.port}"

    def is_running(self) -> bool:
        """Ask the server whether it takes connections now."""
        return self._ask() == pq.Ping.OK

    def ensure_running(self) -> None:
        """Start the server again if it died, and wait until it takes connections.

        Raises:
            StartError: it does not start; the message says why.
        """
        with _as_start_error(self._place.data):
            if self.is_running():
                return
            with locked(self._place, "lock"):
                if self._users is None:
                    raise StartError("The database was released and cannot be started by the same holder.")
                self._start()

    def create_database(self, database: str) -> None:
        """Create an empty UTF8 database unless it is there; several processes may ask at once."""
        with psycopg.connect(self._conninfo(), autocommit=True) as connection:
            if connection.execute("select 1 from pg_database where datname = %s", (database,)).fetchone():
                return
            with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(
                    sql.SQL("create database {} template template0 encoding 'UTF8'").format(sql.Identifier(database))
                )

    def release(self) -> None:
        """Let go of the server; the last live holder stops it. Calling it again does nothing."""
        if self._users is None:
            return
        try:
            with locked(self._place, "lock"):
                self._leave()
        except (OSError, StartError) as error:
            _log.warning("The database in %s was left running: %s", self._place.data, error)

    def _enter(self) -> None:
        with locked(self._place, "lock"):
            self._users = open_lock(self._place, "users")
            try_lock(self._users, shared=True)  # only stopping takes it alone, and that needs the start lock
            try:
                self._start()
            except BaseException:
                self._leave()
                raise
        _holders.add(self)

    def _leave(self) -> None:
        users, self._users = self._users, None
        if users is None:
            return
        try:
            if try_lock(users):
                self._stop()
        finally:
            os.close(users)

    def _forget_in_child(self) -> None:
        # a forked child shares the lock: it would keep the server up after its parent has released it
        users, self._users = self._users, None
        if users is not None:
            os.close(users)

    def _conninfo(self) -> str:
        at = self._endpoint
        return psycopg.conninfo.make_conninfo(
            host=at.socket_dir, port=at.port, user=USER, dbname="postgres", connect_timeout=5
        )

    def _ask(self) -> pq.Ping:
        return pq.Ping(pq.PGconn.ping(self._conninfo().encode()))

    def _start(self) -> None:
        """Attach to the server, or start it; the caller holds the start lock."""
        self._endpoint = self._read_endpoint() or self._endpoint
        deadline = time.monotonic() + _START_SECONDS
        log_from: int | None = None
        while (answer := self._ask()) != pq.Ping.OK:
            if answer == pq.Ping.NO_ATTEMPT:
                raise StartError("Remove the PG* environment variables: they keep us from the database.")
            if answer == pq.Ping.NO_RESPONSE:
                server = open_lock(self._place, "server")
                try:
                    if try_lock(server):
                        if log_from is not None:
                            raise StartError(self._why_not(log_from))
                        log_from = self._launch(server)
                finally:
                    os.close(server)
            if time.monotonic() > deadline:
                raise StartError(
                    "The database does not answer yet; it may be recovering from a crash. Start again in "
                    f"a few minutes, and read {self._place.run / 'postgres.log'} if that does not help."
                )
            time.sleep(0.01)
        if self._port is not None and (self._port, True) != (self._endpoint.port, self._endpoint.tcp):
            raise StartError(f"The database already runs, but not on port {self._port}: stop it first.")

    def _launch(self, server: int) -> int:
        """Start the server on prepared data and return where its part of the log begins."""
        place = self._place
        if not (place.data / "PG_VERSION").exists():
            initialize(place, server, sync=self._settings.get("fsync") not in ("off", "false", "no", "0"))
        self._endpoint = _Endpoint(
            socket_dir(place, self._port or _SOCKET_PORT), self._port or _SOCKET_PORT, self._port is not None
        )
        write_file(place, place.run / "endpoint", json.dumps(vars(self._endpoint)))
        write_file(place, place.data / "avenrae.conf", self._configuration())
        socket_lock = f"{self._endpoint.socket_dir}/.s.PGSQL.{self._endpoint.port}.lock"
        for file in (place.data / "postmaster.pid", Path(socket_lock)):
            drop_stale_pid_file(file, place.data)
        log_file = place.run / "postgres.log"
        if log_file.exists() and log_file.stat().st_size > 10_000_000:
            log_file.rename(place.run / "postgres.log.1")
        log = open_owned(place, log_file, os.O_WRONLY | os.O_APPEND)
        try:
            begins = os.fstat(log).st_size
            process = subprocess.Popen(
                [place.programs / "postgres", "-D", place.data],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                pass_fds=(server,),
                **as_owner(place.uid, place.gid),
            )
        finally:
            os.close(log)
        # reaped at once, so that a dead server is never seen as a living process
        threading.Thread(target=process.wait, name="postgres-reaper", daemon=True).start()
        return begins

    def _stop(self) -> None:
        """Stop the server; the caller holds the start lock and is the last holder."""
        for number, seconds in ((signal.SIGINT, 60.0), (signal.SIGQUIT, 15.0)):
            deadline, sent = time.monotonic() + seconds, False
            while time.monotonic() < deadline:
                server = open_lock(self._place, "server")
                try:
                    if try_lock(server):
                        return
                finally:
                    os.close(server)
                pid = read_pid(self._place.data / "postmaster.pid")
                if not sent and pid is not None and is_postmaster(pid, self._place.data):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, number)
                    sent = True
                time.sleep(0.005)
        _log.warning("The database in %s did not stop in time.", self._place.data)

    def _configuration(self) -> str:
        values = {
            **_DEFAULTS,
            **self._settings,
            "port": str(self._endpoint.port),
            "listen_addresses": "127.0.0.1" if self._endpoint.tcp else "",
            "unix_socket_directories": self._endpoint.socket_dir,
            "unix_socket_permissions": "0700",
        }
        lines = ["# written by the console at each start; changes here are lost"]
        for name, value in values.items():
            if not re.fullmatch(r"[a-z_][a-z0-9_.]*", name) or "\n" in value:
                raise StartError(f"The database setting {name!r} cannot be written; correct it.")
            lines.append("{} = '{}'".format(name, value.replace("\\", "\\\\").replace("'", "''")))
        return "\n".join(lines) + "\n"

    def _read_endpoint(self) -> _Endpoint | None:
        try:
            return _Endpoint(**json.loads((self._place.run / "endpoint").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def _why_not(self, log_from: int) -> str:
        log_file = self._place.run / "postgres.log"
        written = log_file.read_bytes()[log_from:].decode(errors="replace")
        reasons = re.findall(r"(?:FATAL|PANIC): +(.+)", written)
        reason = f" ({reasons[-1].rstrip('.')})" if reasons else ""
        return f"PostgreSQL did not start{reason}; read {log_file} and start again."


_holders: weakref.WeakSet[EmbeddedServer] = weakref.WeakSet()


def _forget_holders() -> None:
    for holder in list(_holders):
        holder._forget_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_holders)


def acquire(
    data_dir: Path,
    *,
    settings: Mapping[str, str] | None = None,
    port: int | None = None,
    bin_dir: Path | None = None,
) -> EmbeddedServer:
    """Hold the server of a data folder, which is created and started when it is not there yet.

    `settings` are PostgreSQL's own and count only when this call starts the server; `port` makes it listen on
    127.0.0.1 as well, without a password; `bin_dir` takes the programs of another PostgreSQL.

    Raises:
        StartError: it cannot run here; the message says what to do.
    """
    with _as_start_error(data_dir):
        server = EmbeddedServer(find_place(data_dir, bin_dir or find_programs()), settings or {}, port)
        server._enter()
        return server


@contextlib.contextmanager
def _as_start_error(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StartError(
            f"The database folder {data_dir} cannot be used ({reason}): give the console a "
            "folder that it may write to, or set DATABASE_URL."
        ) from error
