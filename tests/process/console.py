"""The console as a process of its own, as `make run` starts it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Console:
    """`python -m avenrae serve` on a free port, with its own data folder or a database of its own."""

    def __init__(self, **env: str) -> None:
        self.port = env.get("AVENRAE_PORT") or str(free_port())
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        self.env = {**inherited, "AVENRAE_BCRYPT_COST": "4", "AVENRAE_PORT": self.port, **env}
        # A pipe that nobody reads would fill, and the console stand still.
        self._log = tempfile.TemporaryFile("a+b")  # noqa: SIM115
        self._printed = ""
        self._told = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "avenrae", "serve"],
            cwd=ROOT,
            env=self.env,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def wait_until_ready(self, seconds: float = 90) -> None:
        """Return once the console answers; fails when it ends before."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError(f"The console ended: {self.printed()}")
            if self.status("/healthz") == 200:
                return
            time.sleep(0.1)
        raise AssertionError("The console did not answer.")

    def status(self, path: str) -> int:
        """The status code of a GET, 0 when nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as e:
            return e.code
        except OSError:
            return 0

    def stop(self, sign: int = signal.SIGINT, seconds: float = 40) -> str:
        """Send a signal, wait for the end and return what was printed."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        return self.ended(seconds)

    def ended(self, seconds: float = 60) -> str:
        """Wait for the end and return what was printed."""
        self.process.wait(seconds)
        self.printed()
        self._log.close()
        return self._printed

    def printed(self) -> str:
        """What was printed so far."""
        if not self._log.closed:
            log = self._log.fileno()
            self._printed = os.pread(log, os.fstat(log).st_size, 0).decode(errors="replace")
        return self._printed

    def news(self) -> str:
        """What was printed since this was last asked."""
        printed, told = self.printed(), self._told
        self._told = len(printed)
        return printed[told:]
