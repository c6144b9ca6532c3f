"""Pages that stay open all day: they ask for news while they are looked at, and can be worked with the keyboard."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from avenrae.ui.actions import still_signed_in, told
from avenrae.ui.records import frontend


@dataclass(frozen=True)
class Key:
    """What a key does: press what has this widget key, put the cursor into it, or walk its rows."""

    says: str
    presses: str = ""
    focuses: str = ""
    walks: str = ""


def pulse(key: str, *, every: int, on_beat: Callable[[bool], object] | None = None) -> None:
    """Run the page, or the fragment this stands in, anew every few seconds while somebody looks at it.

    `on_beat` gets whether he is writing. What is typed and not sent stays in the browser all the while.
    """

    def beat(sent: Mapping[str, Any]) -> None:
        st.session_state[f"{key}:beaten"] = True
        how = sent.get("beat")
        if on_beat is not None and isinstance(how, dict):
            on_beat(how.get("writing") is True)

    mount = frontend("pulse", html='<div class="pulse" hidden></div>')
    if mount is not None:
        mount(key=key, data={"every": every}, on_beat_change=told(key, beat))
    if st.session_state.pop(f"{key}:beaten", False):
        still_signed_in()


def reveal(element: str, *, at: str = "center") -> None:
    """Bring the element with this id into view, once, when it comes to be another than before; `at` is where."""
    mount = frontend("reveal", html='<div class="reveal" hidden></div>')
    if mount is not None:
        mount(key="reveal", data={"target": element, "block": at})


def shortcuts(keys: Mapping[str, Key]) -> None:
    """Let keys work the page, and draw the help that names them; `?` opens it."""
    with st.popover("Keys", icon=":material/keyboard:", type="tertiary", key="keys"):
        st.markdown("\n".join(f"- `{name}` {what.says}" for name, what in keys.items()) + "\n- `?` This help")
        st.caption("They rest while you type.")
    actions = {name: _action(what) for name, what in keys.items()}
    actions["?"] = {"target": f"{_css('keys')} button"}
    mount = frontend("shortcuts", html='<div class="shortcuts" hidden></div>')
    if mount is not None:
        mount(key="shortcuts", data={"actions": actions})


def _action(what: Key) -> dict[str, object]:
    if what.walks:
        return {"walk": _css(what.walks)}
    if what.focuses:
        return {"target": f"{_css(what.focuses)} textarea", "focus": True}
    return {"target": f"{_css(what.presses)} :is(button, a)"}


def _css(key: str) -> str:
    """Return the class that Streamlit gives to what has a key."""
    return f".st-key-{re.sub('[^a-zA-Z0-9_-]', '-', key)}"
