"""A weekly series before it is agreed: every date with the one reason why not, and what else is free on its day."""

from dataclasses import dataclass, replace
from datetime import datetime

from avenrae.scheduling.diary import Diary, Taken
from avenrae.scheduling.hours import MIDNIGHT, ONE_DAY
from avenrae.scheduling.reasons import why_not
from avenrae.scheduling.recurrence import weekly
from avenrae.scheduling.slots import nearest, slots
from avenrae.scheduling.zones import instant, local_day


@dataclass(frozen=True, slots=True)
class Planned:
    """One session of a series to come: free, or the one reason why not and what else is free on its day."""

    starts_at: datetime
    reason: str
    instead: tuple[datetime, ...]

    @property
    def is_free(self) -> bool:
        """Whether it can be booked as it is."""
        return not self.reason


def plan(diary: Diary, now: datetime, first: datetime, times: int, every: int) -> list[Planned]:
    """Return every session of a weekly series (R-BOOK-08) with what stands against it (R-BOOK-13).

    The diary reaches over all of it. What one session takes is not free for the next.

    Raises:
        InvalidInput: Fewer than 2 or more than 26 times, or not every 1 to 4 weeks.
    """
    terms, planned = diary.terms, []
    for at in weekly(first, terms.zone, times, every):
        reason = why_not(diary, now, at)
        if reason:
            planned.append(Planned(at, reason.sentence, _instead(diary, now, at)))
            continue
        own = Taken(at - terms.buffer_before, at + terms.duration + terms.buffer_after, "This series")
        diary = replace(diary, taken=[*diary.taken, own])
        planned.append(Planned(at, "", ()))
    return planned


def _instead(diary: Diary, now: datetime, at: datetime) -> tuple[datetime, ...]:
    zone = diary.terms.zone
    day = local_day(at, zone)
    return tuple(nearest(slots(diary, now, instant(day, MIDNIGHT, zone), instant(day + ONE_DAY, MIDNIGHT, zone)), at))
