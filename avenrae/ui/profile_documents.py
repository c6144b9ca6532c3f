"""The Documents tab of a profile: what is there and still needed, handing in, and the check by an admin."""

from datetime import date
from typing import Any

import streamlit as st

from avenrae.enums import DocumentKind, DocumentVerdict
from avenrae.permissions import Permission
from avenrae.queries.documents import DOCUMENT_WORDS, WARNED_DAYS, DocumentRow, still_needed
from avenrae.queries.periods import today
from avenrae.queries.practitioners import PractitionerDetail
from avenrae.services.documents import NewFile, add_document, check_document, remove_document
from avenrae.settings import settings
from avenrae.ui.actions import Form, action, actor
from avenrae.ui.format import plain_text, status_word, when


def show_documents(profile: PractitionerDetail, documents: list[DocumentRow]) -> None:
    """Draw the documents with what may be done with each, and the form for another one."""
    on = today(settings().time_zone)
    for needed in still_needed(profile.kind, documents, on, checked=True):
        st.warning(f"{needed}.", icon=":material/assignment_late:")
    if not documents:
        st.caption("No documents yet.")
    for document in documents:
        _one(document, on)
    if actor().may(Permission.PRACTITIONER_EDIT):
        st.subheader("Hand in a document")
        _form(profile)


def needed_sentences(profile: PractitionerDetail, documents: list[DocumentRow]) -> list[str]:
    """Return what stands against approval, for who decides."""
    return still_needed(profile.kind, documents, today(settings().time_zone), checked=True)


def _one(document: DocumentRow, on: date) -> None:
    with st.container(border=True):
        left, right = st.columns([5, 3])
        left.markdown(
            f"**{plain_text(document.title)}** {status_word(document.verdict)} {_expiry(document, on)}  \n"
            f"{DOCUMENT_WORDS[document.kind].capitalize()}"
        )
        said = [
            f"issued by {document.issuer}" if document.issuer else "",
            f"number {document.number}" if document.number else "",
            f"issued {_day(document.issued_on)}" if document.issued_on else "",
            f"good until {_day(document.expires_on)}" if document.expires_on else "does not expire",
        ]
        left.caption(plain_text(" · ".join(filter(None, said))))
        if document.note:
            left.markdown(f"Note: {plain_text(document.note)}")
        if document.checked_at:
            by = f" by {document.checked_by}" if document.checked_by else ""
            left.caption(plain_text(f"Checked {when(document.checked_at, actor().time_zone)}{by}"))
        with right:
            _deeds(document)


def _expiry(document: DocumentRow, on: date) -> str:
    if document.expires_on is None:
        return ""
    if document.is_expired(on):
        return ":red-badge[Expired]"
    days = (document.expires_on - on).days
    return f":orange-badge[Expires in {days} days]" if days <= WARNED_DAYS else ""


def _deeds(document: DocumentRow) -> None:
    if document.file_name:
        size = f"{(document.size_bytes or 0) / 1024:,.0f} kB".replace(",", "\u00a0")
        st.link_button(
            f"Download ({size})", f"/document/{document.id}", icon=":material/download:", help=document.file_name
        )
    else:
        st.caption("Without a file.")
    may_check = actor().may(Permission.PRACTITIONER_REVIEW)
    with st.container(horizontal=True):
        if may_check and document.verdict != DocumentVerdict.ACCEPTED:
            action(
                "Accept",
                check_document,
                f"{document.title} accepted.",
                document.id,
                DocumentVerdict.ACCEPTED,
                key=f"accept-{document.id}",
                icon=":material/check:",
            )
        refusable = may_check and document.verdict != DocumentVerdict.REFUSED
        if refusable and st.button("Refuse…", key=f"refuse-{document.id}", icon=":material/close:"):
            _refuse(document)
        removable = actor().may(Permission.PRACTITIONER_EDIT) and document.verdict != DocumentVerdict.ACCEPTED
        if removable and st.button("Take away…", key=f"remove-{document.id}", icon=":material/delete:"):
            _remove(document)


@st.dialog("Refuse this document")
def _refuse(document: DocumentRow) -> None:
    st.markdown(f"**{plain_text(document.title)}**: its owner reads the reason and can hand in a better one.")
    with Form(f"refuse-{document.id}", border=False) as form:
        st.text_area("Reason", key=form.key("note"), max_chars=500)
        done = form.submit(
            "Refuse",
            check_document,
            f"{document.title} refused.",
            document.id,
            DocumentVerdict.REFUSED,
            note=form.field("note"),
        )
    if done:
        st.rerun()


@st.dialog("Take this document away")
def _remove(document: DocumentRow) -> None:
    st.markdown(f"**{plain_text(document.title)}** and its file are deleted. This cannot be undone.")
    if action(
        "Take away", remove_document, "Taken away.", document.id, key=f"really-remove-{document.id}", primary=True
    ):
        st.rerun()


def _form(profile: PractitionerDetail) -> None:
    with Form(f"document-{profile.id}") as form:
        left, right = st.columns(2)
        left.selectbox(
            "Kind",
            list(DocumentKind),
            index=None,
            format_func=lambda kind: DOCUMENT_WORDS[kind].capitalize(),
            key=form.key("kind"),
            placeholder="Choose",
        )
        right.text_input("Title", key=form.key("title"), max_chars=200, placeholder="Identity card")
        left.text_input("Issued by", key=form.key("issuer"), max_chars=200)
        right.text_input("Number", key=form.key("number"), max_chars=200, help="Only you and the team see it.")
        left.date_input(
            "Issued on", value=None, key=form.key("issued_on"), format="YYYY-MM-DD", min_value=date(1950, 1, 1)
        )
        right.date_input(
            "Good until",
            value=None,
            key=form.key("expires_on"),
            format="YYYY-MM-DD",
            max_value=date(2100, 1, 1),
            help="Leave it empty where it does not expire.",
        )
        st.file_uploader("File", type=["pdf", "png", "jpg", "jpeg"], max_upload_size=5, key=form.key("file"))
        fields: dict[str, Any] = {
            name: form.field(name, lambda typed: typed or "") for name in ("title", "issuer", "number")
        }
        form.submit(
            "Hand in",
            add_document,
            "Handed in. An admin will check it.",
            profile.id,
            kind=form.field("kind"),
            issued_on=form.field("issued_on"),
            expires_on=form.field("expires_on"),
            file=form.field("file", _taken),
            **fields,
        )


def _taken(uploaded: Any) -> NewFile | None:
    return None if uploaded is None else NewFile(uploaded.name, uploaded.getvalue())


def _day(day: date | None) -> str:
    return "" if day is None else f"{day.day} {day:%b %Y}"
