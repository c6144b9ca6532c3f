"""Starting, being killed and starting again; and starts that cannot be."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from avenrae.db.embedded import acquire
from avenrae.db.engine import make_engine
from tests.conftest import create_database, drop_database
from tests.process.console import ROOT, Console, free_port

pytestmark = pytest.mark.slow


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that the embedded server's own user can reach."""
    memory = Path("/dev/shm")  # noqa: S108
    made = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None, prefix="avenrae-var-"))
    made.chmod(0o755)
    yield made / "var"
    shutil.rmtree(made, ignore_errors=True)


def ask(folder: Path, question: str) -> object:
    """One value out of the console's own database."""
    server = acquire(folder)
    engine = make_engine(server.url("avenrae"))
    try:
        with engine.connect() as connection:
            return connection.execute(text(question)).scalar()
    finally:
        engine.dispose()
        server.release()


def postmasters(folder: Path) -> list[int]:
    """The pids of the servers that work in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if command[0].endswith(b"postgres") and str(folder).encode() in b" ".join(command):
                found.append(int(entry.name))
    return found


def test_one_command_to_a_world_and_back_again(folder: Path) -> None:
    """A first start makes a world, Ctrl-C stops all of it, kill -9 of either process loses nothing."""
    first = Console(AVENRAE_DATA_DIR=str(folder))
    first.wait_until_ready()
    assert postmasters(folder)
    printed = first.stop()
    assert f"Avenrae Console is at {first.url}" in printed
    for role in ("admin", "support", "practitioner", "client"):
        assert f"{role}@demo.avenrae.example" in printed
    assert postmasters(folder) == []
    bookings = ask(folder, "SELECT count(*) FROM bookings")
    assert bookings > 1000

    second = Console(AVENRAE_DATA_DIR=str(folder))
    second.wait_until_ready()
    second.stop(signal.SIGKILL)
    third = Console(AVENRAE_DATA_DIR=str(folder))
    third.wait_until_ready()
    killed = postmasters(folder)[0]
    os.kill(killed, signal.SIGKILL)
    until = time.monotonic() + 20
    # The connections that stand may answer a moment longer than their server lives.
    while killed in (found := postmasters(folder)) or not found or third.status("/healthz") != 200:
        assert time.monotonic() < until
        time.sleep(0.2)
    third.stop(signal.SIGTERM)
    assert postmasters(folder) == []
    assert ask(folder, "SELECT count(*) FROM bookings") == bookings


def test_two_instances_start_on_an_empty_database(server_url: str) -> None:
    """Both serve, and there is one world."""
    url = create_database(server_url, "avenrae_two_instances")
    consoles = [Console(DATABASE_URL=url) for _ in range(2)]
    try:
        for console in consoles:
            console.wait_until_ready()
        engine = make_engine(url)
        with engine.connect() as connection:
            admins = connection.execute(text("SELECT count(*) FROM users WHERE email LIKE 'admin@demo%'")).scalar()
        engine.dispose()
        assert admins == 1
    finally:
        for console in consoles:
            console.stop(signal.SIGTERM)
        drop_database(server_url, "avenrae_two_instances")


WRITER = """
import sys, time
from avenrae.db import engine as db
from avenrae.db.transaction import transaction
from avenrae.permissions import Actor
from tests import make
db.use(sys.argv[1])
with transaction(Actor.system("Test"), "half") as session:
    make.make_product(session, sku="HALF", stock=5)
    print("written", flush=True)
    time.sleep(60)
"""


def test_killed_in_the_middle_of_a_write(database: str) -> None:
    """Nothing of a half-done write remains, in the rows or in the trail; and nothing stays locked."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, database], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout.readline() == "written\n"
        writer.kill()
    engine = make_engine(database)
    with engine.begin() as connection:
        for _ in range(50):
            others = connection.execute(
                text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'")
            ).scalar()
            if others == 1:
                break
            time.sleep(0.1)
        connection.execute(text("LOCK TABLE products IN ACCESS EXCLUSIVE MODE NOWAIT"))
        for table in ("products", "stock_movements", "audit_entries"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0
    engine.dispose()


def refused(**env: str) -> str:
    """What a start that cannot be prints; it ends by itself, with a status that is not 0, without a traceback."""
    console = Console(**env)
    output = console.ended()
    assert console.process.returncode not in (0, None)
    assert "Traceback" not in output
    return output.strip().splitlines()[-1]


def test_port_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(AVENRAE_PORT=str(port))
    assert said.startswith(f"The console cannot listen on 127.0.0.1:{port}")
    assert f"AVENRAE_PORT={port + 1} make run" in said


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"AVENRAE_PORT": "many"}, "The setting AVENRAE_PORT does not parse: input should be a valid integer"),
        ({"AVENRAE_TIME_ZONE": "Mars/Olympus"}, "The setting AVENRAE_TIME_ZONE does not parse: is not an IANA time"),
        ({"AVENRAE_PROT": "1"}, "There is no setting AVENRAE_PROT"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL does not parse: it must be an address like"),
        ({"DATABASE_URL": "postgresql://127.0.0.1:abc/x"}, "DATABASE_URL does not parse: it must be an address like"),
        ({"DATABASE_URL": "postgresql://127.0.0.1:9/x"}, "The database cannot be reached at 127.0.0.1:9."),
        ({"AVENRAE_ENVIRONMENT": "production"}, "AVENRAE_BCRYPT_COST must be 12 or more in production."),
    ],
)
def test_settings_that_cannot_be(env: dict[str, str], sentence: str) -> None:
    """One sentence that says what to do."""
    assert refused(**{"AVENRAE_PORT": str(free_port()), **env}).startswith(sentence)


def test_unwritable_data_folder(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.touch()
    said = refused(AVENRAE_DATA_DIR=str(blocker / "var"))
    assert said.endswith(".")


SLOW_WRITER = """
import os, sys, threading, time
import uvicorn
from avenrae.db import engine as db
from avenrae.db.transaction import transaction
from avenrae.http.lifespan import make_lifespan
from avenrae.http.sockets import OpenSockets
from avenrae.permissions import Actor
from starlette.applications import Starlette
from tests import make

def write():
    with transaction(Actor.system("Test"), "slow") as session:
        make.make_product(session, sku="SLOW")
        print("writing", flush=True)
        time.sleep(2)

def prepare():
    db.use(os.environ["SLOW_URL"])
    threading.Thread(target=write, daemon=True).start()

uvicorn.run(Starlette(lifespan=make_lifespan(OpenSockets(), prepare)), port=int(sys.argv[1]), log_level="error")
"""


def test_sigterm_lets_a_write_finish(database: str) -> None:
    """The end waits for writes under way: a click that was taken is not lost by a restart (R-UI-01)."""
    command = [sys.executable, "-c", SLOW_WRITER, str(free_port())]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "SLOW_URL": database}, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout.readline() == "writing\n"
        time.sleep(0.5)
        server.terminate()
        server.wait(20)
    engine = make_engine(database)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM products WHERE sku = 'SLOW'")).scalar() == 1
    engine.dispose()
