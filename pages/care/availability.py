"""Availability: when a practitioner works: his week, single dates, times away, and the terms of booking.

A practitioner keeps his own; an admin anybody's, and support reads it, from the practitioner's page
(`?practitioner=`). Every change of hours shows first which booked sessions it would leave outside.
"""

from datetime import time
from functools import partial
from typing import Any

import streamlit as st

from avenrae import clock
from avenrae.errors import AvenraeError, InvalidInput
from avenrae.permissions import Permission
from avenrae.queries.availability import OwnDate, get_availability, newly_outside, sessions_within
from avenrae.queries.listing import key_of
from avenrae.scheduling.zones import local_day, spoken_day, zone_named
from avenrae.services import availability as services
from avenrae.ui.actions import Field, action, actor, load, opener
from avenrae.ui.details import no_record_chosen
from avenrae.ui.format import count, plain_text
from avenrae.ui.lists import link
from avenrae.ui.service_form import terms_form, terms_shown
from avenrae.ui.week_editor import (
    STEP,
    first_free_date,
    four_weeks,
    review_week,
    show_outside,
    spoken_away,
    spoken_hours,
    spoken_rule,
    week_editor,
    week_shown,
)

MIDNIGHT = time()
who = actor()
owner = key_of(st.query_params.get("practitioner")) or who.practitioner_id
if owner is None:
    st.title("Availability")
    no_record_chosen("care/practitioners", "Practitioners")
now = load(get_availability, owner)
keeps = who.may(Permission.AVAILABILITY_EDIT)
today = local_day(clock.now(), zone_named(now.time_zone))


def main() -> None:
    """Draw the page."""
    is_own = now.practitioner_id == who.practitioner_id
    if not is_own:
        link("care/practitioner", now.name, icon=":material/arrow_back:", id=str(now.practitioner_id))
    st.title("Availability" if is_own else f"Availability of {plain_text(now.name)}")
    st.caption(f"All times are on the clock of {now.time_zone}. An end at 00:00 is midnight.")
    tabs = {"Week": _week, "Dates": _dates, "Time away": _away, "Booking terms": _terms, "Next four weeks": _ahead}
    for tab, draw in zip(st.tabs(list(tabs)), tabs.values(), strict=True):
        with tab:
            draw()


def _week() -> None:
    week_editor(now, partial(review_week, now)) if keeps else week_shown(now)
    if now.others:
        st.markdown("**Hours beside the week**")
    for rule in now.others:
        said = f"{spoken_rule(rule)}: {spoken_hours([(rule.starts, rule.ends)])}"
        _line(said, "", services.remove_rule, rule.id, f"rule-{rule.id}")


def _dates() -> None:
    _head("A date's own hours count instead of the week's.", "Add a date", _date_dialog)
    for d in now.dates:
        said = f"**{spoken_day(d.on_date)}** · {spoken_hours(d.hours)}"
        _line(said, d.note, services.remove_override, d.on_date, f"date-{d.on_date}")
    if not now.dates:
        st.caption("No date has hours of its own.")


def _away() -> None:
    _head("Nobody can book a session in a blocked time.", "Block a time", _block_dialog)
    for b in now.away:
        _line(
            f"**{spoken_away(b.starts_at, b.ends_at, now.time_zone)}**",
            b.reason,
            services.unblock,
            b.id,
            f"away-{b.id}",
        )
    if not now.away:
        st.caption("No time is blocked.")


def _terms() -> None:
    (terms_form if keeps else terms_shown)(now)


def _ahead() -> None:
    four_weeks(now, now.rules(), now.overrides())


def _head(sentence: str, label: str, dialog: Any) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"{sentence} Those of the last month and to come are shown.")
        if keeps:
            opener(label, dialog, icon=":material/add:", primary=True)


def _line(said: str, note: str, service: Any, key: Any, name: str) -> None:
    """Draw one entry of a list with the button that takes it away."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", border=True):
        st.markdown(said + (f" · {plain_text(note)}" if note else ""), width="content")
        if keeps:
            action("Remove", service, "Removed.", now.practitioner_id, key, key=name, icon=":material/delete:")


@st.dialog("A date's own hours", width="medium")
def _date_dialog() -> None:
    st.date_input("Date", value=first_free_date(now, today), key="own:date", format="YYYY-MM-DD", required=True)
    modes = ["Closed all day", "Own hours"]
    st.segmented_control("On this date", modes, default=modes[0], key="own:mode", required=True)
    if st.session_state["own:mode"] == modes[1]:
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
    if action("Save date", services.add_override, done, now.practitioner_id, key="own", primary=True, **fields):
        st.rerun()


def _own_hours(mode: str) -> tuple[tuple[time, time], ...]:
    """What stands in the dialog's times; nothing where the date is closed."""
    pairs = [(st.session_state.get(f"own:{n}:from"), st.session_state.get(f"own:{n}:to")) for n in range(2)]
    if mode != "Own hours":
        return ()
    if any((starts is None) != (ends is None) for starts, ends in pairs) or pairs[0][0] is None:
        raise InvalidInput("Give each of the times a from and a to, or choose “Closed all day”.")
    return services.merged_hours((starts, ends) for starts, ends in pairs if starts is not None and ends is not None)


@st.dialog("Block a time", width="medium")
def _block_dialog() -> None:
    whole = st.toggle("Whole days", value=True, key="block:whole")
    left, right = st.columns(2)
    left.date_input(
        "First day" if whole else "From", value=today, key="block:first", format="YYYY-MM-DD", required=True
    )
    right.date_input(
        "Last day" if whole else "Until", value=today, key="block:last", format="YYYY-MM-DD", required=True
    )
    if not whole:
        left.time_input("From, time", value=time(12), step=STEP, key="block:starts")
        right.time_input("Until, time", value=time(17), step=STEP, key="block:ends")
    st.text_input("Reason", key="block:reason", max_chars=200, placeholder="Holiday, training …")
    times = {name: Field("block:whole", partial(_wall, name)) for name in ("starts", "ends")}
    days = {"first_day": Field("block:first"), "last_day": Field("block:last")}
    touched = []
    try:
        state = st.session_state
        walls = [_wall(name, whole) for name in ("starts", "ends")]
        span = services.span_of_days(now.time_zone, state["block:first"], walls[0], state["block:last"], walls[1])
        touched = load(sessions_within, now.practitioner_id, *span)
    except AvenraeError as e:
        st.warning(e.message)
    else:
        show_outside(touched, now.time_zone, "would lie in this blocked time")
    left_in = f" Booked in it: {count(len(touched), 'session')}." if touched else ""
    fields: dict[str, Any] = {**times, **days, "reason": Field("block:reason")}
    done = f"Time blocked.{left_in}"
    if action("Block this time", services.block_time, done, now.practitioner_id, key="block", primary=True, **fields):
        st.rerun()


def _wall(name: str, whole: bool) -> time:
    """What stands in one of the dialog's times; midnight for whole days."""
    return MIDNIGHT if whole else st.session_state.get(f"block:{name}") or MIDNIGHT


main()
