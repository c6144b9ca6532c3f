"""Choosing when a session starts: a day, then one of the times that are offered; staff may go outside, or begin now."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from avenrae import clock
from avenrae.errors import InvalidInput
from avenrae.queries.diaries import get_diary
from avenrae.queries.periods import midnight, today
from avenrae.scheduling.diary import Diary
from avenrae.scheduling.slots import slots
from avenrae.scheduling.zones import instant
from avenrae.ui.actions import Field, actor, load, told
from avenrae.ui.format import day as day_name

OFFERED, NOW, FREE_HAND = "Offered times", "Now", "Another time, outside the offered ones"
_LOOK_AHEAD = timedelta(days=28)
_CHANGED = InvalidInput("The day or the time was changed as you pressed. Choose the time and press again.")


@dataclass(frozen=True)
class Picked:
    """What was chosen: the start as a field, so that a click takes what the page shows at that moment.

    `at` is the offered time that is shown as chosen, `diary` what it was chosen from.
    """

    start: Field
    is_chosen: bool
    outside: bool
    at: datetime | None = None
    diary: Diary | None = None


def pick_start(
    service_id: uuid.UUID,
    zone: str,
    *,
    key: str,
    leave_out: uuid.UUID | None = None,
    day: date | None = None,
    can_be_now: bool = False,
    weeks: int = 4,
    to_day: Callable[[date], None] | None = None,
    when_full: Callable[[date], None] | None = None,
) -> Picked:
    """Draw the choice of a day and of a time on it, on the practitioner's clock; staff may type another time.

    `leave_out` is a booking that moves, `day` where to begin (else tomorrow). `to_day` hears of another day,
    `when_full` draws what can be done on a day on which nothing is offered. The diary is read for so many `weeks`.
    """
    first = today(zone)
    begin = max(first, day or first + timedelta(days=1))
    day_key, free_key = f"{key}:day", f"{key}:free"
    mode = _mode(free_key, can_be_now=can_be_now)
    if mode == NOW:
        st.caption("The session begins with this minute, also outside the hours, never over another one.")
        return Picked(Field((free_key,), _begins_now), is_chosen=True, outside=True)
    chosen = st.date_input(
        "Day",
        begin,
        min_value=first,
        key=day_key,
        format="YYYY-MM-DD",
        on_change=told(day_key, to_day) if to_day else None,
    )
    if mode == FREE_HAND:
        st.time_input(f"Start, {zone}", time(10), step=300, key=f"{key}:at")
        keys = (day_key, free_key, f"{key}:at")
        return Picked(Field(keys, lambda typed: _typed(zone, *typed)), is_chosen=True, outside=True)
    since = midnight(chosen, zone)
    diary = load(get_diary, service_id, since, since + timedelta(weeks=weeks), leave_out=leave_out)
    offered = slots(diary, clock.now(), since, since + _LOOK_AHEAD)
    on_day = [s for s in offered if s.astimezone(ZoneInfo(zone)).date() == chosen]
    slot_key = f"{key}:{chosen}:slot"
    start = Field((day_key, free_key, slot_key), lambda typed: _still(zone, *typed))
    if not on_day:
        _nothing_offered(offered, zone)
        if when_full:
            when_full(chosen)
        return Picked(start, is_chosen=False, outside=False)
    slot = st.pills(
        f"Start, {zone}", on_day, format_func=lambda s: f"{s.astimezone(ZoneInfo(zone)):%H:%M}", key=slot_key
    )
    return Picked(start, is_chosen=slot is not None, outside=False, at=slot, diary=diary)


def _mode(key: str, *, can_be_now: bool) -> str:
    """Draw how the time is chosen: staff are free to, everybody else takes what is offered."""
    if not actor().is_staff:
        return OFFERED
    modes = [OFFERED, *([NOW] if can_be_now else []), FREE_HAND]
    hint = "Overlapping another session is never possible."
    return st.segmented_control("Which times", modes, default=OFFERED, required=True, key=key, help=hint)


def _begins_now(typed: tuple[str | None]) -> None:
    """Return that no time is named.

    Raises:
        InvalidInput: Something else was chosen in the meantime.
    """
    if typed[0] != NOW:
        raise _CHANGED


def _typed(zone: str, day: date | None, mode: str | None, at: time | None) -> datetime:
    """Return the instant of a day and a time that were typed.

    Raises:
        InvalidInput: The choice is not whole, or the clocks go forward over it.
    """
    if not (mode == FREE_HAND and day and at):
        raise _CHANGED
    found = instant(day, at, ZoneInfo(zone))
    if found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != datetime.combine(day, at):
        raise InvalidInput(f"{at:%H:%M} does not exist in {zone} on that day: the clocks go forward over it.")
    return found


def _still(zone: str, day: date | None, mode: str | None, slot: datetime | None) -> datetime:
    """Return the slot that is chosen, if it is still of the day that is.

    Raises:
        InvalidInput: Something else was chosen in the meantime.
    """
    if mode not in (None, OFFERED) or slot is None or slot.astimezone(ZoneInfo(zone)).date() != day:
        raise _CHANGED
    return slot


def _nothing_offered(offered: list[datetime], zone: str) -> None:
    if not offered:
        st.info("Nothing is offered on this day, nor in the four weeks after it.", icon=":material/event_busy:")
        return
    soon = "; ".join(f"{day_name(s, zone)}, {s.astimezone(ZoneInfo(zone)):%H:%M}" for s in offered[:3])
    st.info(f"Nothing is offered on this day. The next free times: {soon}.", icon=":material/event_busy:")
