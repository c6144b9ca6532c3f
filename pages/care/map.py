"""Practitioner map: where practitioners are, for admins and support.

Narrowed by the same filters as the list; the list below the map holds the same people. While they are many, circles
with numbers stand for them, and choosing one narrows map and list to its area; else a marker or a row leads to the
profile. It is drawn without the internet.
"""

import math

import streamlit as st

from avenrae.countries import country_name
from avenrae.queries.directory import PractitionerRow, list_practitioners
from avenrae.queries.practitioner_map import MapCell, Marker, map_view
from avenrae.ui.actions import actor, load
from avenrae.ui.directory_filters import Asked, directory_filters
from avenrae.ui.format import badge, count, number, plain_text, when, words
from avenrae.ui.lists import given, ignore, link, open_screen, show_ignored
from avenrae.ui.maps import density_map, legend, practitioner_map
from avenrae.ui.records import Cell, Column, records

PAGE = 25
SORTS = ("name", "bookings", "rating", "price", "newest", "free")


def main() -> None:
    """Draw the page."""
    st.title("Practitioner map")
    around = bool(st.query_params.get("place") or st.query_params.get("lat"))
    asked = directory_filters(sort=st.query_params.get("sort", "distance" if around else "name"))
    density = given("layer").get("layer") == "density"
    told = st.container()
    view = load(map_view, asked.filters, density=density)
    head = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    head.caption(f"{count(view.total, 'practitioner')}, {view.unplaced} without a location")
    with head:
        st.toggle("Density", value=density, key="density", on_change=_switch_layer)
        link("care/practitioners", "Show as a list", icon=":material/list:", **asked.address)
    if density:
        chosen: Marker | MapCell | None = density_map(view, key="density-map")
    else:
        if view.markers:
            legend(view.kinds)
        chosen = practitioner_map(view, key="practitioner-map")
    if view.cells:
        _areas(view.cells)
    if isinstance(chosen, MapCell):
        _cell(chosen)
    elif chosen:
        _card(chosen)
    _list(asked, view.total)
    show_ignored(told)


def _switch_layer() -> None:
    if st.session_state.get("density"):
        st.query_params["layer"] = "density"
    else:
        st.query_params.pop("layer", None)


def _areas(cells: list[MapCell]) -> None:
    """Draw the fullest cells as buttons too, for whoever does not use a pointer."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Search an area: choose its cell on the map, or")
        for cell in cells[:6]:
            name = f"{plain_text(cell.city) or 'Unnamed'} ({number(cell.count)})"
            key = f"area:{cell.box.south:g},{cell.box.west:g}"
            st.button(name, key=key, type="tertiary", on_click=_search_here, args=(cell,))


def _cell(chosen: MapCell) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        name = f" around {plain_text(chosen.city)}" if chosen.city else ""
        st.markdown(f"**{count(chosen.count, 'practitioner')}**{name}")
        st.button(
            "Search this area",
            key="this-area",
            icon=":material/crop_free:",
            type="primary",
            on_click=_search_here,
            args=(chosen,),
        )


def _search_here(chosen: MapCell) -> None:
    box = chosen.box
    st.query_params["box"] = ",".join(f"{edge:.6g}" for edge in (box.south, box.west, box.north, box.east))
    if "page" in st.session_state:
        st.session_state["page"] = 1


def _card(chosen: Marker) -> None:
    with st.container(border=True):
        st.markdown(
            f"**{plain_text(chosen.name)}**  \n{words(chosen.kind)} · {plain_text(chosen.city) or 'No city given'}"
        )
        link("care/practitioner", "Open practitioner", icon=":material/arrow_forward:", id=str(chosen.id))


def _list(asked: Asked, total: int) -> None:
    filters = asked.filters
    columns: list[Column[PractitionerRow]] = [
        Column("Practitioner", lambda p: Cell(p.name, sub=words(p.kind)), key="name", primary=True),
        Column("Where", _where),
        Column("Profile", lambda p: badge(p.verification_status)),
        Column("Availability", lambda p: badge(p.availability_status)),
        Column("Sessions", lambda p: p.booking_count, key="bookings", align="right"),
    ]
    if filters.free is not None:
        columns.insert(2, Column("Free from", lambda p: when(p.free_at, actor().time_zone), key="free"))
    if filters.near:
        columns.insert(2, Column("Away", _away, key="distance", align="right"))
    standard = "distance" if filters.near else "name"
    order = st.query_params.get("sort", standard)
    if order.removeprefix("-") not in {*SORTS, *(["distance"] if filters.near else [])}:
        ignore("sort", order)
        order = standard
    place = st.container()
    pages = math.ceil(total / PAGE)
    shown = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    with place:
        records(
            load(list_practitioners, filters, sort=order, page=shown, size=PAGE) if total else [],
            columns,
            label="practitioners",
            key="map-rows",
            row_id=lambda p: str(p.id),
            url_path="practitioner",
            sort=order,
            on_open=lambda chosen: open_screen("care/practitioner", id=chosen),
            on_sort=_sort_by,
            empty="Nobody fits these filters. Choose a larger circle or remove a filter.",
        )


def _where(p: PractitionerRow) -> Cell:
    return Cell(p.city, sub="No location" if p.latitude is None else country_name(p.country_code))


def _away(p: PractitionerRow) -> str:
    return "–" if p.distance_m is None else f"{p.distance_m / 1000:.1f} km"


def _sort_by(order: str) -> None:
    st.query_params["sort"] = order
    if "page" in st.session_state:
        st.session_state["page"] = 1


main()
