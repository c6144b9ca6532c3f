"""What brings about each event of the catalogue, by the services that a person calls."""

import uuid
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select, text

from avenrae import clock
from avenrae.enums import DocumentVerdict, MovementReason, Role, TicketStatus, VerificationStatus
from avenrae.models import Booking, BookingWaitlist, Ticket, User
from avenrae.passwords import hash_password
from avenrae.permissions import Actor
from avenrae.services.bookings import (
    book_walk_in,
    cancel_booking,
    cancel_series_from,
    confirm_booking,
    create_series,
    decline_booking,
    mark_no_show,
    reschedule_booking,
)
from avenrae.services.bookings.places import expire_hold
from avenrae.services.confirmations import resend_booking_confirmation, resend_order_confirmation
from avenrae.services.documents import check_document, warn_of_expiry
from avenrae.services.escalations import escalate_ticket
from avenrae.services.moderation import hide_message, keep_message, restore_message
from avenrae.services.orders import cancel_order, fulfil_order, refund_order
from avenrae.services.practitioners import review_practitioner, submit_profile
from avenrae.services.products import adjust_stock, receive_stock
from avenrae.services.refunds import ask_for_refund, grant_refund, refund_booking, refuse_refund
from avenrae.services.reminders import remind
from avenrae.services.reviews import flag_review, hide_review, keep_review, respond_review, restore_review
from avenrae.services.sessions import revoke_other_sessions, revoke_session
from avenrae.services.tickets import assign_ticket, change_ticket, open_ticket, write_message
from avenrae.services.users import change_password, change_role, reactivate_user, reset_password, suspend_user
from avenrae.services.waiting_list import accept_offer, leave_waiting_list
from tests import make
from tests.letters.people import DAY, HOUR, SYSTEM, World

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1"


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


def _moderated(w: World) -> None:
    message = w.reported()
    hide_message(w.session, w.sam, message, "Rude")
    restore_message(w.session, w.sam, message, "Not so rude")


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
    "message_written": [(lambda w: w.message(), ["Naledi"])],
    "message_report_refused": [
        (lambda w: keep_message(w.session, w.sam, w.reported(), "It is an opinion"), ["Naledi"]),
    ],
    "message_hidden_of_author": [(_moderated, ["Ana"])],
    "message_hidden_of_reader": [(_moderated, ["Naledi"])],
    "message_restored_of_author": [(_moderated, ["Ana"])],
    "message_restored_of_reader": [(_moderated, ["Naledi"])],
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
