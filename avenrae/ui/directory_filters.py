"""The filters that the list of practitioners and the map share: drawn alike, held in the address alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import streamlit as st

from avenrae.enums import AvailabilityStatus, Delivery, PractitionerKind, VerificationStatus
from avenrae.errors import InvalidInput
from avenrae.queries.directory import list_words, with_free_times
from avenrae.queries.directory_filters import LONGEST_SPAN, PractitionerFilters, practitioner_filters
from avenrae.queries.documents import DocumentState
from avenrae.queries.periods import today
from avenrae.queries.places import find_places
from avenrae.settings import settings
from avenrae.ui.actions import actor, load
from avenrae.ui.format import plain_text
from avenrae.ui.lists import choice, given, pick, search_box

_RADII = ["50", "5", "10", "25", "100", "250", "500", "1000"]
"""Kilometres; the first is meant where nothing is said."""
_MORE = ("specialty", "language", "price_from", "price_to", "rating", "delivery", "availability", "documents")
_RATINGS = {"3": "3 and more", "4": "4 and more", "4.5": "4.5 and more"}
_DOCUMENTS = {DocumentState.WAITING: "Wait to be checked", DocumentState.EXPIRING: "Expire or have expired"}


@dataclass(frozen=True)
class Asked:
    """What was asked for: the filters, what a file of them needs in its address, and what a page needs in its own."""

    filters: PractitionerFilters
    params: Mapping[str, str]
    address: Mapping[str, str]


def directory_filters(*, sort: str = "") -> Asked:
    """Draw the filters and return what they ask for, with who is free where that is asked.

    Raises:
        InvalidInput: A place, price or span is none, or too many are left to ask who is free.
    """
    who = actor()
    given("place", "lat", "lon", "box", "from", "until", *_MORE)
    row = st.columns([3, 2, 3, 2, *([2] if who.is_staff else [])])
    with row[0]:
        address = {"q": search_box("Name, city or specialty")}
    with row[1]:
        address["kind"] = choice("Kind", PractitionerKind, key="kind", every="Every kind")
    with row[2]:
        place = st.text_input(
            "Around a place",
            key="place",
            placeholder="Durban, or −29.86, 31.03",
            bind="query-params",
            max_chars=80,
            on_change=_elsewhere,
        )
    with row[3]:
        km = pick("Within", _RADII, key="km", name=lambda radius: f"{radius} km")
    address["status"] = ""
    if who.is_staff:
        with row[4]:
            address["status"] = choice("Profile", VerificationStatus, key="status", every="Every status")
    address |= _more()
    address |= {"place": place.strip(), "km": km} if place.strip() else {}
    point = _point(place, km)
    address |= {k: v for k, v in point.items() if k in ("lat", "lon", "km")} if not place.strip() else {}
    if box := st.query_params.get("box"):
        address["box"] = box
        st.button(
            "Only the area chosen on the map",
            key="no-box",
            icon=":material/close:",
            icon_position="right",
            on_click=_forget,
            args=("box",),
            help="Take this filter away",
        )
    params = {**address, **point}
    filters = load(with_free_times, practitioner_filters(params, who.time_zone), sort=sort)
    return Asked(filters, params, {k: v for k, v in address.items() if v})


def _point(place: str, km: str) -> dict[str, str]:
    """Return the point that was typed, named or came with a link, and say which it is."""
    if not place.strip():
        if not (st.query_params.get("lat") and st.query_params.get("lon")):
            return {}
        point = {key: st.query_params.get(key, "") for key in ("lat", "lon")} | {"km": km}
        st.button(
            f"Within {km} km of {point['lat']}, {point['lon']}",
            key="no-point",
            icon=":material/close:",
            icon_position="right",
            on_click=_forget,
            args=("lat", "lon"),
            help="Show everywhere",
        )
        return point
    if any(sign.isdigit() for sign in place):
        latitude, longitude = _typed(place)
        return {"lat": latitude, "lon": longitude, "km": km}
    found = load(find_places, place)
    if not found:
        raise InvalidInput(
            f"No place is called “{place.strip()}”. Try another spelling, a town nearby,"
            " or latitude and longitude like −33.92, 18.42."
        )
    first, *others = found
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Within {km} km of **{plain_text(first.label)}**" + (" – or did you mean" if others else ""))
        for other in others[:3]:
            st.button(other.label, key=f"place:{other.id}", type="tertiary", on_click=_go_to, args=(other.label,))
    return {"lat": f"{first.latitude}", "lon": f"{first.longitude}", "km": km}


def _typed(point: str) -> tuple[str, str]:
    """Return the two halves of a typed point; the comma between them may also be a semicolon or a space."""
    parts = point.replace(";", " ").replace(", ", " ").split()
    if len(parts) == 1:
        parts = parts[0].split(",")
    if len(parts) != 2:
        raise InvalidInput("Type a place by its name, or a point as latitude and longitude like −33.92, 18.42.")
    return parts[0], parts[1]


def _more() -> dict[str, str]:
    """Draw the rarer filters while they are wanted; those in use keep them open."""
    in_use = any(st.query_params.get(name) for name in (*_MORE, "from", "until"))
    if not st.toggle("More filters", key="more-filters", value=in_use) and not in_use:
        return {}
    staff = actor().is_staff
    with st.container(border=True):
        row = st.columns(4)
        with row[0]:
            chosen = {"specialty": _word("Specialty", "specialties", "specialty", "Every specialty")}
        with row[1]:
            chosen["language"] = _word("Language", "languages", "language", "Every language")
        with row[2]:
            chosen["delivery"] = choice(
                "Sessions", [Delivery.IN_PERSON, Delivery.ONLINE], key="delivery", every="Either"
            )
        with row[3]:
            chosen["availability"] = choice("Now", AvailabilityStatus, key="availability", every="Available or not")
        row = st.columns(4)
        with row[0]:
            chosen["rating"] = choice("Rating", _RATINGS, key="rating", every="Any rating", name=lambda r: _RATINGS[r])
        own = settings().currency
        for column, label, key in ((row[1], f"{own} an hour from", "price_from"), (row[2], "up to", "price_to")):
            chosen[key] = column.text_input(label, key=key, bind="query-params", max_chars=12).strip()
        if staff:
            with row[3]:
                chosen["documents"] = choice(
                    "Documents",
                    DocumentState,
                    key="documents",
                    every="Any",
                    name=lambda state: _DOCUMENTS[DocumentState(state)],
                )
        chosen |= _span()
    return chosen


def _word(label: str, of: str, key: str, every: str) -> str:
    offered = load(list_words, of)
    if (asked := st.query_params.get(key)) and asked not in offered:
        offered = [*offered, asked]
    return choice(label, offered, key=key, every=every, name=str)


def _span() -> dict[str, str]:
    """Draw from when until when somebody should be free, on the reader's clock."""
    row = st.columns([2, 2, 4], vertical_alignment="bottom")
    day = datetime.combine(today(actor().time_zone), time())
    for column, label, key in ((row[0], "Free from", "from"), (row[1], "until", "until")):
        named = _local(st.query_params.get(key))
        st.session_state[f"span:{key}"] = named
        column.datetime_input(
            label,
            value=None,
            key=f"span:{key}",
            min_value=min(day, named) if named else day,
            format="YYYY-MM-DD",
            step=timedelta(minutes=15),
            on_change=_keep_time,
            args=(key,),
        )
    row[2].caption(
        f"Who has a whole session free in a span of up to {LONGEST_SPAN.days} days. Times in {actor().time_zone}."
    )
    chosen = {key: st.query_params.get(key, "") for key in ("from", "until")}
    if bool(chosen["from"]) != bool(chosen["until"]):
        row[2].info("Choose the other end of the span as well.")
        return {}
    return chosen


def _local(word: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(word).replace(tzinfo=None) if word else None
    except ValueError:
        return None


def _keep_time(key: str) -> None:
    at = st.session_state.get(f"span:{key}")
    if isinstance(at, datetime):
        st.query_params[key] = at.strftime("%Y-%m-%dT%H:%M")
    else:
        st.query_params.pop(key, None)
    _first_page()


def _elsewhere() -> None:
    """Forget where it was looked before: a new place counts alone."""
    _forget("lat", "lon", "box")


def _go_to(label: str) -> None:
    st.session_state["place"] = label
    _elsewhere()


def _forget(*names: str) -> None:
    for name in names:
        st.query_params.pop(name, None)
    _first_page()


def _first_page() -> None:
    if "page" in st.session_state:
        st.session_state["page"] = 1
