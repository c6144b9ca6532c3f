"""Writes of practitioners' documents: handed in by the practitioner, checked by an admin."""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import DocumentKind, DocumentVerdict
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.letters import profiles as letters
from avenrae.models import DocumentFile, Practitioner, PractitionerDocument
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.documents import WARNED_DAYS, warning_key
from avenrae.queries.listing import one_of
from avenrae.queries.periods import today
from avenrae.queries.scopes import visible_documents, visible_practitioners
from avenrae.services.telling import tell
from avenrae.settings import settings

MOST_BYTES = 5 * 1024 * 1024
MOST_DOCUMENTS = 60
_BEGINNINGS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
"""What a file begins with says what it is; its name says nothing."""


@dataclass(frozen=True)
class NewFile:
    """A file as it was handed over."""

    name: str
    content: bytes


def add_document(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID,
    *,
    kind: str | None,
    title: str,
    issuer: str = "",
    number: str = "",
    issued_on: date | None = None,
    expires_on: date | None = None,
    file: NewFile | None,
) -> PractitionerDocument:
    """Hand a document in: a practitioner his own, an admin for anybody; it waits until an admin has checked it.

    Raises:
        InvalidInput: The file is missing, too big or of another type, or what is said of it is not whole.
        NotFound: There is no such profile for this actor.
        NotPermitted: The role hands in no documents.
        Conflict: There are too many already.
    """
    known = session.execute(
        select(Practitioner.id)
        .where(Practitioner.id == practitioner_id, visible_practitioners(actor))
        .with_for_update(key_share=True)
    ).scalar_one_or_none()
    if known is None:
        raise NotFound("There is no such practitioner, or the profile is not yours to see.")
    require(actor, Permission.PRACTITIONER_EDIT)
    of_kind = one_of(DocumentKind, kind)
    if of_kind is None:
        raise InvalidInput("Choose what kind of document it is.")
    if file is None or not file.content:
        raise InvalidInput("Choose the file: a PDF, or a picture as PNG or JPEG.")
    media_type = media_type_of(file.content)
    if len(file.content) > MOST_BYTES:
        raise InvalidInput("The file is larger than 5 MB. Scan it with fewer dots, or hand it in in parts.")
    if issued_on and expires_on and expires_on < issued_on:
        raise InvalidInput("The document expires before it was issued; check the two dates.")
    if expires_on and expires_on < today(settings().time_zone):
        raise InvalidInput("This document has expired. Hand in the one that is good now.")
    there = session.scalars(
        select(PractitionerDocument.id)
        .where(PractitionerDocument.practitioner_id == practitioner_id)
        .limit(MOST_DOCUMENTS)
    ).all()
    if len(there) >= MOST_DOCUMENTS:
        raise Conflict(f"There are {MOST_DOCUMENTS} documents already. Take away the ones that were refused first.")
    document = PractitionerDocument(
        practitioner_id=practitioner_id,
        kind=of_kind,
        title=_line(title, "title", required=True),
        issuer=_line(issuer, "issuer"),
        number=_line(number, "number"),
        issued_on=issued_on,
        expires_on=expires_on,
        file_name=_file_name(file.name, media_type),
        media_type=media_type,
        size_bytes=len(file.content),
    )
    session.add(document)
    session.flush()
    session.add(DocumentFile(document_id=document.id, content=file.content))
    session.flush()
    return document


def check_document(
    session: Session, actor: Actor, document_id: uuid.UUID, verdict: DocumentVerdict, *, note: str = ""
) -> PractitionerDocument:
    """Accept or refuse a document; refusing needs a reason, which its owner reads.

    Raises:
        Conflict: It has that verdict already.
        InvalidInput: It is no verdict, or a refusal has no reason.
        NotFound: There is no such document for this actor.
        NotPermitted: Only admins check documents.
    """
    document = _locked(session, actor, document_id, Permission.PRACTITIONER_REVIEW)
    if verdict not in (DocumentVerdict.ACCEPTED, DocumentVerdict.REFUSED):
        raise InvalidInput("A check ends in accepted or refused.")
    if document.verdict == verdict:
        raise Conflict(f"This document is {verdict.value} already.")
    if verdict == DocumentVerdict.REFUSED and not note.strip():
        raise InvalidInput("Say why it is refused, so that a better one can be handed in.")
    document.verdict, document.note = verdict, _line(note, "note", most=500)
    document.checked_at, document.checked_by = clock.now(), actor.user_id
    session.flush()
    if verdict == DocumentVerdict.REFUSED:
        tell(
            session,
            actor,
            _owner(session, document),
            letters.DOCUMENT_REFUSED,
            about=document.practitioner_id,
            once=f"document:refused:{document.id}",
            title=document.title,
            reason=document.note,
        )
    return document


def remove_document(session: Session, actor: Actor, document_id: uuid.UUID) -> None:
    """Take away a document that was not accepted; accepted ones stay, as what a decision stood on.

    Raises:
        Conflict: It was accepted.
        NotFound: There is no such document for this actor.
        NotPermitted: The role hands in no documents.
    """
    document = _locked(session, actor, document_id, Permission.PRACTITIONER_EDIT)
    if document.verdict == DocumentVerdict.ACCEPTED:
        raise Conflict("This document was accepted and stays. Hand in a newer one beside it.")
    session.delete(document)
    session.flush()


def warn_of_expiry(session: Session, actor: Actor, document_id: uuid.UUID) -> bool:
    """Tell the owner, once each, that a document expires within a month and that it has; returns whether it was due.

    Raises:
        NotFound: There is no such document for this actor.
    """
    document = _locked(session, actor, document_id, Permission.PRACTITIONER_REVIEW)
    on = today(settings().time_zone)
    if document.expires_on is None or document.verdict != DocumentVerdict.ACCEPTED:
        return False
    expired = document.expires_on < on
    if not expired and document.expires_on > on + timedelta(days=WARNED_DAYS):
        return False
    tell(
        session,
        actor,
        _owner(session, document),
        letters.DOCUMENT_EXPIRED if expired else letters.DOCUMENT_EXPIRES,
        about=document.practitioner_id,
        once=warning_key(document, on),
        title=document.title,
        last_day=f"{document.expires_on.day} {document.expires_on:%B %Y}",
    )
    return True


def media_type_of(content: bytes) -> str:
    """Return what a file is, by its first bytes.

    Raises:
        InvalidInput: It is none of the types that are taken.
    """
    for beginning, media_type in _BEGINNINGS.items():
        if content.startswith(beginning):
            return media_type
    raise InvalidInput("This file is neither a PDF nor a PNG or JPEG picture. Save it as one of them.")


def _locked(session: Session, actor: Actor, document_id: uuid.UUID, permission: Permission) -> PractitionerDocument:
    query = select(PractitionerDocument).where(PractitionerDocument.id == document_id, visible_documents(actor))
    document = session.execute(query.with_for_update().execution_options(populate_existing=True)).scalar_one_or_none()
    if document is None:
        raise NotFound("There is no such document, or it is not yours to see.")
    require(actor, permission)
    return document


def _owner(session: Session, document: PractitionerDocument) -> uuid.UUID:
    return session.scalars(select(Practitioner.user_id).where(Practitioner.id == document.practitioner_id)).one()


def _line(given: str, name: str, *, most: int = 200, required: bool = False) -> str:
    line = " ".join((given or "").split())
    if required and not line:
        raise InvalidInput(f"Give the document a {name}, such as “Identity card”.")
    if len(line) > most or "\0" in line:
        raise InvalidInput(f"The {name} can have {most} letters at most.")
    return line


def _file_name(given: str, media_type: str) -> str:
    """Return a file's name as it can be offered again: no path, no control characters, the ending of its type."""
    ending = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}[media_type]
    stem = given.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    kept = "".join(c for c in stem if c.isalnum() or c in " -_.,()").strip(" .")[:100]
    return (kept or "document") + ending
