"""Availability: when a practitioner works: his week, single dates, times away, other calendars, the terms of booking.

A practitioner keeps his own; an admin anybody's, and support reads it, from the practitioner's page
(`?practitioner=`). Every change of hours shows first which booked sessions it would leave outside. The address
names the tab (`show`) and may name the entry that somebody was led to.
"""

from functools import partial

import streamlit as st

from avenrae.queries.availability import get_availability
from avenrae.queries.listing import key_of
from avenrae.ui.actions import actor, load
from avenrae.ui.availability.away import times_away
from avenrae.ui.availability.calendars import calendars
from avenrae.ui.availability.dates import dates
from avenrae.ui.availability.entries import is_own, keeps
from avenrae.ui.availability.repeating import other_hours
from avenrae.ui.availability.why_not import why_not_opener
from avenrae.ui.details import no_record_chosen
from avenrae.ui.format import plain_text
from avenrae.ui.lists import link
from avenrae.ui.service_form import terms_form, terms_shown
from avenrae.ui.week_editor import four_weeks, week_editor, week_shown

owner = key_of(st.query_params.get("practitioner")) or actor().practitioner_id
if owner is None:
    st.title("Availability")
    no_record_chosen("care/practitioners", "Practitioners")
now = load(get_availability, owner)
may_change = keeps(now)
entry = st.query_params.get("entry", "")


def main() -> None:
    """Draw the page."""
    if not is_own(now):
        link("care/practitioner", now.name, icon=":material/arrow_back:", id=str(now.practitioner_id))
    st.title("Availability" if is_own(now) else f"Availability of {plain_text(now.name)}")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"All times are on the clock of {now.time_zone}. An end at 00:00 is midnight.")
        why_not_opener(now.practitioner_id, now.time_zone)
    tabs = {
        "Week": _week,
        "Dates": partial(dates, now, entry),
        "Time away": partial(times_away, now, entry),
        "Calendars": partial(calendars, now),
        "Booking terms": _terms,
        "Next four weeks": _ahead,
    }
    drawn = st.tabs(list(tabs), key="show", bind="query-params", on_change="rerun")
    for tab, (name, draw) in zip(drawn, tabs.items(), strict=True):
        # The week is drawn behind other tabs too: what is typed into it stays.
        if tab.open or name == "Week":
            with tab:
                draw()


def _week() -> None:
    (week_editor if may_change else week_shown)(now)
    other_hours(now)


def _terms() -> None:
    (terms_form if may_change else terms_shown)(now)


def _ahead() -> None:
    four_weeks(now, now.rules(), now.overrides())


main()
