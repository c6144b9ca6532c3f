"""Two people, those who help them, and what they do to one another."""

import uuid
from datetime import time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus, Role
from avenrae.models import AvailabilityRule, Booking, Order, SignInSession, Ticket, User
from avenrae.permissions import Actor
from avenrae.queries.sessions import find_actor
from avenrae.queries.users import find_credentials
from avenrae.services.bookings import cancel_booking, complete_booking, create_booking
from avenrae.services.conversations import start_conversation
from avenrae.services.moderation import report_message
from avenrae.services.money import record_payment
from avenrae.services.orders import place_order, record_order_payment
from avenrae.services.reviews import write_review
from avenrae.services.sessions import begin_attempt, finish_attempt
from avenrae.services.tickets import open_ticket
from avenrae.services.waiting_list import join_waiting_list
from tests import make

SYSTEM = Actor.system("Test")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class World:
    """Ana in London and Naledi in Johannesburg, Sam of support, and two admins, Adam and Eve."""

    def __init__(self, session: Session) -> None:
        self.session = session
        london = {"first_name": "Ana", "last_name": "Silva", "time_zone": "Europe/London"}
        self.client = make.make_client(session, user=london)
        self.worker = make.make_practitioner(session, user={"first_name": "Naledi", "last_name": "Dube"}, bio="I heal.")
        self.service = make.make_service(session, self.worker)
        self.ana = make.actor_of(session.get_one(User, self.client.user_id), client=self.client)
        self.naledi = make.actor_of(session.get_one(User, self.worker.user_id), practitioner=self.worker)
        self.sam = make.make_actor(session, Role.SUPPORT, first_name="Sam")
        self.adam = make.make_actor(session, Role.ADMIN, first_name="Adam")
        self.eve = make.make_actor(session, Role.ADMIN, first_name="Eve")

    def book(self, actor: Actor, ahead: timedelta = 3 * DAY, *, paid: bool = False) -> Booking:
        """Agree a session, or ask for one."""
        at = clock.now() + ahead
        booking = create_booking(
            self.session, actor, client_id=self.client.id, service_id=self.service.id, starts_at=at
        )
        if paid:
            record_payment(self.session, booking, booking.price_minor)
            self.session.flush()
        return booking

    def over(self, *, paid: bool = True) -> Booking:
        """A session that began an hour ago."""
        booking = make.make_booking(
            self.session,
            client=self.client,
            practitioner=self.worker,
            service=self.service,
            starts_at=clock.now() - HOUR,
            status=BookingStatus.CONFIRMED,
        )
        if paid:
            record_payment(self.session, booking, booking.price_minor)
            self.session.flush()
        return booking

    def completed(self) -> Booking:
        """A session that took place."""
        return complete_booking(self.session, self.naledi, self.over().id)

    def order(self, actor: Actor, *, stock: int = 9, paid: bool = True, level: int = 0) -> Order:
        """An order of two stones."""
        product = make.make_product(self.session, stock=stock, title="Rose quartz", reorder_level=level)
        order = place_order(self.session, actor, client_id=self.client.id, lines=[(product.id, 2)])
        return record_order_payment(self.session, self.adam, order.id) if paid else order

    def ticket(self) -> Ticket:
        """A ticket of Ana's."""
        make.make_desk(self.session)
        return open_ticket(self.session, self.ana, subject="It did not start", body="I waited.\nLong.")

    def full_day(self) -> Booking:
        """Another client's session, all that a day has room for; Ana waits for that day."""
        day = clock.now() + 3 * DAY
        worker = make.make_practitioner(self.session, is_open=False, user={"first_name": "Naledi", "last_name": "Two"})
        hours = {"weekday": day.weekday(), "starts_local": time(12), "ends_local": time(13)}
        self.session.add(AvailabilityRule(practitioner_id=worker.id, **hours))
        service = make.make_service(self.session, worker)
        taken = make.make_booking(
            self.session, practitioner=worker, service=service, starts_at=day, status=BookingStatus.CONFIRMED
        )
        who = {"client_id": self.client.id, "service_id": service.id}
        join_waiting_list(self.session, self.ana, on_date=day.date(), **who)
        return taken

    def offered(self) -> Booking:
        """The place that Ana is offered."""
        cancel_booking(self.session, SYSTEM, self.full_day().id, "Ill")
        ana_s = select(Booking).where(Booking.client_id == self.client.id)
        return self.session.scalars(ana_s).one()

    def reviewed(self) -> tuple:
        """Both reviews of a session, published: of Naledi and of Ana."""
        booking = self.completed()
        of_naledi = write_review(self.session, self.ana, booking.id, rating=2, comment="Late")
        return of_naledi, write_review(self.session, self.naledi, booking.id, rating=5)

    def message(self) -> uuid.UUID:
        """What Ana writes to Naledi, twice."""
        start_conversation(self.session, self.ana, self.worker.id, "Are you there?")
        return start_conversation(self.session, self.ana, self.worker.id, "Hello?").id

    def reported(self) -> uuid.UUID:
        """What Ana wrote and Naledi reported."""
        message = self.message()
        report_message(self.session, self.naledi, message, "Too often")
        return message

    def sign_in(self, who: Actor, browser: str) -> Actor:
        """Let somebody sign in with a browser."""
        user = self.session.get_one(User, who.user_id)
        attempt = begin_attempt(self.session, SYSTEM, user.email, "203.0.113.7")
        checked = find_credentials(self.session, user.email)
        assert checked is not None
        finish_attempt(self.session, who, attempt, checked, "203.0.113.7", browser)
        newest = select(SignInSession.id).where(SignInSession.user_id == user.id).order_by(SignInSession.id.desc())
        found = find_actor(self.session, self.session.scalars(newest.limit(1)).one())
        assert found is not None
        return found
