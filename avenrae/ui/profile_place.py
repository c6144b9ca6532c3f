"""Where a practitioner works: a town of the gazetteer, or an address where a geocoder is set."""

import streamlit as st

from avenrae.errors import AvenraeError
from avenrae.integrations.geocoding import FoundAddress, find_address, is_configured
from avenrae.queries.places import PlaceRow, find_places
from avenrae.queries.practitioners import PractitionerDetail
from avenrae.services.practitioners import place_practitioner
from avenrae.ui.actions import action, load
from avenrae.ui.format import plain_text


def place_form(profile: PractitionerDetail) -> None:
    """Draw the search for a place; using one sets city, position and time zone in one step."""
    with st.container(border=True):
        st.markdown("**Find your place**")
        typed = st.text_input(
            "Town or suburb",
            key=f"find-place-{profile.id}",
            placeholder="Umhlanga",
            type="search",
            max_chars=80,
            help="Sets city, position on the map and time zone of the profile.",
        )
        found = load(find_places, typed, limit=4) if typed.strip() else []
        if typed.strip() and not found:
            st.caption("No place is called that. Try a town nearby.")
        for place in found:
            _offer_place(profile, place)
        if is_configured():
            _addresses(profile)


def _offer_place(profile: PractitionerDetail, place: PlaceRow) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        action(
            "Use",
            place_practitioner,
            f"You are on the map in {place.name} now.",
            profile.id,
            key=f"use-place-{profile.id}-{place.id}",
            city=place.name,
            country_code=place.country_code,
            latitude=place.latitude,
            longitude=place.longitude,
            time_zone=place.time_zone,
        )
        st.markdown(f"{plain_text(place.label)} :small[:gray[{place.time_zone}]]")


def _addresses(profile: PractitionerDetail) -> None:
    key = f"address-{profile.id}"
    typed = st.text_input("or a whole address", key=key, placeholder="12 Long Street, Cape Town", max_chars=200)
    if st.button("Look up the address", key=f"look-{key}", icon=":material/travel_explore:"):
        try:
            st.session_state[f"found:{key}"] = find_address(typed)
        except AvenraeError as e:
            st.session_state.pop(f"found:{key}", None)
            st.error(e.message)
    found: list[FoundAddress] | None = st.session_state.get(f"found:{key}")
    if found is not None and not found:
        st.caption("This address was not found. Leave out the number, or choose the town above.")
    for number, address in enumerate(found or []):
        with st.container(horizontal=True, vertical_alignment="center"):
            action(
                "Use",
                place_practitioner,
                "The address is on the map now.",
                profile.id,
                key=f"use-address-{profile.id}-{number}",
                city=address.city or profile.city,
                country_code=address.country_code,
                latitude=address.latitude,
                longitude=address.longitude,
                address=address.label,
            )
            st.markdown(plain_text(address.label))
    if found:
        st.caption("Addresses: © OpenStreetMap contributors.")
