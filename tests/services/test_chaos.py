"""Twenty people at once, at random: whatever they do, the calendars, the books and the waiting list agree.

Ten seconds in the suite; `CHAOS_SECONDS=60` for longer, `CHAOS_SEED` to begin elsewhere.
"""

import os
import sys
import threading
import time as wall
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db import engine as db
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import PaymentStatus, Role
from avenrae.errors import AvenraeError, TryAgain
from avenrae.models import AvailabilityRule
from avenrae.permissions import Actor, Permission
from avenrae.queries.diaries import list_slots
from avenrae.queries.invariants import INVARIANTS, broken
from avenrae.queries.series import plan_series
from avenrae.services.bookings import (
    book_walk_in,
    cancel_booking,
    cancel_series_from,
    complete_booking,
    confirm_booking,
    create_booking,
    create_series,
    decline_booking,
    mark_no_show,
    reschedule_booking,
)
from avenrae.services.bookings.calendars import locked_booking
from avenrae.services.bookings.places import expire_hold
from avenrae.services.money import record_payment
from avenrae.services.waiting_list import accept_offer, join_waiting_list, leave_waiting_list, offer_free_places
from tests import make

SECONDS = float(os.environ.get("CHAOS_SECONDS", "10"))
SEED = int(os.environ.get("CHAOS_SEED", "20261120"))
THREADS = 20
SYSTEM = Actor.system("Chaos")
ZONE = ZoneInfo("Africa/Johannesburg")


@dataclass
class World:
    """Few practitioners with short days, so that everybody wants the same times."""

    services: list[UUID] = field(default_factory=list)
    practitioners: list[UUID] = field(default_factory=list)
    clients: list[Actor] = field(default_factory=list)
    staff: list[Actor] = field(default_factory=list)

    def __post_init__(self) -> None:
        with transaction(SYSTEM, "prepare") as session:
            for _ in range(4):
                who = make.make_practitioner(session, is_open=False, buffer_after=10, slot_step=30)
                for weekday in range(7):
                    hours = {"weekday": weekday, "starts_local": time(9), "ends_local": time(13)}
                    session.add(AvailabilityRule(practitioner_id=who.id, **hours))
                self.practitioners.append(who.id)
                self.services += [make.make_service(session, who, duration_minutes=m).id for m in (50, 110)]
            self.clients = [make.make_actor(session, Role.CLIENT) for _ in range(30)]
            self.staff = [make.make_actor(session, role) for role in (Role.SUPPORT, Role.ADMIN)]


class Person:
    """One thread: does something at random, again and again, and notes what came of it."""

    def __init__(self, world: World, number: int, until: float) -> None:
        self.world, self.until = world, until
        self.rng = Random(SEED * 100 + number)
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.faults: list[str] = []
        self.slowest = 0.0
        self.deeds: list[tuple[Callable[[Session, Actor], Any], int]] = [
            (self.book, 22),
            (self.move, 12),
            (self.cancel, 16),
            (self.confirm, 8),
            (self.decline, 4),
            (self.pay, 6),
            (self.begin_now, 4),
            (self.close, 8),
            (self.agree_series, 4),
            (self.cancel_series, 3),
            (self.join, 16),
            (self.leave, 3),
            (self.accept, 8),
            (self.run_out, 4),
            (self.expire, 6),
            (self.sweep, 4),
        ]

    def run(self) -> None:
        """Go on until the time is over."""
        deeds, weights = zip(*self.deeds, strict=True)
        while wall.monotonic() < self.until:
            deed = self.rng.choices(deeds, weights)[0]
            who = self.rng.choice(self.world.staff) if self.rng.random() < 0.4 else self.rng.choice(self.world.clients)
            began = wall.monotonic()
            try:
                with transaction(who, deed.__name__) as session:
                    if deed(session, who) is not None:
                        self.done[deed.__name__] += 1
            except TryAgain as e:
                self.refused[f"TryAgain after {wall.monotonic() - began:.1f} s: {e.message}"] += 1
            except AvenraeError as e:
                self.refused[type(e).__name__] += 1
            except Exception as e:
                self.faults.append(f"{deed.__name__}: {e!r}")
            self.slowest = max(self.slowest, wall.monotonic() - began)

    def booking(self, session: Session, where: str = "true") -> UUID:
        """Some booking, which may be gone a moment later."""
        found = session.execute(
            text(f"SELECT id FROM bookings WHERE {where} ORDER BY id DESC LIMIT 60"), {"now": clock.now()}
        ).scalars()
        return self.rng.choice(list(found) or [UUID(int=0)])

    def entry(self, session: Session, status: str, who: Actor) -> UUID:
        """Some place in a line."""
        query = text(f"SELECT id FROM booking_waitlist WHERE status = :status{self.own(who)} LIMIT 40")
        return self.rng.choice(list(session.execute(query, {"status": status}).scalars()) or [UUID(int=0)])

    def a_time(self, session: Session, service: UUID) -> datetime:
        """An offered time of the coming days, or now and then just any."""
        since = clock.now() + timedelta(days=self.rng.randrange(6))
        offered = list_slots(session, SYSTEM, service, since, since + timedelta(days=2))
        if not offered or self.rng.random() < 0.1:
            return since.replace(minute=0, second=0, microsecond=0) + timedelta(hours=self.rng.randrange(1, 30))
        return self.rng.choice(offered[:8])

    def own(self, who: Actor) -> str:
        """Mostly one's own rows: a client sees no others."""
        return f" AND client_id = '{who.client_id}'" if who.client_id and self.rng.random() < 0.9 else ""

    def client_for(self, who: Actor) -> UUID:
        """Whom he books for: a client himself."""
        return who.client_id or self.rng.choice(self.world.clients).client_id

    def book(self, session: Session, who: Actor) -> Any:
        service = self.rng.choice(self.world.services)
        at = self.a_time(session, service)
        outside = self.rng.random() < 0.2
        return create_booking(
            session, who, client_id=self.client_for(who), service_id=service, starts_at=at, outside_hours=outside
        )

    def move(self, session: Session, who: Actor) -> Any:
        key = self.booking(session, "status IN ('pending', 'confirmed')" + self.own(who))
        service = session.scalar(text("SELECT service_id FROM bookings WHERE id = :id"), {"id": key})
        at = self.a_time(session, service or self.rng.choice(self.world.services))
        return reschedule_booking(session, SYSTEM if who.is_staff else who, key, starts_at=at)

    def cancel(self, session: Session, who: Actor) -> Any:
        key = self.booking(session, "status IN ('pending', 'confirmed')" + self.own(who))
        return cancel_booking(session, who, key, "Chaos")

    def confirm(self, session: Session, who: Actor) -> Any:
        return confirm_booking(session, SYSTEM, self.booking(session, "status = 'pending'"))

    def decline(self, session: Session, who: Actor) -> Any:
        return decline_booking(session, SYSTEM, self.booking(session, "status = 'pending'"), "Chaos")

    def pay(self, session: Session, who: Actor) -> Any:
        key = self.booking(session, "status IN ('pending', 'confirmed') AND payment_status = 'unpaid'")
        booking = locked_booking(session, SYSTEM, key, Permission.BOOKING_CONFIRM)
        if booking.status in ("pending", "confirmed") and booking.payment_status == PaymentStatus.UNPAID:
            return record_payment(session, booking, booking.price_minor)
        return None

    def begin_now(self, session: Session, who: Actor) -> Any:
        service = self.rng.choice(self.world.services)
        if self.rng.random() < 0.5:
            client = self.rng.choice(self.world.clients).client_id
            return create_booking(session, SYSTEM, client_id=client, service_id=service, starts_at=None)
        email = f"walk-in-{self.rng.getrandbits(64)}@example.org"
        name = {"first_name": "Walk", "last_name": "In", "email": email, "phone": ""}
        return book_walk_in(session, SYSTEM, **name, service_id=service, starts_at=None)

    def close(self, session: Session, who: Actor) -> Any:
        key = self.booking(session, "status = 'confirmed' AND starts_at <= :now")
        if self.rng.random() < 0.3:
            return mark_no_show(session, SYSTEM, key)
        return complete_booking(session, SYSTEM, key, paid_on_site=True)

    def agree_series(self, session: Session, who: Actor) -> Any:
        service, staff = self.rng.choice(self.world.services), self.rng.choice(self.world.staff)
        first = self.a_time(session, service)
        plan = plan_series(session, staff, service, first, self.rng.randrange(2, 9), self.rng.randrange(1, 3))
        starts = [p.starts_at for p in plan if p.is_free]
        client = self.rng.choice(self.world.clients).client_id
        return create_series(session, staff, client_id=client, service_id=service, starts=starts)

    def cancel_series(self, session: Session, who: Actor) -> Any:
        key = self.booking(session, "series_id IS NOT NULL AND status = 'confirmed'")
        return cancel_series_from(session, who, key, "Chaos")

    def join(self, session: Session, who: Actor) -> Any:
        day = (clock.now().astimezone(ZONE) + timedelta(days=self.rng.randrange(7))).date()
        service = self.rng.choice(self.world.services)
        return join_waiting_list(session, who, client_id=self.client_for(who), service_id=service, on_date=day)

    def leave(self, session: Session, who: Actor) -> Any:
        key = self.entry(session, self.rng.choice(["waiting", "offered"]), who)
        leave_waiting_list(session, SYSTEM if who.is_staff else who, key)
        return True

    def accept(self, session: Session, who: Actor) -> Any:
        return accept_offer(session, SYSTEM if who.is_staff else who, self.entry(session, "offered", who))

    def run_out(self, session: Session, who: Actor) -> Any:
        """Let the time of a hold pass at once."""
        key = self.booking(session, "status = 'pending' AND hold_expires_at > :now")
        booking = locked_booking(session, SYSTEM, key, Permission.BOOKING_CONFIRM)
        if booking.hold_expires_at is None:
            return None
        booking.hold_expires_at = clock.now()
        session.execute(
            text("UPDATE booking_waitlist SET offer_expires_at = :at WHERE booking_id = :id AND status = 'offered'"),
            {"at": booking.hold_expires_at, "id": key},
        )
        return booking

    def expire(self, session: Session, who: Actor) -> Any:
        key = self.booking(session, "status = 'pending' AND hold_expires_at <= :now")
        return expire_hold(session, SYSTEM, key) or None

    def sweep(self, session: Session, who: Actor) -> Any:
        return offer_free_places(session, SYSTEM, self.rng.choice(self.world.practitioners))


class Waits(threading.Thread):
    """Looks twenty times a second how long anybody has been waiting for a lock."""

    def __init__(self) -> None:
        super().__init__()
        self.over, self.longest = threading.Event(), 0.0
        self._engine = db.make_engine(db.engine().url.render_as_string(hide_password=False), pool_size=1)

    def run(self) -> None:
        query = text("SELECT extract(epoch FROM max(clock_timestamp() - waitstart)) FROM pg_locks WHERE NOT granted")
        with self._engine.connect() as connection:
            while not self.over.wait(0.05):
                self.longest = max(self.longest, float(connection.execute(query).scalar() or 0))
                connection.rollback()
        self._engine.dispose()


@pytest.mark.slow
def test_twenty_people_at_random(database: str, caplog: pytest.LogCaptureFixture) -> None:
    """R-BOOK-01, R-BOOK-09: no overlap, no deadlock, nobody waits a second; every invariant holds in the end.

    How long somebody waits for a lock is only asked of a machine that has nothing else to do.
    """
    is_calm = os.getloadavg()[0] <= (os.cpu_count() or 1)
    world = World()
    people = [Person(world, n, wall.monotonic() + SECONDS) for n in range(THREADS)]
    waits = Waits()
    threads = [threading.Thread(target=person.run) for person in people]
    for thread in (waits, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    waits.over.set()
    waits.join()
    done, refused = (sum((getattr(p, name) for p in people), Counter()) for name in ("done", "refused"))
    told = f"{done.total()} done {dict(done)}; refused {dict(refused)}"
    slowest = max(person.slowest for person in people)
    sys.stdout.write(f"{told}; longest wait for a lock {waits.longest:.2f} s, slowest click {slowest:.2f} s ")
    assert [fault for person in people for fault in person.faults] == []
    assert caplog.text == ""
    if is_calm:
        assert [sentence for sentence in refused if sentence.startswith("TryAgain")] == []
        assert waits.longest < 1.0
    assert all(done[deed.__name__] for deed, _ in people[0].deeds), told
    with read_session() as session:
        assert broken(session) == []
        assert len(INVARIANTS) > 10
