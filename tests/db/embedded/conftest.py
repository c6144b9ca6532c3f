"""A folder for a built-in server, and servers that are released in the end."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from avenrae.db.embedded import EmbeddedServer, acquire
from avenrae.db.embedded.files import is_postmaster, read_pid
from tests.db.embedded.processes import ROOT, SETTINGS


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder that the server's user can reach; root's own tmp_path is closed to it."""
    if not ROOT:
        made = tmp_path
    else:
        made = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))  # noqa: S108
        made.chmod(0o755)
    yield made
    for file in made.rglob("postmaster.pid"):
        pid = read_pid(file)
        if pid is not None and is_postmaster(pid, file.parent):
            os.kill(pid, signal.SIGQUIT)
    if ROOT:
        shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def hold(home: Path) -> Iterator[Callable[..., EmbeddedServer]]:
    """Acquire, and release at the end whatever the test did."""
    held: list[EmbeddedServer] = []

    def take(data: Path = home / "pg", **options: object) -> EmbeddedServer:
        held.append(acquire(data, **{"settings": SETTINGS, **options}))  # type: ignore[arg-type]
        return held[-1]

    yield take
    for server in held:
        server.release()
