"""Single dates with hours of their own, and the dialogs that say and unsay one."""

from datetime import time
from functools import partial
from typing import Any

import streamlit as st

from avenrae.errors import AvenraeError, InvalidInput
from avenrae.queries.availability import Availability, OwnDate, newly_outside
from avenrae.scheduling.zones import spoken_day
from avenrae.services.availability import add_override, merged_hours, remove_override
from avenrae.ui.actions import Field, action, load
from avenrae.ui.availability.entries import entry, head, keeps, removal, today
from avenrae.ui.format import count
from avenrae.ui.week_editor import STEP, first_free_date, show_outside, spoken_hours

_CLOSED, _OWN = "Closed all day", "Own hours"


def dates(now: Availability, looked_for: str = "") -> None:
    """Draw the dates; `looked_for` is the one that a link led to, as `2026-03-16`."""
    head(
        "A date's own hours count instead of the week's. Those of the last month and to come are shown.",
        "Add a date",
        partial(_date_dialog, now) if keeps(now) else None,
    )
    for d in now.dates:
        entry(
            f"**{spoken_day(d.on_date)}** · {spoken_hours(d.hours)}",
            d.note,
            *([removal(f"date-{d.on_date}", partial(_remove_dialog, now, d))] if keeps(now) else []),
            looked_for=looked_for == d.on_date.isoformat(),
        )
    if not now.dates:
        st.caption("No date has hours of its own.")


@st.dialog("A date's own hours", width="medium")
def _date_dialog(now: Availability) -> None:
    st.date_input("Date", value=first_free_date(now, today(now)), key="own:date", format="YYYY-MM-DD", required=True)
    st.segmented_control("On this date", [_CLOSED, _OWN], default=_CLOSED, key="own:mode", required=True)
    if st.session_state["own:mode"] == _OWN:
        for n, (starts, ends) in enumerate([(time(9), time(17)), (None, None)]):
            left, right = st.columns(2)
            more = " (a second time, if any)" if n else ""
            left.time_input(f"From{more}", value=starts, step=STEP, key=f"own:{n}:from")
            right.time_input(f"To{more}", value=ends, step=STEP, key=f"own:{n}:to")
    st.text_input("Note", key="own:note", max_chars=200, placeholder="Christmas, market day …")
    try:
        own = OwnDate(st.session_state["own:date"], _own_hours(st.session_state["own:mode"]), "")
        outside, _ = load(newly_outside, now, now.rules(), now.overrides(own))
    except AvenraeError as e:
        st.warning(e.message)
        outside = []
    else:
        if any(d.on_date == own.on_date for d in now.dates):
            st.info("This date has hours of its own already; saving replaces them.")
        show_outside(outside, now.time_zone, "would lie outside the hours of this date")
    fields: dict[str, Any] = {
        "hours": Field("own:mode", _own_hours),
        "on_date": Field("own:date"),
        "note": Field("own:note"),
    }
    left_out = f" Outside its hours now: {count(len(outside), 'booked session')}." if outside else ""
    done = f"Date saved.{left_out}"
    if action("Save date", add_override, done, now.practitioner_id, key="own", primary=True, **fields):
        st.rerun()


def _own_hours(mode: str) -> tuple[tuple[time, time], ...]:
    """What stands in the dialog's times; nothing where the date is closed."""
    pairs = [(st.session_state.get(f"own:{n}:from"), st.session_state.get(f"own:{n}:to")) for n in range(2)]
    if mode != _OWN:
        return ()
    if any((starts is None) != (ends is None) for starts, ends in pairs) or pairs[0][0] is None:
        raise InvalidInput("Give each of the times a from and a to, or choose “Closed all day”.")
    return merged_hours((starts, ends) for starts, ends in pairs if starts is not None and ends is not None)


@st.dialog("Let the week's hours count again")
def _remove_dialog(now: Availability, own: OwnDate) -> None:
    st.markdown(f"**{spoken_day(own.on_date)}** · {spoken_hours(own.hours)}")
    left = [o for o in now.overrides() if o.on_date != own.on_date]
    outside, _ = load(newly_outside, now, now.rules(), left)
    show_outside(outside, now.time_zone, "would lie outside the hours then")
    told = f" Outside the hours now: {count(len(outside), 'booked session')}." if outside else ""
    key, on_date = f"date-{own.on_date}", own.on_date
    if action(
        "Remove this date", remove_override, f"Removed.{told}", now.practitioner_id, on_date, key=key, primary=True
    ):
        st.rerun()
