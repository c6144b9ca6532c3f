"""`python -m tests.browser.install`: have a Chromium for the browser tests, or say how to get one."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """Return the path of this system's Chromium, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def main() -> int:
    """Install Chromium where that needs no question; returns the exit code."""
    if find():
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        sys.stdout.write("Installing Chromium for the browser tests…\n")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            if subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False).returncode:
                sys.stderr.write(f"`{' '.join(command)}` failed; the lines above say why.\n")
                return 1
        if find():
            return 0
    sys.stderr.write("The browser tests need Chromium or Chrome; on Debian: sudo apt install chromium\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
