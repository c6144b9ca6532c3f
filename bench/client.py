"""A person at the console without a browser: Streamlit's own messages over its WebSocket, and what comes back.

Like a browser it sends the values of all widgets with every run, presses buttons once, and names the messages
that it still has, so that the server need not send them again.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from avenrae.http.guard import COOKIE

_STOPPED_FOR_A_RERUN = 2
_TEXTS = ("text_input", "text_area", "time_input", "selectbox", "radio")


@dataclass
class Run:
    """What one run of a page sent: its time, its bytes, its elements by place, and what went wrong."""

    seconds: float = 0.0
    size: int = 0
    messages: int = 0
    elements: dict[tuple[int, ...], tuple[str, Any, str]] = field(default_factory=dict)
    leads_away: bool = False

    def all(self, kind: str) -> list[Any]:
        """Return the elements of a kind, in the order of the page."""
        return [proto for _, (k, proto, _) in sorted(self.elements.items()) if k == kind]

    @property
    def problems(self) -> list[str]:
        """Return what a person would read as an error; nothing on a good page."""
        red = [a.body for a in self.all("alert") if a.format == a.ERROR]
        lost = ["the sign-in was lost"] * self.leads_away
        return red + [f"{e.type}: {e.message}" for e in self.all("exception")] + lost


class Person:
    """One open tab of somebody who is signed in; `async with Person(url, token) as p: await p.open("bookings")`."""

    def __init__(self, url: str, token: str, *, patience: float = 60.0) -> None:
        self._url = url
        self._token = token
        self._patience = patience
        self._page, self._page_hash, self._query = "", "", ""
        self._pages: dict[str, str] = {}
        self._values: dict[str, WidgetState] = {}
        self._known: dict[str, ForwardMsg] = {}
        self._socket: Any = None
        self.last = Run()

    async def __aenter__(self) -> Self:
        host = urlsplit(self._url).netloc
        self._socket = await websockets.connect(
            f"ws://{host}/_stcore/stream",
            subprotocols=["streamlit", "PLACEHOLDER_AUTH_TOKEN"],  # type: ignore[list-item, unused-ignore]
            additional_headers={"Cookie": f"{COOKIE}={self._token}"},
            origin=self._url,  # type: ignore[arg-type, unused-ignore]
            max_size=None,
            compression=None,
            ping_interval=None,
            proxy=None,
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._socket.close()

    async def open(self, path: str, params: Mapping[str, str] | None = None) -> Run:
        """Go to a page by its address."""
        self._page, self._page_hash, self._query = path, self._pages.get(path, ""), urlencode(params or {})
        self._values = {}
        return await self._run()

    async def again(self) -> Run:
        """Let the page run once more as it is."""
        return await self._run()

    async def fill(self, values: Mapping[str, Any]) -> Run:
        """Fill in fields outside of forms, each named by its label or its key, with `*` for what differs."""
        for name, value in values.items():
            state, _ = self._state(name, value)
            self._values[state.id] = state
        return await self._run()

    async def press(self, name: str, values: Mapping[str, Any] | None = None) -> Run:
        """Fill in fields of a form and press a button."""
        for field_name, value in (values or {}).items():
            state, _ = self._state(field_name, value)
            self._values[state.id] = state
        pressed, dialog = self._state(name, True)
        return await self._run(pressed, fragment=dialog)

    async def _run(self, *pressed: WidgetState, fragment: str = "") -> Run:
        message = BackMsg()
        wanted = message.rerun_script
        wanted.fragment_id = fragment
        wanted.query_string, wanted.page_script_hash, wanted.page_name = self._query, self._page_hash, self._page
        for state in (*self._values.values(), *pressed):
            wanted.widget_states.widgets.add().CopyFrom(state)
        wanted.cached_message_hashes.extend(self._known)
        where = wanted.context_info
        where.timezone, where.locale, where.url = "Africa/Johannesburg", "en-ZA", f"{self._url}/{self._page}"
        began = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        run = Run(elements=dict(self.last.elements) if fragment else {})
        async with asyncio.timeout(self._patience):
            while not await self._take(run):
                pass
        run.seconds = time.perf_counter() - began
        self.last = run
        return run

    async def _take(self, run: Run) -> bool:
        """Take in one message; returns whether it was the last of the run."""
        raw = await self._socket.recv()
        run.size += len(raw)
        run.messages += 1
        message = self._whole(ForwardMsg.FromString(raw))
        kind = message.WhichOneof("type")
        if kind == "new_session":
            if not message.metadata.run.fragment_ids:
                self._page_hash = message.new_session.page_script_hash
                run.elements.clear()
        elif kind == "navigation":
            self._pages = {p.url_pathname: p.page_script_hash for p in message.navigation.app_pages}
            self._page_hash = message.navigation.page_script_hash or self._page_hash
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "auth_redirect":
            run.leads_away = True
            return True
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            name = str(element.WhichOneof("type") or "empty")
            run.elements[tuple(message.metadata.delta_path)] = (
                name,
                getattr(element, name),
                message.delta.fragment_id,
            )
        return kind == "script_finished" and message.script_finished != _STOPPED_FOR_A_RERUN

    def _whole(self, message: ForwardMsg) -> ForwardMsg:
        if message.WhichOneof("type") == "ref_hash":
            known = ForwardMsg()
            known.CopyFrom(self._known[message.ref_hash])
            known.metadata.CopyFrom(message.metadata)
            return known
        if message.metadata.cacheable and message.hash:
            self._known[message.hash] = message
        return message

    def _state(self, name: str, value: Any) -> tuple[WidgetState, str]:
        """Return the state of the widget of this label or key, and the fragment, such as a dialog, that it is in."""
        for kind, proto, fragment in self.last.elements.values():
            key = getattr(proto, "id", "")
            if not isinstance(key, str) or not key.startswith("$$"):
                continue
            if not any(fnmatchcase(n, name) for n in (getattr(proto, "label", ""), key.split("-", 2)[-1])):
                continue
            state = WidgetState(id=key)
            if kind == "button":
                state.trigger_value = True
            elif kind == "number_input":
                state.double_value = value
            elif kind == "checkbox":
                state.bool_value = value
            elif kind == "date_input":
                state.string_array_value.data.append(value)
            elif kind == "button_group":
                state.string_array_value.data.append(proto.options[value].content)
            elif kind == "selectbox" and isinstance(value, int):
                state.string_value = proto.options[value]
            elif kind in _TEXTS:
                state.string_value = value
            else:
                raise LookupError(f"a {kind} cannot be filled in")
            return state, fragment
        raise LookupError(f"there is no {name!r} on /{self._page}")
