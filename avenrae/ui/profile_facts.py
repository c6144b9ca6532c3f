"""What a profile says: the facts beside the position, and what is offered with the next free times."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from avenrae.countries import country_name
from avenrae.enums import BookingStatus, Role, VerificationStatus
from avenrae.queries.bookings import BookingFilters, count_by_status
from avenrae.queries.diaries import next_times
from avenrae.queries.documents import DocumentRow, certificates_of, list_certificates
from avenrae.queries.practitioners import PractitionerDetail, ServiceRow, list_services
from avenrae.scheduling.policies import SENTENCES
from avenrae.ui.actions import actor, load
from avenrae.ui.details import fact, links_of_practitioner
from avenrae.ui.format import count, day, plain_text, show_money, when, words
from avenrae.ui.lists import link
from avenrae.ui.maps import position_map
from avenrae.ui.navigation import screen
from avenrae.ui.private_messages import link_to_write


def show_facts(profile: PractitionerDetail, documents: Sequence[DocumentRow]) -> None:
    """Draw what the profile says and, beside it, the figures, the links and the position.

    `documents` are known to its owner and staff; others ask for the certificates alone.
    """
    left, right = st.columns([3, 2])
    with left.container(border=True):
        st.markdown(f"**{plain_text(profile.headline) or 'No headline yet'}**")
        st.markdown(plain_text(profile.bio) or "No description yet.")
        fact("Specialties", ", ".join(profile.specialties))
        fact("Languages", ", ".join(profile.languages))
        fact("Experience", count(profile.years_experience, "year"))
        certificates = certificates_of(documents) if profile.is_exact else load(list_certificates, profile.id)
        fact(
            "Certificates we have checked",
            "; ".join(", ".join(filter(None, (c.title, c.issuer))) for c in certificates),
        )
        if profile.is_exact:
            fact("Reach", " · ".join(filter(None, (profile.email, profile.phone))))
            fact("With us since", day(profile.created_at, actor().time_zone))
    with right.container(border=True):
        _figures(profile)
        fact("Where", ", ".join(filter(None, (profile.address, profile.city, country_name(profile.country_code)))))
        fact("Time zone", profile.time_zone)
        if profile.latitude is None or profile.longitude is None:
            st.caption("No location on the map yet.")
            return
        position_map(profile.latitude, profile.longitude, profile.city, is_exact=profile.is_exact, key="position")
        if not profile.is_exact:
            st.caption("Approximate: within 500 metres of the mark.")


def _figures(profile: PractitionerDetail) -> None:
    rated = (
        f"{profile.rating_average:.1f} of 5 from {count(profile.rating_count, 'review')}"
        if profile.rating_average
        else ""
    )
    fact("Rating", rated)
    fact("Rate", f"{show_money(profile.hourly_rate_minor, profile.currency)} an hour")
    if profile.commission_bps is not None:
        fact("Commission", f"{profile.commission_bps / 100:g} %")
    numbers = load(count_by_status, BookingFilters(practitioner_id=profile.id))
    fact(
        "Your bookings" if actor().role is Role.CLIENT else "Bookings",
        " · ".join(f"{numbers[s]} {words(s).lower()}" for s in BookingStatus if s in numbers) or "None yet",
    )
    links_of_practitioner(profile.id)
    if _may_book(profile):
        link("care/new_booking", "New booking", icon=":material/add:", practitioner=str(profile.id))
    if actor().role is Role.CLIENT:
        link_to_write(profile.name, profile.id)


def show_services(profile: PractitionerDetail) -> None:
    """Draw what is offered, each with its price and the next free times as links to a new booking."""
    services = load(list_services, profile.id)
    if not services:
        st.caption("No services yet.")
        return
    free = load(next_times, profile.id)
    st.caption(f"The first free times on the next days, in {profile.time_zone}.")
    for service in services:
        with st.container(border=True):
            left, right = st.columns([5, 2])
            left.markdown(f"**{plain_text(service.title)}**  \n{plain_text(service.description[:300])}")
            left.caption(f"{service.duration_minutes} min · {words(service.delivery)} · {SENTENCES[service.policy]}")
            right.markdown(f"**{show_money(service.price_minor, service.currency)}**")
            if not service.is_available:
                st.caption("Not offered at the moment.")
            elif profile.verification_status == VerificationStatus.APPROVED:
                _next_times(profile, service, free.get(service.id, []))


def _next_times(profile: PractitionerDetail, service: ServiceRow, starts: list[datetime]) -> None:
    if not starts:
        st.caption("No free time in the next two weeks.")
        return
    if not _may_book(profile):
        st.caption("Next: " + "; ".join(when(start, profile.time_zone) for start in starts))
        return
    with st.container(horizontal=True):
        for start in starts:
            local = start.astimezone(ZoneInfo(profile.time_zone))
            link(
                "care/new_booking",
                f"{local:%a} {local.day} {local:%b, %H:%M}",
                icon=":material/add:",
                practitioner=str(profile.id),
                service=str(service.id),
                day=f"{local:%Y-%m-%d}",
            )


def _may_book(profile: PractitionerDetail) -> bool:
    is_open = profile.verification_status == VerificationStatus.APPROVED
    return is_open and actor().role in screen("care/new_booking").roles
