"""What the lists of the availability page share: a head with its button, and one entry with what can be done to it."""

from collections.abc import Callable
from datetime import date
from functools import partial

import streamlit as st

from avenrae import clock
from avenrae.permissions import Permission
from avenrae.queries.availability import Availability
from avenrae.scheduling.zones import local_day, zone_named
from avenrae.ui.actions import actor, opener
from avenrae.ui.format import plain_text


def keeps(now: Availability) -> bool:
    """Whether the reader may change this availability, and not only look at it."""
    who = actor()
    return who.may(Permission.AVAILABILITY_EDIT) and (who.is_staff or is_own(now))


def is_own(now: Availability) -> bool:
    """Whether the reader looks at his own."""
    return now.practitioner_id == actor().practitioner_id


def today(now: Availability) -> date:
    """Return the date that the practitioner's calendar shows."""
    return local_day(clock.now(), zone_named(now.time_zone))


def head(sentence: str, label: str, dialog: Callable[[], None] | None, *, primary: bool = True) -> None:
    """Draw what a list is of, and the button that adds to it for who may."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(sentence)
        if dialog is not None:
            opener(label, dialog, icon=":material/add:", primary=primary)


def entry(said: str, note: str = "", *buttons: Callable[[], object], looked_for: bool = False) -> None:
    """Draw one entry with its buttons; `said` is Markdown, `note` somebody's words.

    `looked_for` marks the one that a link led to.
    """
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", border=True):
        mark = ":orange-badge[This one] " if looked_for else ""
        st.markdown(mark + said + (f" · {plain_text(note)}" if note else ""), width="content")
        if buttons:
            with st.container(horizontal=True, width="content"):
                for draw in buttons:
                    draw()


def removal(key: str, dialog: Callable[[], None]) -> Callable[[], None]:
    """Return the button that opens a dialog before something is taken away."""
    return partial(opener, "Remove", dialog, icon=":material/delete:", key=key)
