"""Who is free when, for many practitioners at once: the pure functions of `scheduling` on diaries read together.

What decides is read in five queries, however many they are. Hours and services are fetched as patterns, each once
with all who share it; only who has something of his own in the span (a session, a blocked time, a date's own hours)
is looked at by himself.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Delivery
from avenrae.scheduling.diary import Blocked, Diary, Taken, Terms
from avenrae.scheduling.hours import Override, Rule
from avenrae.scheduling.slots import free_between

T = TypeVar("T")
_AROUND = timedelta(days=2)
"""What lies this far outside a span can still reach into it: a session, its buffers, a zone's offset."""
_OF = "unnest(string_to_array(:of, ',')::uuid[]) WITH ORDINALITY AS c(id, n)"
"""The practitioners with their numbers in the list: numbers travel and hash faster than keys."""
_OFFERS = f"""
    SELECT pattern, array_agg(n) FROM (
        SELECT c.n, string_agg(concat_ws(',', s.duration_minutes, coalesce(s.buffer_before, p.buffer_before),
                                         coalesce(s.buffer_after, p.buffer_after), coalesce(p.slot_step, 0),
                                         p.min_notice, p.max_horizon, p.time_zone), '|') AS pattern
        FROM {_OF} JOIN practitioners p ON p.id = c.id JOIN services s ON s.practitioner_id = c.id
        WHERE s.is_available AND s.delivery = ANY(:deliveries) GROUP BY c.n) each_one
    GROUP BY pattern"""
_RULES = f"""
    SELECT pattern, array_agg(n) FROM (
        SELECT c.n, string_agg(concat_ws('/', r.starts_local, r.ends_local, coalesce(r.weekday::text, ''),
                                         coalesce(r.rrule, ''), coalesce(r.valid_from::text, ''),
                                         coalesce(r.valid_until::text, '')), '|') AS pattern
        FROM {_OF} JOIN availability_rules r ON r.practitioner_id = c.id
        WHERE r.weekday IS NULL OR r.weekday = ANY(:days) GROUP BY c.n) each_one
    GROUP BY pattern"""
_OVERRIDES = f"""
    SELECT c.n, o.on_date, o.starts_local, o.ends_local FROM {_OF}
    JOIN availability_overrides o ON o.practitioner_id = c.id
    WHERE o.on_date BETWEEN :since AND :until"""
_BLOCKED = f"""
    SELECT c.n, b.starts_at, b.ends_at FROM {_OF} JOIN blocked_periods b ON b.practitioner_id = c.id
    WHERE b.starts_at < :until AND b.ends_at > :since
    UNION ALL
    SELECT c.n, t.starts_at, t.ends_at FROM {_OF} JOIN busy_calendars b ON b.practitioner_id = c.id AND b.is_active
    JOIN busy_times t ON t.busy_calendar_id = b.id WHERE t.starts_at < :until AND t.ends_at > :since"""
_TAKEN = f"""
    SELECT c.n, lower(b.occupied), upper(b.occupied) FROM {_OF} JOIN bookings b ON b.practitioner_id = c.id
    WHERE (b.status = 'confirmed' OR b.status = 'pending' AND (
            b.hold_expires_at IS NULL OR b.hold_expires_at > :now OR b.payment_status <> 'unpaid'))
      AND b.starts_at BETWEEN :since AND :until"""


@dataclass(frozen=True)
class _Span:
    now: datetime
    since: datetime
    until: datetime

    def first(self, diary: Diary) -> datetime | None:
        """Return the first start of a whole session in the span."""
        return free_between({0: diary}, self.now, self.since, self.until).get(0)


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
    span, own = _Span(now, since, until), {"of": ",".join(map(str, practitioners))}
    first, last = since - _AROUND, until + _AROUND
    reach = {**own, "since": first, "until": last}
    deliveries = [delivery, Delivery.BOTH] if delivery else list(Delivery)
    offers = _patterns(session, _OFFERS, {**own, "deliveries": [d.value for d in deliveries]})
    rules = _patterns(session, _RULES, {**own, "days": _weekdays(first, last)})
    overrides = _rows(session, _OVERRIDES, reach, Override)
    blocked = _rows(session, _BLOCKED, reach, Blocked)
    taken = _rows(session, _TAKEN, {**reach, "now": now}, lambda start, end: Taken(start, end, ""))
    plain: dict[tuple[str, str], list[tuple[datetime, Diary]]] = {}
    found = {}
    for n, offer in offers.items():
        rule = rules.get(n, "")
        if (shared := plain.get((rule, offer))) is None:
            shared = plain[rule, offer] = sorted(_starts(span, _diaries(offer, rule)), key=lambda s: s[0])
        if n in overrides:
            own_diaries = [replace(d, overrides=overrides[n]) for d in _diaries(offer, rule)]
            candidates = [(since, d) for d in own_diaries]
        else:
            candidates = shared
        if n in overrides or n in blocked or n in taken:
            start = _first_of_own(span, candidates, blocked.get(n, ()), taken.get(n, ()))
        else:
            start = candidates[0][0] if candidates else None
        if start is not None:
            found[practitioners[n - 1]] = start
    return found


def _first_of_own(
    span: _Span, candidates: Sequence[tuple[datetime, Diary]], blocked: Sequence[Blocked], taken: Sequence[Taken]
) -> datetime | None:
    """Return the first start that what somebody has leaves; each candidate's instant is one it cannot come before."""
    best: datetime | None = None
    for bound, diary in candidates:
        if best is not None and best <= bound:
            break
        start = span.first(replace(diary, blocked=blocked, taken=taken))
        if start is not None and (best is None or start < best):
            best = start
    return best


def _starts(span: _Span, diaries: Sequence[Diary]) -> Iterator[tuple[datetime, Diary]]:
    for diary in diaries:
        if (start := span.first(diary)) is not None:
            yield start, diary


def _diaries(offer: str, rule: str) -> list[Diary]:
    rules = [_rule(part) for part in rule.split("|") if part]
    offers = {(*map(int, numbers), zone) for *numbers, zone in (part.split(",") for part in offer.split("|"))}
    return [Diary(terms, rules) for terms in _undominated(offers)]


def _rule(part: str) -> Rule:
    starts, ends, weekday, rrule, valid_from, valid_until = part.split("/")
    return Rule(
        time.fromisoformat(starts),
        time.fromisoformat(ends),
        int(weekday) if weekday else None,
        rrule or None,
        date.fromisoformat(valid_from) if valid_from else None,
        date.fromisoformat(valid_until) if valid_until else None,
    )


def _undominated(offers: Iterable[tuple[Any, ...]]) -> list[Terms]:
    """Return the terms that may start first: of two on one grid the shorter, unless its buffers are longer."""
    kept: list[tuple[Any, ...]] = []
    for offer in sorted(offers):
        grid = offer[3] or offer[0]
        if not any((k[3] or k[0]) == grid and all(k[i] <= offer[i] for i in range(3)) for k in kept):
            kept.append(offer)
    return [
        Terms.of_minutes(
            zone,
            minutes,
            step=step or None,
            buffer_before=before,
            buffer_after=after,
            min_notice=notice,
            max_horizon_days=ahead,
        )
        for minutes, before, after, step, notice, ahead, zone in kept
    ]


def _weekdays(since: datetime, until: datetime) -> list[int]:
    """Return the weekdays (0 = Monday) that a span can touch in any zone."""
    days = (until.date() - since.date()).days + 1
    return sorted({(since.date() + timedelta(days=n)).weekday() for n in range(min(days, 7))})


def _patterns(session: Session, query: str, values: dict[str, Any]) -> dict[int, str]:
    """Return each number's pattern."""
    return {n: pattern for pattern, numbers in session.execute(text(query), values) for n in numbers}


def _rows(session: Session, query: str, values: dict[str, Any], make: Callable[..., T]) -> dict[int, list[T]]:
    """Return what the rows of a query make, by number."""
    found: dict[int, list[T]] = defaultdict(list)
    for n, *parts in session.execute(text(query), values):
        found[n].append(make(*parts))
    return found
