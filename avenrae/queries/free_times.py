"""Who is free when, for many practitioners at once: the pure functions of `scheduling` on diaries read together.

What decides is read in five queries, however many they are. Hours and services are fetched once with all who share
them, and looked at once for all who share the same ones; only who has something of his own in the span (a session, a
blocked time, a date's own hours) is looked at by himself.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import le
from typing import Any, Generic, TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Delivery
from avenrae.scheduling.diary import Blocked, Diary, Taken, Terms
from avenrae.scheduling.hours import Override, Rule
from avenrae.scheduling.slots import free_between

T = TypeVar("T")
_Ends = tuple[datetime, datetime]
_NONE = timedelta()
_AROUND = timedelta(days=2)
"""What begins this far outside a span can still reach into it: a session, its buffers, a zone's offset."""
_OF = "unnest(CAST(:of AS uuid[])) WITH ORDINALITY AS c(id, n)"
"""The practitioners with their numbers in the list: numbers travel and hash faster than keys."""
_OFFERS = f"""
    SELECT p.time_zone, s.duration_minutes, coalesce(s.buffer_before, p.buffer_before),
           coalesce(s.buffer_after, p.buffer_after), p.slot_step, p.min_notice, p.max_horizon, array_agg(c.n)
    FROM {_OF} JOIN practitioners p ON p.id = c.id JOIN services s ON s.practitioner_id = c.id
    WHERE s.is_available AND s.delivery = ANY(:deliveries) GROUP BY 1, 2, 3, 4, 5, 6, 7"""
_RULES = f"""
    SELECT r.starts_local, r.ends_local, r.weekday, r.rrule, r.valid_from, r.valid_until, array_agg(c.n)
    FROM {_OF} JOIN availability_rules r ON r.practitioner_id = c.id
    WHERE r.weekday IS NULL OR r.weekday = ANY(:days) GROUP BY 1, 2, 3, 4, 5, 6"""
_OVERRIDES = f"""
    SELECT c.n, o.on_date, o.starts_local, o.ends_local FROM {_OF}
    JOIN availability_overrides o ON o.practitioner_id = c.id
    WHERE o.on_date BETWEEN :since AND :until"""
_BLOCKED = f"""
    SELECT c.n, b.starts_at, b.ends_at FROM {_OF} JOIN blocked_periods b ON b.practitioner_id = c.id
    WHERE b.starts_at <= :until AND b.ends_at > :since
    UNION ALL
    SELECT c.n, t.starts_at, t.ends_at FROM {_OF} JOIN busy_calendars b ON b.practitioner_id = c.id AND b.is_active
    JOIN busy_times t ON t.busy_calendar_id = b.id WHERE t.starts_at <= :until AND t.ends_at > :since"""
_TAKEN = f"""
    SELECT c.n, lower(b.occupied), upper(b.occupied) FROM {_OF} JOIN bookings b ON b.practitioner_id = c.id
    WHERE (b.status = 'confirmed' OR b.status = 'pending' AND (
            b.hold_expires_at IS NULL OR b.hold_expires_at > :now OR b.payment_status <> 'unpaid'))
      AND b.starts_at BETWEEN :first AND :last AND upper(b.occupied) > :since AND lower(b.occupied) <= :until"""


@dataclass(frozen=True)
class _Span:
    now: datetime
    since: datetime
    until: datetime

    def first(self, diary: Diary) -> datetime | None:
        """Return the first start of a whole session in the span."""
        return free_between({0: diary}, self.now, self.since, self.until).get(0)

    def starts(self, diaries: Iterable[Diary]) -> list[tuple[datetime, Diary]]:
        """Return those that have a start, with the first of each, in order."""
        found = ((self.first(diary), diary) for diary in diaries)
        return sorted(((start, diary) for start, diary in found if start is not None), key=lambda each: each[0])


@dataclass(frozen=True)
class _Shared(Generic[T]):
    """What several have in common, each once; and which of it each number has, by its places."""

    each: list[T]
    of: dict[int, tuple[int, ...]]

    def at(self, places: tuple[int, ...]) -> list[T]:
        """Return what stands at these places."""
        return [self.each[place] for place in places]


def first_free(
    session: Session,
    practitioners: Sequence[uuid.UUID],
    since: datetime,
    until: datetime,
    delivery: Delivery | None = None,
) -> dict[uuid.UUID, datetime]:
    """Return who of these can still have a whole session of something he offers in a span, with the first start.

    Whether the actor sees them is for the caller to have asked.
    """
    now = clock.now()
    span, first, last = _Span(now, since, until), since - _AROUND, until + _AROUND
    of = {"of": "{" + ",".join(map(str, practitioners)) + "}"}
    deliveries = [delivery, Delivery.BOTH] if delivery else list(Delivery)
    offers = _shared(session, _OFFERS, {**of, "deliveries": [d.value for d in deliveries]}, _terms)
    rules = _shared(session, _RULES, {**of, "days": _weekdays(first, last)}, Rule)
    before = max((terms.buffer_before for terms in offers.each), default=_NONE)
    after = max((terms.buffer_after for terms in offers.each), default=_NONE)
    reach = {"now": now, "first": first, "last": last, "since": since - before, "until": until + after}
    taken = _rows(session, _TAKEN, {**of, **reach})
    blocked = _rows(session, _BLOCKED, {**of, "since": since, "until": until})
    overrides = _rows(session, _OVERRIDES, {**of, "since": first, "until": last})

    def diaries(n: int) -> Iterator[Diary]:
        hours, own = rules.at(rules.of.get(n, ())), [Override(*parts) for parts in overrides.get(n, ())]
        return (Diary(terms, hours, own) for terms in _undominated(offers.at(offers.of[n])))

    plain: dict[tuple[tuple[int, ...], tuple[int, ...]], list[tuple[datetime, Diary]]] = {}
    found = {}
    for n, offer in offers.of.items():
        if n in overrides:
            candidates = span.starts(diaries(n))
        elif (shared := plain.get(key := (offer, rules.of.get(n, ())))) is not None:
            candidates = shared
        else:
            candidates = plain[key] = span.starts(diaries(n))
        if n in blocked or n in taken:
            start = _first_of_own(span, candidates, blocked.get(n, ()), taken.get(n, ()))
        else:
            start = candidates[0][0] if candidates else None
        if start is not None:
            found[practitioners[n - 1]] = start
    return found


def _first_of_own(
    span: _Span, candidates: Sequence[tuple[datetime, Diary]], blocked: Sequence[_Ends], taken: Sequence[_Ends]
) -> datetime | None:
    """Return the first start that what somebody has leaves; each candidate comes with its first start without that."""
    best: datetime | None = None
    for bound, plain in candidates:
        if best is not None and best <= bound:
            break
        start: datetime | None = bound
        if not _is_free(plain.terms, bound, blocked, taken):
            away, agreed = [Blocked(*ends) for ends in blocked], [Taken(*ends, "") for ends in taken]
            start = span.first(replace(plain, blocked=away, taken=agreed))
        if start is not None and (best is None or start < best):
            best = start
    return best


def _is_free(terms: Terms, start: datetime, blocked: Sequence[_Ends], taken: Sequence[_Ends]) -> bool:
    """Say whether a start that the hours offer is left by what is blocked and taken (R-BOOK-02)."""
    end = start + terms.duration
    first, last = start - terms.buffer_before, end + terms.buffer_after
    return not (any(b[0] < end and start < b[1] for b in blocked) or any(t[0] < last and first < t[1] for t in taken))


def _terms(zone: str, minutes: int, before: int, after: int, step: int | None, notice: int, ahead: int) -> Terms:
    return Terms.of_minutes(
        zone,
        minutes,
        step=step,
        buffer_before=before,
        buffer_after=after,
        min_notice=notice,
        max_horizon_days=ahead,
    )


def _undominated(offers: Iterable[Terms]) -> list[Terms]:
    """Return the terms that may start first: of two on one grid the shorter, unless its buffers are longer."""
    kept: list[Terms] = []
    for terms in sorted(offers, key=_size):
        if not any(k.grid == terms.grid and all(map(le, _size(k), _size(terms))) for k in kept):
            kept.append(terms)
    return kept


def _size(terms: Terms) -> tuple[timedelta, timedelta, timedelta]:
    return terms.duration, terms.buffer_before, terms.buffer_after


def _weekdays(since: datetime, until: datetime) -> list[int]:
    """Return the weekdays (0 = Monday) that a span can touch in any zone."""
    days = (until.date() - since.date()).days + 1
    return sorted({(since.date() + timedelta(days=n)).weekday() for n in range(min(days, 7))})


def _shared(session: Session, query: str, values: dict[str, Any], make: Callable[..., T]) -> _Shared[T]:
    """Return what the rows of a query make, whose last column says which numbers have it."""
    each: list[T] = []
    of: dict[int, list[int]] = defaultdict(list)
    for place, (*parts, numbers) in enumerate(session.execute(text(query), values).all()):
        each.append(make(*parts))
        for n in numbers:
            of[n].append(place)
    return _Shared(each, {n: tuple(places) for n, places in of.items()})


def _rows(session: Session, query: str, values: dict[str, Any]) -> dict[int, list[Any]]:
    """Return the rows of a query by the number that each begins with, without it."""
    found: dict[int, list[Any]] = defaultdict(list)
    for n, *rest in session.execute(text(query), values).all():
        found[n].append(tuple(rest))
    return found
