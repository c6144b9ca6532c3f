"""Spans of time that filters and figures are cut to: days and months on the clock of a zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, available_timezones

from avenrae import clock
from avenrae.errors import InvalidInput
from avenrae.queries.listing import one_of

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


class Side(StrEnum):
    """A side of the midnight that today began with, as a list's `view`."""

    UPCOMING = "upcoming"
    PAST = "past"
    ALL = "all"


@dataclass(frozen=True)
class Span:
    """From an instant to another, the second not included; None is open."""

    start: datetime | None = None
    end: datetime | None = None


def midnight(day: date, zone: str) -> datetime:
    """Return the instant at which a day begins in a zone, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def known_zone(name: str) -> str:
    """Return a time zone's name as it is.

    Raises:
        InvalidInput: There is no such zone.
    """
    if name not in available_timezones():
        raise InvalidInput(f"“{name}” is not a time zone; choose one such as Africa/Johannesburg.")
    return name


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


def span_or_side(params: Mapping[str, str], zone: str) -> Span:
    """Return the span that an address names; where it names none, the side of today that its `view` is.

    Raises:
        InvalidInput: A date or the view is none, or the span ends before it begins.
    """
    span = span_of(params, zone)
    side = one_of(Side, params.get("view"))
    if span.start or span.end or side in (None, Side.ALL):
        return span
    start = midnight(today(zone), zone)
    return Span(start=start) if side is Side.UPCOMING else Span(end=start)


def _date(text: str | None) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"“{text}” is not a date; write it like 2026-03-16.") from None
    if not 1900 <= found.year < 2200:
        raise InvalidInput(f"“{text}” is not a date of this business; choose one from 1900 to 2199.")
    return found


FIGURE_PERIODS: Mapping[str, str] = {
    "6-months": "Last 6 full months",
    "12-months": "Last 12 full months",
    "3-months": "Last 3 full months",
    "last-month": "Last full month",
    "this-month": "This month so far",
    "this-year": "This year so far",
    "last-year": "Last year",
    "all": "Everything",
    "dates": "Chosen dates",
}
"""The periods that figures are shown for."""


@dataclass(frozen=True)
class FigurePeriod:
    """A period of whole months, the one of equal length before it, and whether it is still running.

    A running period is not compared with a whole one (R-AN-04), nor one with months before the books began:
    those have no `before`.
    """

    span: Span
    before: Span | None
    is_running: bool

    def days(self, zone: str) -> dict[str, str]:
        """Return the first and the last day, as `from` and `to` of an address."""
        if self.span.start is None or self.span.end is None:
            return {}
        first, after = (t.astimezone(ZoneInfo(zone)).date() for t in (self.span.start, self.span.end))
        return {"from": first.isoformat(), "to": (after - timedelta(days=1)).isoformat()}


def figure_period(name: str, zone: str, books: Span, chosen: Span | None = None) -> FigurePeriod:
    """Return the period of a name in `FIGURE_PERIODS`, cut in a zone.

    `books` is where the entries begin and end, `chosen` the span of “Chosen dates”.
    """
    if chosen and chosen.start and chosen.end:
        return FigurePeriod(chosen, None, is_running=chosen.end > clock.now())
    month = today(zone).replace(day=1)
    first, months = {
        "12-months": (add_months(month, -12), 12),
        "6-months": (add_months(month, -6), 6),
        "3-months": (add_months(month, -3), 3),
        "last-month": (add_months(month, -1), 1),
        "this-month": (month, 1),
        "this-year": (month.replace(month=1), 12),
        "last-year": (month.replace(year=month.year - 1, month=1), 12),
    }.get(name, (None, 0))
    if first is None:
        begun = books.start.astimezone(ZoneInfo(zone)).date().replace(day=1) if books.start else month
        ended = books.end.astimezone(ZoneInfo(zone)).date().replace(day=1) if books.end else month
        return FigurePeriod(
            Span(midnight(begun, zone), midnight(add_months(ended, 1), zone)), None, is_running=ended >= month
        )
    after = add_months(first, months)
    span = Span(midnight(first, zone), midnight(after, zone))
    is_running = after > month
    before: Span | None = Span(midnight(add_months(first, -months), zone), span.start)
    begun_in = books.start.astimezone(ZoneInfo(zone)).date().replace(day=1) if books.start else None
    if is_running or (begun_in and begun_in > add_months(first, -months)):
        before = None
    return FigurePeriod(span, before, is_running)


def add_months(first: date, months: int) -> date:
    """Return the first of the month so many months after a first of a month."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)
