"""A calendar of sessions: a day or a week by the hour, a month by the day, a list of days on a phone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from avenrae import clock
from avenrae.enums import BookingStatus
from avenrae.queries.calendar import CalendarBooking, CalendarDays
from avenrae.queries.periods import add_months, midnight
from avenrae.scheduling.zones import zone_mark, zone_named
from avenrae.ui.actions import told
from avenrae.ui.format import badge
from avenrae.ui.records import frontend

VIEWS = {"day": "Day", "week": "Week", "month": "Month"}
_ONE_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_WHOLE_DAY = 24 * 60
_SHORTEST = 25
"""No session is drawn lower than so many minutes; two shorter ones in a row stand side by side."""
_WORKING_DAY = (8 * 60, 18 * 60)
_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 31)


def days_of(view: str, day: date) -> list[date]:
    """Return the days that a view of this day shows; weeks begin on Monday, months are shown in whole weeks."""
    if view == "day":
        return [day]
    first = day.replace(day=1) if view == "month" else day
    last = add_months(first, 1) - _ONE_DAY if view == "month" else day
    first -= timedelta(days=first.weekday())
    last += timedelta(days=6 - last.weekday())
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def shifted(view: str, day: date, by: int) -> date:
    """Return the day that so many views later (or earlier) is looked at, as far as the calendar goes."""
    if view == "month":
        wanted = add_months(day.replace(day=1), by)
    else:
        wanted = day + timedelta(days=by * len(days_of(view, day)))
    return min(max(wanted, _FIRST), _LAST)


def day_named(text: str | None, otherwise: date) -> date:
    """Return the day that an address names, or the other one where it names none."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return otherwise
    return found if _FIRST <= found <= _LAST else otherwise


def name_of_span(view: str, day: date) -> str:
    """Return what a view shows: `Monday 16 March 2026`, `16–22 March 2026`, `March 2026`."""
    if view == "month":
        return f"{day:%B %Y}"
    days = days_of(view, day)
    first, last = days[0], days[-1]
    if first == last:
        return f"{day:%A} {day.day} {day:%B %Y}"
    begin = f"{first.day}" if first.month == last.month else f"{first.day} {first:%B}"
    if first.year != last.year:
        begin = f"{begin} {first.year}"
    dash = "–" if first.month == last.month else " – "
    return f"{begin}{dash}{last.day} {last:%B %Y}"


def clock_named(zone: str, first: datetime, last: datetime) -> str:
    """Return a zone with its short name between two instants: `Europe/London (BST, then GMT)`."""
    marks = dict.fromkeys(zone_mark(at, zone_named(zone)) for at in (first, last - _MINUTE))
    return f"{zone} ({', then '.join(marks)})"


def read_session(booking: CalendarBooking, *, is_client: bool, is_everybodys: bool) -> tuple[str, str]:
    """Return the two lines of a session: for a client what and with whom, for others who and what."""
    if is_client:
        return booking.service_title, f"with {booking.practitioner_name}"
    what = f"{booking.service_title} with {booking.practitioner_name}" if is_everybodys else booking.service_title
    return booking.client_name, what


class Axis:
    """Where instants stand between the top and the bottom of a day, in minutes, alike for all days shown.

    An hour that the clocks show twice on one of the days has two places on the axis, of which the other days use
    the first; one that they skip keeps its place, and that day leaves it empty (R-BOOK-04).
    """

    def __init__(self, days: Sequence[date], zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self._changes = {day: found for day in days if (found := _change(day, zone))}
        self._folds = [(day, *found) for day, found in self._changes.items() if found[2] < 0]

    @property
    def length(self) -> int:
        """How many minutes a day has from top to bottom."""
        return _WHOLE_DAY - sum(by for *_, by in self._folds)

    def at(self, moment: datetime, day: date, *, is_end: bool = False) -> int:
        """Return where an instant stands on a day: at its top or bottom if it is of another day."""
        local = moment.astimezone(self.zone)
        if local.date() < day:
            return 0
        wall = _WHOLE_DAY if local.date() > day else local.hour * 60 + local.minute
        passed = (
            by
            for of_day, instant, before, by in self._folds
            if (moment >= instant if of_day == day else wall > before or (wall == before and not is_end))
        )
        return wall - sum(passed)

    def missing(self, day: date) -> list[tuple[int, int]]:
        """Return the stretches of the axis that the clocks of a day do not show."""
        found = [
            (before + self._added(before), before + self._added(before) - by)
            for of_day, _, before, by in self._folds
            if of_day != day
        ]
        _, before, by = self._changes.get(day, (None, 0, 0))
        return [*found, (before, before + by)] if by > 0 else found

    def hours(self) -> list[tuple[int, str]]:
        """Return where each full hour stands, with what the clocks show."""
        found = [(h * 60 + self._added(h * 60, with_own=True), f"{h:02}:00") for h in range(24)]
        for _, _, before, by in self._folds:
            top = before + self._added(before)
            found += [
                (top + n, f"{(before + by + n) // 60 % 24:02}:00 again")
                for n in range(-by)
                if (before + by + n) % 60 == 0
            ]
        return sorted(found)

    def note(self, day: date) -> str:
        """Return what is unusual about a day's clocks, or nothing."""
        if day not in self._changes:
            return ""
        _, before, by = self._changes[day]
        way = "forward" if by > 0 else "back"
        hours = (_WHOLE_DAY - by) / 60
        return f"Clocks go {way} at {before // 60 % 24:02}:{before % 60:02}: a day of {hours:g} hours"

    def has_change(self, day: date) -> bool:
        """Return whether the clocks change on a day, so that a time alone may not say which one is meant."""
        return day in self._changes

    def _added(self, wall: int, *, with_own: bool = False) -> int:
        return -sum(by for _, _, before, by in self._folds if before < wall or (with_own and before == wall))


def _change(day: date, zone: str) -> tuple[datetime, int, int] | None:
    """Return when the clocks change on a day, what they show just before (minutes), and by how many minutes."""
    where = ZoneInfo(zone)

    def offset(at: datetime) -> timedelta:
        return at.astimezone(where).utcoffset() or timedelta()

    before, after = midnight(day, zone) - _MINUTE, midnight(day + _ONE_DAY, zone) - _MINUTE
    old, new = offset(before), offset(after)
    if old == new:
        return None
    while after - before > _MINUTE:
        middle = before + (after - before) // 2 // _MINUTE * _MINUTE
        before, after = (middle, after) if offset(middle) == old else (before, middle)
    wall = (after + old).replace(tzinfo=None) - datetime.combine(day, time())
    return after, wall // _MINUTE, (new - old) // _MINUTE


def calendar(
    found: CalendarDays,
    *,
    view: str,
    day: date,
    zone: str,
    label: str,
    key: str,
    reads: Callable[[CalendarBooking], tuple[str, str]],
    params: dict[str, str],
    as_list: bool = False,
    on_open: Callable[[str], object],
    on_day: Callable[[str], object],
    empty: str,
) -> None:
    """Draw a view of a day; the callbacks run first in the rerun that a click causes.

    `reads` gives the two lines of a session, `params` what the addresses of single days carry along, `as_list`
    draws the list of days also where there is room for a grid. `on_open` gets the id of a session, `on_day` a
    date; what a browser sends that was not on the screen is dropped.
    """
    days = days_of(view, day)
    drawn = calendar_data(found, view=view, day=day, zone=zone, label=label, reads=reads, params=params)
    allowed = {"open": {str(b.id) for b in found.bookings}, "day": {d.isoformat() for d in days}}

    def forward(event: str, callback: Callable[[str], object]) -> Callable[[], None]:
        def run(sent: Mapping[str, Any]) -> None:
            value = sent.get(event)
            if isinstance(value, str) and value in allowed[event]:
                callback(value)

        return told(key, run)

    mount = frontend("calendar", html='<div class="calendar" style="visibility: hidden"></div>')
    if mount is None:
        return
    mount(
        key=key,
        data={**drawn, "list": as_list, "empty": empty},
        on_open_change=forward("open", on_open),
        on_day_change=forward("day", on_day),
    )


def calendar_data(
    found: CalendarDays,
    *,
    view: str,
    day: date,
    zone: str,
    label: str,
    reads: Callable[[CalendarBooking], tuple[str, str]],
    params: dict[str, str],
) -> dict[str, Any]:
    """Return what the browser draws: plain texts, and places on the axis in minutes."""
    days = days_of(view, day)
    axis = Axis(days, zone)
    now = clock.now()
    shown = [_day(d, axis, found, now, reads, params) for d in days]
    for d, drawn in zip(days, shown, strict=True):
        drawn["outside"] = view == "month" and d.month != day.month
    first, last = _working_hours(shown)
    return {
        "view": view,
        "label": label,
        "days": shown,
        "hours": [{"at": at, "text": text} for at, text in axis.hours()],
        "first": first,
        "last": min(last, axis.length),
        "hasHours": found.open_hours is not None,
        "legend": _legend(found),
    }


def _working_hours(days: Iterable[dict[str, Any]]) -> tuple[int, int]:
    """Return the part of the axis to draw, in whole hours: the working day, and whatever lies outside it."""
    spans = [_WORKING_DAY]
    for day in days:
        spans += [(e["from"] - e["before"], e["to"] + e["after"]) for e in day["entries"]]
        spans += [(first, last) for first, last in day["open"]]
    return max(0, min(s for s, _ in spans) // 60 * 60), -(-max(e for _, e in spans) // 60) * 60


def _day(
    day: date,
    axis: Axis,
    found: CalendarDays,
    now: datetime,
    reads: Callable[[CalendarBooking], tuple[str, str]],
    params: dict[str, str],
) -> dict[str, Any]:
    start, end = (midnight(d, str(axis.zone)) for d in (day, day + _ONE_DAY))

    def place(begins: datetime, ends: datetime) -> tuple[int, int]:
        return axis.at(max(begins, start), day), axis.at(min(ends, end), day, is_end=True)

    def said(at: datetime) -> str:
        local = at.astimezone(axis.zone)
        text = f"{local:%H:%M}" if local.date() == day or at == end else f"{local:%a %H:%M}"
        return f"{text} {local:%Z}" if axis.has_change(day) else text

    opened = [r for r in found.open_hours or [] if r.start < end and r.end > start]
    blocked = [b for b in found.blocked if b.starts_at < end and b.ends_at > start]
    entries = [
        _entry(b, place(b.starts_at, b.ends_at), f"{said(b.starts_at)}–{said(b.ends_at)}", said, now, reads)
        for b in found.bookings
        if b.starts_at < end and b.ends_at > start
    ]
    put_in_lanes(entries)
    return {
        "date": day.isoformat(),
        "href": f"/calendar?{urlencode({**params, 'view': 'day', 'date': day.isoformat()})}",
        "weekday": f"{day:%a}",
        "number": f"{day.day}",
        "title": f"{day:%A} {day.day} {day:%B %Y}",
        "isToday": start <= now < end,
        "now": axis.at(now, day) if start <= now < end else None,
        "note": axis.note(day),
        "open": [place(r.start, r.end) for r in opened],
        "openText": ", ".join(f"{said(max(r.start, start))}–{_until(min(r.end, end), end, said)}" for r in opened),
        "missing": axis.missing(day),
        "blocked": [
            {
                "span": place(b.starts_at, b.ends_at),
                "time": "All day"
                if b.starts_at <= start and b.ends_at >= end
                else f"{said(max(b.starts_at, start))}–{_until(min(b.ends_at, end), end, said)}",
                "text": b.reason or "Blocked",
            }
            for b in blocked
        ],
        "entries": entries,
    }


def _until(at: datetime, midnight_after: datetime, said: Callable[[datetime], str]) -> str:
    return "24:00" if at == midnight_after else said(at)


def _entry(
    booking: CalendarBooking,
    place: tuple[int, int],
    times: str,
    said: Callable[[datetime], str],
    now: datetime,
    reads: Callable[[CalendarBooking], tuple[str, str]],
) -> dict[str, Any]:
    first, last = place
    title, sub = reads(booking)
    status = badge(booking.status)
    text = status.text
    if booking.status is BookingStatus.PENDING and booking.hold_expires_at and booking.hold_expires_at > now:
        text = f"Held until {said(booking.hold_expires_at.astimezone(UTC))}"
    is_off = booking.status is BookingStatus.CANCELLED
    return {
        "id": str(booking.id),
        "href": f"/booking?{urlencode({'id': str(booking.id)})}",
        "from": first,
        "to": max(last, first + _SHORTEST),
        "before": 0 if is_off else booking.buffer_before,
        "after": 0 if is_off else booking.buffer_after,
        "time": times,
        "starts": times.split("–")[0],
        "title": title,
        "sub": sub,
        "status": text,
        "tone": status.tone,
        "isOff": is_off,
        "label": f"{times}, {title}, {sub}, {text}, {booking.reference}",
    }


def put_in_lanes(entries: Sequence[dict[str, Any]]) -> None:
    """Give each entry of a day the lane it stands in and how many there are beside each other."""
    group: list[dict[str, Any]] = []
    ends: list[int] = []
    for entry in sorted(entries, key=lambda e: (e["from"], -e["to"])):
        if group and entry["from"] >= max(ends):
            _close(group, len(ends))
            group, ends = [], []
        lane = next((n for n, end in enumerate(ends) if end <= entry["from"]), len(ends))
        ends[lane : lane + 1] = [entry["to"]]
        entry["lane"] = lane
        group.append(entry)
    _close(group, len(ends))


def _close(group: Iterable[dict[str, Any]], lanes: int) -> None:
    for entry in group:
        entry["lanes"] = lanes


def _legend(found: CalendarDays) -> list[dict[str, str]]:
    shown = {b.status for b in found.bookings}
    return [{"text": badge(s).text, "tone": badge(s).tone} for s in BookingStatus if s in shown]
