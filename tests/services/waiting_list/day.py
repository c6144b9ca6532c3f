"""A day of a practitioner for which clients wait."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus, Role
from avenrae.models import AvailabilityRule, Booking, BookingWaitlist, Service, User
from avenrae.permissions import Actor
from avenrae.services.waiting_list import join_waiting_list
from tests import make

SYSTEM = Actor.system("Test")
TUESDAY = date(2026, 3, 17)
HOUR = timedelta(hours=1)


class Day:
    """A practitioner who works on Tuesdays from 9 to 11, both hours of the next one taken."""

    def __init__(self, session: Session, **terms) -> None:
        self.session = session
        self.practitioner = make.make_practitioner(session, is_open=False, **terms)
        rule = {"weekday": 1, "starts_local": time(9), "ends_local": time(11)}
        session.add(AvailabilityRule(practitioner_id=self.practitioner.id, **rule))
        self.service = make.make_service(session, self.practitioner)
        self.nine = datetime.combine(TUESDAY, time(7), clock.now().tzinfo)
        self.bookings = [self.book(self.nine), self.book(self.nine + HOUR)]

    def book(self, at: datetime, **kw) -> Booking:
        """A confirmed session."""
        kw = {"status": BookingStatus.CONFIRMED, **kw}
        return make.make_booking(self.session, practitioner=self.practitioner, service=self.service, starts_at=at, **kw)

    def join(self, who: Actor | None = None, service: Service | None = None) -> Actor:
        """Let a client wait for the day."""
        who = who or make.make_actor(self.session, Role.CLIENT)
        service_id = (service or self.service).id
        join_waiting_list(self.session, who, client_id=who.client_id, service_id=service_id, on_date=TUESDAY)
        return who

    def entry(self, who: Actor) -> BookingWaitlist:
        """A client's place in the line."""
        query = select(BookingWaitlist).where(BookingWaitlist.client_id == who.client_id)
        return self.session.execute(query.execution_options(populate_existing=True)).scalar_one()

    def states(self, *who: Actor) -> list[str]:
        """Where they stand."""
        return [self.entry(one).status for one in who]

    def held(self, who: Actor) -> Booking:
        """What is held for a client."""
        return self.session.get_one(Booking, self.entry(who).booking_id, populate_existing=True)

    def worker(self) -> Actor:
        """The practitioner."""
        user = self.session.get_one(User, self.practitioner.user_id)
        return make.actor_of(user, practitioner=self.practitioner)
