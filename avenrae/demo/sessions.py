"""The sessions of the demo world: eighteen months behind, four weeks ahead."""

import uuid
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from avenrae import money
from avenrae.demo.hours import Diary, Offering
from avenrae.demo.people import Customer, Worker
from avenrae.demo.rows import DAYS_AHEAD, DAYS_BACK, Frame, Tables
from avenrae.demo.texts import (
    CANCELLED_BY_CLIENT,
    CANCELLED_BY_PRACTITIONER,
    CANCELLED_BY_STAFF,
    HOLD_RAN_OUT,
    NOTES,
)
from avenrae.enums import BookingStatus, CancelledBy, PaymentStatus, VerificationStatus
from avenrae.ids import uuid7
from avenrae.models import Booking
from avenrae.scheduling.policies import refund_share
from avenrae.settings import settings

_MONTHS = (1.1, 1.05, 1.0, 0.9, 1.0, 0.9, 0.95, 1.05, 1.1, 1.1, 1.15, 0.7)
_WEEKDAYS = (0.95, 1.05, 1.05, 1.0, 0.85, 1.2, 0.8)
_AHEAD = (0.85, 0.55, 0.35, 0.2)
_CANCELLERS = (CancelledBy.CLIENT, CancelledBy.PRACTITIONER, CancelledBy.STAFF, CancelledBy.SYSTEM)


@dataclass(eq=False)
class Visit:
    """One session, its outcome and what was paid for it."""

    worker: Worker
    customer: Customer
    offering: Offering
    starts: datetime
    created: datetime
    status: BookingStatus = BookingStatus.CONFIRMED
    hold: datetime | None = None
    paid_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_by: CancelledBy | None = None
    reason: str | None = None
    closed_at: datetime | None = None
    refunded_minor: int = 0
    refunded_at: datetime | None = None
    notes: str = ""
    is_fresh_of_demo_client: bool = False
    id: uuid.UUID = field(default_factory=uuid7)

    @property
    def ends(self) -> datetime:
        """When it ends, buffers aside."""
        return self.starts + timedelta(minutes=self.offering.minutes)

    @property
    def payment_status(self) -> PaymentStatus:
        """What the payments say."""
        if self.paid_at is None:
            return PaymentStatus.UNPAID
        if not self.refunded_minor:
            return PaymentStatus.PAID
        full = self.refunded_minor == self.offering.price_minor
        return PaymentStatus.REFUNDED if full else PaymentStatus.PARTIALLY_REFUNDED


class Agenda:
    """Fills the diaries day by day.

    What the services are to make stays out of `visits`: `today` is what the demo practitioner has still to come
    today, `asked` and `demo_client_asked` are sessions of coming days that clients ask him for.
    """

    def __init__(self, frame: Frame, diaries: list[Diary], customers: list[Customer]) -> None:
        self.frame, self.diaries, self.customers = frame, diaries, customers
        self.today: list[Visit] = []
        self.asked: list[Visit] = []
        self.demo_client_asked: list[Visit] = []
        self.visits: list[Visit] = []
        self._joined = [customer.joined for customer in customers]
        self._busy: set[tuple[uuid.UUID, date]] = set()

    def fill(self) -> None:
        """Make every session, and the ones that the demo accounts need."""
        first = self.frame.first_day
        for n in range(DAYS_BACK + DAYS_AHEAD + 1):
            day = first + timedelta(days=n)
            for diary in self.diaries:
                for visit in self._day(diary, day):
                    is_plan = diary.worker.is_demo and day == self.frame.today and visit.starts > self.frame.now
                    (self.today if is_plan else self.visits).append(visit)
        self._requests()
        self._demo_client()
        self.visits.sort(key=lambda visit: visit.created)
        for visit in self.visits:
            visit.id = uuid7()

    def _day(self, diary: Diary, day: date) -> Iterator[Visit]:
        worker, frame = diary.worker, self.frame
        hours = diary.open_on(day)
        if not hours or frame.at(day, 6, diary.zone) < worker.joined + timedelta(days=3):
            return
        if worker.status is VerificationStatus.SUSPENDED and day > frame.today - timedelta(days=40):
            return
        steps = sum((closes - opens) * 60 / worker.step for opens, closes in hours)
        chance = self._wanted(diary, day) / steps
        free_from = frame.at(day, 0, diary.zone)
        for opens, closes in hours:
            at, closing = frame.at(day, opens, diary.zone), frame.at(day, closes, diary.zone)
            while at < closing:
                if frame.chance(chance):
                    offering = frame.rng.choices(diary.offerings, [o.weight for o in diary.offerings])[0]
                    ends = at + timedelta(minutes=offering.minutes)
                    if at - timedelta(minutes=offering.before) >= free_from and ends <= closing:
                        visit = self._visit(worker, offering, at, day)
                        if visit is not None:
                            yield visit
                            if visit.status is not BookingStatus.CANCELLED or frame.chance(0.6):
                                free_from = ends + timedelta(minutes=offering.after)
                at += timedelta(minutes=worker.step)

    def _wanted(self, diary: Diary, day: date) -> float:
        """Return how many sessions this day would bring: the business grows, months and weekdays differ."""
        frame, worker = self.frame, diary.worker
        ahead = (day - frame.today).days
        if worker.is_demo and ahead == 0:
            return 30.0
        if worker.is_demo and -45 <= ahead <= 14:
            return 5.5 if ahead < 7 else 4.0
        growth = 0.55 + 0.6 * (day - frame.first_day).days / DAYS_BACK
        coming = 1.0 if ahead <= 0 else _AHEAD[min((ahead - 1) // 7, 3)]
        return 1.17 * worker.demand * growth * coming * _MONTHS[day.month - 1] * _WEEKDAYS[day.weekday()]

    def _visit(self, worker: Worker, offering: Offering, starts: datetime, day: date) -> Visit | None:
        frame, rng = self.frame, self.frame.rng
        lead = 0 if frame.chance(0.08) else min(45, 1 + int(rng.expovariate(1 / 7)))
        if day > frame.today:
            lead += (day - frame.today).days
        created = frame.waking(day - timedelta(days=lead))
        latest = min(starts - timedelta(minutes=max(90, worker.notice)), frame.now - timedelta(minutes=15))
        created = max(min(created, latest), worker.joined + timedelta(hours=50))
        customer = self._customer(worker, created, day) if created <= latest else None
        if customer is None:
            return None
        visit = Visit(worker, customer, offering, starts, created)
        visit.notes = rng.choice(NOTES) if frame.chance(0.12) else ""
        if visit.ends <= frame.now and not (worker.is_demo and day == frame.today):
            self._close(visit)
        elif starts > frame.now:
            self._promise(visit)
        else:
            self._pay(visit, 0.8)
        return visit

    def _customer(self, worker: Worker, created: datetime, day: date) -> Customer | None:
        """Return who comes: often one who was here lately, otherwise somebody known to the platform by then."""
        rng = self.frame.rng
        known = bisect_right(self._joined, created)
        for _ in range(4):
            if worker.regulars and rng.random() < 0.62:
                customer = rng.choice(worker.regulars[-24:])
            else:
                low = max(1, known - 160) if rng.random() < 0.7 else 1
                customer = self.customers[rng.randrange(low, max(low + 1, min(known, len(self.customers))))]
            if customer.joined <= created and (customer.id, day) not in self._busy:
                self._busy.add((customer.id, day))
                worker.regulars.append(customer)
                return customer
        return None

    def _close(self, visit: Visit) -> None:
        """Decide how a session that is over has ended."""
        frame = self.frame
        outcome = frame.rng.random()
        if outcome < 0.14:
            self._cancel(visit, _CANCELLERS[frame.rng.choices(range(4), (60, 14, 9, 17))[0]], visit.starts)
            return
        fresh = frame.now - visit.ends < timedelta(days=2)
        if outcome < 0.19 and not fresh:
            self._pay(visit, 0.8)
            visit.status = BookingStatus.NO_SHOW
            visit.closed_at = frame.past(visit.starts + timedelta(minutes=frame.rng.randint(16, 50)))
            return
        self._pay(visit, 0.7 if fresh else 1.0)
        if visit.paid_at is None or (fresh and frame.chance(0.25)):
            return
        visit.status = BookingStatus.COMPLETED
        visit.closed_at = frame.past(visit.ends + timedelta(minutes=frame.rng.randint(1, 25)))
        if frame.chance(0.017):
            back = frame.rng.choice((10_000, 5_000, 3_333))
            visit.refunded_minor = money.share(visit.offering.price_minor, back)
            visit.refunded_at = frame.past(visit.ends + timedelta(hours=frame.rng.randint(20, 160)))

    def _promise(self, visit: Visit) -> None:
        """Decide where a session to come stands."""
        frame, outcome = self.frame, self.frame.rng.random()
        if outcome < 0.09:
            self._cancel(visit, _CANCELLERS[frame.rng.choices(range(3), (75, 15, 10))[0]], frame.now)
        elif outcome < 0.24:
            visit.status = BookingStatus.PENDING
            visit.created = max(visit.created, frame.now - timedelta(hours=frame.rng.randint(2, 60)))
            if frame.chance(0.06):
                visit.created = frame.now - timedelta(minutes=frame.rng.randint(4, 9))
                visit.hold = visit.created + timedelta(minutes=max(settings().hold_minutes, 10))
        else:
            self._pay(visit, 0.75)

    def _pay(self, visit: Visit, probability: float) -> None:
        """Let the client pay: mostly at once, sometimes at the door; always before the session."""
        if not self.frame.chance(probability):
            return
        soon = visit.created + timedelta(minutes=self.frame.rng.randint(1, 4))
        door = visit.starts - timedelta(minutes=self.frame.rng.randint(2, 12))
        at_door = door < self.frame.now and door > soon and self.frame.chance(0.25)
        visit.paid_at = door if at_door else soon

    def _cancel(self, visit: Visit, by: CancelledBy, until: datetime) -> None:
        frame, rng = self.frame, self.frame.rng
        visit.status, visit.cancelled_by = BookingStatus.CANCELLED, by
        if by is CancelledBy.SYSTEM:
            visit.cancelled_at = frame.past(visit.created + timedelta(minutes=settings().hold_minutes))
            visit.reason = HOLD_RAN_OUT
            return
        self._pay(visit, 0.7)
        begun = visit.paid_at or visit.created
        visit.cancelled_at = frame.past(begun + (until - begun) * rng.uniform(0.05, 0.98))
        share = 10_000
        if by is CancelledBy.CLIENT:
            visit.reason = rng.choice(CANCELLED_BY_CLIENT)
            share = refund_share(visit.offering.policy, visit.starts - visit.cancelled_at)
        else:
            visit.reason = rng.choice(
                CANCELLED_BY_PRACTITIONER if by is CancelledBy.PRACTITIONER else CANCELLED_BY_STAFF
            )
        if visit.paid_at is not None:
            visit.refunded_minor = money.share(visit.offering.price_minor, share)
            visit.refunded_at = visit.cancelled_at if visit.refunded_minor else None

    def _requests(self) -> None:
        """Leave requests of the coming days for the demo practitioner to answer, two of them as holds."""
        coming = [v for v in self.visits if v.worker.is_demo and v.starts > self.frame.now and not v.reason]
        coming.sort(key=lambda visit: visit.starts)
        self.asked, self.demo_client_asked = coming[1:8:6], coming[9:24:6]
        for visit in (*self.asked, *self.demo_client_asked):
            self.visits.remove(visit)
        for n, visit in enumerate(coming[2:16:3]):
            visit.status, visit.paid_at, visit.hold = BookingStatus.PENDING, None, None
            visit.created = max(visit.customer.joined, self.frame.now - timedelta(hours=2 + 5 * n))

    def _demo_client(self) -> None:
        """Give the demo client a past and a future."""
        customer = self.customers[0]
        for visit in self.demo_client_asked:
            visit.customer = customer
        days = {visit.starts.date() for visit in (*self.today, *self.demo_client_asked)}
        past = [v for v in self.visits if v.status is BookingStatus.COMPLETED]
        since = self.frame.now - timedelta(days=5)
        fresh = [v for v in past if v.closed_at is not None and v.closed_at > since]
        missed = [v for v in self.visits if v.status is BookingStatus.CANCELLED]
        coming = [v for v in self.visits if v.status is BookingStatus.CONFIRMED and v.starts > self.frame.now]
        for wanted, chosen in ((8, fresh), (6, past), (1, missed), (2, coming)):
            for visit in self.frame.rng.sample(chosen, min(len(chosen), wanted)):
                if visit.starts.date() not in days and visit.created > customer.joined:
                    days.add(visit.starts.date())
                    visit.customer = customer
                    visit.worker.regulars.append(customer)
                    visit.is_fresh_of_demo_client = chosen is fresh


def booking_rows(tables: Tables, visits: list[Visit]) -> None:
    """Put the rows of sessions aside; the database numbers them in the order in which they were made."""
    for visit in visits:
        offering, worker = visit.offering, visit.worker
        agreed = visit.status in (BookingStatus.CONFIRMED, BookingStatus.COMPLETED, BookingStatus.NO_SHOW)
        moments = (visit.created, visit.cancelled_at, visit.closed_at, visit.paid_at, visit.refunded_at)
        tables.add(
            Booking,
            id=visit.id,
            client_id=visit.customer.id,
            practitioner_id=worker.id,
            service_id=offering.id,
            starts_at=visit.starts,
            ends_at=visit.ends,
            buffer_before=offering.before,
            buffer_after=offering.after,
            time_zone=worker.place.time_zone,
            status=visit.status,
            hold_expires_at=visit.hold,
            price_minor=offering.price_minor,
            currency=worker.place.currency,
            commission_bps=worker.bps,
            policy=offering.policy,
            payment_status=visit.payment_status,
            refunded_minor=visit.refunded_minor,
            confirmed_at=visit.created + timedelta(minutes=4) if agreed or visit.paid_at else None,
            completed_at=visit.closed_at if visit.status is BookingStatus.COMPLETED else None,
            cancelled_at=visit.cancelled_at,
            cancelled_by=visit.cancelled_by,
            cancellation_reason=visit.reason,
            notes=visit.notes,
            created_at=visit.created,
            updated_at=max(at for at in moments if at is not None),
        )
