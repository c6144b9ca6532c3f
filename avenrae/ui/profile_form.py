"""The form in which a practitioner, or an admin for him, changes a profile."""

from typing import Any
from zoneinfo import available_timezones

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from avenrae import money
from avenrae.enums import AvailabilityStatus
from avenrae.queries.practitioners import PractitionerDetail
from avenrae.services.practitioners import edit_profile
from avenrae.ui.actions import Form
from avenrae.ui.format import words

_AS_TYPED = ("headline", "bio", "city", "address", "latitude", "longitude", "time_zone", "availability_status")


def profile_form(profile: PractitionerDetail) -> None:
    """Draw the form over a profile; saving replaces all that it shows."""
    zones = sorted(available_timezones())
    seen = {name: getattr(profile, name) for name in (*_AS_TYPED, "hourly_rate_minor", "specialties", "languages")}
    with Form(f"profile-{profile.id}", of=seen) as form:

        def text(place: DeltaGenerator, label: str, name: str, value: str, most: int, hint: str = "") -> None:
            place.text_input(label, value=value, key=form.key(name), max_chars=most, help=hint or None)

        head = st.container()
        head.segmented_control(
            "Availability",
            list(AvailabilityStatus),
            default=profile.availability_status,
            format_func=words,
            key=form.key("availability_status"),
            required=True,
        )
        text(head, "Headline", "headline", profile.headline, 200)
        st.text_area("Description", value=profile.bio, key=form.key("bio"), height=160, max_chars=5000)
        left, right = st.columns(2)
        text(left, "Specialties, with commas between", "specialties", ", ".join(profile.specialties), 1300)
        text(right, "Languages, with commas between", "languages", ", ".join(profile.languages), 1300)
        rate = money.plain(profile.hourly_rate_minor, profile.currency)
        text(left, f"Rate per hour ({profile.currency})", "rate", rate, 20)
        right.selectbox(
            "Time zone",
            zones,
            index=zones.index(profile.time_zone) if profile.time_zone in zones else None,
            key=form.key("time_zone"),
            help="Bookings that are agreed keep their time.",
        )
        text(left, "Address", "address", profile.address, 300, "Clients do not see it in the directory.")
        text(right, "City", "city", profile.city, 100)
        text(left, "Latitude", "latitude", _degrees(profile.latitude), 25, "In degrees, south negative, like −33.92.")
        text(right, "Longitude", "longitude", _degrees(profile.longitude), 25, "In degrees, west negative, like 18.42.")
        typed: dict[str, Any] = {name: form.field(name) for name in _AS_TYPED}
        form.submit(
            "Save profile",
            edit_profile,
            "Profile saved.",
            profile.id,
            hourly_rate_minor=form.field("rate", lambda text: money.parse(text, profile.currency)),
            specialties=form.field("specialties", lambda text: text.split(",")),
            languages=form.field("languages", lambda text: text.split(",")),
            seen=seen,
            **typed,
        )


def _degrees(value: float | None) -> str:
    return "" if value is None else str(value)
