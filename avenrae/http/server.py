"""The server of `python -m avenrae serve`: uvicorn, with a worker beside it."""

import asyncio
import socket

import uvicorn

from avenrae.jobs.attached import AttachedWorker

_LONGEST_JOB = 30.0


class ConsoleServer(uvicorn.Server):
    """Starts the worker once the console answers and ends it together with the console."""

    def __init__(self, config: uvicorn.Config, beside: AttachedWorker | None) -> None:
        super().__init__(config)
        self._beside = beside

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer first, then start the worker."""
        await super().startup(sockets)
        if self._beside is not None and self.started:
            self._beside.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End both at once; whoever is last lets go of the embedded database."""
        if self._beside is None:
            await super().shutdown(sockets)
            return
        self._beside.leave()
        await asyncio.gather(super().shutdown(sockets), asyncio.to_thread(self._beside.wait, _LONGEST_JOB))
