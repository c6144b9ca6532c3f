"""Other processes that hold a built-in server, and looking at it and killing it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from avenrae.db.embedded import EmbeddedServer
from avenrae.db.embedded.files import read_pid

REPOSITORY = Path(__file__).parents[3]
ROOT = os.geteuid() == 0
SETTINGS = {"fsync": "off", "shared_buffers": "16MB", "max_wal_size": "64MB"}
as_root = pytest.mark.skipif(not ROOT, reason="only root can take another user's place")
HOLDER = """
import os, signal, sys, time
from pathlib import Path
from avenrae.db.embedded import acquire
from avenrae.errors import StartError
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in a shell's background ignores it
import psycopg
path, uid = sys.argv[1], int(sys.argv[2])
if uid:
    os.setgroups([]); os.setgid(uid); os.setuid(uid)
print("go", flush=True)
try:
    server = acquire(Path(path), settings=%r)
except StartError as error:
    print(error, flush=True)
    sys.exit(3)
print("up", flush=True)
sys.stdin.readline()
server.release()
print("left", flush=True)
""" % (SETTINGS,)  # noqa: UP031


@contextlib.contextmanager
def holder(data: Path, uid: int = 0, *, says: str | None = "up") -> Iterator[subprocess.Popen[str]]:
    """Another process that acquires the folder; it is killed at the end."""
    command = [sys.executable, "-c", HOLDER, str(data), str(uid)]
    with subprocess.Popen(
        command,
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert line(process) == "go"
            if says is not None:
                assert line(process) == says
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def leave(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert line(process) == "left"


def run(server: EmbeddedServer, statement: str) -> list[tuple[object, ...]]:
    address = server.url("postgres").replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def postmaster(data: Path) -> int:
    pid = read_pid(data / "postmaster.pid")
    assert pid is not None
    return pid


def kill(data: Path) -> None:
    os.kill(postmaster(data), signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    shown = subprocess.run(["ps", "-eo", "pid=,ppid="], stdout=subprocess.PIPE, text=True, check=True).stdout
    parents = dict(tuple(map(int, row.split())) for row in shown.splitlines())
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]
