"""What documents need, for the home page: those to check and those that expire, or one's own."""

import streamlit as st

from avenrae.enums import Role
from avenrae.permissions import Permission
from avenrae.queries.directory import count_practitioners
from avenrae.queries.directory_filters import PractitionerFilters
from avenrae.queries.documents import DocumentState, list_ending
from avenrae.ui.actions import actor, load
from avenrae.ui.format import count, plain_text
from avenrae.ui.lists import link


def show_document_notes() -> None:
    """Draw a line for each thing to do about documents, nothing where there is none."""
    who = actor()
    if who.may(Permission.PRACTITIONER_REVIEW):
        for state, what, icon in (
            (DocumentState.WAITING, "with documents to check", ":material/fact_check:"),
            (DocumentState.EXPIRING, "with expired or expiring documents", ":material/event_busy:"),
        ):
            if n := load(count_practitioners, PractitionerFilters(documents=state)):
                link("care/practitioners", f"{count(n, 'practitioner')} {what}", icon=icon, documents=state.value)
    elif who.role is Role.PRACTITIONER and who.practitioner_id:
        ending = load(list_ending, who.practitioner_id)
        for document in ending:
            last = f"{document.expires_on.day} {document.expires_on:%b %Y}" if document.expires_on else ""
            st.warning(f"{plain_text(document.title)} is good until {last}. Hand in the one that follows it.")
        if ending:
            link("care/practitioner", "Open my documents", icon=":material/arrow_forward:")
