"""What clicks leave behind for the runs that follow: messages, refusals, tokens, and where to go next."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import streamlit as st

_SHOWN_SECONDS = 4.0
"""How long a message stays: a toast that the next run does not draw again goes with it."""


def click_memory() -> dict[str, Any]:
    """Return what this session's clicks leave behind: a plain dictionary, touching which interrupts nothing."""
    kept: dict[str, Any] = st.session_state.setdefault("_clicks", {})
    return kept


def begin_run() -> Callable[[], None]:
    """Return what to call at the end of the run, however it ends: its page stands from then on.

    By that time `actions.perform` tells a new wish from the echo of the press before.
    """
    memory = click_memory()

    def end_run() -> None:
        for key in memory.pop("undrawn", ()):
            ended, _ = memory[f"done:{key}"]
            memory[f"done:{key}"] = (ended, time.monotonic())

    return end_run


def go_on() -> None:
    """Do what follows the last click, such as opening what it made; an interrupted run leaves it to the next."""
    if (following := click_memory().pop("next", None)) is not None:
        following()


def show_messages() -> None:
    """Show what the last click did; kept across a change of page, and across runs that follow at once."""
    message, at = click_memory().get("flash", ("", 0.0))
    if message and time.monotonic() - at < _SHOWN_SECONDS:
        st.toast(message, icon=":material/check_circle:")


def succeeded(key: str) -> bool:
    """Whether the last click of this key went through; asked once, since success gives a form new widgets."""
    return bool(click_memory().pop(f"succeeded:{key}", False))


def token(key: str) -> str:
    """Return what the next click of this key sends along: the same one is done once."""
    kept: str = click_memory().setdefault(f"token:{key}", uuid.uuid4().hex)
    return kept
