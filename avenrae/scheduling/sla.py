"""Service levels: the clocks of a ticket, computed from its own history and nothing else.

A ticket has a clock for its first response, one for each message of the client that waits for an answer, and one
for its resolution. They count business time only, stand still while the ticket waits on the client or is resolved
(R-SLA-02), and can say which minutes counted and why (R-SLA-05).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from avenrae.enums import TicketStatus
from avenrae.scheduling.business_hours import DeskHours, OpenTime
from avenrae.scheduling.zones import local_day

_NOTHING = timedelta()
_PAUSED = {
    TicketStatus.WAITING: "waiting on the client",
    TicketStatus.RESOLVED: "resolved",
    TicketStatus.CLOSED: "closed",
}
_OVER = (_PAUSED[TicketStatus.RESOLVED], _PAUSED[TicketStatus.CLOSED])
_AHEAD = timedelta(days=800)


class Happening(StrEnum):
    """What a clock listens to."""

    OPENED = "opened"
    CLIENT_WROTE = "client_wrote"
    STAFF_REPLIED = "staff_replied"
    STATUS = "status"


class Event(NamedTuple):
    """One line of a ticket's history; internal notes are not in it, since no clock hears them (R-SLA-03)."""

    at: datetime
    what: Happening
    status: TicketStatus | None = None


@dataclass(frozen=True)
class Targets:
    """How much business time a policy allows; None where it promises nothing."""

    first_response: timedelta | None = None
    update: timedelta | None = None
    resolution: timedelta | None = None


class Stretch(NamedTuple):
    """A part of a clock's life: counted, or not and why."""

    start: datetime
    end: datetime
    counted: bool
    why: str


@dataclass(frozen=True)
class Clock:
    """One promise: when it is or was due (None while it stands still in time), and whether it was kept."""

    name: str
    target: timedelta
    started_at: datetime
    ended_at: datetime | None
    due_at: datetime | None
    used: timedelta
    stretches: tuple[Stretch, ...]
    stands_still: bool = False

    @property
    def left(self) -> timedelta:
        """The business time that is left; negative once it is overrun."""
        return self.target - self.used

    def is_late(self, now: datetime) -> bool:
        """Say whether the promise was broken by now, or by the moment the clock ended."""
        return self.due_at is not None and (self.ended_at or now) > self.due_at


@dataclass(frozen=True)
class Clocks:
    """All clocks of a ticket; `updates` in order, of which the last may still run."""

    first_response: Clock | None
    updates: tuple[Clock, ...]
    resolution: Clock | None

    @property
    def all(self) -> tuple[Clock, ...]:
        """Every clock there is."""
        return tuple(c for c in (self.first_response, *self.updates, self.resolution) if c is not None)

    def due_next(self) -> datetime | None:
        """Return when the next promise of those that still run is due."""
        running = (c for c in self.all if c.ended_at is None and not c.stands_still)
        return min((c.due_at for c in running if c.due_at is not None), default=None)


def clocks(history: Sequence[Event], targets: Targets, desk: DeskHours, now: datetime) -> Clocks:
    """Return a ticket's clocks at an instant; `history` in order, beginning with its opening."""
    if not history:
        return Clocks(None, (), None)
    opened = history[0].at
    known = desk.between(local_day(opened, desk.zone), local_day(max(now, opened) + _AHEAD, desk.zone))
    return clocks_in(history, targets, desk, known, now)


def clocks_in(history: Sequence[Event], targets: Targets, desk: DeskHours, known: OpenTime, now: datetime) -> Clocks:
    """Return a ticket's clocks where the desk's open time is known already, as for many tickets at once."""
    opened = history[0].at
    pauses = list(_pauses(history, now))
    ended = _over_since(pauses) if _is_over(history) else None
    reply = first_reply(history)

    def clock(name: str, target: timedelta | None, start: datetime, end: datetime | None) -> Clock | None:
        return None if target is None else _clock(name, target, start, end, pauses, desk, known, now)

    updates = [clock("update", targets.update, start, end) for start, end in _unanswered(history)]
    return Clocks(
        clock("first response", targets.first_response, opened, reply),
        tuple(c for c in updates if c is not None),
        clock("resolution", targets.resolution, opened, ended),
    )


def _clock(
    name: str,
    target: timedelta,
    start: datetime,
    end: datetime | None,
    pauses: Sequence[Stretch],
    desk: DeskHours,
    known: OpenTime,
    now: datetime,
) -> Clock:
    used, due = _NOTHING, None
    told: list[Stretch] = []
    until = end or max(now, start)
    at = start
    for pause in [p for p in pauses if p.end > start and p.start < until]:
        if pause.start > at:
            used, due = _run(at, pause.start, target, used, due, known)
            told += _explained(at, pause.start, desk, known)
        told.append(Stretch(max(pause.start, start), min(pause.end, until), False, pause.why))
        at = max(at, pause.end)
    stands_still = bool(pauses) and pauses[-1].start <= until and end is None and not _runs_on(pauses[-1], now)
    if at < until:
        used, due = _run(at, until, target, used, due, known)
        told += _explained(at, until, desk, known)
    if due is None and not stands_still:
        due = known.after(until, target - used)
    return Clock(name, target, start, end, due, used, tuple(told), stands_still)


def _run(
    start: datetime, end: datetime, target: timedelta, used: timedelta, due: datetime | None, known: OpenTime
) -> tuple[timedelta, datetime | None]:
    """Let a clock run between two instants; the promise is due where it reaches its target."""
    passed = known.within(start, end)
    if due is None and used + passed >= target:
        due = known.after(start, target - used)
    return used + passed, due


def _explained(start: datetime, end: datetime, desk: DeskHours, known: OpenTime) -> Iterator[Stretch]:
    at = start
    for r in known.cut(start, end):
        if r.start > at:
            yield from (Stretch(*part, False, why) for part, why in desk.closed(at, r.start))
        yield Stretch(r.start, r.end, True, "business hours")
        at = r.end
    if at < end:
        yield from (Stretch(*part, False, why) for part, why in desk.closed(at, end))


def _pauses(history: Sequence[Event], now: datetime) -> Iterator[Stretch]:
    """Yield when the clocks stood still; a message of the client ends it, whatever the status says."""
    since, why = None, ""
    for event in history:
        wakes = event.what is Happening.CLIENT_WROTE and since is not None
        if event.what is not Happening.STATUS and not wakes:
            continue
        reason = "" if wakes or event.status is None else _PAUSED.get(event.status, "")
        if since is not None and event.at > since and reason != why:
            yield Stretch(since, event.at, False, why)
        if reason != why:
            since, why = (event.at, reason) if reason else (None, "")
    if since is not None:
        yield Stretch(since, max(now, since) + _AHEAD, False, why)


def first_reply(history: Sequence[Event]) -> datetime | None:
    """Return when the desk first answered in public (R-SLA-03)."""
    return next((e.at for e in history if e.what is Happening.STAFF_REPLIED), None)


def _over_since(pauses: Sequence[Stretch]) -> datetime | None:
    """Return since when a ticket has been over: resolved first and closed later, it was over when it was resolved."""
    since: datetime | None = None
    for pause in reversed(pauses):
        if pause.why not in _OVER or (since is not None and pause.end < since):
            break
        since = pause.start
    return since


def _runs_on(pause: Stretch, now: datetime) -> bool:
    return pause.end <= now


def _is_over(history: Sequence[Event]) -> bool:
    """Say whether the ticket is resolved: the last that happened to its status, with no word of the client since."""
    for event in reversed(history):
        if event.what is Happening.CLIENT_WROTE:
            return False
        if event.what is Happening.STATUS:
            return event.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED)
    return False


def _unanswered(history: Sequence[Event]) -> Iterator[tuple[datetime, datetime | None]]:
    """Yield from the client's first message without an answer to that answer; more messages move nothing (R-SLA-03)."""
    since: datetime | None = None
    for event in history:
        if event.what in (Happening.OPENED, Happening.CLIENT_WROTE):
            since = since or event.at
        elif event.what is Happening.STAFF_REPLIED and since is not None:
            yield since, event.at
            since = None
    if since is not None:
        yield since, None
