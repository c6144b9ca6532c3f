"""A worker beside the console: started when the console answers, started again when it dies, ended with it."""

import logging
import subprocess
import sys
import threading
from contextlib import suppress

from avenrae.settings import ROOT

log = logging.getLogger("avenrae.jobs")
COMMAND = (sys.executable, "-m", "avenrae", "worker", "--attached")
_PAUSE = 5.0


class AttachedWorker:
    """A worker process that is kept running until `leave`.

    Its standard input is a pipe that nobody writes to: it ends with this process, however that ends.
    """

    def __init__(self, command: tuple[str, ...] = COMMAND, pause: float = _PAUSE) -> None:
        self._command = command
        self._pause = pause
        self._leaving = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep, name="worker-keeper", daemon=True)

    def start(self) -> None:
        """Start it and keep it running."""
        self._keeper.start()

    def leave(self) -> None:
        """Ask it to finish what it does and end."""
        with self._lock:
            self._leaving.set()
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait until it has ended; what has not by then is killed."""
        if not self._keeper.ident:
            return
        self._keeper.join(seconds)
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._keeper.join()

    def _keep(self) -> None:
        while True:
            with self._lock:
                if self._leaving.is_set():
                    return
                # A session of its own: Ctrl-C ends the console, and the console ends it.
                self._process = subprocess.Popen(self._command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True)
            status = self._process.wait()
            with suppress(OSError, AttributeError):
                self._process.stdin.close()  # type: ignore[union-attr]
            if not self._leaving.is_set():
                log.warning("the worker ended (status %d); another one starts in %d s", status, self._pause)
                self._leaving.wait(self._pause)
