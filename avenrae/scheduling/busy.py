"""Busy times from a calendar kept elsewhere: an iCalendar file (RFC 5545) as from–to, without its words.

What an event repeats is worked out by `recurrence`, which is asked day by day and never counts up to a day: a rule
without an end, or one that never falls, costs no more than another. Time zones are looked up by their name;
definitions that the file brings are not read, for they are rules of their own that would have to be run.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count as numbers
from zoneinfo import ZoneInfo

from icalendar.parser import Contentline
from icalendar.prop import vDuration
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from avenrae.errors import InvalidInput
from avenrae.scheduling import recurrence
from avenrae.scheduling.hours import ONE_DAY, Range, merge
from avenrae.scheduling.zones import instant, local_day, zone_named

MOST_BYTES = 1_000_000
MOST_TIMES = 10_000
"""A calendar keeps at most this many times, those that overlap or touch made one."""
_MOST_EVENTS = 20_000
_MOST_FOUND = 50_000
_MOST_DAYS = 1_000_000
"""How many days all rules of a file together may be asked about: about two seconds of work."""
_LONGEST_REPEATED = timedelta(days=62)
_YEARS = range(1900, 2201)
_UTC = ZoneInfo("UTC")
_READ = ("UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXRULE", "EXDATE", "RECURRENCE-ID", "TRANSP",
         "STATUS", "SEQUENCE")  # fmt: skip


@dataclass(frozen=True)
class BusyTimes:
    """When somebody is busy, in order and apart, in UTC; and how many events were left out, by why."""

    times: tuple[Range, ...]
    left_out: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Moment:
    """What a clock or a calendar shows; a whole day begins at midnight in the zone of whoever is busy."""

    wall: datetime
    zone: ZoneInfo
    is_day: bool

    def at(self) -> datetime:
        return instant(self.wall.date(), self.wall.time(), self.zone)


@dataclass(slots=True)
class _Event:
    """One VEVENT, understood as far as its times go."""

    uid: str
    start: _Moment
    length: timedelta
    by_the_clock: bool
    rule: str | None = None
    further: list[_Moment] = field(default_factory=list)
    without: list[_Moment] = field(default_factory=list)
    instead_of: _Moment | None = None
    is_busy: bool = True
    sequence: int = 0

    def range_at(self, wall: datetime) -> Range:
        """Return one time of it, in UTC: until the same time by the clock, or for as long as it says."""
        start = instant(wall.date(), wall.time(), self.start.zone)
        if not self.by_the_clock:
            return Range(start, start + self.length)
        end = wall + self.length
        return Range(start, instant(end.date(), end.time(), self.start.zone))


def read_calendar(content: bytes, zone: ZoneInfo, since: datetime, until: datetime) -> BusyTimes:
    """Return when the events of an .ics file keep somebody busy between two instants.

    Whole days and times without a zone are by `zone`. Events that are shown as free or cancelled keep nothing.

    Raises:
        InvalidInput: It is no calendar, ends in the middle of one, or holds more than can be worked out.
    """
    left_out: Counter[str] = Counter()
    days = numbers(1)
    masters: dict[str, _Event] = {}
    changed: dict[tuple[str, datetime], _Event] = {}
    for n, lines in enumerate(_events(content)):
        if n >= _MOST_EVENTS:
            raise InvalidInput(f"The calendar has more than {_MOST_EVENTS} events. Export a part of it.")
        try:
            event = _understood(lines, zone, nameless=f"#{n}")
        except InvalidInput as e:
            left_out[e.message] += 1
            continue
        if event.instead_of is None:
            if event.uid not in masters or event.sequence >= masters[event.uid].sequence:
                masters[event.uid] = event
        else:
            key = (event.uid, event.instead_of.at())
            if key not in changed or event.sequence >= changed[key].sequence:
                changed[key] = event
    for (uid, _), event in changed.items():
        if uid in masters and event.instead_of:
            masters[uid].without.append(event.instead_of)
    found: list[Range] = []
    for event in (*masters.values(), *changed.values()):
        if not event.is_busy:
            left_out["shown as free, or cancelled"] += 1
            continue
        try:
            times = list(_times(event, since, until, days))
        except InvalidInput as e:
            left_out[e.message] += 1
        else:
            found += times
            if not times:
                left_out["over already, without length, or further ahead than two years"] += 1
        if len(found) > _MOST_FOUND:
            raise InvalidInput("The calendar has more events in the next two years than can be kept. Export a part.")
        if next(days) > _MOST_DAYS:
            raise InvalidInput("The calendar repeats more than can be worked out. Export a part of it.")
    kept = merge(Range(max(r.start, since), min(r.end, until)) for r in found)
    if len(kept) > MOST_TIMES:
        raise InvalidInput(f"The calendar has more than {MOST_TIMES} busy times. Export a part of it.")
    return BusyTimes(tuple(kept), tuple(left_out.most_common()))


def _events(content: bytes) -> Iterator[list[str]]:
    """Yield the lines of each event that say when it is, long lines made whole.

    Raises:
        InvalidInput: It is too large, no calendar, or cut off.
    """
    if len(content) > MOST_BYTES:
        raise InvalidInput("A calendar can have 1 MB at most. Export a part of it, such as the coming year.")
    text = content.decode("utf-8-sig", "replace").lstrip()
    if not text[:15].upper().startswith("BEGIN:VCALENDAR"):
        raise InvalidInput("This is no calendar: an .ics file begins with BEGIN:VCALENDAR.")
    lines: list[str] = []
    within: list[str] = []
    for line in re.sub(r"\r?\n[ \t]", "", text).splitlines():
        name = re.split("[:;]", line[:40], maxsplit=1)[0].upper()
        if name == "BEGIN":
            within.append(line[6:].strip().upper())
            lines = [] if within[-1] == "VEVENT" else lines
        elif name == "END":
            if not within or within.pop() != line[4:].strip().upper():
                break
            if within == ["VCALENDAR"] and line[4:].strip().upper() == "VEVENT":
                yield lines
        elif within[-1:] == ["VEVENT"] and name in _READ:
            lines.append(line)
    if within:
        raise InvalidInput("The calendar ends in the middle of an event. Download it again.")


def _understood(lines: list[str], zone: ZoneInfo, nameless: str) -> _Event:
    """Return what an event's lines say.

    Raises:
        InvalidInput: They cannot be understood; the sentence says why.
    """
    found: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for line in lines:
        try:
            name, params, value = Contentline(line).parts()  # type: ignore[no-untyped-call]
        except ValueError:
            raise InvalidInput("not written as calendars are") from None
        named = {str(k).upper(): str(v) for k, v in params.items()}
        found.setdefault(str(name).upper(), []).append((str(value), named))

    def one(name: str) -> str:
        return found[name][0][0].strip().upper() if name in found else ""

    if "DTSTART" not in found:
        raise InvalidInput("without a start")
    start = _moment(*found["DTSTART"][0], zone)
    length, by_the_clock = _length(start, found, zone)
    if len(found.get("RRULE", ())) > 1 or "EXRULE" in found:
        raise InvalidInput("repeating by more than one rule")
    if "RECURRENCE-ID" in found and "RANGE" in found["RECURRENCE-ID"][0][1]:
        raise InvalidInput("changed “from here on”, which only newer calendars write apart")
    return _Event(
        uid=found["UID"][0][0] if "UID" in found else nameless,
        start=start,
        length=length,
        by_the_clock=by_the_clock,
        rule=found["RRULE"][0][0] if "RRULE" in found else None,
        further=list(_moments(found.get("RDATE", ()), zone)),
        without=list(_moments(found.get("EXDATE", ()), zone)),
        instead_of=_moment(*found["RECURRENCE-ID"][0], zone) if "RECURRENCE-ID" in found else None,
        is_busy=one("TRANSP") != "TRANSPARENT" and one("STATUS") != "CANCELLED",
        sequence=int(one("SEQUENCE")) if re.fullmatch(r"[0-9]{1,9}", one("SEQUENCE")) else 0,
    )


def _length(
    start: _Moment, found: dict[str, list[tuple[str, dict[str, str]]]], zone: ZoneInfo
) -> tuple[timedelta, bool]:
    """Return how long an event is, and whether that is by the clock rather than by what passes."""
    if "DTEND" in found:
        end = _moment(*found["DTEND"][0], zone)
        by_the_clock = start.zone == end.zone
        length = end.wall - start.wall if by_the_clock else end.at() - start.at()
    elif "DURATION" in found:
        try:
            length = vDuration.from_ical(found["DURATION"][0][0])  # type: ignore[no-untyped-call]
        except (ValueError, OverflowError):
            raise InvalidInput("without a length that can be read") from None
        by_the_clock = not length.seconds
    else:
        length, by_the_clock = (ONE_DAY if start.is_day else timedelta()), True
    if not timedelta() <= length <= timedelta(days=36_600):
        raise InvalidInput("ending before they start")
    return length, by_the_clock


def _moments(values: Iterable[tuple[str, dict[str, str]]], zone: ZoneInfo) -> Iterator[_Moment]:
    for value, params in values:
        for one in value.split(","):
            yield _moment(one, params, zone)


def _moment(value: str, params: dict[str, str], zone: ZoneInfo) -> _Moment:
    """Return a moment as it is written: a day, a time in UTC, in a named zone, or without one."""
    written = re.fullmatch(r"([0-9]{8})(?:T([0-9]{6})(Z?))?", value.strip().upper())
    if written is None:
        raise InvalidInput("with a date that cannot be read")
    try:
        day = date.fromisoformat(written[1])
        at = time.fromisoformat(re.sub("60$", "59", written[2] or "000000"))
    except ValueError:
        raise InvalidInput("with a date that cannot be read") from None
    if day.year not in _YEARS:
        raise InvalidInput(f"with a date outside {_YEARS[0]} to {_YEARS[-1]}")
    if written[2] is None:
        return _Moment(datetime.combine(day, time()), zone, is_day=True)
    named = _UTC if written[3] else _zone(params["TZID"]) if "TZID" in params else zone
    return _Moment(datetime.combine(day, at), named, is_day=False)


def _zone(name: str) -> ZoneInfo:
    """Return the zone of a name: an IANA one, also behind a prefix as some programs write it, or one of Windows."""
    name = name.strip()
    for known in (name, WINDOWS_TO_OLSON.get(name, ""), "/".join(name.rsplit("/", 2)[-2:])):
        try:
            return zone_named(known)
        except InvalidInput:
            continue
    raise InvalidInput(f"in the time zone “{name[:60]}”, which is not known")


def _times(event: _Event, since: datetime, until: datetime, days: Iterator[int]) -> Iterator[Range]:
    """Yield the times of an event that reach into [since, until)."""
    days_without = {m.wall.date() for m in event.without if m.is_day}
    without = {m.at() for m in event.without}
    starts = {event.start.wall, *(_in_zone(m, event.start) for m in event.further)}
    if event.rule is not None:
        if event.length > _LONGEST_REPEATED:
            raise InvalidInput("repeating, though longer than two months")
        starts.update(_repeated(event, since, until, days))
    for wall in starts:
        found = event.range_at(wall)
        left_out = found.start in without or wall.date() in days_without
        if found.start < min(found.end, until) and found.end > since and not left_out:
            yield found


def _repeated(event: _Event, since: datetime, until: datetime, days: Iterator[int]) -> Iterator[datetime]:
    """Yield the starts that an event's rule gives near a span, by the clock of its zone."""
    first, at, zone = event.start.wall.date(), event.start.wall.time(), event.start.zone
    try:
        rule = recurrence.parse_event(event.rule or "", first)
    except InvalidInput as e:
        raise InvalidInput(f"repeating in a way that is not followed here: {e.message}") from None
    ends = _last(rule.until, event.start) if rule.until else None
    day = first if rule.count else max(first, local_day(since, zone) - event.length - 2 * ONE_DAY)
    last, left = local_day(until, zone) + ONE_DAY, rule.count
    while day <= last and left != 0:
        if next(days) > _MOST_DAYS:
            raise InvalidInput("repeating more than can be worked out")
        if rule.days.falls_on(day):
            wall = datetime.combine(day, at)
            if ends and wall > ends:
                return
            yield wall
            left = None if left is None else left - 1
        day += ONE_DAY


def _last(written: str, start: _Moment) -> datetime:
    """Return the last start that UNTIL allows, by the clock of the event's zone; a day alone is included."""
    until = _moment(written, {}, start.zone)
    if until.is_day or start.is_day:
        return datetime.combine(until.wall.date(), time.max)
    return until.at().astimezone(start.zone).replace(tzinfo=None)


def _in_zone(moment: _Moment, start: _Moment) -> datetime:
    """Return a moment by the clock of an event's zone."""
    if moment.is_day:
        return datetime.combine(moment.wall.date(), start.wall.time())
    return moment.at().astimezone(start.zone).replace(tzinfo=None)


def window_of(now: datetime) -> tuple[datetime, datetime]:
    """Return the span whose busy times are kept: from yesterday to two years ahead, cut at whole days.

    Nobody can be booked further ahead, and what is kept changes once a day at most by itself.
    """
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - ONE_DAY, today + 732 * ONE_DAY
