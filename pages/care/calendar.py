"""Calendar: the sessions of a day, a week or a month where they lie in time.

A practitioner sees his own with open hours, times away and what is kept free, a client hers; staff see anybody's, and
without one everybody's day as a list. Hours are by the clock of the practitioner who is looked at, else by the reader's
own. A session opens its booking, a day's name that day. View, day and practitioner stand in the address.
"""

import uuid
from datetime import date, timedelta
from functools import partial

import streamlit as st

from avenrae.enums import Role
from avenrae.permissions import Permission
from avenrae.queries.calendar import MOST, calendar_days
from avenrae.queries.directory import list_practitioners
from avenrae.queries.directory_filters import PractitionerFilters
from avenrae.queries.listing import key_of
from avenrae.queries.periods import midnight, today
from avenrae.queries.practitioners import PractitionerDetail, get_practitioner
from avenrae.ui.actions import actor, load, told
from avenrae.ui.availability.why_not import why_not_opener
from avenrae.ui.calendar import (
    VIEWS,
    calendar,
    clock_named,
    day_named,
    days_of,
    name_of_span,
    read_session,
    shifted,
)
from avenrae.ui.format import count, plain_text
from avenrae.ui.lists import link, open_screen

who = actor()
_DAY_FIELD, _VIEW_FIELD = "calendar:date", "calendar:view"


def main() -> None:
    """Draw the page."""
    practitioner = _practitioner()
    is_everybodys = who.is_staff and practitioner is None
    zone = practitioner.time_zone if practitioner else who.time_zone
    now = today(zone)
    day = day_named(st.query_params.get("date"), now)
    view = st.query_params.get("view", "week")
    view = "day" if is_everybodys else view if view in VIEWS else "week"

    _head(practitioner)
    if who.is_staff:
        _whose(practitioner)
    _moves(view, day, now, may_choose=not is_everybodys)
    with_cancelled = st.query_params.get("cancelled") == "yes"
    days = days_of(view, day)
    start, end = midnight(days[0], zone), midnight(days[-1] + timedelta(days=1), zone)
    found = load(
        calendar_days,
        practitioner_id=practitioner.id if practitioner else None,
        start=start,
        end=end,
        with_cancelled=with_cancelled,
    )
    name = name_of_span(view, day)
    empty = "No sessions on this day" if view == "day" else f"No sessions in this {view}"
    own_days = [d for d in days if view != "month" or d.month == day.month]
    first, last = midnight(own_days[0], zone), midnight(own_days[-1] + timedelta(days=1), zone)
    sessions = sum(b.starts_at < last and b.ends_at > first for b in found.bookings)
    title = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    title.subheader(name)
    with title:
        in_list = {"from": own_days[0].isoformat(), "to": own_days[-1].isoformat()}
        if practitioner and who.is_staff:
            in_list["practitioner"] = str(practitioner.id)
        link("care/bookings", "Open as a list", icon=":material/list:", **in_list)
    whose = "the practitioner's clock" if practitioner and who.is_staff else "your clock"
    by_clock = f"Times are by {whose}: {clock_named(zone, first, last)}."
    st.caption(f"{count(sessions, 'session') if sessions else empty}. {by_clock}")
    if not found.is_complete:
        st.warning(f"There are more than {MOST} sessions; the first are shown. Choose a practitioner or open the list.")
    calendar(
        found,
        view=view,
        day=day,
        zone=zone,
        label=f"Calendar, {name}",
        key="calendar",
        reads=partial(read_session, is_client=who.role is Role.CLIENT, is_everybodys=is_everybodys),
        params={k: v for k in ("practitioner", "cancelled") if (v := st.query_params.get(k))},
        as_list=is_everybodys,
        on_open=lambda chosen: open_screen("care/booking", id=chosen),
        on_day=lambda chosen: _to_address(view="day", date=chosen),
        empty=f"{empty}.",
    )


def _practitioner() -> PractitionerDetail | None:
    """Return whose calendar it is: for staff the one in the address, a practitioner's is his own."""
    chosen: uuid.UUID | None = key_of(st.query_params.get("practitioner")) if who.is_staff else who.practitioner_id
    return load(get_practitioner, chosen) if chosen and who.role is not Role.CLIENT else None


def _head(practitioner: PractitionerDetail | None) -> None:
    head = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    head.title("Calendar")
    with head.container(horizontal=True, width="content", vertical_alignment="center"):
        if practitioner and who.may(Permission.AVAILABILITY_VIEW):
            why_not_opener(practitioner.id, practitioner.time_zone)
        if who.may(Permission.BOOKING_CREATE):
            params = {"practitioner": str(practitioner.id)} if practitioner else {}
            link("care/new_booking", "New booking", icon=":material/add:", **params)


def _whose(practitioner: PractitionerDetail | None) -> None:
    if practitioner:
        st.button(
            f"Only {plain_text(practitioner.name)}",
            key="calendar:everybody",
            on_click=_to_address,
            kwargs={"practitioner": None},
            icon=":material/close:",
            icon_position="right",
            help="Show everybody's day",
        )
        return
    left, right = st.columns(2, vertical_alignment="bottom")
    search = left.text_input(
        "Practitioner", key="calendar:find", placeholder="Name, city or specialty", type="search", max_chars=100
    )
    if not search.strip():
        right.caption("Everybody's day. Find a practitioner to see a week or a month.")
        return
    found = load(list_practitioners, PractitionerFilters(search=search), size=20)
    if not found:
        right.caption("Nobody is called that. Try fewer letters.")
        return
    names = {str(p.id): " · ".join(filter(None, (p.name, p.city))) for p in found}
    right.selectbox(
        "Found",
        list(names),
        index=None,
        format_func=names.__getitem__,
        key=f"calendar:found:{search}",
        placeholder=f"Choose of {len(names)}",
        on_change=_choose,
        args=(f"calendar:found:{search}",),
    )


def _choose(field: str) -> None:
    if chosen := st.session_state.get(field):
        st.session_state["calendar:find"] = ""
        _to_address(practitioner=chosen)


def _moves(view: str, day: date, now: date, *, may_choose: bool) -> None:
    st.session_state[_DAY_FIELD] = day
    row = st.container(horizontal=True, vertical_alignment="center")
    steps = (
        (f"Previous {view}", ":material/chevron_left:", shifted(view, day, -1)),
        ("Today", None, now),
        (f"Next {view}", ":material/chevron_right:", shifted(view, day, 1)),
    )
    for label, icon, target in steps:
        row.button(
            label,
            key=f"calendar:{label.split()[0]}",
            icon=icon,
            icon_position="right" if label.startswith("Next") else "left",
            on_click=_to_address,
            kwargs={"date": None if target == now else target.isoformat()},
            disabled=target == day,
        )
    row.date_input(
        "Go to", key=_DAY_FIELD, format="YYYY-MM-DD", min_value=date(1900, 1, 1), max_value=date(2199, 12, 31),
        width=160, label_visibility="collapsed", required=True,
        on_change=told(_DAY_FIELD, lambda day: _to_address(date=day.isoformat())),
    )  # fmt: skip
    if may_choose:
        st.session_state[_VIEW_FIELD] = view
        row.segmented_control(
            "View", list(VIEWS), format_func=VIEWS.__getitem__, key=_VIEW_FIELD, required=True,
            label_visibility="collapsed", on_change=told(_VIEW_FIELD, lambda view: _to_address(view=view)),
        )  # fmt: skip
    st.session_state["calendar:cancelled"] = st.query_params.get("cancelled") == "yes"
    row.checkbox(
        "Show cancelled",
        key="calendar:cancelled",
        on_change=told("calendar:cancelled", lambda on: _to_address(cancelled="yes" if on else None)),
    )


def _to_address(**values: str | None) -> None:
    """Write values into the address, as one step back; None takes one out."""
    wanted = {**st.query_params.to_dict(), **values}
    st.query_params.from_dict({key: value for key, value in wanted.items() if value is not None})


main()
