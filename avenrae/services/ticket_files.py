"""Files that come with a message: few, small, and of kinds that are known by their first bytes."""

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy.orm import Session

from avenrae.errors import InvalidInput
from avenrae.models import TicketAttachment, TicketFile, TicketMessage

MOST = 5
LARGEST = 10 * 1024 * 1024
_OFFICE = "application/vnd.openxmlformats-officedocument"


@dataclass(frozen=True)
class NewFile:
    """A file as somebody sent it; neither its name nor what it says it is can be relied upon."""

    name: str
    content: bytes


def attach_files(session: Session, message: TicketMessage, files: Sequence[NewFile]) -> None:
    """Keep the files of a message, their bytes apart from it.

    Raises:
        InvalidInput: They are too many, one is too large or empty, or is none of the kinds that are taken.
    """
    if len(files) > MOST:
        raise InvalidInput(f"A message takes up to {MOST} files; you chose {len(files)}.")
    for file in files:
        name = safe_name(file.name)
        if not file.content:
            raise InvalidInput(f"“{name}” is empty.")
        if len(file.content) > LARGEST:
            raise InvalidInput(f"“{name}” is larger than {LARGEST // 1024 // 1024} MB.")
        attachment = TicketAttachment(
            message_id=message.id, name=name, content_type=content_type_of(name, file.content), size=len(file.content)
        )
        session.add(attachment)
        session.flush()
        session.add(TicketFile(attachment_id=attachment.id, content=file.content))
    session.flush()


def safe_name(name: str) -> str:
    """Return a file's name without folders and without signs that a header or a screen could mistake."""
    last = PurePosixPath(name.replace("\\", "/")).name
    plain = re.sub(r'[\x00-\x1f\x7f<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]', "_", last).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    return f"{stem[:180]}{dot}{ending[:15]}" if stem else plain[:200] or "file"


def content_type_of(name: str, content: bytes) -> str:
    """Return what a file is, by its first bytes and an ending that agrees with them.

    Raises:
        InvalidInput: It is none of the kinds that are taken, or calls itself another one than it is.
    """
    _, dot, ending = name.rpartition(".")
    kind = _KINDS.get(ending.lower()) if dot else None
    if kind is None or not kind[1](content):
        raise InvalidInput(
            f"“{name}” cannot be taken: pictures (PNG, JPEG, GIF, WebP), PDF, text, CSV, Word and Excel files can."
        )
    return kind[0]


def _begins(*signs: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(signs)


def _is_text(content: bytes) -> bool:
    if b"\0" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return not any(byte < 9 for byte in content)
    return True


def _holds(folder: str) -> Callable[[bytes], bool]:
    """Office files are archives with a list of their parts; only the list is read, nothing is unpacked."""

    def check(content: bytes) -> bool:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return False
        return "[Content_Types].xml" in names and any(name.startswith(folder) for name in names)

    return check


_JPEG = ("image/jpeg", _begins(b"\xff\xd8\xff"))
_KINDS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "png": ("image/png", _begins(b"\x89PNG\r\n\x1a\n")),
    "jpg": _JPEG,
    "jpeg": _JPEG,
    "gif": ("image/gif", _begins(b"GIF87a", b"GIF89a")),
    "webp": ("image/webp", lambda content: content[:4] == b"RIFF" and content[8:12] == b"WEBP"),
    "pdf": ("application/pdf", _begins(b"%PDF-")),
    "txt": ("text/plain", _is_text),
    "csv": ("text/csv", _is_text),
    "docx": (f"{_OFFICE}.wordprocessingml.document", _holds("word/")),
    "xlsx": (f"{_OFFICE}.spreadsheetml.sheet", _holds("xl/")),
}
ENDINGS = tuple(_KINDS)
"""The endings that are taken."""
