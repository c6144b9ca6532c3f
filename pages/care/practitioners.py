"""Practitioners: the directory, found by words, kind, place, price, rating, language and who is free when.

Staff see every profile and its verification; clients the approved ones, with approximate distances. All filters stand
in the address; the map shows the same ones. A row opens the profile.
"""

import streamlit as st

from avenrae.countries import country_name
from avenrae.queries.directory import PractitionerRow, count_practitioners, list_practitioners
from avenrae.ui.actions import actor
from avenrae.ui.directory_filters import directory_filters
from avenrae.ui.format import badge, show_money, when, words
from avenrae.ui.lists import link, pick, show_list
from avenrae.ui.records import Cell, Column

who = actor()
SORTS = {
    "name": "Name",
    "distance": "Nearest first",
    "-rating": "Best rated first",
    "price": "Lowest rate first",
    "free": "Free soonest",
    "-newest": "Newest first",
}


def where(p: PractitionerRow) -> Cell:
    """Return the city and, in a search around a point, how far it is."""
    return Cell(
        p.city, sub=f"{p.distance_m / 1000:.0f} km away" if p.distance_m is not None else country_name(p.country_code)
    )


def rating(p: PractitionerRow) -> str:
    """Return the mean of the published reviews with their number."""
    return f"{p.rating_average:.1f} ({p.rating_count})" if p.rating_average else "–"


def free(p: PractitionerRow) -> str:
    """Return the first free time, on the reader's clock."""
    return when(p.free_at, who.time_zone) if p.free_at else "Not within two weeks"


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
around = bool(st.query_params.get("place") or st.query_params.get("lat"))
standard = "distance" if around else "name"
asked = directory_filters(sort=st.query_params.get("sort", standard))
filters = asked.filters
with head:
    if who.is_staff:
        link("care/map", "Map", icon=":material/map:", **asked.address)
columns = [*COLUMNS]
if filters.near:
    columns[2] = Column("Where", where, key="distance")
if filters.free is not None:
    columns.insert(3, Column("Free from", free, key="free"))
order = st.query_params.get("sort", standard)
with st.container(width=260):
    offered = [s for s in SORTS if s != "distance" or filters.near]
    offered = [standard, *(s for s in offered if s != standard)]
    pick(
        "Sort",
        [*offered, *([order] if order not in offered else [])],
        key="sort",
        name=lambda s: SORTS.get(s, "By a column"),
    )
show_list(
    noun="practitioner",
    filters=filters,
    params=asked.params,
    count=count_practitioners,
    rows=list_practitioners,
    columns=columns,
    opens="care/practitioner",
    sort=standard,
    sorts=offered,
    export="practitioners",
)
