"""One practitioner: the profile, what is offered, reviews, the position, and what can be done.

Admins approve, reject and suspend, and edit any profile; a practitioner edits and submits his own (the page
opens on it when no other is named). Clients see approved profiles, with an approximate position.
"""

from functools import partial

import streamlit as st

from avenrae import clock
from avenrae.enums import BookingStatus, Role, VerificationStatus
from avenrae.permissions import Permission
from avenrae.queries.bookings import BookingFilters, count_bookings, count_by_status
from avenrae.queries.listing import key_of
from avenrae.queries.practitioners import ServiceRow, get_practitioner, list_services
from avenrae.scheduling.policies import SENTENCES
from avenrae.services.practitioners import REVIEWS, SUBMITTABLE, review_practitioner, submit_profile
from avenrae.ui.actions import action, actor, load, opener
from avenrae.ui.details import fact, links_of_practitioner, no_record_chosen
from avenrae.ui.format import count, day, plain_text, show_money, status_word, words
from avenrae.ui.history import show_history
from avenrae.ui.lists import link
from avenrae.ui.maps import position_map
from avenrae.ui.profile_form import profile_form
from avenrae.ui.records import Cell, Column, records
from avenrae.ui.reviews import show_reviews

who = actor()
chosen = (
    key_of(st.query_params.get("id")) or who.practitioner_id or no_record_chosen("care/practitioners", "Practitioners")
)
profile = load(get_practitioner, chosen)
is_own = who.practitioner_id == profile.id
may_edit = who.may(Permission.PRACTITIONER_EDIT)


def main() -> None:
    """Draw the page."""
    if not is_own:
        link("care/practitioners", "Practitioners", icon=":material/arrow_back:")
    st.title(profile.name)
    verification = status_word(profile.verification_status) if who.role is not Role.CLIENT else ""
    st.markdown(f"{words(profile.kind)} {verification} {status_word(profile.availability_status)}")
    _actions()
    tabs = ["Profile", "Services", "Reviews"] + ["Edit"] * may_edit + ["History"] * profile.is_exact
    drawn = dict(zip(tabs, st.tabs(tabs), strict=True))
    for name, draw in {
        "Profile": _profile,
        "Services": _services,
        "Reviews": lambda: show_reviews(profile.id),
        "Edit": lambda: profile_form(profile),
    }.items():
        if name in drawn:
            with drawn[name]:
                draw()
    if "History" in drawn:
        with drawn["History"]:
            show_history("practitioners", profile.id, profile.currency)


def _profile() -> None:
    left, right = st.columns([3, 2])
    with left.container(border=True):
        st.markdown(f"**{plain_text(profile.headline) or 'No headline yet'}**")
        st.markdown(plain_text(profile.bio) or "No description yet.")
        fact("Specialties", ", ".join(profile.specialties))
        fact("Languages", ", ".join(profile.languages))
        fact("Experience", count(profile.years_experience, "year"))
        if profile.is_exact:
            fact("Reach", " · ".join(filter(None, (profile.email, profile.phone))))
            fact("With us since", day(profile.created_at, who.time_zone))
    with right.container(border=True):
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
            "Bookings",
            " · ".join(f"{numbers[s]} {words(s).lower()}" for s in BookingStatus if s in numbers) or "None yet",
        )
        links_of_practitioner(profile.id)
        if who.is_staff and profile.verification_status == VerificationStatus.APPROVED:
            link("care/new_booking", "New booking", icon=":material/add:", practitioner=str(profile.id))
        fact("Where", ", ".join(filter(None, (profile.address, profile.city, profile.country_code))))
        fact("Time zone", profile.time_zone)
        if profile.latitude is None or profile.longitude is None:
            st.caption("No location on the map yet.")
            return
        position_map(profile.latitude, profile.longitude, profile.city, is_exact=profile.is_exact, key="position")
        if not profile.is_exact:
            st.caption("Approximate: within 500 metres of the mark.")


def _services() -> None:
    columns: list[Column[ServiceRow]] = [
        Column("Service", lambda s: Cell(s.title, sub=s.description[:120]), primary=True),
        Column("Length", lambda s: f"{s.duration_minutes} min", align="right"),
        Column("Where", lambda s: words(s.delivery)),
        Column("Cancellation", lambda s: SENTENCES[s.policy]),
        Column("Offered", lambda s: Cell("Yes", tone="green") if s.is_available else Cell("No", tone="grey")),
        Column("Price", lambda s: show_money(s.price_minor, s.currency), align="right"),
    ]
    found = load(list_services, profile.id)
    records(found, columns, label="services", key="services", row_id=lambda s: str(s.id), empty="No services yet.")


def _actions() -> None:
    """Draw what the role may do with the profile's status; what is not possible now says why."""
    with st.container(horizontal=True):
        if is_own or (may_edit and profile.verification_status == VerificationStatus.DRAFT):
            possible = profile.verification_status in SUBMITTABLE
            action(
                "Submit for review",
                submit_profile,
                "Submitted. An admin will look at it.",
                profile.id,
                key=f"submit-{profile.id}",
                primary=possible,
                icon=":material/send:",
                refused="" if possible else _state(),
            )
        for label, verdict, icon, _ in VERDICTS if who.may(Permission.PRACTITIONER_REVIEW) else []:
            possible = profile.verification_status in REVIEWS[verdict]
            opener(
                label,
                partial(_review_dialog, verdict),
                refused="" if possible else _state(),
                primary=possible and verdict == VerificationStatus.APPROVED,
                icon=icon,
            )


def _state() -> str:
    return f"Not possible now: the profile is {profile.verification_status.value}."


VERDICTS = [
    (
        "Approve",
        VerificationStatus.APPROVED,
        ":material/verified:",
        "Clients will find the profile and can book its services.",
    ),
    (
        "Reject",
        VerificationStatus.REJECTED,
        ":material/close:",
        "The profile stays hidden; the practitioner can change it and submit it again.",
    ),
    (
        "Suspend",
        VerificationStatus.SUSPENDED,
        ":material/block:",
        "Clients no longer find the profile and nobody can book it.",
    ),
]


@st.dialog("Review this profile")
def _review_dialog(verdict: VerificationStatus) -> None:
    label, _, _, consequence = next(v for v in VERDICTS if v[1] == verdict)
    st.markdown(f"**{label} {plain_text(profile.name)}?** {consequence}")
    if verdict == VerificationStatus.SUSPENDED:
        ahead = BookingFilters(practitioner_id=profile.id, starts_from=clock.now(), status=BookingStatus.CONFIRMED)
        st.markdown(
            f"Confirmed sessions to come: {load(count_bookings, ahead)}. They stay;"
            " cancel those that must not take place."
        )
    done = f"The profile is {verdict} now."
    key = f"review-{profile.id}-{verdict}"
    if action(label, review_practitioner, done, profile.id, verdict, key=key, primary=True):
        st.rerun()


main()
