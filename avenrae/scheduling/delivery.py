"""When the e-mail of a notice goes out: by what its reader chose, his quiet hours and his digest (R-NOT-01).

Quiet hours are what his clock shows: a time that it shows twice is quiet twice, and one that it skips ends nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from avenrae.enums import MailRoute, NoticeChannel, NoticeChoice, NoticeKind
from avenrae.scheduling.zones import instant, local_day

LONGEST_QUIET = timedelta(hours=20)
"""Longer quiet hours would leave days on which the clocks change without an hour to send anything in."""
DEFAULTS = {NoticeChannel.CONSOLE: NoticeChoice.ON, NoticeChannel.EMAIL: NoticeChoice.NOW}
"""Who has said nothing is told everything, everywhere, at once."""
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)

Choices = Mapping[tuple[NoticeKind, NoticeChannel], NoticeChoice]


@dataclass(frozen=True)
class Quiet:
    """From–until by the reader's clock, in whole minutes; it may cross midnight."""

    starts: time
    ends: time

    def covers(self, wall: time) -> bool:
        """Whether this time of day is quiet; the end no longer is."""
        if self.starts < self.ends:
            return self.starts <= wall < self.ends
        return wall >= self.starts or wall < self.ends


@dataclass(frozen=True)
class Reader:
    """Somebody's wishes: his zone, the time of his digest and his quiet hours by its clock, and what he chose."""

    zone: ZoneInfo
    digest_at: time
    quiet: Quiet | None = None
    choices: Choices = field(default_factory=dict)

    def choice(self, kind: NoticeKind, channel: NoticeChannel) -> NoticeChoice:
        """Return how he wants to be told of a kind of thing by a channel; safety cannot be switched off."""
        default = DEFAULTS[channel]
        return default if kind is NoticeKind.SECURITY else self.choices.get((kind, channel), default)

    def is_quiet(self, at: datetime) -> bool:
        """Whether his clock shows a quiet time at this instant."""
        return self.quiet is not None and self.quiet.covers(at.astimezone(self.zone).time())


@dataclass(frozen=True)
class Plan:
    """What becomes of a mail; `due_at` only where it waits."""

    route: MailRoute
    due_at: datetime | None = None


def is_shown(kind: NoticeKind, reader: Reader) -> bool:
    """Whether a notice of this kind has a line in the reader's console."""
    return reader.choice(kind, NoticeChannel.CONSOLE) is NoticeChoice.ON


def plan_mail(kind: NoticeKind, reader: Reader, now: datetime, *, useless_at: datetime | None = None) -> Plan:
    """Return by which way the mail of a notice goes and, where it waits, until when.

    At once where the reader wants it so and his hours are not quiet; else at their end, or with the next digest. What
    would come when it is of no use any more goes at once instead, in quiet hours too, and so does what is about safety.
    """
    choice = reader.choice(kind, NoticeChannel.EMAIL)
    if choice is NoticeChoice.OFF:
        return Plan(MailRoute.OFF)
    if kind is NoticeKind.SECURITY:
        return Plan(MailRoute.NOW)
    if choice is NoticeChoice.DIGEST:
        due_at = next_digest(reader, now)
        if useless_at is None or due_at < useless_at:
            return Plan(MailRoute.DIGEST, due_at)
    due_at = quiet_end(reader, now)
    if due_at == now or (useless_at is not None and due_at >= useless_at):
        return Plan(MailRoute.NOW)
    return Plan(MailRoute.HELD, due_at)


def quiet_end(reader: Reader, at: datetime) -> datetime:
    """Return the first instant from here on that is not quiet, in UTC; `at` itself where it is not."""
    if not reader.is_quiet(at):
        return at
    end = at.astimezone(UTC).replace(second=0, microsecond=0)
    # Clocks change on the minute: looking at each one is right over every change of them, and takes a millisecond.
    while reader.is_quiet(end):
        end += _MINUTE
    return end


def next_digest(reader: Reader, now: datetime) -> datetime:
    """Return when the reader's next digest goes out, after now, in UTC.

    One a day; where its time is quiet, at the end of the quiet hours. A time that the clocks skip moves forward as
    they do (R-BOOK-04), or back where forward it would be quiet or the next day.
    """
    quiet, wall = reader.quiet, reader.digest_at
    if quiet is not None and quiet.covers(wall):
        wall = quiet.ends
    today = local_day(now, reader.zone)
    return next(at for n in count() if (at := _digest_of(reader, today + n * _DAY, wall)) > now)


def _digest_of(reader: Reader, day: date, wall: time) -> datetime:
    due_at = instant(day, wall, reader.zone)
    if local_day(due_at, reader.zone) == day and not reader.is_quiet(due_at):
        return due_at
    return datetime.combine(day, wall.replace(fold=1), reader.zone).astimezone(UTC)
