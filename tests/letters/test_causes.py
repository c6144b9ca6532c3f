"""Every event of the catalogue at its cause: who is told and who is not, with every blank filled in."""

import uuid
from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import Text, select, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import (
    BookingStatus,
    DocumentVerdict,
    MovementReason,
    Role,
    TicketStatus,
    VerificationStatus,
)
from avenrae.errors import Conflict
from avenrae.letters import CATALOGUE
from avenrae.models import AvailabilityRule, Booking, BookingWaitlist, Notification, Order, SignInSession, Ticket, User
from avenrae.passwords import hash_password
from avenrae.permissions import Actor
from avenrae.queries.sessions import find_actor
from avenrae.queries.users import find_credentials
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
from avenrae.services.bookings.places import expire_hold
from avenrae.services.confirmations import resend_booking_confirmation, resend_order_confirmation
from avenrae.services.documents import check_document, warn_of_expiry
from avenrae.services.escalations import escalate_ticket
from avenrae.services.money import record_payment
from avenrae.services.orders import cancel_order, fulfil_order, place_order, record_order_payment, refund_order
from avenrae.services.practitioners import review_practitioner, submit_profile
from avenrae.services.products import adjust_stock, receive_stock
from avenrae.services.refunds import ask_for_refund, grant_refund, refund_booking, refuse_refund
from avenrae.services.reminders import remind
from avenrae.services.reviews import (
    flag_review,
    hide_review,
    keep_review,
    respond_review,
    restore_review,
    write_review,
)
from avenrae.services.sessions import begin_attempt, finish_attempt, revoke_other_sessions, revoke_session
from avenrae.services.tickets import assign_ticket, change_ticket, open_ticket, write_message
from avenrae.services.users import change_password, change_role, reactivate_user, reset_password, suspend_user
from avenrae.services.waiting_list import accept_offer, join_waiting_list, leave_waiting_list
from avenrae.ui.navigation import SCREENS
from tests import make

SYSTEM = Actor.system("Test")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1"


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


def _series(w: World) -> list[Booking]:
    starts = [clock.now() + n * 7 * DAY for n in (1, 2)]
    return create_series(w.session, w.sam, client_id=w.client.id, service_id=w.service.id, starts=starts)


def _walk_in(w: World) -> None:
    who = {"first_name": "Wes", "last_name": "Walker", "email": "wes@example.org", "phone": ""}
    book_walk_in(w.session, w.sam, **who, service_id=w.service.id, starts_at=None)


def _moved(w: World, by: Actor) -> None:
    booking = w.book(w.ana)
    reschedule_booking(w.session, by, booking.id, starts_at=booking.starts_at + DAY)


def _accepted(w: World, by: Actor) -> None:
    w.offered()
    accept_offer(w.session, by, w.session.scalars(select(BookingWaitlist.id)).one())


def _expire(w: World, booking: Booking) -> None:
    with clock.stopped(clock.now() + 2 * HOUR):
        expire_hold(w.session, SYSTEM, booking.id)


def _remind(w: World) -> None:
    booking = w.book(w.sam)
    with clock.stopped(booking.starts_at - 2 * HOUR):
        remind(w.session, SYSTEM, booking.id, hours=2)


def _adjusted(w: World, *, level: int) -> None:
    """From 5 to 4, then 3, up to 8, and down to 4 again."""
    product = make.make_product(w.session, stock=5, reorder_level=level)
    damaged = {"reason": MovementReason.DAMAGED, "note": "Broke"}
    for delta in (-1, -1):
        adjust_stock(w.session, w.adam, product.id, delta=delta, **damaged)
    receive_stock(w.session, w.adam, product.id, quantity=5)
    adjust_stock(w.session, w.adam, product.id, delta=-4, **damaged)


def _flagged(w: World) -> None:
    of_naledi, _ = w.reviewed()
    flag_review(w.session, w.naledi, of_naledi.id, "Untrue")
    keep_review(w.session, w.sam, of_naledi.id, "It is an opinion")


def _hidden(w: World) -> None:
    of_naledi, _ = w.reviewed()
    hide_review(w.session, w.sam, of_naledi.id, "Rude")
    restore_review(w.session, w.sam, of_naledi.id, "Not so rude")


def _profile(w: World, *verdicts: VerificationStatus) -> None:
    w.worker.verification_status = VerificationStatus.DRAFT
    make.make_document(w.session, w.worker)
    submit_profile(w.session, w.naledi, w.worker.id)
    for verdict in verdicts:
        review_practitioner(w.session, w.adam, w.worker.id, verdict, reason="Because")


def _document(w: World, days: int) -> None:
    on = clock.now().date()
    warn_of_expiry(w.session, SYSTEM, make.make_document(w.session, w.worker, expires_on=on + days * DAY).id)


def _refused_document(w: World) -> None:
    document = make.make_document(w.session, w.worker, verdict=DocumentVerdict.WAITING)
    check_document(w.session, w.adam, document.id, DocumentVerdict.REFUSED, note="It cannot be read")


def _opened_by_sam(w: World) -> None:
    open_ticket(w.session, w.sam, subject="Called", body="She called.", requester_id=w.client.user_id)


def _assigned(w: World) -> Ticket:
    ticket = w.ticket()
    return assign_ticket(w.session, w.adam, ticket.id, w.sam.user_id)


def _escalated(w: World, after: timedelta) -> None:
    ticket = _assigned(w)
    w.session.execute(text("UPDATE desks SET lead_id = :eve"), {"eve": w.eve.user_id})
    with clock.stopped(clock.now() + after):
        escalate_ticket(w.session, SYSTEM, ticket.id)


def _refund(w: World, decide: Callable[..., object]) -> None:
    booking = w.completed()
    request = ask_for_refund(w.session, w.sam, amount_minor=100, reason="Late", booking_id=booking.id)
    decide(w.session, w.adam, request.id, "Fair enough")


def _with_password(w: World) -> Actor:
    w.session.get_one(User, w.ana.user_id).password_hash = hash_password("old password!")
    return w.sign_in(w.ana, FIREFOX)


def _signed_in(w: World) -> None:
    """First with Firefox, then with a newer one, then with Safari."""
    _with_password(w)
    w.sign_in(w.ana, FIREFOX.replace("140", "141"))
    w.sign_in(w.ana, SAFARI)


def _signed_out(w: World) -> None:
    first, second = _with_password(w), w.sign_in(w.ana, FIREFOX)
    revoke_session(w.session, first, first.session_id)
    revoke_session(w.session, second, first.session_id)
    w.sign_in(w.ana, FIREFOX)
    revoke_other_sessions(w.session, second)


CAUSES: dict[str, list[tuple[Callable[[World], object], list[str]]]] = {
    "booking_requested": [
        (lambda w: w.book(w.ana), ["Naledi"]),
        (lambda w: _accepted(w, w.ana), ["Naledi"]),
    ],
    "booking_booked": [
        (lambda w: w.book(w.sam), ["Ana", "Naledi"]),
        (lambda w: _accepted(w, w.sam), ["Ana", "Naledi"]),
        (_walk_in, ["Naledi"]),
        (lambda w: w.book(w.ana), []),
    ],
    "booking_series_booked": [(_series, ["Ana", "Naledi"])],
    "booking_confirmed": [
        (lambda w: confirm_booking(w.session, w.naledi, w.book(w.ana).id), ["Ana"]),
        (lambda w: confirm_booking(w.session, w.sam, w.book(w.ana).id), ["Ana", "Naledi"]),
    ],
    "booking_confirmation_resent": [
        (lambda w: resend_booking_confirmation(w.session, w.sam, w.book(w.sam).id), ["Ana"])
    ],
    "booking_declined": [
        (lambda w: decline_booking(w.session, w.naledi, w.book(w.ana, paid=True).id, "Ill"), ["Ana"]),
        (lambda w: decline_booking(w.session, w.adam, w.book(w.ana).id, "Ill"), ["Ana", "Naledi"]),
    ],
    "booking_moved": [
        (lambda w: _moved(w, w.ana), ["Naledi"]),
        (lambda w: _moved(w, w.naledi), ["Ana"]),
        (lambda w: _moved(w, w.sam), ["Ana", "Naledi"]),
    ],
    "booking_cancelled": [
        (lambda w: cancel_booking(w.session, w.ana, w.book(w.ana).id, "Ill"), ["Naledi"]),
        (lambda w: cancel_booking(w.session, w.sam, w.book(w.sam, paid=True).id, "Ill"), ["Ana", "Naledi"]),
        (lambda w: cancel_series_from(w.session, w.sam, _series(w)[1].id, "Ill"), ["Ana", "Naledi"]),
        # These two begin with another client's session, whose end frees the place: its two sides are told of that.
        (lambda w: cancel_booking(w.session, w.sam, w.offered().id, "Ill"), ["Ana", "Naledi", "Person"]),
        (lambda w: leave_waiting_list(w.session, w.ana, _entry(w)), ["Naledi", "Person"]),
    ],
    "booking_series_cancelled": [
        (lambda w: cancel_series_from(w.session, w.sam, _series(w)[0].id, "Ill"), ["Ana", "Naledi"]),
        (lambda w: cancel_series_from(w.session, w.ana, _series(w)[0].id, "Ill"), ["Naledi"]),
    ],
    "booking_expired": [(lambda w: _expire(w, w.book(w.ana)), ["Ana", "Naledi"])],
    "booking_completed": [(lambda w: w.completed(), ["Ana"])],
    "booking_missed": [
        (lambda w: mark_no_show(w.session, w.naledi, w.over().id), ["Ana"]),
        (lambda w: mark_no_show(w.session, w.naledi, w.over(paid=False).id), ["Ana"]),
    ],
    "booking_refunded": [
        (lambda w: refund_booking(w.session, w.sam, w.completed().id, amount_minor=100, reason="Late"), ["Ana"]),
        (lambda w: cancel_booking(w.session, w.ana, w.book(w.ana, paid=True).id, "Ill"), ["Ana"]),
        (lambda w: cancel_booking(w.session, w.ana, w.book(w.ana, HOUR, paid=True).id, "Ill"), []),
    ],
    "booking_reminder": [(_remind, ["Ana", "Naledi"])],
    "place_offered": [(lambda w: w.offered(), ["Ana"])],
    "place_no_longer_held": [(lambda w: _expire(w, w.offered()), ["Ana"])],
    "order_placed": [
        (lambda w: w.order(w.ana), ["Ana"]),
        (lambda w: w.order(w.adam), ["Ana"]),
    ],
    "order_confirmation_resent": [(lambda w: resend_order_confirmation(w.session, w.sam, w.order(w.ana).id), ["Ana"])],
    "order_paid": [(lambda w: w.order(w.ana), ["Ana"])],
    "order_fulfilled": [(lambda w: fulfil_order(w.session, w.sam, w.order(w.ana).id), ["Ana"])],
    "order_cancelled": [
        (lambda w: cancel_order(w.session, w.sam, w.order(w.ana).id, "Broken"), ["Ana"]),
        (lambda w: cancel_order(w.session, w.sam, w.order(w.ana, paid=False).id, "Broken"), ["Ana"]),
    ],
    "order_refunded": [
        (lambda w: refund_order(w.session, w.sam, w.order(w.ana).id, amount_minor=100, reason="Late"), ["Ana"]),
        (lambda w: cancel_order(w.session, w.sam, w.order(w.ana).id, "Broken"), []),
    ],
    "stock_low": [
        (lambda w: w.order(w.ana, stock=9, level=7), ["Adam", "Eve"]),
        (lambda w: w.order(w.ana, stock=9, level=6), []),
        (lambda w: w.order(w.ana, stock=9, level=9), []),
        (lambda w: w.order(w.ana, stock=9, level=0), []),
        (lambda w: _adjusted(w, level=4), ["Adam", "Adam", "Eve", "Eve"]),
        (lambda w: fulfil_order(w.session, w.sam, w.order(w.ana, stock=9, level=7).id), ["Adam", "Eve"]),
    ],
    "review_of_practitioner": [(lambda w: w.reviewed(), ["Naledi"])],
    "review_of_client": [(lambda w: w.reviewed(), ["Ana"])],
    "review_answered": [(lambda w: respond_review(w.session, w.naledi, w.reviewed()[0].id, "Sorry"), ["Ana"])],
    "review_flag_refused": [(_flagged, ["Naledi"])],
    "review_hidden_of_writer": [(_hidden, ["Ana"])],
    "review_hidden_of_subject": [(_hidden, ["Naledi"])],
    "review_restored_of_writer": [(_hidden, ["Ana"])],
    "review_restored_of_subject": [(_hidden, ["Naledi"])],
    "profile_submitted": [(_profile, ["Adam", "Eve"])],
    "profile_approved": [(lambda w: _profile(w, VerificationStatus.APPROVED), ["Naledi"])],
    "profile_rejected": [(lambda w: _profile(w, VerificationStatus.REJECTED), ["Naledi"])],
    "profile_suspended": [
        (lambda w: _profile(w, VerificationStatus.APPROVED, VerificationStatus.SUSPENDED), ["Naledi"])
    ],
    "document_refused": [(_refused_document, ["Naledi"])],
    "document_expires": [(lambda w: _document(w, 20), ["Naledi"]), (lambda w: _document(w, 40), [])],
    "document_expired": [(lambda w: _document(w, -1), ["Naledi"])],
    "ticket_opened": [(lambda w: w.ticket(), ["Ana"])],
    "ticket_opened_for": [(_opened_by_sam, ["Ana"])],
    "ticket_reply": [(lambda w: write_message(w.session, w.sam, w.ticket().id, "Hello"), ["Ana"])],
    "ticket_reply_resolved": [
        (lambda w: write_message(w.session, w.sam, w.ticket().id, "Done", status=TicketStatus.RESOLVED), ["Ana"])
    ],
    "ticket_resolved": [
        (lambda w: change_ticket(w.session, w.sam, w.ticket().id, status=TicketStatus.RESOLVED), ["Ana"])
    ],
    "ticket_news": [
        (lambda w: write_message(w.session, w.ana, _assigned(w).id, "Hello?"), ["Sam"]),
        (lambda w: write_message(w.session, w.sam, _assigned(w).id, "He is right", is_internal=True), []),
    ],
    "ticket_assigned": [
        (_assigned, ["Sam"]),
        (lambda w: assign_ticket(w.session, w.sam, w.ticket().id, w.sam.user_id), []),
    ],
    "promise_due_soon": [(lambda w: _escalated(w, timedelta(minutes=40)), ["Sam"])],
    "promise_overdue": [(lambda w: _escalated(w, timedelta(minutes=70)), ["Sam"])],
    "promise_still_overdue": [(lambda w: _escalated(w, timedelta(minutes=130)), ["Eve"])],
    "refund_asked": [(lambda w: _refund(w, grant_refund), ["Adam", "Eve"])],
    "refund_granted": [(lambda w: _refund(w, grant_refund), ["Sam"])],
    "refund_refused": [(lambda w: _refund(w, refuse_refund), ["Sam"])],
    "new_sign_in": [(_signed_in, ["Ana"])],
    "password_changed": [
        (lambda w: change_password(w.session, _with_password(w), current="old password!", new="new password!"), ["Ana"])
    ],
    "password_reset": [(lambda w: reset_password(w.session, w.sam, w.client.user_id), ["Ana"])],
    "devices_signed_out": [
        (_signed_out, ["Ana"]),
        (lambda w: revoke_session(w.session, w.sam, _with_password(w).session_id), ["Ana"]),
        (lambda w: change_password(w.session, _with_password(w), current="old password!", new="new password!"), []),
    ],
    "role_changed": [
        (lambda w: change_role(w.session, w.adam, w.sam.user_id, Role.ADMIN), ["Sam"]),
        (lambda w: change_role(w.session, w.adam, w.adam.user_id, Role.SUPPORT), ["Adam"]),
        (lambda w: change_role(w.session, w.adam, w.sam.user_id, Role.SUPPORT), []),
    ],
    "account_suspended": [(lambda w: suspend_user(w.session, w.adam, w.client.user_id), ["Ana"])],
    "account_reactivated": [(lambda w: _suspended_and_back(w), ["Ana"])],
}
"""Each event with what causes it, or does not, and the first names of those who are told."""


def _entry(w: World) -> uuid.UUID:
    w.offered()
    return w.session.scalars(select(BookingWaitlist.id)).one()


def _suspended_and_back(w: World) -> None:
    for service in (suspend_user, suspend_user, reactivate_user, reactivate_user):
        service(w.session, w.adam, w.client.user_id)


def test_every_event_has_its_causes_here() -> None:
    assert list(CAUSES) == list(CATALOGUE)


@pytest.mark.parametrize(
    ("event", "cause", "told"),
    [
        pytest.param(event, *each, id=f"{event}-{n}")
        for event, causes in CAUSES.items()
        for n, each in enumerate(causes)
    ],
)
def test_who_is_told_of_what(
    session: Session, noon: datetime, event: str, cause: Callable[[World], object], told: list[str]
) -> None:
    """R-NOT-01: each once, nobody of what he did himself but receipts and the safety of his account.

    What is told opens a screen that its reader has.
    """
    cause(World(session))
    found = session.execute(
        select(User, Notification).join(User, User.id == Notification.user_id).where(Notification.event == event)
    ).all()
    assert sorted(user.first_name for user, _ in found) == told
    for user, notice in found:
        assert notice.kind == CATALOGUE[event].kind
        assert user.role in next(s.roles for s in SCREENS if s.script == notice.screen)


def test_both_sides_read_their_own_clock_and_the_other_s(session: Session, noon: datetime) -> None:
    """R-BOOK-12: over the change to summer time in London, between two starts of one mail."""
    w = World(session)
    w.book(w.sam, 12 * DAY, paid=True)
    booking = session.scalars(select(Booking)).one()
    reschedule_booking(session, w.sam, booking.id, starts_at=booking.starts_at + 2 * DAY)
    cancel_booking(session, w.sam, booking.id, "The room is closed")
    bodies = dict(
        session.execute(
            select(Notification.event + Notification.user_id.cast(Text), Notification.body).where(
                Notification.record_id == booking.id
            )
        ).all()
    )
    assert bodies[f"booking_moved{w.ana.user_id}"] == (
        "Healing session with Naledi Dube was moved by our team."
        "\nIt was: Sat 28 March 2026, 10:00 (Europe/London), 12:00 (Africa/Johannesburg)"
        "\nNow it is: Mon 30 March 2026, 11:00 (Europe/London), 12:00 (Africa/Johannesburg)"
        f"\n\nReference: {booking.reference}."
    )
    assert bodies[f"booking_cancelled{w.naledi.user_id}"] == (
        "Healing session with Ana Silva on Mon 30 March 2026, 12:00 (Africa/Johannesburg), 11:00 (Europe/London) was"
        " cancelled by our team: The room is closed\n\nR\u00a0600.00 goes back to the client, all that was paid."
        f"\n\nReference: {booking.reference}."
    )


def test_rolled_back_nobody_is_told_and_a_second_click_tells_nothing(database: str, noon: datetime) -> None:
    """R-NOT-01"""
    with transaction(SYSTEM, "prepare") as session:
        w = World(session)
        booking = make.make_booking(session, client=w.client, practitioner=w.worker, service=w.service)

    def fails() -> None:
        with transaction(w.naledi, "confirm_booking") as session:
            confirm_booking(session, w.naledi, booking.id)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    with read_session() as session:
        for table in ("notifications", "outbox", "procrastinate_jobs"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
    with transaction(w.naledi, "confirm_booking") as session:
        confirm_booking(session, w.naledi, booking.id)
    with pytest.raises(Conflict), transaction(w.naledi, "confirm_booking") as session:
        confirm_booking(session, w.naledi, booking.id)
    with read_session() as session:
        assert session.scalars(select(Notification.event)).all() == ["booking_confirmed"]
