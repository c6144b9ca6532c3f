"""The open pages of every signed-in session, so that they can be closed when it ends.

A page is a WebSocket that stays open for hours. Every half second the sessions of the open ones are looked up in the
database, so that it does not matter in which process, or by whom, a session was ended.
"""

import asyncio
import logging
import uuid
from collections import defaultdict
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from anyio import move_on_after, to_thread
from starlette.types import Message, Receive, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from avenrae.db.transaction import read_session
from avenrae.queries.sessions import ended_sessions

_log = logging.getLogger(__name__)
_EVERY = 0.5
_PATIENCE = 2.0
SIGNED_OUT = 4401


def redirect_message() -> bytes:
    """Return the message that makes a page load itself anew, which leads to the sign-in and from there back to it."""
    message = ForwardMsg()
    message.auth_redirect.url = ""  # location.href = "" is the page's own address, with its filters
    message.auth_redirect.SetInParent()
    return bytes(message.SerializeToString())


class OpenSocket:
    """One open page; after it has been closed nothing more goes to it or comes from it."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._accepted = False
        self._ending = False
        self._closed = False

    async def receive(self) -> Message:
        """Pass on what the page sends."""
        message = await self._receive()
        return {"type": "websocket.disconnect", "code": SIGNED_OUT} if self._ending else message

    async def send(self, message: Message) -> None:
        """Pass on what the console sends."""
        if self._closed:
            return
        self._accepted = self._accepted or message["type"] == "websocket.accept"
        self._closed = message["type"] == "websocket.close"
        await self._send(message)

    async def end(self) -> None:
        """Tell the page that the sign-in is over, and close it."""
        if self._closed or self._ending:
            return
        self._ending = True
        if self._accepted:
            with suppress(Exception), move_on_after(_PATIENCE):
                await self.send({"type": "websocket.send", "bytes": redirect_message()})
        with suppress(Exception), move_on_after(_PATIENCE):
            await self.send({"type": "websocket.close", "code": SIGNED_OUT, "reason": "signed out"})


class OpenSockets:
    """Which pages are open in this process, by session."""

    def __init__(self) -> None:
        self._of: dict[uuid.UUID, set[OpenSocket]] = defaultdict(set)
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, session_id: uuid.UUID, socket: OpenSocket) -> None:
        """Remember an open page."""
        self._of[session_id].add(socket)

    def discard(self, session_id: uuid.UUID, socket: OpenSocket) -> None:
        """Forget a page that was closed."""
        self._of[session_id].discard(socket)
        if not self._of[session_id]:
            del self._of[session_id]

    def end(self, session_id: uuid.UUID) -> None:
        """Close every page of a session, without waiting for those that do not answer."""
        for socket in self._of.get(session_id, ()):
            self.start(socket.end())

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside what the pages wait for."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def watch(self) -> None:
        """Close the pages of sessions that have ended, for as long as the process runs."""
        away = False
        while True:
            await asyncio.sleep(_EVERY)
            if not self._of:
                continue
            try:
                ended = await to_thread.run_sync(_ended, list(self._of))
                away = False
            except Exception as e:
                if not away:
                    _log.warning("Ended sessions cannot be looked up for now: %s", e)
                away = True
                continue
            for session_id in ended:
                self.end(session_id)


def _ended(ids: list[uuid.UUID]) -> set[uuid.UUID]:
    with read_session() as session:
        return ended_sessions(session, ids)
