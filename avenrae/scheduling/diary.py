"""What one practitioner's slots are made from: terms of a service, hours, times away, agreed sessions."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from avenrae.errors import InvalidInput
from avenrae.scheduling.hours import ONE_DAY, Override, Rule
from avenrae.scheduling.zones import zone_named

_NONE = timedelta()
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Blocked:
    """A time away, half-open; no session touches it, though the time kept free around a session may.

    `label` and `cause` say what it is and which row, to those who may know.

    Raises:
        InvalidInput: It ends before it starts.
    """

    start: datetime
    end: datetime
    label: str = ""
    cause: uuid.UUID | None = None

    def __post_init__(self) -> None:
        _to_utc(self)


@dataclass(frozen=True, slots=True)
class Taken:
    """What an agreed session occupies, its own buffers included; a hold is one that awaits payment.

    Raises:
        InvalidInput: It ends before it starts.
    """

    start: datetime
    end: datetime
    label: str
    is_hold: bool = False
    cause: uuid.UUID | None = None

    def __post_init__(self) -> None:
        _to_utc(self)


@dataclass(frozen=True, slots=True)
class Terms:
    """How one service is offered; `step` is from start to start, by default the duration (R-BOOK-03).

    Raises:
        InvalidInput: A time is negative, or longer or shorter than the console knows.
    """

    zone: ZoneInfo
    duration: timedelta
    step: timedelta | None = None
    buffer_before: timedelta = _NONE
    buffer_after: timedelta = _NONE
    min_notice: timedelta = _NONE
    max_horizon: timedelta = timedelta(days=90)

    def __post_init__(self) -> None:
        if not _MINUTE <= self.duration <= ONE_DAY or not _MINUTE <= self.grid <= ONE_DAY:
            raise InvalidInput("A session, and the step from start to start, is from one minute to a day long.")
        buffers = (self.buffer_before, self.buffer_after)
        if min(buffers) < _NONE or max(buffers) > ONE_DAY:
            raise InvalidInput("The time kept free around a session is from nothing to a day.")
        if self.min_notice < _NONE or not _NONE < self.max_horizon <= 730 * ONE_DAY:
            raise InvalidInput("Notice cannot be negative, and bookings open at most 730 days ahead.")

    @classmethod
    def of_minutes(
        cls,
        zone: str,
        duration: int,
        *,
        step: int | None = None,
        buffer_before: int = 0,
        buffer_after: int = 0,
        min_notice: int = 0,
        max_horizon_days: int = 90,
    ) -> "Terms":
        """Build terms from a zone's name and minutes (the horizon in days), as the tables hold them.

        Raises:
            InvalidInput: There is no such zone, or a number is out of range.
        """
        minutes = (timedelta(minutes=n) for n in (duration, buffer_before, buffer_after, min_notice))
        length, before, after, notice = minutes
        stride = None if step is None else timedelta(minutes=step)
        horizon = timedelta(days=max_horizon_days)
        return cls(zone_named(zone), length, stride, before, after, notice, horizon)

    @property
    def grid(self) -> timedelta:
        """Return how far apart starts are."""
        return self.duration if self.step is None else self.step


@dataclass(frozen=True, slots=True)
class Diary:
    """All that decides what one practitioner offers of one service; `taken` holds only what still counts."""

    terms: Terms
    rules: Sequence[Rule] = ()
    overrides: Sequence[Override] = ()
    blocked: Sequence[Blocked] = ()
    taken: Sequence[Taken] = ()

    def earliest(self, now: datetime) -> datetime:
        """Return the first instant at which a session may start; it is included (R-BOOK-06)."""
        return now.astimezone(UTC) + self.terms.min_notice

    def latest(self, now: datetime) -> datetime:
        """Return the last instant at which a session may start; it is included (R-BOOK-06)."""
        return now.astimezone(UTC) + self.terms.max_horizon


def _to_utc(span: Blocked | Taken) -> None:
    """Keep both ends in UTC, where differences are true."""
    object.__setattr__(span, "start", span.start.astimezone(UTC))
    object.__setattr__(span, "end", span.end.astimezone(UTC))
    if span.end <= span.start:
        raise InvalidInput("The end lies before the start; swap them.")
