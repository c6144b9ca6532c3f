"""When the practitioners of the demo world work, and what they offer."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from avenrae.demo.people import Worker, stamps
from avenrae.demo.rows import DAYS_AHEAD, DAYS_BACK, Frame, Tables
from avenrae.demo.texts import CLOSED_DAYS, LEAVE, OFFERS, OPEN_DAYS
from avenrae.enums import CancellationPolicy, Delivery
from avenrae.ids import uuid7
from avenrae.models import AvailabilityOverride, AvailabilityRule, BlockedPeriod, Service

Hours = list[tuple[float, float]]
"""Open ranges of a day in hours by the practitioner's clock, such as `[(9, 12.5), (13.5, 17)]`."""


def _week(weekdays: Iterable[int], *hours: tuple[float, float]) -> dict[int, Hours]:
    return {weekday: list(hours) for weekday in weekdays}


_WEEKS: tuple[dict[int, Hours], ...] = (
    _week(range(5), (9.0, 17.0)),
    _week(range(5), (8.5, 12.5), (13.5, 17.0)),
    _week(range(1, 6), (10.0, 18.0)),
    _week(range(4), (14.0, 20.0)) | _week([5], (9.0, 13.0)),
    _week((0, 2, 4), (8.0, 16.0)) | _week([5], (9.0, 14.0)),
    _week((1, 2, 3), (9.0, 13.0), (15.0, 19.0)) | _week([6], (14.0, 18.0)),
)
_DEMO_WEEK = _week(range(5), (8.0, 12.5), (13.5, 18.0)) | _week([5], (8.0, 14.0)) | _week([6], (9.0, 13.0))


@dataclass(eq=False)
class Offering:
    """A service on offer."""

    id: uuid.UUID
    minutes: int
    price_minor: int
    before: int
    after: int
    policy: CancellationPolicy
    weight: int


@dataclass(eq=False)
class Diary:
    """A practitioner's open hours and services."""

    worker: Worker
    week: dict[int, Hours]
    offerings: list[Offering]
    own_days: dict[date, Hours] = field(default_factory=dict)
    away: list[tuple[date, date]] = field(default_factory=list)

    @property
    def zone(self) -> ZoneInfo:
        """The practitioner's zone."""
        return ZoneInfo(self.worker.place.time_zone)

    def open_on(self, day: date) -> Hours:
        """Return the hours of a date: none while away, an override before the week's rule."""
        if any(first <= day <= last for first, last in self.away):
            return []
        return self.own_days.get(day, self.week.get(day.weekday(), []))


def diaries(frame: Frame, tables: Tables, workers: list[Worker]) -> Iterator[Diary]:
    """Make services and working hours of every practitioner, rows included."""
    for worker in workers:
        week = _DEMO_WEEK if worker.is_demo else frame.rng.choice(_WEEKS)
        diary = Diary(worker, week, _services(frame, tables, worker))
        for weekday, hours in week.items():
            for opens, closes in hours:
                tables.add(
                    AvailabilityRule,
                    id=uuid7(),
                    practitioner_id=worker.id,
                    weekday=weekday,
                    starts_local=_clock(opens),
                    ends_local=_clock(closes),
                    **stamps(worker.joined),
                )
        if worker.works:
            _own_days(frame, tables, diary)
            _absences(frame, tables, diary)
        yield diary


def _services(frame: Frame, tables: Tables, worker: Worker) -> list[Offering]:
    rng = frame.rng
    everything = OFFERS[worker.kind]
    chosen = sorted(rng.sample(range(len(everything)), 4 if worker.is_demo else rng.randint(2, len(everything) - 1)))
    policy = rng.choice((*CancellationPolicy, CancellationPolicy.MODERATE))
    round_to = 1000 if worker.place.currency == "ZAR" else 100
    found: list[Offering] = []
    for offer in (everything[n] for n in chosen):
        price = max(round_to, worker.rate_minor * offer.weight // 100 // round_to * round_to)
        own_after = 30 if offer.minutes >= 120 else None
        offering = Offering(
            id=uuid7(),
            minutes=offer.minutes,
            price_minor=price,
            before=worker.before,
            after=worker.after if own_after is None else own_after,
            policy=policy,
            weight=40 if 45 <= offer.minutes <= 60 else 15,
        )
        retired = len(found) == 3 and not worker.is_demo and frame.chance(0.3)
        tables.add(
            Service,
            id=offering.id,
            practitioner_id=worker.id,
            title=offer.title,
            description=offer.description,
            category=offer.category,
            duration_minutes=offer.minutes,
            price_minor=price,
            currency=worker.place.currency,
            delivery=Delivery.IN_PERSON if "home" in offer.title else rng.choice(list(Delivery)),
            buffer_after=own_after,
            policy=policy,
            is_available=not retired,
            **stamps(worker.joined + timedelta(hours=rng.randint(1, 40))),
        )
        if not retired:
            found.append(offering)
    return found


def _own_days(frame: Frame, tables: Tables, diary: Diary) -> None:
    """Close on the great holidays and now and then; open late once before today and once after it."""
    first, last = frame.first_day, frame.today + timedelta(days=DAYS_AHEAD + 40)
    days: dict[date, tuple[Hours, str]] = {}
    for year in range(first.year, last.year + 1):
        for holiday, note in ((date(year, 12, 25), "Christmas Day"), (date(year, 1, 1), "New Year's Day")):
            if first <= holiday <= last:
                days[holiday] = ([], note)
    rng = frame.rng
    for _ in range(rng.randint(1, 3)):
        days[frame.today + timedelta(days=rng.randint(-200, -1))] = ([], rng.choice(CLOSED_DAYS))
    days[frame.today + timedelta(days=rng.randint(2, 26))] = rng.choice(
        [([], rng.choice(CLOSED_DAYS)), ([(10.0, 19.5)], rng.choice(OPEN_DAYS))]
    )
    for day, (hours, note) in sorted(days.items()):
        if day == frame.today and diary.worker.is_demo:
            continue
        diary.own_days[day] = hours
        opens, closes = hours[0] if hours else (None, None)
        made = frame.past(max(frame.at(day - timedelta(days=30), 9), diary.worker.joined))
        tables.add(
            AvailabilityOverride,
            id=uuid7(),
            practitioner_id=diary.worker.id,
            on_date=day,
            starts_local=None if opens is None else _clock(opens),
            ends_local=None if closes is None else _clock(closes),
            note=note,
            **stamps(made),
        )


def _absences(frame: Frame, tables: Tables, diary: Diary) -> None:
    """Take leave once or twice in the past, and some of them soon."""
    rng, today, zone = frame.rng, frame.today, diary.zone
    starts = [today - timedelta(days=n) for n in rng.sample(range(30, DAYS_BACK, 40), rng.randint(1, 2))]
    if diary.worker.is_demo:
        starts.append(today + timedelta(days=19))
    elif frame.chance(0.35):
        starts.append(today + timedelta(days=rng.randint(5, 24)))
    for start in starts:
        end = start + timedelta(days=rng.randint(1, 3) if start > today else rng.randint(3, 12))
        diary.away.append((start, end))
        made = frame.past(max(frame.at(start - timedelta(days=45), 20), diary.worker.joined))
        tables.add(
            BlockedPeriod,
            id=uuid7(),
            practitioner_id=diary.worker.id,
            starts_at=_local(frame, start, zone),
            ends_at=_local(frame, end + timedelta(days=1), zone),
            reason=LEAVE[0] if start.month == 12 else rng.choice(LEAVE[1:]),
            **stamps(made),
        )


def _local(frame: Frame, day: date, zone: ZoneInfo) -> datetime:
    return frame.at(day, 0, zone)


def _clock(hour: float) -> time:
    return time(int(hour), round(hour % 1 * 60))
