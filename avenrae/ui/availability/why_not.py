"""Why is this time not offered? The one rule that removed it, with the way to what causes it."""

import uuid
from datetime import date, datetime, time, timedelta
from functools import partial

import streamlit as st

from avenrae import clock
from avenrae.errors import AvenraeError, InvalidInput
from avenrae.queries.diaries import explain
from avenrae.queries.practitioners import list_services
from avenrae.scheduling.reasons import Reason, ReasonKind
from avenrae.scheduling.zones import instant, spoken, zone_named
from avenrae.ui.actions import actor, load, opener
from avenrae.ui.lists import link

_TAB = "show"
"""The key of the tabs on the availability page, and their name in its address."""
_TABS = {
    ReasonKind.OVERRIDE: ("Dates", "See that date"),
    ReasonKind.HOURS: ("Week", "See the week's hours"),
    ReasonKind.BLOCKED: ("Time away", "See the blocked time"),
    ReasonKind.NOTICE: ("Booking terms", "See the booking terms"),
    ReasonKind.HORIZON: ("Booking terms", "See the booking terms"),
    ReasonKind.STEP: ("Booking terms", "See the booking terms"),
}


def why_not_opener(practitioner_id: uuid.UUID, time_zone: str) -> None:
    """Draw the button that opens the question."""
    opener("Why is a time not offered", partial(_ask, practitioner_id, time_zone), icon=":material/help:")


@st.dialog("Why is this time not offered?", width="medium")
def _ask(practitioner_id: uuid.UUID, time_zone: str) -> None:
    """Ask for a service, a day and a time on the practitioner's clock, and name the rule that removed it."""
    offered = load(list_services, practitioner_id, offered_only=True)
    if not offered:
        st.info("No service is on offer, so no time is.", icon=":material/event_busy:")
        return
    titles = {s.id: f"{s.title} · {s.duration_minutes} min" for s in offered}
    chosen = st.selectbox("Service", list(titles), format_func=titles.__getitem__, key="why:service")
    left, right = st.columns(2)
    soon = (clock.now() + timedelta(hours=1)).astimezone(zone_named(time_zone))
    on = left.date_input("Day", value=soon.date(), key="why:day", format="YYYY-MM-DD", required=True)
    at = right.time_input(f"Start, {time_zone}", value=time(soon.hour), step=300, key="why:at")
    if at is None:
        st.caption("Choose a start.")
        return
    try:
        start = _start(on, at, time_zone)
        reason = load(explain, chosen, start)
    except AvenraeError as e:
        st.warning(e.message)
        return
    if reason is None:
        st.success(f"{spoken(start, zone_named(time_zone))} is offered.", icon=":material/event_available:")
        return
    st.warning(reason.sentence, icon=":material/event_busy:")
    _to_cause(practitioner_id, reason)


def _start(on: date, at: time, time_zone: str) -> datetime:
    zone = zone_named(time_zone)
    start = instant(on, at, zone)
    if start.astimezone(zone).time() != at:
        raise InvalidInput(f"{at:%H:%M} does not exist in {time_zone} on that day: the clocks go forward over it.")
    return start


def _show(tab: str, entry: str) -> None:
    st.session_state[_TAB] = tab
    if entry:
        st.query_params["entry"] = entry


def _to_cause(practitioner_id: uuid.UUID, reason: Reason) -> None:
    """Draw the link to the booking, the blocked time or the tab that causes it."""
    if reason.kind in (ReasonKind.BOOKING, ReasonKind.HOLD):
        if reason.cause:
            link("care/booking", "Open that booking", icon=":material/event:", id=str(reason.cause))
        return
    if reason.kind not in _TABS:
        return
    tab, label = _TABS[reason.kind]
    if reason.kind is ReasonKind.BLOCKED and reason.cause is None:
        tab, label = "Calendars", "See the other calendars"
    entry = str(reason.cause or reason.day or "")
    if _TAB in st.session_state:
        # The page is open already: a link to where one is would leave its tab as it stands.
        if st.button(label, icon=":material/arrow_forward:", on_click=_show, args=(tab, entry)):
            st.rerun()
        return
    params = {"show": tab, **({"entry": entry} if entry else {})}
    if practitioner_id != actor().practitioner_id:
        params["practitioner"] = str(practitioner_id)
    link("care/availability", label, icon=":material/arrow_forward:", **params)
