"""The runner of the built-in server, with real processes that are really killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from avenrae.db.embedded import EmbeddedServer
from avenrae.db.embedded.files import is_postmaster
from tests.db.embedded.processes import REPOSITORY, ROOT, descendants, holder, kill, line, postmaster, run


def test_rows_survive_a_killed_server(home: Path, hold: Callable[..., EmbeddedServer]) -> None:
    server = hold()
    run(server, "create table t as select 7 as n")
    for _ in range(2):
        kill(home / "pg")
        server.ensure_running()
        assert run(server, "table t") == [(7,)]


def test_rows_survive_a_killed_holder_and_the_next_one_stops_the_server(
    home: Path, hold: Callable[..., EmbeddedServer]
) -> None:
    with holder(home / "pg") as other:
        pid = postmaster(home / "pg")
        other.kill()
    server = hold()
    assert postmaster(home / "pg") == pid
    server.release()
    assert not server.is_running()
    assert not is_postmaster(pid, home / "pg")


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(home: Path, hold: Callable[..., EmbeddedServer]) -> None:
    with holder(home / "pg") as other:
        pid = postmaster(home / "pg")
        while other.poll() is None:
            # Python drops an interruption that meets it within a callback; then Ctrl-C is pressed once more.
            os.killpg(other.pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                other.wait(1)
        assert hold().is_running()
        assert postmaster(home / "pg") == pid


def test_child_of_a_killed_holder_does_not_keep_the_server(home: Path, hold: Callable[..., EmbeddedServer]) -> None:
    server = hold()
    code = (
        "import os, sys, time; from pathlib import Path; from avenrae.db.embedded import acquire\n"
        "server = acquire(Path(sys.argv[1]))\n"
        "child = os.fork()\n"
        "if not child: print(os.getpid(), flush=True); time.sleep(60); os._exit(0)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(home / "pg")], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    ) as process:
        child = int(line(process))
        process.kill()
        process.wait(10)
        try:
            server.release()
            assert not server.is_running()
        finally:
            os.kill(child, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("with_children", [False, True])
@pytest.mark.parametrize("moment", [0.02, 0.08, 0.15, 0.22, 0.3, 0.4])
def test_killed_during_the_first_start(
    home: Path, hold: Callable[..., EmbeddedServer], moment: float, with_children: bool
) -> None:
    with holder(home / "pg", says=None) as other:
        time.sleep(moment)
        victims = descendants(other.pid) if with_children else []
        other.kill()
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    server = hold()
    assert run(server, "show random_page_cost") == [("1.1",)]
    assert not list((home / "pg.run").glob("new-*"))


def test_pid_file_that_names_another_process(home: Path, hold: Callable[..., EmbeddedServer]) -> None:
    server = hold()
    server.release()
    owner = (home / "pg").stat()
    options = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if ROOT else {}
    with subprocess.Popen(["sleep", "60"], cwd="/", **options) as other:  # type: ignore[call-overload]
        try:
            text = f"{other.pid}\n{home / 'pg'}\n1\n5432\n{home}\n\n 1 1\nready\n"
            (home / "pg" / "postmaster.pid").write_text(text)
            (home / "pg.run" / ".s.PGSQL.5432.lock").write_text(text)
            again = hold()
            assert again.is_running()
            again.release()
            assert other.poll() is None
        finally:
            other.kill()


@pytest.mark.parametrize("text", ["", "12", "rubbish\n", "99999999\n/else"])
def test_damaged_pid_file(home: Path, hold: Callable[..., EmbeddedServer], text: str) -> None:
    hold().release()
    (home / "pg" / "postmaster.pid").write_text(text)
    (home / "pg.run" / ".s.PGSQL.5432.lock").write_text(text)
    assert hold().is_running()


def test_zombie_is_not_a_running_server(home: Path, hold: Callable[..., EmbeddedServer]) -> None:
    hold().release()
    owner = (home / "pg").stat()
    options = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if ROOT else {}
    with subprocess.Popen(["true"], cwd="/", **options) as dead:  # type: ignore[call-overload]
        while Path(f"/proc/{dead.pid}/stat").exists() and ") Z" not in Path(f"/proc/{dead.pid}/stat").read_text():
            time.sleep(0.01)
        (home / "pg" / "postmaster.pid").write_text(f"{dead.pid}\n{home / 'pg'}\n1\n5432\n{home}\n\n 1 1\nready\n")
        assert hold().is_running()
