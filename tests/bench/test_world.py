"""The world that is measured: the same one every time, right in every sum, and with a view for every screen."""

import os
from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from avenrae.db import engine as db
from avenrae.db.migrate import migrate
from avenrae.errors import Conflict
from avenrae.queries.invariants import broken
from avenrae.ui.navigation import SCREENS
from bench.pages import measure_pages
from bench.proof import WRONG, prove
from bench.targets import people_of, targets
from bench.world import Size, fill
from tests.conftest import create_database, drop_database

pytestmark = pytest.mark.xdist_group("worlds")
TINY = Size(users=900, staff=12, practitioners=60, bookings=4_000, orders=1_500, products=500)
DIGEST = """
    SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
        SELECT b::text AS line FROM bookings b UNION ALL SELECT o::text FROM orders o
        UNION ALL SELECT i::text FROM order_items i UNION ALL SELECT l::text FROM ledger_entries l
        UNION ALL SELECT m::text FROM stock_movements m UNION ALL SELECT p::text FROM practitioners p
        UNION ALL SELECT email || first_name || last_name FROM users) everything
"""


def _connect(url: str) -> psycopg.Connection:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


@pytest.fixture(scope="module")
def tiny(server_url: str) -> Iterator[Callable[[str], str]]:
    """Makes tiny worlds by name; those of the same name are made once."""
    made: dict[str, str] = {}

    def make(name: str) -> str:
        if name not in made:
            made[name] = create_database(server_url, f"avenrae_tiny_{name}_{os.getpid()}")
            engine = db.make_engine(made[name])
            migrate(engine)
            engine.dispose()
            fill(made[name], TINY, say=lambda sentence: None)
        return made[name]

    yield make
    for name in made:
        drop_database(server_url, f"avenrae_tiny_{name}_{os.getpid()}")


def test_it_is_the_same_every_time(tiny) -> None:
    digests = set()
    for name in ("one", "two"):
        with _connect(tiny(name)) as connection:
            digests.add(connection.execute(DIGEST).fetchone())
    assert len(digests) == 1


def test_it_holds_what_was_asked_for(tiny) -> None:
    with _connect(tiny("one")) as connection:
        counted = {
            table: connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()[0]
            for table in ("users", "practitioners", "orders", "products")
        }
        assert counted == {"users": 900, "practitioners": 60, "orders": 1_500, "products": 500}
        bookings, live, currencies, states = connection.execute(
            "SELECT count(*), avg((status IN ('pending', 'confirmed'))::int), count(DISTINCT currency),"
            " count(DISTINCT status) FROM bookings"
        ).fetchone()
    assert 3_900 <= bookings <= 4_000
    assert 0.03 < live < 0.07
    assert (currencies, states) == (2, 5)


def test_the_invariants_hold_in_it(tiny) -> None:
    """What `verify` proves of every database, nobody suspended being signed in among it."""
    engine = db.make_engine(tiny("one"))
    with Session(engine) as session:
        assert broken(session) == []
    engine.dispose()


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("UPDATE products SET on_hand = on_hand + 1 WHERE id = (SELECT min(id::text)::uuid FROM products)", "stock"),
        (
            "UPDATE ledger_entries SET commission_minor = commission_minor + 1"
            " WHERE id = (SELECT min(id::text)::uuid FROM ledger_entries WHERE kind = 'sale' AND source = 'booking')",
            "commission",
        ),
        (
            "DELETE FROM transactions WHERE id = (SELECT min(id::text)::uuid FROM transactions WHERE kind = 'refund')",
            "paid",
        ),
        ("UPDATE practitioners SET booking_count = booking_count + 1 WHERE booking_count > 3", "counted"),
        ("UPDATE ledger_hours SET entries = entries + 1 WHERE hour = (SELECT min(hour) FROM ledger_hours)", "hours"),
        ("UPDATE ledger_days SET entries = entries + 1 WHERE day = (SELECT min(day) FROM ledger_days)", "days"),
    ],
)
def test_the_proof_finds_what_is_wrong(tiny, damage: str, sentence: str) -> None:
    with _connect(tiny("one")) as connection:
        prove(connection)
        with connection.transaction(force_rollback=True):
            connection.execute("SET LOCAL session_replication_role = replica")
            assert connection.execute(damage.encode()).rowcount
            with pytest.raises(Conflict, match=sentence):
                prove(connection)
    assert any(sentence in w for w in WRONG)


def test_every_screen_is_measured(tiny) -> None:
    engine = db.make_engine(tiny("one"))
    found = {(t.script, t.role) for t in targets(engine, people_of(engine))}
    engine.dispose()
    missing = {(s.script, role) for s in SCREENS for role in s.roles} - found
    assert missing == set()


def test_pages_are_measured_through_the_real_server(tiny) -> None:
    lines: list[str] = []
    costs = measure_pages(tiny("one"), runs=2, only="store/orders", say=lines.append)
    assert {c.target.role for c in costs} == {"client", "support", "admin"}
    assert len(lines) == len(costs)
    for cost in costs:
        assert cost.problems == ()
        assert 0 < cost.queries <= 12
        assert 0 < cost.database < cost.median
        assert cost.floor > 0
        assert cost.size > 1_000
