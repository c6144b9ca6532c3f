"""The runner of the built-in server: who starts and stops it, with which settings, in which environment."""

import contextlib
import importlib.util
import socket
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from avenrae.db.embedded import EmbeddedServer, find_programs
from avenrae.db.embedded.files import is_postmaster
from avenrae.errors import StartError
from tests.db.embedded.processes import SETTINGS, holder, leave, line, postmaster, run


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
