"""Reads of practitioners' documents: what is there, what a profile still needs, what expires."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from avenrae.enums import DocumentKind, DocumentVerdict, PractitionerKind
from avenrae.errors import NotFound
from avenrae.models import DocumentFile, Notification, Practitioner, PractitionerDocument, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.periods import today
from avenrae.queries.scopes import visible_documents, visible_practitioners
from avenrae.settings import settings

REQUIRED: dict[PractitionerKind, tuple[DocumentKind, ...]] = {
    kind: (DocumentKind.IDENTITY, DocumentKind.CERTIFICATE)
    if kind is PractitionerKind.PSYCHOLOGIST
    else (DocumentKind.IDENTITY,)
    for kind in PractitionerKind
}
"""What a profile needs before it can be submitted; psychology is a regulated profession."""
WARNED_DAYS = 30
"""So long before a document expires, its owner and the admins are told."""
DOCUMENT_WORDS = {
    DocumentKind.IDENTITY: "proof of identity",
    DocumentKind.CERTIFICATE: "certificate",
    DocumentKind.INSURANCE: "insurance",
    DocumentKind.POLICE_CLEARANCE: "police clearance",
    DocumentKind.OTHER: "other document",
}


class DocumentState(StrEnum):
    """What the directory can be narrowed to: documents that wait to be checked, or that expire and nothing follows."""

    WAITING = "waiting"
    EXPIRING = "expiring"


@dataclass(frozen=True)
class DocumentRow:
    """One document without its file."""

    id: uuid.UUID
    kind: DocumentKind
    title: str
    issuer: str
    number: str
    issued_on: date | None
    expires_on: date | None
    file_name: str | None
    size_bytes: int | None
    verdict: DocumentVerdict
    note: str
    checked_at: datetime | None
    checked_by: str
    created_at: datetime

    def is_expired(self, on: date) -> bool:
        """Whether it is no longer good; on its last day it still is."""
        return self.expires_on is not None and self.expires_on < on


@dataclass(frozen=True)
class Certificate:
    """What everybody may know of a certificate that was checked."""

    title: str
    issuer: str
    expires_on: date | None


@dataclass(frozen=True)
class StoredFile:
    """A document's file, for a download."""

    name: str
    media_type: str
    content: bytes


def list_documents(
    session: Session, actor: Actor, practitioner_id: uuid.UUID, *, limit: int = 200
) -> list[DocumentRow]:
    """Return a practitioner's documents, the newest first; for himself and staff."""
    require(actor, Permission.PRACTITIONER_VIEW)
    of_row = [f for f in DocumentRow.__dataclass_fields__ if f != "checked_by"]
    checker = func.coalesce(User.first_name.concat(" ").concat(User.last_name), "")
    found = session.execute(
        select(*(getattr(PractitionerDocument, f) for f in of_row), checker.label("checked_by"))
        .outerjoin(User, User.id == PractitionerDocument.checked_by)
        .where(PractitionerDocument.practitioner_id == practitioner_id, visible_documents(actor))
        .order_by(PractitionerDocument.created_at.desc(), PractitionerDocument.id.desc())
        .limit(limit)
    )
    return [
        DocumentRow(**{**r._mapping, "kind": DocumentKind(r.kind), "verdict": DocumentVerdict(r.verdict)})
        for r in found
    ]


def list_certificates(
    session: Session, actor: Actor, practitioner_id: uuid.UUID, *, limit: int = 20
) -> list[Certificate]:
    """Return the certificates that were checked and are good today, for everybody who sees the profile."""
    require(actor, Permission.PRACTITIONER_VIEW)
    d = PractitionerDocument
    found = session.execute(
        select(d.title, d.issuer, d.expires_on)
        .join(Practitioner, Practitioner.id == d.practitioner_id)
        .where(
            d.practitioner_id == practitioner_id,
            visible_practitioners(actor),
            d.kind == DocumentKind.CERTIFICATE,
            d.verdict == DocumentVerdict.ACCEPTED,
            or_(d.expires_on.is_(None), d.expires_on >= today(settings().time_zone)),
        )
        .order_by(d.title, d.id)
        .limit(limit)
    )
    return [Certificate(*row) for row in found]


def certificates_of(documents: Sequence[DocumentRow]) -> list[Certificate]:
    """Return the same of documents that have been read."""
    on = today(settings().time_zone)
    good = [
        d
        for d in documents
        if d.kind == DocumentKind.CERTIFICATE and d.verdict == DocumentVerdict.ACCEPTED and not d.is_expired(on)
    ]
    return [Certificate(d.title, d.issuer, d.expires_on) for d in sorted(good, key=lambda d: (d.title, d.id))]


def get_file(session: Session, actor: Actor, document_id: uuid.UUID) -> StoredFile:
    """Return the file of a document, to its owner and staff.

    Raises:
        NotFound: There is none for this actor.
    """
    require(actor, Permission.PRACTITIONER_VIEW)
    found = session.execute(
        select(PractitionerDocument.file_name, PractitionerDocument.media_type, DocumentFile.content)
        .join(DocumentFile, DocumentFile.document_id == PractitionerDocument.id)
        .where(PractitionerDocument.id == document_id, visible_documents(actor))
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such file, or it is not yours to see.")
    name, media_type, content = found
    return StoredFile(name or "document", media_type or "application/octet-stream", content)


def still_needed(kind: PractitionerKind, documents: Sequence[DocumentRow], on: date, *, checked: bool) -> list[str]:
    """Return what a profile lacks, in words: missing, expired, refused or, where `checked` asks, not checked yet."""
    needed = []
    for wanted in REQUIRED[kind]:
        of_kind = [d for d in documents if d.kind == wanted and d.verdict != DocumentVerdict.REFUSED]
        good = [d for d in of_kind if not d.is_expired(on)]
        word = DOCUMENT_WORDS[wanted].capitalize()
        if not of_kind:
            needed.append(f"{word}: missing")
        elif not good:
            needed.append(f"{word}: expired")
        elif checked and all(d.verdict == DocumentVerdict.WAITING for d in good):
            needed.append(f"{word}: not checked yet")
    return needed


def ends_soon(actor: Actor, on: date) -> ColumnElement[bool]:
    """Return the condition of accepted documents that expire within the warned days, or have, and nothing follows."""
    d, later = PractitionerDocument, aliased(PractitionerDocument)
    follows = exists().where(
        later.practitioner_id == d.practitioner_id,
        later.kind == d.kind,
        or_(d.kind != DocumentKind.CERTIFICATE, func.f_fold(later.title) == func.f_fold(d.title)),
        later.verdict == DocumentVerdict.ACCEPTED,
        or_(later.expires_on.is_(None), later.expires_on > d.expires_on),
    )
    return and_(
        visible_documents(actor),
        d.verdict == DocumentVerdict.ACCEPTED,
        d.expires_on <= on + timedelta(days=WARNED_DAYS),
        ~follows,
    )


def list_ending(session: Session, actor: Actor, practitioner_id: uuid.UUID, *, limit: int = 20) -> list[Certificate]:
    """Return a practitioner's accepted documents that expire soon, or have, and that nothing follows."""
    d = PractitionerDocument
    query = select(d.title, d.issuer, d.expires_on).where(
        d.practitioner_id == practitioner_id, ends_soon(actor, today(settings().time_zone))
    )
    return [Certificate(*row) for row in session.execute(query.order_by(d.expires_on, d.id).limit(limit))]


def list_unwarned(session: Session, actor: Actor, *, limit: int = 1000) -> list[uuid.UUID]:
    """Return the documents of which their owners are to be told now that they expire, or have, and were not yet."""
    on, d = today(settings().time_zone), PractitionerDocument
    expired, soon = (func.concat(f"document:{stage}:", d.id, ":", d.expires_on) for stage in ("expired", "soon"))
    once = case((d.expires_on < on, expired), else_=soon)
    told = select(Notification.id).where(Notification.once == once).exists()
    query = select(d.id).where(ends_soon(actor, on), ~told).order_by(d.expires_on, d.id).limit(limit)
    return list(session.scalars(query))


def warning_key(document: PractitionerDocument, on: date) -> str:
    """Return the key under which its owner is told once that a document expires, or has."""
    stage = "expired" if document.expires_on is not None and document.expires_on < on else "soon"
    return f"document:{stage}:{document.id}:{document.expires_on}"


def document_condition(actor: Actor, state: DocumentState) -> ColumnElement[bool]:
    """Return the condition that a practitioner has documents in a state, as far as the actor may know."""
    d = PractitionerDocument
    wanted = (
        and_(visible_documents(actor), d.verdict == DocumentVerdict.WAITING)
        if state is DocumentState.WAITING
        else ends_soon(actor, today(settings().time_zone))
    )
    return Practitioner.id.in_(select(d.practitioner_id).where(wanted))
