"""The invariants hold in every world that the program makes, and each one notices the row that breaks it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db import engine as db
from avenrae.db.migrate import migrate
from avenrae.demo.world import load_world
from avenrae.enums import PaymentStatus, Role, TicketStatus
from avenrae.models import AvailabilityRule, Booking, Practitioner, Review, Service, SignInSession, User
from avenrae.permissions import Actor
from avenrae.queries.invariants import INVARIANTS, Row, broken
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
from tests.conftest import NOON, create_database, drop_database
from tests.imports.shop import SAMPLE, load
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
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Small:
    """A small world that only services made, on a connection whose work is rolled back in the end."""

    connection: Connection
    names: dict[str, str] = field(default_factory=dict)


def _session(connection: Connection) -> Session:
    return Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)


@pytest.fixture(scope="module")
def made(worker_database: str) -> Iterator[Small]:
    engine = db.make_engine(worker_database)
    with engine.connect() as connection:
        outer = connection.begin()
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        small = Small(connection)
        with _session(connection) as session:
            _live(session, small.names)
            session.flush()
            session.commit()
        yield small
        outer.rollback()
    engine.dispose()


@pytest.fixture
def small(made: Small) -> Iterator[Small]:
    """The small world, as it was made; what a test breaks is whole again after it."""
    savepoint = made.connection.begin_nested()
    yield made
    savepoint.rollback()


def _live(session: Session, names: dict[str, str]) -> None:
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


def test_a_world_made_by_services_holds_all(small: Small) -> None:
    with _session(small.connection) as session:
        assert broken(session) == []


OF = "(SELECT id FROM bookings WHERE reference = :ref)"
OF_ORDER = "(SELECT id FROM orders WHERE reference = :ref)"
BOOKED = "UPDATE ledger_entries SET {} WHERE kind = '{}' AND source_id = "

BREAKS: list[tuple[str, str, str]] = [
    # One invariant, whose row is broken, and how.
    (
        "no-overlap",
        "confirmed next",
        """ALTER TABLE bookings DROP CONSTRAINT bookings_no_overlap;
        UPDATE bookings b SET starts_at = o.starts_at + interval '1 hour', ends_at = o.ends_at + interval '1 hour',
            occupied = tstzrange(lower(o.occupied) + interval '1 hour', upper(o.occupied) + interval '1 hour')
        FROM bookings o WHERE b.reference = :ref AND o.reference = :confirmed""",
    ),
    (
        "occupied-times",
        "confirmed",
        "UPDATE bookings SET occupied = tstzrange(starts_at, ends_at) WHERE reference = :ref",
    ),
    ("session-states", "requested", "UPDATE bookings SET confirmed_at = now() WHERE reference = :ref"),
    ("session-states", "confirmed", "UPDATE bookings SET hold_expires_at = now() WHERE reference = :ref"),
    ("session-states", "completed", "UPDATE bookings SET completed_at = NULL WHERE reference = :ref"),
    (
        "busy-times",
        "practitioner",
        """WITH c AS (INSERT INTO busy_calendars (practitioner_id, name)
            SELECT p.id, 'Family' FROM practitioners p JOIN users u ON u.id = p.user_id WHERE email = :ref RETURNING id)
        INSERT INTO busy_times SELECT id, now() + n * interval '1 hour', now() + n * interval '2 hours'
        FROM c, generate_series(1, 2) n""",
    ),
    (
        "session-services",
        "confirmed",
        """WITH other AS (INSERT INTO practitioners (user_id, kind, hourly_rate_minor, currency)
            SELECT id, 'healer', 0, 'ZAR' FROM users WHERE email = :suspended RETURNING id)
        UPDATE bookings SET practitioner_id = other.id FROM other WHERE reference = :ref""",
    ),
    (
        "series",
        "second of a series",
        "UPDATE bookings SET client_id = (SELECT id FROM clients WHERE id <> client_id LIMIT 1) WHERE reference = :ref",
    ),
    (
        "offers",
        "offered a place",
        """UPDATE bookings SET status = 'cancelled', hold_expires_at = NULL, cancelled_at = now(),
            cancelled_by = 'system'
        WHERE id = (SELECT booking_id FROM booking_waitlist WHERE status = 'offered')""",
    ),
    ("offers", "offered a place", "UPDATE booking_waitlist SET on_date = on_date + 1 WHERE status = 'offered'"),
    (
        "offers",
        "offered a place",
        "UPDATE booking_waitlist SET offer_expires_at = now() WHERE status = 'offered'",
    ),
    ("waiting-list", "got a place", "UPDATE booking_waitlist SET booking_id = NULL WHERE status = 'booked'"),
    (
        "waiting-list",
        "waiting",
        f"UPDATE booking_waitlist SET booking_id = {OF.replace(':ref', ':completed')} WHERE status = 'waiting'",
    ),
    (
        "booking-counts",
        "practitioner",
        "UPDATE practitioners SET booking_count = booking_count + 1 WHERE booking_count > 0",
    ),
    ("ratings", "practitioner", "UPDATE practitioners SET rating_average = 4.6 WHERE rating_count > 0"),
    ("ratings", "practitioner", "UPDATE practitioners SET rating_count = 3 WHERE rating_count > 0"),
    ("ratings", "practitioner", "UPDATE reviews SET status = 'published' WHERE status = 'hidden'"),
    ("review-pairs", "on site", f"UPDATE reviews SET published_at = created_at WHERE booking_id = {OF}"),
    (
        "review-pairs",
        "completed",
        f"""UPDATE reviews SET published_at = NULL, status = 'waiting' WHERE written_by = 'practitioner'
        AND booking_id = {OF}""",
    ),
    (
        "reviews",
        "no-show",
        f"""UPDATE reviews SET booking_id = {OF}
        WHERE booking_id = (SELECT id FROM bookings WHERE reference = :completed)""",
    ),
    ("booking-refunds", "back", "UPDATE bookings SET refunded_minor = refunded_minor - 1 WHERE reference = :ref"),
    ("order-refunds", "order returned", f"UPDATE transactions SET status = 'failed' WHERE order_id = {OF_ORDER}"),
    ("booking-payment-states", "partly", "UPDATE bookings SET payment_status = 'paid' WHERE reference = :ref"),
    ("booking-payment-states", "no-show unpaid", "UPDATE bookings SET payment_status = 'paid' WHERE reference = :ref"),
    ("order-payment-states", "order sent", f"DELETE FROM transactions WHERE order_id = {OF_ORDER}"),
    (
        "order-payment-states",
        "order returned",
        "UPDATE orders SET payment_status = 'partially_refunded' WHERE reference = :ref",
    ),
    ("currencies", "completed", BOOKED.format("currency = 'EUR'", "sale") + OF),
    ("currencies", "order sent", f"UPDATE transactions SET currency = 'EUR' WHERE order_id = {OF_ORDER}"),
    ("session-sales", "completed", f"DELETE FROM ledger_entries WHERE source_id = {OF}"),
    ("session-sales", "completed", BOOKED.format("commission_minor = commission_minor + 1", "sale") + OF),
    ("session-sales", "on site", BOOKED.format("gross_minor = gross_minor - 1", "sale") + OF),
    ("session-sales", "no-show", BOOKED.format("kind = 'sale'", "adjustment") + OF),
    ("session-money", "late", f"DELETE FROM ledger_entries WHERE source_id = {OF}"),
    ("session-money", "completed", "UPDATE bookings SET status = 'confirmed' WHERE reference = :ref"),
    ("kept-fees", "no-show", BOOKED.format("commission_minor = 0", "adjustment") + OF),
    (
        "refunded-commission",
        "back",
        f"""UPDATE ledger_entries SET commission_minor = commission_minor + 1 WHERE id =
        (SELECT max(id::text)::uuid FROM ledger_entries WHERE kind = 'refund' AND source_id = {OF})""",
    ),
    ("order-sales", "order paid", f"DELETE FROM ledger_entries WHERE source_id = {OF_ORDER}"),
    ("order-sales", "order sent", BOOKED.format("gross_minor = gross_minor + 1", "sale") + OF_ORDER),
    ("order-money", "order cancelled", f"DELETE FROM ledger_entries WHERE kind = 'refund' AND source_id = {OF_ORDER}"),
    ("order-commission", "order sent", BOOKED.format("commission_minor = 1", "sale") + OF_ORDER),
    (
        "kept-fees-given-back",
        "waived",
        f"UPDATE ledger_entries SET commission_minor = -1 WHERE gross_minor < 0 AND source_id = {OF}",
    ),
    ("granted-refunds", "waived", "UPDATE refund_requests SET amount_minor = amount_minor + 1"),
    ("backlog", "ticket", "DELETE FROM ticket_backlog WHERE ticket_id = (SELECT id FROM tickets WHERE number = :ref)"),
    ("backlog", "ticket", "UPDATE tickets SET status = 'closed' WHERE number = :ref"),
    ("lines-and-subjects", "completed", BOOKED.format("client_id = NULL", "sale") + OF),
    ("lines-and-payments", "completed", BOOKED.format("transaction_id = NULL", "sale") + OF),
    ("lines-and-payments", "order returned", f"UPDATE transactions SET kind = 'charge' WHERE order_id = {OF_ORDER}"),
    (
        "order-totals",
        "order sent",
        f"UPDATE order_items SET line_total_minor = line_total_minor + 1 WHERE order_id = {OF_ORDER}",
    ),
    (
        "order-totals",
        "order placed",
        """ALTER TABLE orders DROP CONSTRAINT ck_orders_total;
        UPDATE orders SET total_minor = total_minor + 1 WHERE reference = :ref""",
    ),
    ("stock-ledger", "sku", "UPDATE products SET on_hand = on_hand + 1 WHERE sku = :ref"),
    (
        "stock-as-of",
        "sku",
        """UPDATE stock_movements SET occurred_at = occurred_at + interval '1 minute' WHERE reason = 'received'
        AND product_id = (SELECT id FROM products WHERE sku = :ref)""",
    ),
    ("set-aside", "sku", "UPDATE products SET allocated = allocated - 1 WHERE sku = :ref"),
    ("sent-goods", "order sent", "UPDATE orders SET status = 'paid' WHERE reference = :ref"),
    (
        "sent-goods",
        "order returned",
        "UPDATE stock_movements SET delta = delta * 3 WHERE reference = :ref AND delta > 0",
    ),
    (
        "merged-tickets",
        "merged ticket",
        """UPDATE ticket_messages SET ticket_id = (SELECT id FROM tickets WHERE number = :ref)
        WHERE id = (SELECT message_id FROM ticket_move_messages)""",
    ),
    ("merged-tickets", "merged ticket", "UPDATE ticket_moves SET undone_at = now()"),
    (
        "last-messages",
        "open ticket",
        "UPDATE tickets SET last_message_at = last_message_at - interval '1 s' WHERE number = :ref",
    ),
    (
        "conversation-members",
        "conversation",
        "DELETE FROM conversation_members WHERE user_id = (SELECT id FROM users WHERE email = :practitioner)",
    ),
    (
        "conversation-members",
        "conversation",
        "UPDATE messages SET author_id = (SELECT id FROM users WHERE email = :suspended)",
    ),
    (
        "last-private-messages",
        "conversation",
        "UPDATE conversations SET last_message_at = last_message_at + interval '1 s'",
    ),
    (
        "reported-messages",
        "reported ticket",
        """UPDATE tickets SET requester_id = (SELECT author_id FROM messages WHERE ticket_id = tickets.id)
        WHERE number = :ref""",
    ),
    (
        "linked-conversations",
        "reported ticket",
        "UPDATE tickets SET requester_id = (SELECT id FROM users WHERE email = :suspended) WHERE number = :ref",
    ),
    ("standing-clocks", "ticket", "UPDATE tickets SET next_due_at = now() WHERE number = :ref"),
    (
        "suspended-sign-ins",
        "suspended",
        "UPDATE sessions SET revoked_at = NULL WHERE user_id = (SELECT id FROM users WHERE email = :ref)",
    ),
    (
        "carried-notices",
        "practitioner",
        "UPDATE notifications SET route = 'off' WHERE user_id = (SELECT id FROM users WHERE email = :ref)",
    ),
    (
        "carried-notices",
        "practitioner",
        "UPDATE outbox SET user_id = (SELECT id FROM users WHERE email = :suspended)"
        " WHERE user_id = (SELECT id FROM users WHERE email = :ref)",
    ),
    ("profiles", "suspended", "UPDATE users SET role = 'practitioner' WHERE email = :ref"),
]


@pytest.mark.parametrize(("name", "whose", "how"), BREAKS, ids=[f"{name}-{whose}" for name, whose, _ in BREAKS])
def test_an_invariant_names_the_row_that_breaks_it(small: Small, name: str, whose: str, how: str) -> None:
    with _session(small.connection) as session:
        _past_the_triggers(session, how, small.names, small.names[whose])
        found = {one.invariant.name: one for one in broken(session)}
    assert {row.reference for row in found[name].rows} == {small.names[whose]}
    assert all(row.detail for one in found.values() for row in one.rows)


def test_sums_and_figures_are_held_to_the_books(small: Small) -> None:
    """R-AN-02: the sums are what screens read; the books are what they must say."""
    how = "UPDATE ledger_{}s SET gross_minor = gross_minor + 1 WHERE kind = 'sale' AND source = 'order'"
    with _session(small.connection) as session:
        _past_the_triggers(session, how.format("day"), small.names)
        found = {one.invariant.name: one for one in broken(session)}
    assert set(found) == {"ledger-days", "figures"}
    assert [row.reference for row in found["ledger-days"].rows] == ["ZAR 2026-03-16 00:00 order sale"]
    assert found["figures"].rows[0] == Row("ZAR gmv", "by month 450121, in all 450120")
    assert {row.reference for row in found["figures"].rows} <= {"ZAR gmv", "ZAR gmv restated"}
    with _session(small.connection) as session:
        _past_the_triggers(session, how.format("hour"), small.names)
        found = {one.invariant.name: one for one in broken(session)}
    assert set(found) == {"ledger-hours"}
    assert [row.reference for row in found["ledger-hours"].rows] == ["ZAR 2026-03-16 10:00 order sale"]


def test_no_invariant_is_there_that_nothing_breaks() -> None:
    assert {name for name, _, _ in BREAKS} | {"ledger-hours", "ledger-days", "figures"} == {i.name for i in INVARIANTS}


def test_rows_beyond_the_limit_are_counted(small: Small) -> None:
    with _session(small.connection) as session:
        _past_the_triggers(session, "UPDATE bookings SET confirmed_at = now(), hold_expires_at = now()", small.names)
        states = next(one for one in broken(session, limit=2) if one.invariant.name == "session-states")
        everything = session.execute(text("SELECT count(*) FROM bookings")).scalar_one()
    assert (len(states.rows), states.count) == (2, everything)


def _past_the_triggers(session: Session, how: str, names: dict[str, str], ref: str = "") -> None:
    """Change rows as only a slip in the database itself could: no trigger sees it."""
    session.execute(text("SET LOCAL session_replication_role = replica"))
    for statement in how.split(";"):
        values = {key: value for key, value in {**names, "ref": ref}.items() if f":{key}" in statement}
        session.execute(text(statement), values)


@pytest.fixture(scope="module")
def demo(server_url: str) -> Iterator[Engine]:
    """A database of its own with the demo world."""
    name = f"avenrae_verify_{os.getpid()}"
    url = create_database(server_url, name)
    db.use(url)
    engine = db.engine()
    migrate(engine)
    with clock.stopped(NOON):
        load_world()
    yield engine
    engine.dispose()
    db.engine().dispose()
    drop_database(server_url, name)


def test_the_demo_world_holds_all_and_so_does_an_imported_shop(demo: Engine) -> None:
    """Credit notes and adjustments of a shop's own books are right as they are."""
    with Session(demo) as session:
        assert broken(session) == []
    db.use(demo.url.render_as_string(hide_password=False))
    load(SAMPLE)
    with Session(demo) as session:
        assert broken(session) == []


def test_the_command_says_what_holds_and_what_does_not(demo: Engine) -> None:
    whole = _verify(demo)
    assert (whole.returncode, whole.stderr) == (0, "")
    assert whole.stdout.splitlines()[-1] == f"All {len(INVARIANTS)} invariants hold."

    with demo.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE products SET allocated = allocated + 1 WHERE allocated < on_hand"))
        wrong = connection.execute(text("SELECT count(*) FROM products WHERE allocated > 0")).scalar_one()
    one_is_broken = _verify(demo, "--limit", "1")
    assert one_is_broken.returncode == 1
    assert one_is_broken.stderr.strip() == f"1 of {len(INVARIANTS)} invariants is broken."
    lines = one_is_broken.stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("BROKEN  set-aside"))
    assert 60 < int(lines[at + 1].split()[0]) <= wrong
    assert "set aside" in lines[at + 2]
    assert lines[at + 3].startswith("ok")


def _verify(engine: Engine, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "avenrae", "verify", *options],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": engine.url.render_as_string(hide_password=False)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
