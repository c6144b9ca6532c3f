"""The buttons above a profile: submit it, and an admin's verdict with its reason."""

from functools import partial

import streamlit as st

from avenrae import clock
from avenrae.enums import BookingStatus, VerificationStatus
from avenrae.permissions import Permission
from avenrae.queries.bookings import BookingFilters, count_bookings
from avenrae.queries.documents import DocumentRow
from avenrae.queries.practitioners import PractitionerDetail
from avenrae.services.practitioners import REVIEWS, SUBMITTABLE, review_practitioner, submit_profile
from avenrae.ui.actions import Form, action, actor, load, opener
from avenrae.ui.format import plain_text
from avenrae.ui.profile_documents import needed_sentences

_VERDICTS = [
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


def show_verdicts(profile: PractitionerDetail, documents: list[DocumentRow]) -> None:
    """Draw what the role may do with the profile's status; what is not possible now says why."""
    who = actor()
    is_own = who.practitioner_id == profile.id
    status = profile.verification_status
    if profile.verification_note and (is_own or who.is_staff):
        st.info(f"{status.value.capitalize()}: {plain_text(profile.verification_note)}", icon=":material/gavel:")
    with st.container(horizontal=True):
        if is_own or (who.may(Permission.PRACTITIONER_EDIT) and status == VerificationStatus.DRAFT):
            possible = status in SUBMITTABLE
            action(
                "Submit for review",
                submit_profile,
                "Submitted. An admin will look at it.",
                profile.id,
                key=f"submit-{profile.id}",
                primary=possible,
                icon=":material/send:",
                refused="" if possible else _state(profile),
            )
        for label, verdict, icon, _ in _VERDICTS if who.may(Permission.PRACTITIONER_REVIEW) else []:
            possible = status in REVIEWS[verdict]
            opener(
                label,
                partial(_dialog, profile, documents, verdict),
                refused="" if possible else _state(profile),
                primary=possible and verdict == VerificationStatus.APPROVED,
                icon=icon,
            )


def _state(profile: PractitionerDetail) -> str:
    return f"Not possible now: the profile is {profile.verification_status.value}."


@st.dialog("Review this profile")
def _dialog(profile: PractitionerDetail, documents: list[DocumentRow], verdict: VerificationStatus) -> None:
    label, _, _, consequence = next(v for v in _VERDICTS if v[1] == verdict)
    st.markdown(f"**{label} {plain_text(profile.name)}?** {consequence}")
    if verdict == VerificationStatus.APPROVED:
        for needed in needed_sentences(profile, documents):
            st.warning(f"{needed}.", icon=":material/assignment_late:")
    if verdict == VerificationStatus.SUSPENDED:
        ahead = BookingFilters(practitioner_id=profile.id, starts_from=clock.now(), status=BookingStatus.CONFIRMED)
        st.markdown(
            f"Confirmed sessions to come: {load(count_bookings, ahead)}. They stay;"
            " cancel those that must not take place."
        )
    needs_reason = verdict != VerificationStatus.APPROVED
    with Form(f"review-{profile.id}-{verdict}", border=False) as form:
        st.text_area(
            "Reason, which the practitioner reads" if needs_reason else "Note to the practitioner (optional)",
            key=form.key("reason"),
            max_chars=1000,
        )
        done = form.submit(
            label,
            review_practitioner,
            f"The profile is {verdict} now.",
            profile.id,
            verdict,
            reason=form.field("reason", lambda typed: typed or ""),
        )
    if done:
        st.rerun()
