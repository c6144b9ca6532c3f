"""How things read on a screen: times with their zone, statuses with their colour, money, words."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from avenrae.enums import (
    AvailabilityStatus,
    BookingStatus,
    DocumentVerdict,
    MailStatus,
    MailVerdict,
    OrderStatus,
    PaymentStatus,
    ReviewStatus,
    TicketPriority,
    TicketStatus,
    TransactionStatus,
    VerificationStatus,
    WaitlistStatus,
)
from avenrae.money import show as show_money
from avenrae.ui.records import Cell, Tone

__all__ = [
    "badge",
    "count",
    "day",
    "first_to_last",
    "how_long",
    "in_a_row",
    "number",
    "percent",
    "plain_text",
    "show_money",
    "status_word",
    "time_range",
    "when",
    "words",
]

_TONES: dict[type[StrEnum], dict[str, Tone]] = {
    BookingStatus: {
        "pending": "amber",
        "confirmed": "blue",
        "completed": "green",
        "no_show": "red",
    },
    PaymentStatus: {"unpaid": "amber", "paid": "green", "partially_refunded": "violet"},
    WaitlistStatus: {"waiting": "amber", "offered": "violet", "booked": "green"},
    OrderStatus: {"pending": "amber", "paid": "blue", "fulfilled": "green"},
    VerificationStatus: {"submitted": "amber", "approved": "green", "rejected": "red", "suspended": "red"},
    TransactionStatus: {"pending": "amber", "succeeded": "green", "failed": "red"},
    MailVerdict: {"replied": "green", "opened": "blue", "set_aside": "amber"},
    MailStatus: {"waiting": "blue", "sent": "green", "kept": "amber", "failed": "red"},
    ReviewStatus: {"waiting": "amber", "published": "green", "hidden": "red"},
    AvailabilityStatus: {"available": "green", "busy": "amber"},
    TicketStatus: {"open": "blue", "in_progress": "violet", "waiting": "amber", "resolved": "green"},
    TicketPriority: {"urgent": "red", "high": "amber", "medium": "blue"},
    DocumentVerdict: {"waiting": "amber", "accepted": "green", "refused": "red"},
}
_MARKDOWN_COLOURS = {"amber": "orange", "grey": "gray"}
_MARKDOWN_SIGNS = frozenset("\\`*_[]<>$~:#|")
_ADDRESS = re.compile(r"(https?:|www)(//|\.)", re.IGNORECASE)
_WORDS = {"no_show": "No-show"}


def words(value: str) -> str:
    """Return a word of an enum as people write it: `partially_refunded` becomes `Partially refunded`."""
    return _WORDS.get(value, value.replace("_", " ").capitalize())


def plain_text(text: str) -> str:
    """Return somebody's words so that Markdown shows them as they are: no links, images or headings."""
    # A bare address becomes a link whatever is escaped; an invisible joiner in it keeps it text.
    text = _ADDRESS.sub("\\1\u2060\\2", text)
    return "".join(f"\\{sign}" if sign in _MARKDOWN_SIGNS else sign for sign in text)


def beginning(text: str, longest: int) -> str:
    """Return how a text begins, on one line; “…” stands for what follows."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[:longest]}…"


def badge(status: StrEnum) -> Cell:
    """Return a status as a table cell: a word with a coloured mark."""
    return Cell(words(status.value), tone=_tone(status))


def status_word(status: StrEnum) -> str:
    """Return a status as a Markdown badge for a page's head."""
    tone = _tone(status)
    return f":{_MARKDOWN_COLOURS.get(tone, tone)}-badge[{words(status.value)}]"


def _tone(status: StrEnum) -> Tone:
    return _TONES.get(type(status), {}).get(status.value, "grey")


def when(at: datetime | None, zone: str, *, seconds: bool = False) -> str:
    """Return an instant in a zone, with the zone's short name: `Mon 16 Mar 2026, 12:00 SAST`."""
    if at is None:
        return "–"
    local = at.astimezone(ZoneInfo(zone))
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b %Y}, {clock} {_zone_name(local)}"


def day(at: datetime, zone: str) -> str:
    """Return the date of an instant in a zone: `Mon 16 Mar 2026`."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y}"


def first_to_last(start: datetime, end: datetime, zone: str) -> str:
    """Return the days from an instant to another that is not included: `Sun 1 Mar 2026 to Tue 31 Mar 2026 (UTC)`."""
    first, last = day(start, zone), day(end - timedelta(microseconds=1), zone)
    return f"{first} ({zone})" if first == last else f"{first} to {last} ({zone})"


def time_range(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """Return from–to on the clock of a zone: `12:00–13:00 SAST`."""
    start, end = (t.astimezone(ZoneInfo(zone)) for t in (starts_at, ends_at))
    return f"{start:%H:%M}–{end:%H:%M} {_zone_name(start)}"


def how_long(time: timedelta) -> str:
    """Return a length of time in its two largest units: `25 min`, `3 h 10 min`, `2 days 4 h`."""
    minutes = max(0, round(time.total_seconds() / 60))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "day" if days == 1 else "days"), (hours, "h"), (minutes, "min")]
    largest = next((n for n, (amount, _) in enumerate(parts) if amount), 2)
    told = [f"{amount} {unit}" for amount, unit in parts[largest : largest + 2] if amount]
    return " ".join(told) or "0 min"


def count(n: int, one: str, many: str = "", *, limit: int = 100_000) -> str:
    """Return a number with its noun: `1 booking`, `2 340 bookings`, `10 000+ bookings`."""
    shown = number(min(n, limit)) + ("+" if n > limit else "")
    return f"{shown} {one if n == 1 else many or one + 's'}"


def in_a_row(words: Sequence[str]) -> str:
    """Return words as a sentence names them: `admins, practitioners and support`."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def number(n: int) -> str:
    """Return a whole number with its thousands apart."""
    return f"{n:,}".replace(",", "\u00a0")


def percent(part: float, whole: float) -> str:
    """Return a share in percent with one digit; of nothing it is “–”, never 0 %."""
    return f"{part / whole * 100:.1f} %" if whole else "–"


def _zone_name(local: datetime) -> str:
    name = f"{local:%Z}"
    return f"UTC{name}" if name[:1] in "+-" else name
