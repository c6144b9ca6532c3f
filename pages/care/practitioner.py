"""One practitioner: the profile, what is offered and when, reviews, documents, and what can be done.

Admins approve, reject and suspend with a reason, check documents and edit any profile; a practitioner edits, proves and
submits his own (the page opens on it when no other is named). Clients see approved profiles, with an approximate
position and the certificates that were checked.
"""

import streamlit as st

from avenrae.enums import Role
from avenrae.permissions import Permission
from avenrae.queries.documents import list_documents
from avenrae.queries.listing import key_of
from avenrae.queries.practitioners import get_practitioner
from avenrae.ui.actions import actor, load
from avenrae.ui.details import no_record_chosen
from avenrae.ui.format import status_word, words
from avenrae.ui.history import show_history
from avenrae.ui.lists import link
from avenrae.ui.profile_documents import show_documents
from avenrae.ui.profile_facts import show_facts, show_services
from avenrae.ui.profile_form import profile_form
from avenrae.ui.profile_place import place_form
from avenrae.ui.profile_verdicts import show_verdicts
from avenrae.ui.reviews import show_reviews

who = actor()
chosen = (
    key_of(st.query_params.get("id")) or who.practitioner_id or no_record_chosen("care/practitioners", "Practitioners")
)
profile = load(get_practitioner, chosen)
documents = load(list_documents, profile.id) if profile.is_exact else []


def main() -> None:
    """Draw the page."""
    if who.practitioner_id != profile.id:
        link("care/practitioners", "Practitioners", icon=":material/arrow_back:")
    st.title(profile.name)
    verification = status_word(profile.verification_status) if who.role is not Role.CLIENT else ""
    st.markdown(f"{words(profile.kind)} {verification} {status_word(profile.availability_status)}")
    show_verdicts(profile, documents)
    tabs = {
        "Profile": lambda: show_facts(profile, documents),
        "Services": lambda: show_services(profile),
        "Reviews": lambda: show_reviews(profile.id),
        **({"Documents": lambda: show_documents(profile, documents)} if profile.is_exact else {}),
        **({"Edit": _edit} if who.may(Permission.PRACTITIONER_EDIT) else {}),
        **(
            {"History": lambda: show_history("practitioners", profile.id, profile.currency)} if profile.is_exact else {}
        ),
    }
    # Only the tab that is open reads: all of them together would ask more than a page may.
    places = st.tabs(list(tabs), key=f"tabs-{profile.id}", on_change="rerun")
    for place, draw in zip(places, tabs.values(), strict=True):
        if place.open:
            with place:
                draw()


def _edit() -> None:
    place_form(profile)
    profile_form(profile)


main()
