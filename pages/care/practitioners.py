"""Practitioners: the directory, found by words, kind, city and availability.

Staff see every profile and its verification; clients the approved ones. A link such as
`?lat=-33.92&lon=18.42&km=50` narrows it to a circle, as the map does. A row opens the profile.
"""

import streamlit as st

from avenrae.enums import AvailabilityStatus, PractitionerKind, VerificationStatus
from avenrae.queries.practitioners import (
    PractitionerRow,
    count_practitioners,
    list_places,
    list_practitioners,
    practitioner_filters,
)
from avenrae.ui.actions import actor, load
from avenrae.ui.format import badge, show_money, words
from avenrae.ui.lists import choice, link, search_box, show_list
from avenrae.ui.records import Cell, Column

who = actor()


def where(p: PractitionerRow) -> Cell:
    """Return the city and, in a search around a point, how far it is."""
    return Cell(p.city, sub=f"{p.distance_m / 1000:.0f} km away" if p.distance_m is not None else p.country_code)


def rating(p: PractitionerRow) -> str:
    """Return the mean of the published reviews with their number."""
    return f"{p.rating_average:.1f} ({p.rating_count})" if p.rating_average else "–"


COLUMNS: list[Column[PractitionerRow]] = [
    Column("Practitioner", lambda p: Cell(p.name, sub=p.headline), key="name", primary=True),
    Column("Kind", lambda p: words(p.kind)),
    Column("Where", where),
    *([Column[PractitionerRow]("Profile", lambda p: badge(p.verification_status))] if who.is_staff else []),
    Column("Availability", lambda p: badge(p.availability_status)),
    Column("Rating", rating, key="rating", align="right"),
    Column("Sessions", lambda p: p.booking_count, key="bookings", align="right"),
    Column("Per hour", lambda p: show_money(p.hourly_rate_minor, p.currency), key="price", align="right"),
]

head = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
head.title("Practitioners")
if who.is_staff:
    with head:
        link("care/map", "Map", icon=":material/map:")

cities = sorted({place.city for place in load(list_places)})
row = st.columns([3, 2, 2, 2, *([2] if who.is_staff else [])])
with row[0]:
    search = search_box("Name, city or specialty")
with row[1]:
    kind = choice("Kind", PractitionerKind, key="kind", every="Every kind")
with row[2]:
    city = choice("City", cities, key="city", every="Every city", name=str)
with row[3]:
    availability = choice("Availability", AvailabilityStatus, key="availability", every="Available or not")
status = ""
if who.is_staff:
    with row[4]:
        status = choice("Profile", VerificationStatus, key="status", every="Every status")

params = {"q": search, "kind": kind, "city": city, "availability": availability, "status": status}
for key in ("lat", "lon", "km"):
    if value := st.query_params.get(key):
        params[key] = value
filters = practitioner_filters(params)
if filters.near:
    near = filters.near
    note = st.container(horizontal=True, vertical_alignment="center")
    note.markdown(f"Within {near.radius_km:g} km of {near.latitude:.4f}, {near.longitude:.4f}")
    with note:
        link(
            "care/practitioners",
            "Show everywhere",
            icon=":material/close:",
            **{k: v for k, v in params.items() if v and k not in ("lat", "lon", "km")},
        )
show_list(
    noun="practitioner",
    filters=filters,
    params=params,
    count=count_practitioners,
    rows=list_practitioners,
    columns=[*COLUMNS[:2], Column("Where", where, key="distance"), *COLUMNS[3:]] if filters.near else COLUMNS,
    opens="care/practitioner",
    sort="distance" if filters.near else "name",
    export="practitioners",
)
