"""A world in which everything happened once, made by services alone."""

from datetime import time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import PaymentStatus, Role, TicketStatus
from avenrae.models import AvailabilityRule, Booking, Practitioner, Review, Service, SignInSession, User
from avenrae.permissions import Actor
from avenrae.services import money
from avenrae.services.bookings import (
    cancel_booking,
    complete_booking,
    confirm_booking,
    create_booking,
    create_series,
    decline_booking,
    mark_no_show,
)
from avenrae.services.conversations import send_message, start_conversation
from avenrae.services.moderation import open_conversation, report_message
from avenrae.services.orders import cancel_order, fulfil_order, place_order, record_order_payment, refund_order
from avenrae.services.products import count_stock
from avenrae.services.refunds import ask_for_refund, grant_refund
from avenrae.services.reviews import hide_review, publish_due_reviews, write_review
from avenrae.services.ticket_moves import merge_tickets
from avenrae.services.tickets import change_ticket, write_message
from avenrae.services.users import suspend_user
from avenrae.services.waiting_list import accept_offer, join_waiting_list
from tests.conftest import NOON
from tests.make import (
    make_actor,
    make_booking,
    make_desk,
    make_practitioner,
    make_product,
    make_service,
    make_ticket,
    make_user,
)

SYSTEM = Actor.system("Test")


def let_everything_happen(session: Session, names: dict[str, str]) -> None:
    """Let everything happen once that can happen to sessions, orders, stock and people."""
    admin = make_actor(session, Role.ADMIN)
    worker = make_actor(session, Role.PRACTITIONER, buffer_before=15, buffer_after=15)
    client = make_actor(session, Role.CLIENT)
    practitioner = session.get_one(Practitioner, worker.practitioner_id)
    service = make_service(session, practitioner, price_minor=60_030)
    days = iter(range(1, 100))

    def book(
        name: str, *, by: Actor = admin, paid: bool = False, at: timedelta | None = None, of: Service = service
    ) -> Booking:
        with clock.stopped(NOON):
            starts_at = NOON + (timedelta(days=next(days)) if at is None else at)
            booking = create_booking(session, by, client_id=client.client_id, service_id=of.id, starts_at=starts_at)
            if paid:
                money.record_payment(session, booking, booking.price_minor)
                session.flush()
        names[name] = booking.reference
        return booking

    def give_back(booking: Booking, amount: int) -> None:
        refunded = money.record_refund(session, booking, amount, "Cut short")
        assert refunded is not None
        money.book_refund(session, booking, refunded)
        session.flush()

    completed, on_site, partly, back = (
        book(n, paid=n != "on site") for n in ("completed", "on site", "partly", "back")
    )
    missed, missed_unpaid = book("no-show", paid=True), book("no-show unpaid")
    waived = book("waived", paid=True)
    book("confirmed", paid=True), book("confirmed next")
    late = book("late", paid=True, at=timedelta(hours=30))
    called_off, declined = book("called off", paid=True), book("declined", by=client)
    book("requested", by=client)
    gift = make_service(session, practitioner, price_minor=0)
    given, not_given = book("free", of=gift), book("free called off", of=gift, paid=True)
    with clock.stopped(NOON):
        confirm_booking(session, worker, book("agreed", by=client).id)
        decline_booking(session, worker, declined.id, "Away that day")
        cancel_booking(session, client, late.id, "I fell ill")
        for booking in (called_off, not_given):
            cancel_booking(session, admin, booking.id, "The practitioner fell ill")
    with clock.stopped(NOON + timedelta(days=60)):
        for booking in (completed, partly, back, given):
            complete_booking(session, worker, booking.id)
        complete_booking(session, worker, on_site.id, paid_on_site=True)
        mark_no_show(session, worker, missed.id)
        mark_no_show(session, worker, missed_unpaid.id)
        mark_no_show(session, worker, waived.id)
        request = ask_for_refund(session, admin, amount_minor=20_010, reason="Was ill", booking_id=waived.id)
        grant_refund(session, make_actor(session, Role.ADMIN), request.id)
        for amount in (20_010, 20_010):
            give_back(partly, amount)
        for amount in (20_010, 20_010, 20_010):
            give_back(back, amount)
    assert late.payment_status == PaymentStatus.PARTIALLY_REFUNDED
    for booking, rating in ((completed, 5), (on_site, 4), (partly, 1)):
        with clock.stopped(NOON + timedelta(days=61)):
            write_review(session, client, booking.id, rating=rating)
    with clock.stopped(NOON + timedelta(days=62)):
        write_review(session, worker, completed.id, rating=3)
    with clock.stopped(NOON + timedelta(days=68)):
        # Of `on site` and `partly` the week is over; of `back` nothing was written in it, so it is shown at once.
        assert publish_due_reviews(session, admin) == 2
        write_review(session, worker, back.id, rating=5)
        low = session.scalars(select(Review).where(Review.booking_id == partly.id)).one()
        hide_review(session, admin, low.id, "It names a neighbour")

    _wait(session, names)
    with clock.stopped(NOON):
        starts = [NOON + timedelta(days=n) for n in (40, 47)]
        series = create_series(session, admin, client_id=client.client_id, service_id=service.id, starts=starts)
        names["first of a series"], names["second of a series"] = (b.reference for b in series)
        crystal, book_ = make_product(session, stock=20), make_product(session, stock=8)
        count_stock(session, admin, book_.id, counted=7, note="One missing")

        def order(name: str, *, paid: bool = True) -> Any:
            lines = [(crystal.id, 1), (book_.id, 1), (crystal.id, 1)]
            placed = place_order(session, admin, client_id=client.client_id, lines=lines, shipping_minor=7_500)
            names[name] = placed.reference
            if paid:
                record_order_payment(session, admin, placed.id)
            return placed.id

        order("order placed", paid=False)
        order("order paid")
        fulfil_order(session, admin, order("order sent"))
        cancel_order(session, admin, order("order cancelled"), "Ordered twice")
        returned = order("order returned")
        fulfil_order(session, admin, returned)
        refund_order(session, admin, returned, amount_minor=15_000, reason="Broken", restock=[(crystal.id, 1)])
        refund_order(session, admin, returned, amount_minor=37_500, reason="All broken", restock=True)
        names["sku"] = crystal.sku
        names["ticket"] = make_ticket(session).number
        change_ticket(session, admin, make_ticket(session).id, status=TicketStatus.RESOLVED)

        gone = make_user(session, role=Role.SUPPORT)
        sign_in = {"last_seen_at": NOON, "expires_at": clock.now() + timedelta(days=36_500)}
        session.add(SignInSession(user_id=gone.id, token_hash=b"gone", **sign_in))
        session.flush()
        suspend_user(session, admin, gone.id)
    with clock.stopped(NOON):
        make_desk(session)
        asking = session.get_one(User, client.user_id)
        first, second, third = (make_ticket(session, requester=asking) for _ in range(3))
        merge_tickets(session, admin, second.id, first.id)
        write_message(session, admin, first.id, "Both are one", status=TicketStatus.WAITING)
        talk = start_conversation(session, client, worker.practitioner_id, "Good day")
        send_message(session, worker, talk.conversation_id, "Good day to you")
        reported = report_message(session, worker, talk.id, "Spam")
        open_conversation(session, admin, reported.id)
        names |= {"conversation": f"{client.email} and {worker.email}", "reported ticket": reported.number}
        names |= {"ticket": first.number, "merged ticket": second.number, "open ticket": third.number}
    names["suspended"] = gone.email
    names["practitioner"] = session.get_one(User, practitioner.user_id).email


def _wait(session: Session, names: dict[str, str]) -> None:
    """Let three wait for the one hour of a Tuesday; when it comes free, the first takes it, and again the next."""
    with clock.stopped(NOON):
        worker = make_practitioner(session, is_open=False)
        hours = {"weekday": 1, "starts_local": time(9), "ends_local": time(10)}
        session.add(AvailabilityRule(practitioner_id=worker.id, **hours))
        service = make_service(session, worker)
        taken = make_booking(session, practitioner=worker, service=service, starts_at=NOON + timedelta(hours=21))
        for n, name in enumerate(("got a place", "offered a place", "waiting")):
            with clock.stopped(NOON + timedelta(seconds=n)):
                who = make_actor(session, Role.CLIENT)
                day = taken.starts_at.date()
                entry = join_waiting_list(session, who, client_id=who.client_id, service_id=service.id, on_date=day)
                names[name] = who.email
                if n == 0:
                    cancel_booking(session, SYSTEM, taken.id, "Ill")
                    got = accept_offer(session, who, entry)
        cancel_booking(session, SYSTEM, got.id, "Ill again")
