"""Repeating days: the part of RFC 5545's RRULE that opening hours, events elsewhere and weekly series need.

A rule is asked about one day at a time and answers without counting up to it, so neither its length nor its
age costs anything. Only days repeat here; the hours come from the wall clock of each day.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from avenrae.errors import InvalidInput
from avenrae.scheduling.zones import instant

Frequency = Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
_FREQUENCIES: dict[str, Frequency] = {"DAILY": "DAILY", "WEEKLY": "WEEKLY", "MONTHLY": "MONTHLY"}
_OF_EVENTS: dict[str, Frequency] = {**_FREQUENCIES, "YEARLY": "YEARLY"}
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_KNOWN = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL"})
_KNOWN_OF_EVENTS = _KNOWN | {"BYMONTH", "BYSETPOS", "WKST"}
_LONGEST_TEXT = 200
_LONGEST_RUN = timedelta(days=3653)
_LONGEST_WINDOW = timedelta(days=1100)
_MOST = {"INTERVAL": 366, "COUNT": 1000}
_MOST_OF_EVENTS = {"INTERVAL": 9999, "COUNT": 9999}


SERIES = range(2, 27)
EVERY = range(1, 5)
"""How many sessions a series has, and how many weeks lie between two."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Days that repeat; `weekdays` pairs 0 = Monday with which one of the month (0 = each), `last` is inclusive.

    `positions` keeps the nth of a month's days that the rest names, counted from its end below zero.
    """

    frequency: Frequency
    interval: int = 1
    weekdays: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    first: date | None = None
    last: date | None = None
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0

    def falls_on(self, day: date) -> bool:
        """Say whether the rule names this day; a month without the day is skipped, never clamped (R-BOOK-08)."""
        if (self.first and day < self.first) or (self.last and day > self.last):
            return False
        if not self._in_step(day):
            return False
        return day.day in _chosen(self, day.year, day.month) if self.positions else self.names(day)

    def _in_step(self, day: date) -> bool:
        if self.interval == 1 or self.first is None:
            return True
        if self.frequency == "DAILY":
            periods = (day - self.first).days
        elif self.frequency == "WEEKLY":
            monday = 1 + self.week_start
            periods = (day.toordinal() - monday) // 7 - (self.first.toordinal() - monday) // 7
        elif self.frequency == "YEARLY":
            periods = day.year - self.first.year
        else:
            periods = (day.year - self.first.year) * 12 + day.month - self.first.month
        return periods % self.interval == 0

    def names(self, day: date) -> bool:
        """Say whether it is one of the days that the rule names, in step or not."""
        if self.months and day.month not in self.months:
            return False
        if not self.weekdays and not self.month_days:
            return True
        length = monthrange(day.year, day.month)[1]
        if self.month_days and day.day not in self.month_days and day.day - length - 1 not in self.month_days:
            return False
        nth = (0, (day.day - 1) // 7 + 1, -((length - day.day) // 7) - 1)
        return not self.weekdays or any(wanted == day.weekday() and n in nth for wanted, n in self.weekdays)


@lru_cache(maxsize=1024)
def _chosen(rule: Recurrence, year: int, month: int) -> frozenset[int]:
    """Return the days of a month that are in a rule's positions among those it names."""
    days = range(1, monthrange(year, month)[1] + 1)
    named = [day for day in days if rule.names(date(year, month, day))]
    return frozenset(d for n, d in enumerate(named) if n + 1 in rule.positions or n - len(named) in rule.positions)


@dataclass(frozen=True, slots=True)
class EventRule:
    """What an event elsewhere says of its days; how often and until when, as far as it does."""

    days: Recurrence
    count: int | None
    until: str | None


@lru_cache(maxsize=4096)
def parse(text: str, first: date | None = None) -> Recurrence:
    """Read an RRULE such as `FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH`, counted from its first day.

    The first day is needed where something depends on it: INTERVAL above 1, COUNT, UNTIL (a date, inclusive),
    or a weekly or monthly rule that names no day. Weeks begin on Monday.

    Raises:
        InvalidInput: It is not one of the rules that opening hours may follow; the sentence says why.
    """
    parts = _parts(text, _KNOWN)
    frequency = _FREQUENCIES.get(parts.get("FREQ", ""))
    if frequency is None:
        raise InvalidInput("A rule repeats daily, weekly or monthly: FREQ=DAILY, FREQ=WEEKLY or FREQ=MONTHLY.")
    interval = _number(parts, "INTERVAL", _MOST) or 1
    weekdays = _weekdays(parts.get("BYDAY"), frequency)
    month_days = _month_days(parts.get("BYMONTHDAY"), frequency)
    implied = frequency != "DAILY" and not weekdays and not month_days
    if first is None:
        if implied or interval > 1 or parts.keys() & {"COUNT", "UNTIL"}:
            raise InvalidInput("This rule counts from its first day; say from which date it is valid.")
    elif implied and frequency == "WEEKLY":
        weekdays = ((first.weekday(), 0),)
    elif implied:
        month_days = (first.day,)
    rule = Recurrence(frequency, interval, weekdays, month_days, first)
    last = _last_day(rule, parts)
    return Recurrence(frequency, interval, weekdays, month_days, first, last)


def parse_event(text: str, first: date) -> EventRule:
    """Read the RRULE of an event in somebody's calendar, which may say more than one of opening hours.

    Raises:
        InvalidInput: It repeats more often than daily, or in a way that is not understood; the sentence says how.
    """
    parts = _parts(text, _KNOWN_OF_EVENTS)
    frequency = _OF_EVENTS.get(parts.get("FREQ", ""))
    if frequency is None:
        raise InvalidInput("It repeats otherwise than by days, weeks, months or years.")
    weekdays = _weekdays(parts.get("BYDAY"), frequency)
    month_days = _month_days(parts.get("BYMONTHDAY"), frequency)
    months = _listed(parts, "BYMONTH", range(1, 13))
    positions = _listed(parts, "BYSETPOS", [*range(-31, 0), *range(1, 32)])
    if any(n for _, n in weekdays) and frequency == "YEARLY" and not months:
        raise InvalidInput("It counts weekdays from the beginning of the year.")
    if positions and frequency != "MONTHLY" and not (frequency == "YEARLY" and len(months) == 1):
        raise InvalidInput("It chooses among days otherwise than within a month.")
    if parts.get("WKST", "MO") not in WEEKDAYS:
        raise InvalidInput("Its weeks begin on no weekday.")
    if not weekdays and not month_days:
        if frequency == "WEEKLY":
            weekdays = ((first.weekday(), 0),)
        elif frequency != "DAILY":
            month_days = (first.day,)
            months = months or ((first.month,) if frequency == "YEARLY" else ())
    days = Recurrence(
        frequency,
        _number(parts, "INTERVAL", _MOST_OF_EVENTS) or 1,
        weekdays,
        month_days,
        first,
        months=months,
        positions=positions,
        week_start=WEEKDAYS.index(parts.get("WKST", "MO")),
    )
    return EventRule(days, _number(parts, "COUNT", _MOST_OF_EVENTS), parts.get("UNTIL"))


def dates(rule: Recurrence, since: date, until: date) -> list[date]:
    """Return the days on which a rule falls, both ends included.

    Raises:
        InvalidInput: The window ends before it begins or is longer than three years.
    """
    if until < since:
        raise InvalidInput("The last day lies before the first; swap them.")
    if until - since > _LONGEST_WINDOW:
        raise InvalidInput("At most three years can be looked at together; choose a shorter time.")
    days = (since + timedelta(days=n) for n in range((until - since).days + 1))
    return [day for day in days if rule.falls_on(day)]


def weekly(first: datetime, zone: ZoneInfo, times: int, every: int = 1) -> list[datetime]:
    """Return the UTC starts of a series: every so many weeks at the same time by the zone's clocks (R-BOOK-08).

    The first is kept as it was agreed, also in an hour that the clocks show twice.

    Raises:
        InvalidInput: Fewer than 2 or more than 26 times, or not every 1 to 4 weeks.
    """
    if times not in SERIES or every not in EVERY:
        raise InvalidInput(f"A series has {SERIES[0]} to {SERIES[-1]} sessions, {EVERY[0]} to {EVERY[-1]} weeks apart.")
    local = first.astimezone(zone)
    following = (local.date() + timedelta(weeks=every * n) for n in range(1, times))
    return [first.astimezone(UTC), *(instant(day, local.time(), zone) for day in following)]


def _parts(text: str, known: frozenset[str]) -> dict[str, str]:
    if len(text) > _LONGEST_TEXT:
        raise InvalidInput(f"The rule is too long; {_LONGEST_TEXT} characters are enough.")
    parts: dict[str, str] = {}
    for part in text.strip().upper().split(";"):
        name, _, value = part.partition("=")
        if name not in known:
            raise InvalidInput(f"“{part}” cannot be part of a rule; use FREQ, {', '.join(sorted(known - {'FREQ'}))}.")
        if name in parts:
            raise InvalidInput(f"{name} stands in the rule twice; keep one.")
        parts[name] = value
    return parts


def _number(parts: dict[str, str], name: str, most: dict[str, int]) -> int | None:
    if name not in parts:
        return None
    if not re.fullmatch(r"[0-9]{1,4}", parts[name]) or not 1 <= int(parts[name]) <= most[name]:
        raise InvalidInput(f"{name} is a number from 1 to {most[name]}, not “{parts[name]}”.")
    return int(parts[name])


def _listed(parts: dict[str, str], name: str, possible: Sequence[int]) -> tuple[int, ...]:
    if name not in parts:
        return ()
    found = parts[name].split(",")
    if not all(re.fullmatch(r"[+-]?[0-9]{1,2}", n) and int(n) in possible for n in found):
        raise InvalidInput(f"{name} cannot be “{parts[name]}”.")
    return tuple(int(n) for n in found)


def _weekdays(value: str | None, frequency: Frequency) -> tuple[tuple[int, int], ...]:
    found = []
    for item in value.split(",") if value is not None else ():
        match = re.fullmatch(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)", item)
        if match is None:
            raise InvalidInput(f"“{item}” is not a weekday; write MO, TU, WE, TH, FR, SA or SU.")
        if match[1] and frequency not in ("MONTHLY", "YEARLY"):
            raise InvalidInput(f"“{item}” counts weekdays of a month and needs FREQ=MONTHLY.")
        found.append((WEEKDAYS.index(match[2]), int(match[1] or 0)))
    return tuple(found)


def _month_days(value: str | None, frequency: Frequency) -> tuple[int, ...]:
    if value is None:
        return ()
    if frequency == "WEEKLY":
        raise InvalidInput("A weekly rule cannot name days of the month; use FREQ=MONTHLY.")
    items = value.split(",")
    for item in items:
        if not re.fullmatch(r"[+-]?[0-9]{1,2}", item) or not 1 <= abs(int(item)) <= 31:
            raise InvalidInput(f"“{item}” is not a day of the month; write 1 to 31, or −1 for the last day as -1.")
    return tuple(int(item) for item in items)


def _last_day(rule: Recurrence, parts: dict[str, str]) -> date | None:
    """Return where the rule ends, from UNTIL or by counting; a rule that ends may run ten years."""
    count, until = _number(parts, "COUNT", _MOST), parts.get("UNTIL")
    if rule.first is None or (count is None and until is None):
        return None
    if count is not None and until is not None:
        raise InvalidInput("A rule ends after COUNT times or on the day UNTIL, not both; keep one.")
    span = min(_LONGEST_RUN, date.max - rule.first)
    if until is not None:
        return _until(until, rule.first, rule.first + span)
    days = (rule.first + timedelta(days=n) for n in range(span.days + 1))
    falls = (day for day in days if rule.falls_on(day))
    last = next((day for n, day in enumerate(falls, start=1) if n == count), None)
    if last is None:
        raise InvalidInput(f"The rule does not fall {count} times within ten years; count less or repeat more often.")
    return last


def _until(value: str, first: date, latest: date) -> date:
    try:
        last = date.fromisoformat(value) if re.fullmatch(r"[0-9]{8}", value) else None
    except ValueError:
        last = None
    if last is None:
        raise InvalidInput(f"“{value}” is not a last day; write it like UNTIL=20261231.")
    if last < first:
        raise InvalidInput("The rule ends before its first day.")
    if last > latest:
        raise InvalidInput("A rule runs for at most ten years; choose an earlier UNTIL or leave it out.")
    return last
