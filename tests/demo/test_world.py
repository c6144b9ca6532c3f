"""The demo world: whole or not at all, once, the same for the same moment, and true to every rule of the books."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db import engine as db
from avenrae.db.migrate import migrate
from avenrae.db.transaction import transaction
from avenrae.demo import PASSWORD
from avenrae.demo.world import DEMO_ACCOUNTS, is_empty, load_world
from avenrae.enums import (
    BookingStatus,
    CancelledBy,
    LedgerKind,
    MovementReason,
    OrderStatus,
    PaymentStatus,
    PractitionerKind,
    ProductType,
    ReviewSide,
    ReviewStatus,
    Role,
    TransactionStatus,
    VerificationStatus,
)
from avenrae.errors import Conflict, StartError
from avenrae.passwords import matches
from avenrae.permissions import Actor
from avenrae.settings import settings
from tests.conftest import NOON, create_database, drop_database
from tests.make import make_booking, make_user
from tests.threads import at_once

Ask = Callable[..., Any]

DIGEST = """
    SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
        SELECT b.starts_at || b.status || b.payment_status || b.refunded_minor || c.email || p.email AS line
        FROM bookings b JOIN clients ON clients.id = client_id JOIN users c ON c.id = clients.user_id
        JOIN practitioners ON practitioners.id = practitioner_id JOIN users p ON p.id = practitioners.user_id
        UNION ALL SELECT status || total_minor || refunded_minor FROM orders
        UNION ALL SELECT sku || on_hand || allocated FROM products
        UNION ALL SELECT email || first_name || last_name || coalesce(phone, '') FROM users
        UNION ALL SELECT rating || comment || coalesce(response, '') FROM reviews) lines
"""


@pytest.fixture(scope="module")
def world(server_url: str) -> Iterator[Engine]:
    """A database of its own with the demo world of a Monday noon."""
    name = f"avenrae_demo_{os.getpid()}"
    url = create_database(server_url, name)
    db.use(url)
    engine = db.engine()
    migrate(engine)
    with clock.stopped(NOON):
        load_world()
    yield engine
    engine.dispose()
    drop_database(server_url, name)


@pytest.fixture
def ask(world: Engine) -> Ask:
    """Ask the demo world for one value."""

    def one(query: str, **values: Any) -> Any:
        with world.connect() as connection:
            return connection.execute(text(query), values).scalar_one()

    return one


def _words(world: Engine, table: str, column: str) -> set[str]:
    with world.connect() as connection:
        return set(
            connection.execute(text(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL")).scalars()
        )


@pytest.mark.parametrize(
    ("table", "column", "enum"),
    [
        ("users", "role", Role),
        ("practitioners", "kind", PractitionerKind),
        ("practitioners", "verification_status", VerificationStatus),
        ("bookings", "status", BookingStatus),
        ("bookings", "payment_status", PaymentStatus),
        ("bookings", "cancelled_by", CancelledBy),
        ("reviews", "status", ReviewStatus),
        ("reviews", "written_by", ReviewSide),
        ("products", "product_type", ProductType),
        ("stock_movements", "reason", MovementReason),
        ("orders", "status", OrderStatus),
        ("orders", "payment_status", PaymentStatus),
        ("transactions", "status", TransactionStatus),
    ],
)
def test_every_state_occurs(world: Engine, table: str, column: str, enum: type[StrEnum]) -> None:
    assert _words(world, table, column) == {word.value for word in enum}


def test_ledger_has_sales_refunds_and_kept_fees_in_three_currencies(world: Engine) -> None:
    assert _words(world, "ledger_entries", "kind") == {*LedgerKind} - {LedgerKind.PAYOUT}
    assert _words(world, "ledger_entries", "currency") == {"ZAR", "GBP", "EUR"}


def test_the_world_has_its_size(ask: Ask) -> None:
    assert ask("SELECT count(*) FROM practitioners") == 60
    assert ask("SELECT count(*) FROM clients") == 400
    assert ask("SELECT count(*) FROM products") == 120
    assert 5_000 < ask("SELECT count(*) FROM bookings") < 7_000
    assert 800 < ask("SELECT count(*) FROM orders") < 1_050
    assert ask("SELECT count(*) FROM practitioners WHERE latitude IS NULL") == 4
    assert ask("SELECT count(DISTINCT country_code) FROM practitioners") == 10


def test_one_account_of_each_role_can_sign_in(world: Engine) -> None:
    with world.connect() as connection:
        rows = connection.execute(text("SELECT role, email, password_hash FROM users WHERE password_hash IS NOT NULL"))
        found = {role: (email, hashed) for role, email, hashed in rows}
    assert {role: email for role, (email, _) in found.items()} == DEMO_ACCOUNTS
    assert DEMO_ACCOUNTS[Role.ADMIN] == "admin@demo.avenrae.example"
    assert all(matches(PASSWORD, hashed) for _, hashed in found.values())


_BROKEN = {
    "a completed session is a sale of its price, nothing else is": """
        SELECT count(*) FROM bookings b LEFT JOIN ledger_entries l
            ON l.source = 'booking' AND l.source_id = b.id AND l.kind = 'sale'
        WHERE (b.status = 'completed') <> (l.id IS NOT NULL) OR l.gross_minor <> b.price_minor
            OR l.occurred_at <> b.starts_at
            OR abs(l.commission_minor - b.price_minor * b.commission_bps / 10000.0) > 0.5""",
    "what is charged is what was to be paid": """
        SELECT count(*) FROM bookings b WHERE CASE payment_status WHEN 'unpaid' THEN 0 ELSE price_minor END <>
            (SELECT coalesce(sum(amount_minor), 0) FROM transactions t
             WHERE t.booking_id = b.id AND kind = 'charge' AND status = 'succeeded')""",
    "a session is paid before it begins": """
        SELECT count(*) FROM transactions t JOIN bookings b ON b.id = t.booking_id
        WHERE t.kind = 'charge' AND t.occurred_at > b.starts_at AND b.payment_status <> 'unpaid'
            AND b.starts_at < CAST(:midnight AS timestamptz)""",
    "refunds of sessions are transactions": """
        SELECT count(*) FROM bookings b WHERE refunded_minor <>
            (SELECT coalesce(sum(amount_minor), 0) FROM transactions t
             WHERE t.booking_id = b.id AND kind = 'refund' AND status = 'succeeded')""",
    "refunds of orders are transactions": """
        SELECT count(*) FROM orders o WHERE refunded_minor <>
            (SELECT coalesce(sum(amount_minor), 0) FROM transactions t
             WHERE t.order_id = o.id AND kind = 'refund' AND status = 'succeeded')""",
    "refunds of sales are in the books": """
        SELECT count(*) FROM (
            SELECT id, refunded_minor FROM bookings WHERE status = 'completed' UNION ALL
            SELECT id, refunded_minor FROM orders) s
        WHERE refunded_minor <> (SELECT coalesce(-sum(gross_minor), 0) FROM ledger_entries l
                                 WHERE l.source_id = s.id AND l.kind = 'refund')""",
    "a sale refunded in full leaves no commission": """
        SELECT count(*) FROM bookings b WHERE status = 'completed' AND payment_status = 'refunded' AND 0 <>
            (SELECT sum(commission_minor) FROM ledger_entries l WHERE l.source_id = b.id)""",
    "what a client paid and did not get back is kept": """
        SELECT count(*) FROM bookings b WHERE status IN ('cancelled', 'no_show') AND payment_status <> 'unpaid'
            AND price_minor - refunded_minor <> (SELECT coalesce(sum(gross_minor), 0) FROM ledger_entries l
                                                 WHERE l.source_id = b.id AND l.kind = 'adjustment')""",
    "a paid order is a sale of its total": """
        SELECT count(*) FROM orders o LEFT JOIN ledger_entries l
            ON l.source = 'order' AND l.source_id = o.id AND l.kind = 'sale'
        WHERE (o.paid_at IS NOT NULL) <> (l.id IS NOT NULL) OR l.gross_minor <> o.total_minor
            OR l.occurred_at <> o.paid_at""",
    "an order's lines are its items": """
        SELECT count(*) FROM orders o WHERE items_minor <>
            (SELECT sum(line_total_minor) FROM order_items i WHERE i.order_id = o.id)""",
    "the stock ledger is the stock": """
        SELECT count(*) FROM products p WHERE on_hand <>
            (SELECT coalesce(sum(delta), 0) FROM stock_movements m WHERE m.product_id = p.id)""",
    "no stock was ever below zero": """
        SELECT count(*) FROM (SELECT sum(delta) OVER (PARTITION BY product_id ORDER BY occurred_at, id) AS level
                              FROM stock_movements) levels WHERE level < 0""",
    "what is set aside is for open orders": """
        SELECT count(*) FROM products p WHERE allocated <>
            (SELECT coalesce(sum(quantity), 0) FROM order_items i JOIN orders o ON o.id = i.order_id
             WHERE i.product_id = p.id AND o.status IN ('pending', 'paid'))""",
    "a fulfilled order has left the stock": """
        SELECT count(*) FROM orders o WHERE
            (SELECT sum(quantity) FROM order_items i WHERE i.order_id = o.id AND o.status = 'fulfilled')
            IS DISTINCT FROM
            (SELECT -sum(delta) FROM stock_movements m WHERE m.reference = o.reference AND m.reason = 'sold')""",
    "no two sessions of a practitioner overlap": """
        SELECT count(*) FROM bookings a JOIN bookings b
            ON b.practitioner_id = a.practitioner_id AND b.id > a.id AND b.occupied && a.occupied
        WHERE a.status <> 'cancelled' AND b.status <> 'cancelled'""",
    "sessions are within the hours of their day": """
        SELECT count(*) FROM bookings b WHERE NOT EXISTS (
            SELECT 1 FROM availability_rules r WHERE r.practitioner_id = b.practitioner_id
                AND r.weekday = extract(isodow FROM b.starts_at AT TIME ZONE b.time_zone) - 1
                AND (b.starts_at AT TIME ZONE b.time_zone)::time >= r.starts_local
                AND (b.ends_at AT TIME ZONE b.time_zone)::time <= r.ends_local
            UNION ALL SELECT 1 FROM availability_overrides o WHERE o.practitioner_id = b.practitioner_id
                AND o.on_date = (b.starts_at AT TIME ZONE b.time_zone)::date
                AND (b.ends_at AT TIME ZONE b.time_zone)::time <= o.ends_local)""",
    "no session is on a closed day or in a blocked period": """
        SELECT count(*) FROM bookings b WHERE EXISTS (
            SELECT 1 FROM availability_overrides o WHERE o.practitioner_id = b.practitioner_id
                AND o.on_date = (b.starts_at AT TIME ZONE b.time_zone)::date AND o.starts_local IS NULL
            UNION ALL SELECT 1 FROM blocked_periods x WHERE x.practitioner_id = b.practitioner_id
                AND x.starts_at < b.ends_at AND x.ends_at > b.starts_at)""",
    "the database's counts are right": """
        SELECT count(*) FROM practitioners p WHERE
            booking_count <> (SELECT count(*) FROM bookings WHERE practitioner_id = p.id AND status = 'completed')
            OR rating_count <> (SELECT count(*) FROM reviews
                WHERE practitioner_id = p.id AND status = 'published' AND written_by = 'client')""",
    "reviews follow completed sessions": """
        SELECT count(*) FROM reviews r JOIN bookings b ON b.id = r.booking_id
        WHERE b.status <> 'completed' OR r.created_at < b.completed_at OR r.client_id <> b.client_id
            OR r.created_at > b.completed_at + interval '14 days'""",
    "nobody books before he is there": """
        SELECT count(*) FROM bookings b JOIN clients c ON c.id = b.client_id
            JOIN practitioners p ON p.id = b.practitioner_id
        WHERE b.created_at < greatest(c.created_at, p.created_at)""",
    "nothing has happened in the future": """
        SELECT count(*) FROM (SELECT occurred_at AS at FROM transactions
            UNION ALL SELECT occurred_at FROM ledger_entries
            UNION ALL SELECT occurred_at FROM stock_movements UNION ALL SELECT placed_at FROM orders
            UNION ALL SELECT greatest(created_at, published_at, responded_at, flagged_at, moderated_at) FROM reviews
            UNION ALL SELECT cancelled_at FROM bookings UNION ALL SELECT completed_at FROM bookings) moments
        WHERE at > :now""",
    "foreign practitioners have foreign prices": """
        SELECT count(*) FROM services s JOIN practitioners p ON p.id = s.practitioner_id
        WHERE s.currency <> p.currency
            OR s.currency <> CASE country_code WHEN 'GB' THEN 'GBP' WHEN 'PT' THEN 'EUR' WHEN 'NL' THEN 'EUR'
                             ELSE 'ZAR' END""",
}


@pytest.mark.parametrize("rule", _BROKEN)
def test_no_row_breaks_a_rule(ask: Ask, rule: str) -> None:
    query = _BROKEN[rule]
    values = {"now": NOON, "midnight": NOON.replace(hour=0) - timedelta(hours=2)}
    assert ask(query, **{name: value for name, value in values.items() if f":{name}" in query}) == 0


def test_the_demo_practitioner_has_a_day_and_requests(ask: Ask) -> None:
    own = """SELECT count(*) FROM bookings b JOIN practitioners p ON p.id = b.practitioner_id
             JOIN users u ON u.id = p.user_id WHERE u.email = 'practitioner@demo.avenrae.example' AND """
    today = "(starts_at AT TIME ZONE 'Africa/Johannesburg')::date = '2026-03-16' AND "
    assert ask(own + today + "ends_at <= :now AND b.status = 'completed'", now=NOON) >= 1
    assert ask(own + today + "starts_at > :now AND b.status = 'confirmed'", now=NOON) >= 2
    assert ask(own + "b.status = 'pending' AND hold_expires_at IS NULL") >= 5
    assert ask(own + "b.status = 'pending' AND hold_expires_at > :now", now=NOON) >= 2
    assert ask(own + "b.status = 'completed'") > 300


def test_the_demo_client_has_a_past_and_a_future(ask: Ask) -> None:
    own = """JOIN clients c ON c.id = client_id JOIN users u ON u.id = c.user_id
             WHERE u.email = 'client@demo.avenrae.example' AND """
    assert ask(f"SELECT count(*) FROM bookings b {own} b.status = 'completed'") >= 5
    assert ask(f"SELECT count(*) FROM bookings b {own} b.status = 'confirmed' AND starts_at > :now", now=NOON) >= 1
    assert ask(f"SELECT count(*) FROM orders o {own} o.status = 'pending'") == 1
    assert ask(f"SELECT count(*) FROM orders o {own} o.status = 'paid'") >= 1


def test_reviews_have_everything_that_can_happen_to_them(ask: Ask) -> None:
    """For the demo accounts too: the client has something to write about, and neither reads what is kept back."""
    demo = """JOIN {0}s d ON d.id = r.{0}_id JOIN users u ON u.id = d.user_id
              WHERE u.email = '{0}@demo.avenrae.example' AND """
    about_me, mine = (f"SELECT count(*) FROM reviews r {demo.format(who)}" for who in ("practitioner", "client"))
    assert ask(about_me + "r.status = 'waiting'") >= 3
    assert ask(about_me + "r.status = 'published' AND r.written_by = 'client' AND r.response IS NULL") >= 5
    assert ask(about_me + "r.flagged_at IS NOT NULL AND r.moderated_at IS NULL AND r.status = 'published'") >= 1
    assert ask(mine + "r.status = 'waiting' AND r.written_by = 'client'") >= 1
    assert ask(mine + "r.status = 'waiting' AND r.written_by = 'practitioner'") >= 1
    assert ask("SELECT count(*) FROM reviews WHERE status = 'hidden' AND moderation_reason <> ''") >= 3
    assert ask("SELECT count(*) FROM reviews WHERE status = 'published' AND moderated_at > flagged_at") >= 1


def test_somebody_comes_every_week(ask: Ask) -> None:
    assert ask("SELECT count(DISTINCT series_id) FROM bookings WHERE series_id IS NOT NULL") == 1
    assert ask("SELECT count(*) FROM bookings WHERE series_id IS NOT NULL AND status = 'confirmed'") >= 4


def test_the_demo_client_is_offered_a_place_for_which_others_wait(ask: Ask) -> None:
    whose = "FROM booking_waitlist w JOIN clients c ON c.id = w.client_id JOIN users u ON u.id = c.user_id"
    assert ask(f"SELECT string_agg(u.email, ',') {whose} WHERE w.status = 'offered'") == "client@demo.avenrae.example"
    assert ask("SELECT count(*) FROM booking_waitlist WHERE status = 'waiting'") >= 2
    assert ask("SELECT count(DISTINCT on_date) FROM booking_waitlist WHERE status IN ('offered', 'waiting')") >= 1
    assert ask("SELECT offer_expires_at FROM booking_waitlist WHERE status = 'offered'") == NOON + timedelta(hours=1)


def test_some_products_are_low_and_some_are_out(ask: Ask) -> None:
    assert ask("SELECT count(*) FROM products WHERE on_hand = allocated") >= 3
    assert ask("SELECT count(*) FROM products WHERE is_active AND on_hand - allocated BETWEEN 1 AND reorder_level") >= 3


def test_every_row_is_in_the_audit_trail_under_its_action(ask: Ask) -> None:
    """R-AUD-01."""
    assert ask("SELECT string_agg(DISTINCT actor_name || ': ' || action, ',') FROM audit_entries") == (
        "Demo world: load_demo,The console: offer_places"
    )
    for table in ("users", "bookings", "transactions", "ledger_entries", "orders", "stock_movements"):
        entries = "SELECT count(*) FROM audit_entries WHERE operation = 'insert' AND table_name = :table"
        assert ask(entries, table=table) == ask(f"SELECT count(*) FROM {table}")
    assert ask("SELECT count(*) FROM audit_entries WHERE after::text LIKE '%$2b$%'") == 0


def test_numbers_go_on_after_the_history(world: Engine, ask: Ask) -> None:
    last = ask("SELECT max(substr(reference, 3)::int) FROM bookings")
    last_order = ask("SELECT max(substr(reference, 3)::int) FROM orders")
    with Session(world) as session:
        assert make_booking(session).reference == f"B-{last + 1}"
        assert session.execute(text("SELECT nextval('order_numbers')")).scalar_one() == last_order + 1


def test_two_at_once_load_the_same_world_once(database: str, ask: Ask) -> None:
    """Several instances may start on one empty database; and a moment has one world."""
    sentences: list[str] = []
    with clock.stopped(NOON):
        results = at_once([partial(load_world, on_progress=sentences.append)] * 2)
    assert not [r for r in results if isinstance(r, Exception)]
    assert len(sentences) == 5
    with db.engine().connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM clients")).scalar_one() == 400
        assert connection.execute(text(DIGEST)).scalar_one() == ask(DIGEST)


def test_a_load_that_stops_in_the_middle_leaves_nothing(database: str) -> None:
    def stop(sentence: str) -> None:
        if sentence.startswith("Holding"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_world(on_progress=stop)
    assert is_empty()
    assert _rows("users", "practitioners", "services", "audit_entries") == 0


def test_refuses_a_database_that_people_use(database: str) -> None:
    with transaction(Actor.system("test"), "test") as session:
        make_user(session)
    with pytest.raises(Conflict, match=r"^The demo world goes only into an empty database, and this one has people"):
        load_world()
    assert _rows("users") == 1
    assert _rows("practitioners", "products") == 0


def test_refuses_production(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "environment", "production")
    with pytest.raises(StartError, match=r"^The demo world is never loaded in production\. Create the first admin"):
        load_world()
    assert is_empty()
    assert _rows("users", "audit_entries") == 0


def _rows(*tables: str) -> int:
    with db.engine().connect() as connection:
        return sum(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables)
