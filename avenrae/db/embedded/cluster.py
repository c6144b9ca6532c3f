"""Creates a cluster."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from avenrae.db.embedded.files import open_owned
from avenrae.db.embedded.place import Place, as_owner
from avenrae.errors import StartError

USER = "avenrae"


def initialize(place: Place, server: int, *, sync: bool) -> None:
    """Make the cluster beside its final place and move it there, so that half of one is never seen."""
    for left in place.run.glob("new-*"):
        shutil.rmtree(left, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix="new-", dir=place.run))
    if os.geteuid() == 0:
        os.chown(new, place.uid, place.gid)
    if place.major >= 17:
        # with LC_CTYPE C, pg_trgm drops every letter that is not ASCII, whatever the provider
        locale = [
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--lc-collate=C",
            "--lc-ctype=C.UTF-8",
        ]
    else:
        locale = ["--locale=C.UTF-8"]
    done = subprocess.run(
        [
            place.programs / "initdb",
            f"--pgdata={new}",
            f"--username={USER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-instructions",
            *locale,
            *([] if sync else ["--no-sync"]),
        ],
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
        pass_fds=(server,),
        start_new_session=True,
        **as_owner(place.uid, place.gid),
    )
    if done.returncode != 0:
        shutil.rmtree(new, ignore_errors=True)
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise StartError(f"The database could not be created ({reason}): set DATABASE_URL, or correct this.")
    descriptor = open_owned(place, new / "postgresql.conf", os.O_WRONLY | os.O_APPEND)
    with open(descriptor, "a") as configuration:
        configuration.write("\ninclude 'avenrae.conf'\n")
        configuration.flush()
        os.fsync(configuration.fileno())
    new.rename(place.data)
    parent = os.open(place.data.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
