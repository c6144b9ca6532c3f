"""Times away: what is blocked, the dialog that blocks a time, and public holidays to block with one click."""

from collections.abc import Callable
from datetime import date, time, timedelta
from functools import partial
from typing import Any

import streamlit as st

from avenrae.countries import countries
from avenrae.errors import AvenraeError
from avenrae.queries.availability import Availability, Outside, sessions_within, sessions_within_days
from avenrae.queries.away import Away
from avenrae.scheduling.hours import MIDNIGHT, open_ranges
from avenrae.scheduling.public_holidays import public_holidays
from avenrae.scheduling.zones import spoken_day, zone_named
from avenrae.services.availability import block_days, block_time, span_of_days, unblock
from avenrae.ui.actions import Field, action, load, opener
from avenrae.ui.availability.entries import entry, head, keeps, today
from avenrae.ui.format import count, plain_text, time_range
from avenrae.ui.week_editor import STEP, show_outside, spoken_away

_YEAR = timedelta(days=364)


def times_away(now: Availability, looked_for: str = "") -> None:
    """Draw what is blocked, then the public holidays; `looked_for` is the id of the period that a link led to."""
    head(
        "Nobody can book a session in a blocked time. Those of the last month and to come are shown.",
        "Block a time",
        partial(_block_dialog, now) if keeps(now) else None,
    )
    for b in now.away:
        entry(
            f"**{spoken_away(b.starts_at, b.ends_at, now.time_zone)}**",
            b.reason,
            *([_opens_again(now, b, "Remove", f"away-{b.id}")] if keeps(now) else []),
            looked_for=looked_for == str(b.id),
        )
    if not now.away:
        st.caption("No time is blocked.")
    _holidays(now)


def _opens_again(now: Availability, away: Away, label: str, key: str) -> Callable[[], object]:
    """Return the button that opens a blocked time again; nothing that is agreed suffers from it."""
    icon = ":material/delete:" if label == "Remove" else ":material/undo:"
    return partial(action, label, unblock, "Open again.", now.practitioner_id, away.id, key=key, icon=icon)


@st.dialog("Block a time", width="medium")
def _block_dialog(now: Availability) -> None:
    whole = st.toggle("Whole days", value=True, key="block:whole")
    left, right = st.columns(2)
    names = ("First day", "Last day") if whole else ("From", "Until")
    for place, label, key in zip((left, right), names, ("first", "last"), strict=True):
        place.date_input(label, value=today(now), key=f"block:{key}", format="YYYY-MM-DD", required=True)
    if not whole:
        left.time_input("From, time", value=time(12), step=STEP, key="block:starts")
        right.time_input("Until, time", value=time(17), step=STEP, key="block:ends")
    st.text_input("Reason", key="block:reason", max_chars=200, placeholder="Holiday, training …")
    touched: list[Outside] = []
    try:
        state = st.session_state
        walls = [_wall(name, whole) for name in ("starts", "ends")]
        span = span_of_days(now.time_zone, state["block:first"], walls[0], state["block:last"], walls[1])
        touched = load(sessions_within, now.practitioner_id, *span)
    except AvenraeError as e:
        st.warning(e.message)
    else:
        show_outside(touched, now.time_zone, "would lie in this blocked time")
    fields: dict[str, Any] = {
        **{name: Field("block:whole", partial(_wall, name)) for name in ("starts", "ends")},
        "first_day": Field("block:first"),
        "last_day": Field("block:last"),
        "reason": Field("block:reason"),
    }
    done = f"Time blocked.{_booked_in(touched)}"
    if action("Block this time", block_time, done, now.practitioner_id, key="block", primary=True, **fields):
        st.rerun()


def _wall(name: str, whole: bool) -> time:
    """What stands in one of the dialog's times; midnight for whole days."""
    return MIDNIGHT if whole else st.session_state.get(f"block:{name}") or MIDNIGHT


def _booked_in(touched: list[Outside]) -> str:
    return f" Booked in it: {count(len(touched), 'session')}." if touched else ""


def _holidays(now: Availability) -> None:
    """Draw the public holidays of the next twelve months, each with what is booked on it and its one click."""
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.subheader("Public holidays")
        known = countries()
        country = st.selectbox(
            "Country",
            list(known),
            index=list(known).index(now.country_code) if now.country_code in known else None,
            format_func=known.__getitem__,
            key=f"holidays:{now.practitioner_id}",
            placeholder="Choose a country",
            width=240,
        )
    if country is None:
        st.caption("Choose the country whose public holidays you keep.")
        return
    first = today(now)
    found = dict(public_holidays(country, first, first + _YEAR))
    open_days = {day: name for day, name in found.items() if _blocks_of(now, day) is None}
    booked = load(sessions_within_days, now.practitioner_id, list(open_days)) if open_days else {}
    if keeps(now) and len(open_days) > 1:
        label = f"Block all {len(open_days)}"
        opener(label, partial(_all_dialog, now, open_days, booked), icon=":material/event_busy:", key="holidays")
    for day, name in found.items():
        _holiday(now, day, name, booked.get(day, []))
    if not found:
        st.caption("No public holiday is known there in the next twelve months.")


def _holiday(now: Availability, day: date, name: str, booked: list[Outside]) -> None:
    away = _blocks_of(now, day)
    # Both buttons stand in one place under one key, so that the second half of a double click undoes nothing.
    key = f"holiday-{day}"
    said = f"**{spoken_day(day)}** · {plain_text(name)}"
    if away is None:
        button = partial(
            action,
            "Block this day",
            block_days,
            f"{spoken_day(day)} is blocked.{_booked_in(booked)}",
            now.practitioner_id,
            key=key,
            days={day: name},
            icon=":material/event_busy:",
        )
        entry(said + _on_that_day(now, day, booked), "", *([button] if keeps(now) else []))
    elif (away.starts_at, away.ends_at) == span_of_days(now.time_zone, day, MIDNIGHT, day, MIDNIGHT):
        entry(f"{said} · :gray-badge[Blocked]", "", *([_opens_again(now, away, "Undo", key)] if keeps(now) else []))
    else:
        entry(f"{said} · :gray-badge[Blocked] {spoken_away(away.starts_at, away.ends_at, now.time_zone)}", away.reason)


def _on_that_day(now: Availability, day: date, booked: list[Outside]) -> str:
    """Return, as Markdown, what there is on a day: its sessions, or that it is closed anyway."""
    if booked:
        first = booked[0]
        more = f" and {count(len(booked) - 1, 'more')}" if len(booked) > 1 else ""
        hours = time_range(first.starts_at, first.ends_at, now.time_zone)
        return f"  \n:orange-badge[Booked] {hours} {plain_text(first.client_name)}{more}; stays if you block the day."
    if not open_ranges(now.rules(), now.overrides(), zone_named(now.time_zone), day, day):
        return " · :gray[you have no hours that day]"
    return ""


def _blocks_of(now: Availability, day: date) -> Away | None:
    """Return the blocked period that covers a day whole, the shortest if there are several."""
    start, end = span_of_days(now.time_zone, day, MIDNIGHT, day, MIDNIGHT)
    covering = [a for a in now.away if a.starts_at <= start and end <= a.ends_at]
    return min(covering, key=lambda a: a.ends_at - a.starts_at, default=None)


@st.dialog("Block these public holidays", width="medium")
def _all_dialog(now: Availability, days: dict[date, str], booked: dict[date, list[Outside]]) -> None:
    st.markdown("\n".join(f"- {spoken_day(day)} · {plain_text(name)}" for day, name in days.items()))
    touched = [session for day in sorted(booked) for session in booked[day]]
    show_outside(touched, now.time_zone, "would lie in these days")
    if action(
        f"Block {count(len(days), 'day')}",
        block_days,
        lambda n: f"{count(n, 'day')} blocked.{_booked_in(touched)}",
        now.practitioner_id,
        key="holidays",
        primary=True,
        days=days,
    ):
        st.rerun()
