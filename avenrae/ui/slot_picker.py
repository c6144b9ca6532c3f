"""Choosing when a session starts: a day, then one of the times that are offered; staff may go outside the hours."""

import uuid
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from avenrae.errors import InvalidInput
from avenrae.queries.diaries import list_slots
from avenrae.queries.periods import midnight, today
from avenrae.scheduling.zones import instant
from avenrae.ui.actions import actor, load
from avenrae.ui.format import day as day_name

_LOOK_AHEAD = timedelta(days=28)


def pick_start(
    service_id: uuid.UUID, zone: str, *, key: str, leave_out: uuid.UUID | None = None
) -> tuple[datetime | None, bool]:
    """Draw the choice; returns the start (None while there is none) and whether it was typed in by staff.

    `zone` is the practitioner's clock, on which days and times are shown; `leave_out` is a booking that moves.
    """
    first = today(zone)
    chosen = st.date_input("Day", first + timedelta(days=1), min_value=first, key=f"{key}:day", format="YYYY-MM-DD")
    free_hand = actor().is_staff and st.toggle(
        "Another time, outside the offered ones",
        key=f"{key}:free",
        help="Overlapping another session is never possible.",
    )
    if free_hand:
        at = st.time_input(f"Start, {zone}", time(10), step=300, key=f"{key}:at")
        return (_existing(datetime.combine(chosen, at), zone) if at else None), True
    since = midnight(chosen, zone)
    offered = load(list_slots, service_id, since, since + _LOOK_AHEAD, leave_out=leave_out)
    on_day = [s for s in offered if s.astimezone(ZoneInfo(zone)).date() == chosen]
    if not on_day:
        _nothing_offered(offered, zone)
        return None, False
    start = st.pills(
        f"Start, {zone}",
        on_day,
        format_func=lambda s: f"{s.astimezone(ZoneInfo(zone)):%H:%M}",
        key=f"{key}:{chosen}:slot",
    )
    return start, False


def _existing(local: datetime, zone: str) -> datetime | None:
    """Return the instant of a time on a clock, or say that the clocks go forward over it."""
    found = instant(local.date(), local.time(), ZoneInfo(zone))
    if found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local:
        st.error(InvalidInput(f"{local:%H:%M} does not exist in {zone} on that day: the clocks go forward.").message)
        return None
    return found


def _nothing_offered(offered: list[datetime], zone: str) -> None:
    if not offered:
        st.info("Nothing is offered on this day, nor in the four weeks after it.", icon=":material/event_busy:")
        return
    soon = "; ".join(f"{day_name(s, zone)}, {s.astimezone(ZoneInfo(zone)):%H:%M}" for s in offered[:3])
    st.info(f"Nothing is offered on this day. The next free times: {soon}.", icon=":material/event_busy:")
