"""The lock files, the pid files and whatever else lies around a cluster."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from avenrae.db.embedded.place import Place
from avenrae.errors import StartError

if sys.platform != "win32":  # where find_programs refuses before it is needed
    import fcntl


_LOCK_SECONDS = 360.0  # longer than a start may take


def open_owned(place: Place, file: Path, flags: int) -> int:
    """Open a file of the cluster's owner, made if missing, and never through a link."""
    descriptor = os.open(file, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    # the first to make it may be root, and the owner of the data must be able to open it too
    if os.geteuid() == 0 and os.fstat(descriptor).st_uid == 0:
        os.fchown(descriptor, place.uid, place.gid)
    return descriptor


def open_lock(place: Place, name: str) -> int:
    """Open a lock file; closing what is returned lets go of its lock."""
    return open_owned(place, place.run / name, os.O_RDWR)


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Take the kernel's lock on an open lock file, or tell that somebody else has it."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def locked(place: Place, name: str) -> Iterator[None]:
    """Hold a lock file alone.

    Raises:
        StartError: another process holds it for minutes.
    """
    descriptor = open_lock(place, name)
    try:
        deadline = time.monotonic() + _LOCK_SECONDS
        while not try_lock(descriptor):
            if time.monotonic() > deadline:
                raise StartError("Another process has been starting the database for minutes: stop that one.")
            time.sleep(0.005)
        yield
    finally:
        os.close(descriptor)


def write_file(place: Place, file: Path, text: str) -> None:
    """Replace a file of the cluster's owner."""
    # written aside and moved: root never follows a link that the owner of the data has put there
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=file.parent)
    with open(descriptor, "w") as new:
        if os.geteuid() == 0:
            os.fchown(descriptor, place.uid, place.gid)
        new.write(text)
    os.replace(name, file)


def read_pid(file: Path) -> int | None:
    """Read the process number that a pid file claims."""
    try:
        first = file.read_bytes()[:100].split(b"\n")[0].strip()
    except OSError:
        return None
    return int(first) if first.isdigit() and int(first) > 1 else None


def is_postmaster(pid: int, data: Path) -> bool:
    """Tell whether that process is a PostgreSQL server working in this data folder."""
    process = Path(f"/proc/{pid}")
    try:
        if Path("/proc/self").exists():
            return (process / "comm").read_text().strip() == "postgres" and (process / "cwd").readlink() == data
        shown = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], check=False, capture_output=True, text=True)
        return shown.stdout.strip().endswith("postgres")
    except OSError:
        return False


def drop_stale_pid_file(file: Path, data: Path) -> None:
    """Remove a pid file that would stop the server for no reason: cut off, or naming a foreign process.

    A plain stale one stays: PostgreSQL reads the shared memory's key in it to be sure that nobody is left.
    """
    pid = read_pid(file)
    if pid is not None:
        try:
            os.kill(pid, 0)
        except OSError:
            return
        if is_postmaster(pid, data):
            return
    file.unlink(missing_ok=True)
