"""Tickets: which files are taken, under which names, and who may read them."""

import io
import zipfile

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae.enums import Role, TicketStatus
from avenrae.errors import InvalidInput, NotFound
from avenrae.models import TicketAttachment, TicketFile, User
from avenrae.permissions import Actor
from avenrae.queries.ticket_messages import get_file
from avenrae.queries.ticket_parts import read_part
from avenrae.services.ticket_files import LARGEST, NewFile, content_type_of, safe_name
from avenrae.services.tickets import write_message
from tests import make

SYSTEM = Actor.system("Test")
S = TicketStatus

PNG = b"\x89PNG\r\n\x1a\n0000"


def archive(*names: str) -> bytes:
    """An archive with empty parts of these names."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as made:
        for name in names:
            made.writestr(name, "")
    return kept.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", PNG, "image/png"),
        ("A.JPG", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.gif", b"GIF89a..", "image/gif"),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        ("a.pdf", b"%PDF-1.7", "application/pdf"),
        ("a.txt", "Grüße <script>".encode(), "text/plain"),
        ("a.csv", b"a;b\n1;2\xe4", "text/csv"),
        ("a.docx", archive("[Content_Types].xml", "word/document.xml"), None),
        ("a.xlsx", archive("[Content_Types].xml", "xl/workbook.xml"), None),
    ],
)
def test_files_are_known_by_their_bytes(name: str, content: bytes, kind: str | None) -> None:
    found = content_type_of(name, content)
    assert found == kind if kind else found.startswith("application/vnd.openxmlformats")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", b"<script>alert(1)</script>"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a.png", b"<script>alert(1)</script>"),
        ("a.pdf", PNG),
        ("a.txt", b"MZ\0\0"),
        ("a.docx", archive("xl/workbook.xml", "[Content_Types].xml")),
        ("a.docx", b"PK\x03\x04 broken"),
        ("a.exe", b"MZ"),
        ("png", PNG),
    ],
)
def test_what_is_no_such_file_is_refused(session: Session, desk: None, name: str, content: bytes) -> None:
    """The message is refused along with it."""
    ticket = make.make_ticket(session)
    with pytest.raises(InvalidInput, match=r"cannot be taken: pictures"):
        write_message(session, SYSTEM, ticket.id, "See there", files=[NewFile(name, content)])


def test_files_are_few_and_small(session: Session, desk: None) -> None:
    ticket = make.make_ticket(session)
    for files, sentence in (
        ([NewFile("a.png", PNG)] * 6, "A message takes up to 5 files; you chose 6."),
        ([NewFile("a.txt", b"x" * (LARGEST + 1))], "“a.txt” is larger than 10 MB."),
        ([NewFile("a.txt", b"")], "“a.txt” is empty."),
    ):
        with pytest.raises(InvalidInput) as refused:
            write_message(session, SYSTEM, ticket.id, "See there", files=files)
        assert refused.value.message == sentence
    assert session.scalar(select(func.count()).select_from(TicketFile)) == 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\temp\\a\r\nb.pdf", "a__b.pdf"),
        ('"><img src=x>.png', "___img src=x_.png"),
        ("evil\u202egnp.exe.png", "evil_gnp.exe.png"),
        ("x" * 400 + ".pdf", "x" * 180 + ".pdf"),
        ("  ", "file"),
    ],
)
def test_names_of_files_are_made_harmless(sent: str, kept: str) -> None:
    assert safe_name(sent) == kept


def test_a_file_is_read_by_who_reads_its_message(session: Session, desk: None) -> None:
    """R-USR-01: those of internal notes by the desk alone."""
    ticket = make.make_ticket(session)
    own = make.actor_of(session.get_one(User, ticket.requester_id))
    write_message(session, SYSTEM, ticket.id, "For you", files=[NewFile("public.png", PNG)])
    write_message(session, SYSTEM, ticket.id, "For us", files=[NewFile("inside.png", PNG)], is_internal=True)
    keys = dict(session.execute(select(TicketAttachment.name, TicketAttachment.id)).all())
    assert get_file(session, own, keys["public.png"]).content == PNG
    assert get_file(session, SYSTEM, keys["inside.png"]).content_type == "image/png"
    for who, name in ((own, "inside.png"), (make.make_actor(session, Role.CLIENT), "public.png")):
        with pytest.raises(NotFound, match=r"^There is no such file, or it is not yours to see\.$"):
            get_file(session, who, keys[name])
    assert [[a.name for a in m.attachments] for m in read_part(session, own, ticket.id).messages] == [
        [],
        ["public.png"],
    ]
