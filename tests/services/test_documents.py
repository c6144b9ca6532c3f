"""Documents: handed in by their owner, checked by an admin, good until they expire."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import DocumentKind, DocumentVerdict, PractitionerKind, Role, VerificationStatus
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import DocumentFile, Notification, PractitionerDocument, User
from avenrae.permissions import Actor
from avenrae.queries.directory import count_practitioners
from avenrae.queries.directory_filters import PractitionerFilters
from avenrae.queries.documents import (
    DocumentState,
    get_file,
    list_certificates,
    list_documents,
    list_ending,
    list_unwarned,
    still_needed,
)
from avenrae.services.documents import NewFile, add_document, check_document, remove_document, warn_of_expiry
from avenrae.services.practitioners import submit_profile
from tests.make import actor_of, make_actor, make_document, make_practitioner

ADMIN = Actor.system("test")
PDF = NewFile("../my card.exe", b"%PDF-1.4\n...")
TODAY = date(2026, 3, 16)
CARD: dict[str, Any] = {"kind": "identity", "title": "  Identity  card ", "file": PDF}


def himself(session: Session, p: Any) -> Actor:
    """The practitioner as he is signed in."""
    return actor_of(session.get_one(User, p.user_id), practitioner=p)


def counted(session: Session) -> tuple[int, int]:
    """How many documents and files there are."""
    return tuple(
        session.execute(select(func.count()).select_from(m)).scalar_one() for m in (PractitionerDocument, DocumentFile)
    )


def test_a_document_is_handed_in_with_its_file(session: Session, noon: datetime) -> None:
    p = make_practitioner(session)
    me = himself(session, p)
    document = add_document(session, me, p.id, **CARD, expires_on=TODAY, number="123")
    (row,) = list_documents(session, me, p.id)
    assert (row.title, row.verdict, row.file_name, row.size_bytes) == ("Identity card", "waiting", "my card.pdf", 12)
    file = get_file(session, make_actor(session, Role.SUPPORT), document.id)
    assert (file.name, file.media_type, file.content) == ("my card.pdf", "application/pdf", PDF.content)
    trail = session.execute(text("SELECT after::text FROM audit_entries WHERE table_name = 'practitioner_documents'"))
    assert "PDF-1.4" not in trail.scalar_one()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"file": None}, "Choose the file"),
        ({"file": NewFile("a.pdf", b"")}, "Choose the file"),
        ({"file": NewFile("a.pdf", b"<html>")}, "neither a PDF nor"),
        ({"file": NewFile("a.svg", b"<svg onload=alert(1)>")}, "neither a PDF nor"),
        ({"file": NewFile("a.pdf", b"%PDF-" + bytes(5 * 1024 * 1024))}, "larger than 5 MB"),
        ({"kind": None}, "what kind"),
        ({"kind": "passport"}, "not one of the choices"),
        ({"title": "  "}, "a title"),
        ({"title": "x" * 201}, "200 letters at most"),
        ({"issued_on": TODAY, "expires_on": TODAY - timedelta(days=1)}, "before it was issued"),
        ({"expires_on": TODAY - timedelta(days=1)}, "has expired"),
    ],
)
def test_what_is_no_document_is_refused(
    session: Session, noon: datetime, changed: dict[str, Any], sentence: str
) -> None:
    p = make_practitioner(session)
    with pytest.raises(InvalidInput, match=sentence):
        add_document(session, himself(session, p), p.id, **{**CARD, **changed})
    assert counted(session) == (0, 0)


@pytest.mark.parametrize("name", ["card.pdf", "x.png", "y.jpeg"])
def test_the_first_bytes_say_what_a_file_is(session: Session, noon: datetime, name: str) -> None:
    p = make_practitioner(session)
    png = NewFile(name, b"\x89PNG\r\n\x1a\n....")
    assert add_document(session, ADMIN, p.id, **{**CARD, "file": png}).media_type == "image/png"


@pytest.mark.parametrize(
    ("role", "error"), [(Role.CLIENT, NotFound), (Role.PRACTITIONER, NotFound), (Role.SUPPORT, NotPermitted)]
)
@pytest.mark.parametrize("deed", ["accept", "remove"])
def test_others_documents_are_refused(
    session: Session, noon: datetime, role: Role, error: type[AvenraeError], deed: str
) -> None:
    """R-USR-01: refused by the service, and nothing has changed; clients and colleagues do not even see them."""
    p = make_practitioner(session)
    document = make_document(session, p, verdict=DocumentVerdict.WAITING)
    actor = make_actor(session, role)
    deeds = {
        "accept": lambda: check_document(session, actor, document.id, DocumentVerdict.ACCEPTED),
        "remove": lambda: remove_document(session, actor, document.id),
    }
    with pytest.raises(error):
        deeds[deed]()
    assert counted(session) == (1, 1)
    assert document.verdict == DocumentVerdict.WAITING
    if role is not Role.SUPPORT:
        assert list_documents(session, actor, p.id) == []
        with pytest.raises(NotFound, match="not yours to see"):
            get_file(session, actor, document.id)


def test_nobody_checks_his_own(session: Session, noon: datetime) -> None:
    """R-USR-01."""
    p = make_practitioner(session)
    document = make_document(session, p, verdict=DocumentVerdict.WAITING)
    with pytest.raises(NotPermitted, match="does not allow this"):
        check_document(session, himself(session, p), document.id, DocumentVerdict.ACCEPTED)
    assert document.verdict == DocumentVerdict.WAITING


def test_a_check_ends_in_accepted_or_refused(session: Session, noon: datetime) -> None:
    p = make_practitioner(session)
    admin = make_actor(session, Role.ADMIN)
    document = make_document(session, p, verdict=DocumentVerdict.WAITING)
    for verdict, note, sentence in (
        (DocumentVerdict.WAITING, "", "accepted or refused"),
        (DocumentVerdict.REFUSED, " ", "Say why"),
    ):
        with pytest.raises(InvalidInput, match=sentence):
            check_document(session, admin, document.id, verdict, note=note)
    check_document(session, admin, document.id, DocumentVerdict.REFUSED, note="The photo is blurred.")
    assert (document.checked_at, document.checked_by) == (noon, admin.user_id)
    (told,) = session.scalars(select(Notification))
    assert told.user_id == p.user_id
    assert "The photo is blurred." in told.body
    check_document(session, admin, document.id, DocumentVerdict.ACCEPTED)
    with pytest.raises(Conflict, match="accepted already"):
        check_document(session, admin, document.id, DocumentVerdict.ACCEPTED)
    with pytest.raises(Conflict, match="was accepted and stays"):
        remove_document(session, himself(session, p), document.id)
    assert counted(session) == (1, 1)


def test_what_was_refused_can_be_taken_away(session: Session, noon: datetime) -> None:
    p = make_practitioner(session)
    document = make_document(session, p, verdict=DocumentVerdict.REFUSED)
    remove_document(session, himself(session, p), document.id)
    assert counted(session) == (0, 0)


def test_a_profile_is_submitted_with_what_its_kind_needs(session: Session, noon: datetime) -> None:
    p = make_practitioner(
        session, kind=PractitionerKind.PSYCHOLOGIST, bio="A description.", verification_status=VerificationStatus.DRAFT
    )
    me = himself(session, p)
    with pytest.raises(InvalidInput, match=r"Proof of identity: missing; Certificate: missing\."):
        submit_profile(session, me, p.id)
    make_document(session, p, verdict=DocumentVerdict.WAITING)
    make_document(session, p, kind=DocumentKind.CERTIFICATE, expires_on=TODAY - timedelta(days=1))
    with pytest.raises(InvalidInput, match=r"first\. Certificate: expired\."):
        submit_profile(session, me, p.id)
    assert p.verification_status == VerificationStatus.DRAFT
    make_document(session, p, kind=DocumentKind.CERTIFICATE, expires_on=TODAY, verdict=DocumentVerdict.WAITING)
    submit_profile(session, me, p.id)
    documents = list_documents(session, ADMIN, p.id)
    needed = still_needed(PractitionerKind.PSYCHOLOGIST, documents, TODAY, checked=True)
    assert needed == ["Proof of identity: not checked yet", "Certificate: not checked yet"]


def test_clients_see_certificates_that_are_good(session: Session, noon: datetime) -> None:
    p, client = make_practitioner(session), make_actor(session, Role.CLIENT)
    certificate = {"kind": DocumentKind.CERTIFICATE, "issuer": "Board"}
    make_document(session, p, title="Good", expires_on=TODAY, **certificate)
    make_document(session, p, title="Over", expires_on=TODAY - timedelta(days=1), **certificate)
    make_document(session, p, title="Unchecked", verdict=DocumentVerdict.WAITING, **certificate)
    make_document(session, p, title="Card")
    assert [c.title for c in list_certificates(session, client, p.id)] == ["Good"]


@pytest.mark.parametrize(("days", "warned"), [(31, False), (30, True), (0, True), (-1, True)])
def test_documents_that_expire_are_found(session: Session, noon: datetime, days: int, warned: bool) -> None:
    """Home's list, the filter and the daily task mean the same ones, each told once for each stage."""
    p = make_practitioner(session)
    document = make_document(session, p, expires_on=TODAY + timedelta(days=days))
    expiring = PractitionerFilters(documents=DocumentState.EXPIRING)
    assert count_practitioners(session, ADMIN, expiring) == warned
    assert len(list_ending(session, himself(session, p), p.id)) == warned
    assert list_unwarned(session, ADMIN) == [document.id] * warned
    assert warn_of_expiry(session, ADMIN, document.id) is warned
    assert list_unwarned(session, ADMIN) == []
    warn_of_expiry(session, ADMIN, document.id)
    assert session.execute(select(func.count()).select_from(Notification)).scalar_one() == warned
    with clock.stopped(noon + timedelta(days=32)):
        assert list_unwarned(session, ADMIN) == [document.id] * (days >= 0)
    make_document(session, p, expires_on=TODAY + timedelta(days=900))
    assert count_practitioners(session, ADMIN, expiring) == 0
    assert list_ending(session, himself(session, p), p.id) == []
