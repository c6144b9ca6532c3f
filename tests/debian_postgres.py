"""Run a command against a throwaway PostgreSQL 15 with PostGIS, as Debian 12 ships them.

    python tests/debian_postgres.py -- pytest tests

The command finds the server in DATABASE_URL; its exit status becomes ours.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).parents[1]))

from avenrae.db.embedded import acquire
from avenrae.errors import StartError

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
PACKAGES = {
    "postgresql-15": PROGRAMS / "initdb",
    "postgresql-15-postgis-3": Path("/usr/share/postgresql/15/extension/postgis.control"),
}
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}


def install() -> bool:
    """Install what is missing with apt, where that is possible."""
    missing = [package for package, file in PACKAGES.items() if not file.exists()]
    if not missing:
        return True
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # only what is missing: naming an installed package upgrades it under the servers that run from it
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *missing]):
        if subprocess.run(["apt-get", *command], env=environment, check=False).returncode != 0:
            return False
    return all(file.exists() for file in PACKAGES.values())


def free_port() -> int:
    """Find a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def leave(number: int, frame: FrameType | None) -> None:
    """Turn a signal into an exit, so that the server is stopped."""
    sys.exit(128 + number)


def main(arguments: list[str]) -> int:
    """Run the command given after `--` and return its exit status."""
    if arguments[:1] != ["--"] or not arguments[1:]:
        print("Use: python tests/debian_postgres.py -- COMMAND …", file=sys.stderr)  # noqa: T201
        return 2
    if not install():
        print(f"Install {' and '.join(PACKAGES)} (Debian 12) and run this again.", file=sys.stderr)  # noqa: T201
        return 1
    signal.signal(signal.SIGTERM, leave)
    memory = Path("/dev/shm")  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="avenrae-pg15-", dir=memory if memory.is_dir() else None))
    try:
        folder.chmod(0o755)  # the server's user passes through; the data below is closed
        server = acquire(folder / "pg", port=free_port(), bin_dir=PROGRAMS, settings=SETTINGS)
        try:
            server.create_database("avenrae")
            environment = {**os.environ, "DATABASE_URL": server.url()}
            return subprocess.run(arguments[1:], env=environment, check=False).returncode
        finally:
            server.release()
    except StartError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
