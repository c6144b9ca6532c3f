"""Calendars: those kept elsewhere whose busy times block, and the practitioner's own, given to others as a feed."""

from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from avenrae.errors import AvenraeError, InvalidInput
from avenrae.integrations.web_calendars import fetch_calendar
from avenrae.queries.availability import Availability
from avenrae.queries.busy_calendars import BusyCalendarRow, get_address, list_busy_calendars, preview_busy
from avenrae.scheduling.zones import spoken_day
from avenrae.services.busy_calendars import (
    add_busy_calendar,
    pause_busy_calendar,
    read_busy_calendar,
    remove_busy_calendar,
)
from avenrae.settings import settings
from avenrae.ui.actions import Field, action, actor, load, opener
from avenrae.ui.availability.entries import entry, head, is_own, keeps, removal
from avenrae.ui.availability.feed import feed
from avenrae.ui.format import count, plain_text, when
from avenrae.ui.week_editor import show_outside

_FILE, _ADDRESS = "A file (.ics)", "An address"
_FETCHED = "busy:fetched"


def calendars(now: Availability) -> None:
    """Draw the calendars kept elsewhere and, for the owner, the feed."""
    st.subheader("Your other calendars" if is_own(now) else "Other calendars")
    head(
        "When they say busy, nobody can book. Only from and to are kept: no titles, no guests, no places.",
        "Add a calendar",
        partial(_add_dialog, now) if keeps(now) else None,
    )
    found = load(list_busy_calendars, now.practitioner_id)
    for calendar in found:
        _calendar(now, calendar)
    if not found:
        st.caption("None yet. Add your private or family calendar, and clients can only book what is free in it too.")
    if is_own(now):
        feed(now)


def _calendar(now: Availability, calendar: BusyCalendarRow) -> None:
    until = f" until {spoken_day(calendar.until.astimezone(ZoneInfo(now.time_zone)).date())}" if calendar.until else ""
    source = f"read from {plain_text(calendar.host)} every hour" if calendar.host else "from a file"
    paused = "" if calendar.is_active else " :gray-badge[Paused: blocks nothing]"
    problem = ""
    if calendar.last_error:
        problem = f"  \n:orange-badge[Not read {when(calendar.last_read_at, actor().time_zone)}]"
        problem += f" {plain_text(calendar.last_error)} What it said before still counts."
    read = "" if problem else f", last {when(calendar.last_read_at, actor().time_zone)}"
    said = f"**{plain_text(calendar.name)}** · {count(calendar.times, 'busy time')}{until}{paused}  \n{source}{read}"
    buttons: list[Any] = []
    if keeps(now):
        pause = "Pause" if calendar.is_active else "Go on"
        buttons = [
            partial(
                opener, "Read anew", partial(_read_dialog, now, calendar), icon=":material/sync:",
                key=f"read-{calendar.id}",
            ),
            partial(
                action, pause, pause_busy_calendar, "Paused." if calendar.is_active else "It blocks again.",
                now.practitioner_id, calendar.id, key=f"pause-{calendar.id}", is_active=not calendar.is_active,
                icon=":material/pause:" if calendar.is_active else ":material/play_arrow:",
            ),
            removal(f"calendar-{calendar.id}", partial(_remove_dialog, now, calendar)),
        ]  # fmt: skip
    entry(said + problem, "", *buttons)
    if calendar.left_out:
        _left_out(calendar.left_out)


@st.dialog("Add a calendar", width="medium")
def _add_dialog(now: Availability) -> None:
    st.text_input("What you call it", key="busy:name", max_chars=60, placeholder="Family, studio …")
    source = _FILE
    if settings().outbound:
        source = st.segmented_control("From", [_FILE, _ADDRESS], default=_FILE, key="busy:source", required=True)
    else:
        st.caption("Export it as an .ics file. Reading it from its address is switched off in this console.")
    if source == _FILE:
        content = _uploaded("busy:file")
        url = None
    else:
        url, content = _published()
    collide = None if content is None else _preview(now, content)
    if collide is None:
        return
    done = f"Calendar added.{collide}"
    fields: dict[str, Any] = {"name": Field("busy:name", _named), "content": content, "url": url}
    if action("Add this calendar", add_busy_calendar, done, now.practitioner_id, key="busy", primary=True, **fields):
        st.session_state.pop(_FETCHED, None)
        st.rerun()


@st.dialog("Read this calendar anew", width="medium")
def _read_dialog(now: Availability, calendar: BusyCalendarRow) -> None:
    st.markdown(f"**{plain_text(calendar.name)}**: its busy times are replaced by what it says now.")
    key = f"read-{calendar.id}"
    if calendar.host is None:
        content = _uploaded(f"busy:{key}")
    else:
        content = _fetched(load(get_address, now.practitioner_id, calendar.id))
    collide = None if content is None else _preview(now, content)
    if collide is None:
        return
    done = f"Calendar read.{collide}"
    if action(
        "Take these times over", read_busy_calendar, done, now.practitioner_id, calendar.id, key=key, primary=True,
        content=content,
    ):  # fmt: skip
        st.session_state.pop(_FETCHED, None)
        st.rerun()


@st.dialog("Remove this calendar")
def _remove_dialog(now: Availability, calendar: BusyCalendarRow) -> None:
    st.markdown(
        f"**{plain_text(calendar.name)}** and its {count(calendar.times, 'busy time')} are forgotten here; clients can"
        " book those times again. The calendar itself is not touched."
    )
    if action(
        "Remove calendar", remove_busy_calendar, "Calendar removed.", now.practitioner_id, calendar.id,
        key=f"calendar-{calendar.id}", primary=True,
    ):  # fmt: skip
        st.rerun()


def _uploaded(key: str) -> bytes | None:
    given = st.file_uploader("The .ics file", type="ics", key=key, max_upload_size=1)
    return given.getvalue() if given is not None else None


def _published() -> tuple[str | None, bytes | None]:
    """Draw the field of an address; returns it, and what was found there when it was asked for."""
    url = st.text_input(
        "Its secret address", key="busy:url", max_chars=2000, placeholder="https://… .ics",
        help="In most calendars under settings: “secret address in iCal format”. It is kept as the secret that it is.",
    ).strip()  # fmt: skip
    if st.button("Look at it", key="busy:look", disabled=not url, icon=":material/search:"):
        st.session_state.pop(_FETCHED, None)
        return url, _fetched(url)
    return url, _fetched(url) if st.session_state.get(_FETCHED, ("",))[0] == url and url else None


def _fetched(url: str) -> bytes | None:
    """Return what is at an address, asked once while its dialog is open."""
    known, content = st.session_state.get(_FETCHED, ("", b""))
    if known == url:
        return bytes(content)
    try:
        with st.spinner("Reading the calendar…"):
            content = fetch_calendar(url)
    except AvenraeError as e:
        st.error(e.message)
        return None
    st.session_state[_FETCHED] = (url, content)
    return content


def _preview(now: Availability, content: bytes) -> str | None:
    """Draw what a calendar would block; returns what to add about it when it is saved, None where it is none."""
    try:
        found = load(preview_busy, now.practitioner_id, content)
    except AvenraeError as e:
        st.error(e.message)
        return None
    if found.until is None:
        st.info("Nothing in it is busy from now on.")
    else:
        last = spoken_day(found.until.astimezone(ZoneInfo(now.time_zone)).date())
        st.markdown(f"**{count(found.times, 'busy time')}** from now until {last}, those that overlap made one.")
    if found.left_out:
        _left_out([f"{n} × {why}" for why, n in found.left_out])
    show_outside(found.sessions, now.time_zone, "would lie in these times")
    return f" Booked in its times: {count(len(found.sessions), 'session')}." if found.sessions else ""


def _left_out(lines: Any) -> None:
    with st.expander(f"Left out: {count(sum(int(line.split(' × ')[0]) for line in lines), 'event')}"):
        st.markdown("\n".join(f"- {plain_text(line)}" for line in lines))


def _named(typed: str) -> str:
    if not typed.strip():
        raise InvalidInput("Give the calendar a name first.")
    return typed
