"""Practitioner map: where practitioners are, for admins and support.

Narrowed by kind, status and a circle around a city or a typed point; list and markers show the same people.
A marker or a row leads to the profile. It is drawn without the internet.
"""

import math

import streamlit as st

from avenrae.enums import PractitionerKind, VerificationStatus
from avenrae.errors import InvalidInput
from avenrae.queries.practitioners import MAP_LIMIT, PractitionerRow, list_places, map_rows, practitioner_filters
from avenrae.ui.actions import load
from avenrae.ui.format import badge, count, plain_text, status_word, words
from avenrae.ui.lists import choice, link, open_screen
from avenrae.ui.maps import legend, practitioner_map
from avenrae.ui.records import Cell, Column, records

RADII = ["5", "10", "25", "50", "100", "250", "500", "1000"]
PAGE = 25


def main() -> None:
    """Draw the page."""
    st.title("Practitioner map")
    params = _filters()
    filters = practitioner_filters(params)
    sort = _sort("distance" if filters.near else "name", has_distance=filters.near is not None)
    found = load(map_rows, filters, sort=sort)
    without = len(found.rows) - len(found.placed)
    head = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    head.caption(f"{count(len(found.rows), 'practitioner')}, {without} without a location")
    with head:
        link("care/practitioners", "Show as a list", icon=":material/list:", **{k: v for k, v in params.items() if v})
    if not found.is_complete:
        st.warning(
            f"More than {count(MAP_LIMIT, 'practitioner')} fit; these are some of them."
            " Choose a kind, a status or a smaller circle to see all that fit."
        )
    legend(found.rows)
    chosen = practitioner_map(found.rows, key="practitioner-map")
    if chosen:
        _card(chosen)
    _list(found.rows, sort, with_distance=filters.near is not None)


def _filters() -> dict[str, str]:
    places = {f"{p.city}, {p.country_code}": p for p in load(list_places)}
    row = st.columns([2, 2, 3, 3, 2])
    with row[0]:
        kind = choice("Kind", PractitionerKind, key="kind", every="Every kind")
    with row[1]:
        status = choice("Profile", VerificationStatus, key="status", every="Every status")
    with row[2]:
        place = choice("Around a city", places, key="place", every="Everywhere", name=str)
    with row[3]:
        point = st.text_input(
            "or around a point",
            key="point",
            placeholder="−33.92, 18.42",
            bind="query-params",
            max_chars=60,
            help="Latitude and longitude in degrees; a point counts before a city.",
        )
    with row[4]:
        km = st.selectbox(
            "Within (km)",
            RADII,
            index=RADII.index("50"),
            key="km",
            bind="query-params",
            disabled=not (place or point),
        )
    params = {"kind": kind, "status": status}
    if point.strip():
        latitude, longitude = _typed(point)
        params |= {"lat": latitude, "lon": longitude, "km": km}
    elif place:
        params |= {"lat": f"{places[place].latitude:.5f}", "lon": f"{places[place].longitude:.5f}", "km": km}
    return params


def _typed(point: str) -> tuple[str, str]:
    """Return the two halves of a typed point; the comma between them may also be a semicolon or a space."""
    parts = point.replace(";", " ").replace(", ", " ").split()
    if len(parts) == 1:
        parts = parts[0].split(",")
    if len(parts) != 2:
        raise InvalidInput("Type a point as latitude and longitude in degrees, like −33.92, 18.42.")
    return parts[0], parts[1]


def _sort(default: str, *, has_distance: bool) -> str:
    order = st.query_params.get("sort", default)
    allowed = {"name", "bookings", *(["distance"] if has_distance else [])}
    return order if order.removeprefix("-") in allowed else default


def _card(chosen: PractitionerRow) -> None:
    with st.container(border=True):
        st.markdown(
            f"**{plain_text(chosen.name)}** {status_word(chosen.verification_status)}  \n"
            f"{words(chosen.kind)} · {plain_text(chosen.city) or 'No city given'}"
        )
        link("care/practitioner", "Open practitioner", icon=":material/arrow_forward:", id=str(chosen.id))


def _list(rows: list[PractitionerRow], sort: str, *, with_distance: bool) -> None:
    columns: list[Column[PractitionerRow]] = [
        Column("Practitioner", lambda p: Cell(p.name, sub=words(p.kind)), key="name", primary=True),
        Column("Where", lambda p: Cell(p.city, sub=p.country_code if p.latitude is not None else "No location")),
        Column("Profile", lambda p: badge(p.verification_status)),
        Column("Availability", lambda p: badge(p.availability_status)),
        Column("Sessions", lambda p: p.booking_count, key="bookings", align="right"),
    ]
    if with_distance:
        columns.insert(2, Column("Away", lambda p: _away(p.distance_m), key="distance", align="right"))
    place = st.container()
    pages = math.ceil(len(rows) / PAGE)
    number = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    with place:
        records(
            rows[(number - 1) * PAGE : number * PAGE],
            columns,
            label="practitioners",
            key="map-rows",
            row_id=lambda p: str(p.id),
            url_path="practitioner",
            sort=sort,
            on_open=lambda chosen: open_screen("care/practitioner", id=chosen),
            on_sort=_sort_by,
            empty="Nobody fits these filters. Choose a larger circle or remove a filter.",
        )


def _away(distance: float | None) -> str:
    return "–" if distance is None else f"{distance / 1000:.1f} km"


def _sort_by(order: str) -> None:
    st.query_params["sort"] = order
    if "page" in st.session_state:
        st.session_state["page"] = 1


main()
