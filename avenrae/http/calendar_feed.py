"""Sessions for calendars outside the console, as iCalendar (RFC 5545): one to download, or a private feed."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from avenrae import clock
from avenrae.db.transaction import read_session
from avenrae.enums import BookingStatus, Role
from avenrae.errors import NotFound, NotSignedIn
from avenrae.http.guard import find_session
from avenrae.queries.calendar_feed import CalendarEntry, Feed, find_feed, get_calendar_entry
from avenrae.queries.sessions import find_actor

_LONGEST = 75
_WORDS = {
    BookingStatus.PENDING: "waits for an answer",
    BookingStatus.CONFIRMED: "confirmed",
    BookingStatus.COMPLETED: "completed",
    BookingStatus.CANCELLED: "cancelled",
    BookingStatus.NO_SHOW: "the client did not come",
}


async def booking_file(request: Request) -> Response:
    """Answer with one session for a calendar, to whoever may see it.

    Raises:
        NotSignedIn: Nobody is signed in.
        NotFound: There is no such booking for who asks.
    """
    session_id = await find_session(request.headers)
    entry, for_client = await to_thread.run_sync(_entry, session_id, request.query_params.get("id", ""))
    name = f"{entry.reference}.ics"
    return _answer(calendar([entry], for_client=for_client), {"Content-Disposition": f'attachment; filename="{name}"'})


async def feed(request: Request) -> Response:
    """Answer with a practitioner's sessions, to whoever knows the secret address.

    Raises:
        NotFound: Nobody has this address, or not any more.
    """
    token = request.path_params["token"]
    # An error of ours is logged with its path, and this one is a secret.
    request.scope["path"] = "/feed/"
    found = await to_thread.run_sync(_feed, token)
    if found is None:
        raise NotFound("There is no such calendar. Its address may have been changed.")
    body = calendar(found.entries, name=f"Avenrae: {found.practitioner_name}")
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in known or known == ["*"]:
        return Response(status_code=304, headers={"ETag": etag})
    return _answer(body, {"ETag": etag})


def calendar(entries: Iterable[CalendarEntry], *, name: str = "", for_client: bool = False) -> bytes:
    """Return sessions as one iCalendar file; the same sessions always make the same file."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Avenrae//Console//EN", "CALSCALE:GREGORIAN"]
    if name:
        lines += [f"X-WR-CALNAME:{escape(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT15M", "X-PUBLISHED-TTL:PT15M"]
    for entry in entries:
        lines += _event(entry, for_client=for_client)
    lines.append("END:VCALENDAR")
    return b"".join(fold(line) for line in lines)


def escape(words: str) -> str:
    """Return text as a value: separators and line breaks escaped, other control characters left out."""
    one_kind = words.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in one_kind if c == "\n" or (c >= " " and c != "\x7f"))
    return kept.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def fold(line: str) -> bytes:
    """Return a line with its end, broken so that no part is longer than 75 octets and no character is cut."""
    parts, part = [], b""
    for character in line:
        octets = character.encode("utf-8", "replace")
        if len(part) + len(octets) > _LONGEST:
            parts.append(part)
            part = b" "
        part += octets
    return b"\r\n".join([*parts, part]) + b"\r\n"


def _event(entry: CalendarEntry, *, for_client: bool) -> list[str]:
    status = _status(entry)
    other = f"with {entry.practitioner_name}" if for_client else f"for {entry.client_name}"
    zone = ZoneInfo(entry.time_zone)
    start, end = entry.starts_at.astimezone(zone), entry.ends_at.astimezone(zone)
    described = (
        f"Booking {entry.reference}: {_WORDS[entry.status]}\n"
        f"{start:%Y-%m-%d %H:%M} to {end:%H:%M} in {entry.time_zone.replace('_', ' ')}"
    )
    return [
        "BEGIN:VEVENT",
        f"UID:{entry.id}@avenrae",
        f"DTSTAMP:{_utc(entry.updated_at)}",
        f"LAST-MODIFIED:{_utc(entry.updated_at)}",
        f"DTSTART:{_utc(entry.starts_at)}",
        f"DTEND:{_utc(entry.ends_at)}",
        f"SEQUENCE:{entry.sequence}",
        f"STATUS:{status}",
        f"TRANSP:{'TRANSPARENT' if status == 'CANCELLED' else 'OPAQUE'}",
        f"SUMMARY:{escape(f'{entry.service_title} {other}')}",
        f"DESCRIPTION:{escape(described)}",
        "END:VEVENT",
    ]


def _status(entry: CalendarEntry) -> str:
    """A request whose hold has run out keeps its time no longer, whether or not that has been written down yet."""
    if entry.status is BookingStatus.PENDING:
        over = entry.hold_expires_at is not None and entry.hold_expires_at <= clock.now()
        return "CANCELLED" if over else "TENTATIVE"
    return "CANCELLED" if entry.status is BookingStatus.CANCELLED else "CONFIRMED"


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _answer(body: bytes, headers: dict[str, str]) -> Response:
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)


def _entry(session_id: Any, booking_id: str) -> tuple[CalendarEntry, bool]:
    with read_session() as session:
        actor = find_actor(session, session_id) if session_id else None
        if actor is None:
            raise NotSignedIn("You are signed out. Sign in again to download this file.")
        try:
            key = uuid.UUID(booking_id)
        except ValueError:
            raise NotFound("There is no such booking, or it is not yours to see.") from None
        return get_calendar_entry(session, actor, key), actor.role is Role.CLIENT


def _feed(token: str) -> Feed | None:
    with read_session() as session:
        return find_feed(session, token)
