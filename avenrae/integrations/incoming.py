"""Reading an e-mail that somebody sent us: who, about what, the words and the files, and whether a machine wrote it.

Nothing in a mail can be relied upon. Whatever cannot be read becomes a sentence instead of an error, and what would
take a machine long to read is refused by its size first.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from hashlib import sha256
from html.parser import HTMLParser
from typing import cast

LARGEST = 15 * 1024 * 1024
_MOST_PARTS = 200
_LONGEST_TEXT = 100_000
_LONGEST_ID = 500
_SKIPPED = {"script", "style", "head", "title", "template", "noscript"}
_BREAKS = {"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table", "ul", "ol", "hr"}
_QUOTED = re.compile(
    r"^(On .{5,200} wrote:|Am .{5,200} schrieb .{1,200}:|Op .{5,200} schreef .{1,200}:|Le .{5,200} a écrit\s?:"
    r"|-{3,} ?(Original Message|Forwarded message|Oorspronklike boodskap) ?-{3,}|_{10,})$",
    re.IGNORECASE,
)
_SIGNATURE = "-- "


class TooLarge(Exception):
    """The mail is larger than what is read."""


@dataclass(frozen=True)
class IncomingMail:
    """What a mail says; `key` is its Message-ID, or made of its content where it has none, so that it counts once."""

    key: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    files: tuple[tuple[str, bytes], ...]
    automatic: str


def read_mail(raw: bytes, envelope_to: tuple[str, ...] = ()) -> IncomingMail:
    """Return what a mail says; `envelope_to` are the recipients that the server was told.

    Raises:
        TooLarge: It is larger than 15 MB.
    """
    if len(raw) > LARGEST:
        raise TooLarge
    message = message_from_bytes(raw, policy=policy.default)
    text, files = _content(message)
    return IncomingMail(
        key=_header(message, "Message-ID").strip("<> ")[:_LONGEST_ID] or f"without-id-{sha256(raw).hexdigest()}",
        sender=_sender(message),
        recipients=tuple(dict.fromkeys((*(a.lower() for a in envelope_to), *_addresses(message, "To", "Cc")))),
        subject=" ".join(_header(message, "Subject").split())[:200],
        text=without_quotes(text)[:_LONGEST_TEXT],
        files=tuple(files),
        automatic=_automatic(message),
    )


def without_quotes(text: str) -> str:
    """Return what somebody wrote himself: without the mail he answers at its end, and without his signature."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for n, line in enumerate(lines):
        if _QUOTED.match(line.strip()) or line == _SIGNATURE:
            lines = lines[:n]
            break
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith(">")):
        lines.pop()
    return "\n".join(line.rstrip() for line in lines).strip()


def _automatic(message: EmailMessage) -> str:
    """Return by which sign a machine wrote this mail (RFC 3834), or nothing; such a mail is never answered."""
    submitted = _header(message, "Auto-Submitted").strip().lower()
    if submitted and submitted.split(";")[0].strip() != "no":
        return f"Auto-Submitted: {submitted[:60]}"
    if _header(message, "Precedence").strip().lower() in ("bulk", "junk", "list", "auto_reply"):
        return "bulk mail"
    for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id", "List-Unsubscribe"):
        if _header(message, name):
            return name
    if _header(message, "Return-Path").strip() == "<>":
        return "a report about delivery"
    if message.get_content_type() == "multipart/report":
        return "a report about delivery"
    return ""


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name) or "")
    except Exception:  # what the parser of the standard library trips over is as good as absent
        return ""


def _sender(message: EmailMessage) -> str:
    found = list(_addresses(message, "From"))
    return found[0] if len(found) == 1 else ""


def _addresses(message: EmailMessage, *names: str) -> Iterator[str]:
    for name in names:
        try:
            for header in message.get_all(name) or []:
                yield from (a.addr_spec.lower() for a in cast("AddressHeader", header).addresses if "@" in a.addr_spec)
        except Exception:  # noqa: S112  # as above
            continue


def _content(message: EmailMessage) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the words and the files of a mail; plain text comes before HTML, which is read as text."""
    plain: list[str] = []
    rich: list[str] = []
    files: list[tuple[str, bytes]] = []
    for number, part in enumerate(message.walk()):
        if number > _MOST_PARTS:
            break
        if part.is_multipart():
            continue
        kind, name = part.get_content_type(), _file_name(part)
        if name or part.get_content_disposition() == "attachment" or kind not in ("text/plain", "text/html"):
            files.append((name or "attachment", _bytes(part)))
        elif kind == "text/plain":
            plain.append(_words(part))
        else:
            rich.append(_words(part))
    return "\n".join(plain) if any(p.strip() for p in plain) else text_of_html("\n".join(rich)), files


def _file_name(part: EmailMessage) -> str:
    try:
        return part.get_filename() or ""
    except Exception:
        return ""


def _bytes(part: EmailMessage) -> bytes:
    try:
        return cast("bytes", part.get_payload(decode=True) or b"")
    except Exception:
        return b""


def _words(part: EmailMessage) -> str:
    content = _bytes(part)
    for charset in (part.get_content_charset() or "utf-8", "utf-8", "cp1252"):
        try:
            return content.decode(charset).replace("\0", "")
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("utf-8", "replace").replace("\0", "")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._skipping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self._skipping += 1
        elif tag in _BREAKS:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipping = max(0, self._skipping - 1)

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.found.append(re.sub(r"\s+", " ", data))


def text_of_html(html: str) -> str:
    """Return the words of an HTML mail, a line for each block; nothing of it is ever shown as HTML."""
    parser = _Words()
    parser.feed(html[: 4 * _LONGEST_TEXT])
    parser.close()
    lines = (line.strip() for line in "".join(parser.found).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
