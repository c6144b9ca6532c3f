"""Spans of time that filters and figures are cut to: days and months on the clock of a zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from avenrae import clock
from avenrae.errors import InvalidInput

PRESETS: Mapping[str, tuple[str, int, int]] = {
    "today": ("Today", 0, 1),
    "tomorrow": ("Tomorrow", 1, 2),
    "next-7": ("Next 7 days", 0, 7),
    "next-28": ("Next 4 weeks", 0, 28),
    "past-7": ("Past 7 days", -7, 0),
    "past-30": ("Past 30 days", -30, 0),
    "past-365": ("Past year", -365, 0),
}
"""Each preset: its name, and the days from today where it begins and ends (the end not included)."""


@dataclass(frozen=True)
class Span:
    """From an instant to another, the second not included; None is open."""

    start: datetime | None = None
    end: datetime | None = None


def midnight(day: date, zone: str) -> datetime:
    """Return the instant at which a day begins in a zone, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def today(zone: str) -> date:
    """Return the date it is now in a zone."""
    return clock.now().astimezone(ZoneInfo(zone)).date()


def span_of(params: Mapping[str, str], zone: str) -> Span:
    """Return the span that `when` (a preset) or `from` and `to` (dates, both included) name in an address.

    Raises:
        InvalidInput: A date is none, or the span ends before it begins.
    """
    if preset := PRESETS.get(params.get("when", "")):
        _, first, last = preset
        start = today(zone)
        return Span(midnight(start + timedelta(days=first), zone), midnight(start + timedelta(days=last), zone))
    first_day, last_day = _date(params.get("from")), _date(params.get("to"))
    if first_day and last_day and last_day < first_day:
        raise InvalidInput("The last day is before the first. Swap them.")
    return Span(
        midnight(first_day, zone) if first_day else None,
        midnight(last_day + timedelta(days=1), zone) if last_day else None,
    )


def _date(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"“{text}” is not a date; write it like 2026-03-16.") from None
