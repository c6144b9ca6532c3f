"""The invariants hold in every world that the program makes, and each one notices the row that breaks it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db import engine as db
from avenrae.db.migrate import migrate
from avenrae.demo.world import load_world
from avenrae.queries.invariants import INVARIANTS, Row, broken
from tests.conftest import NOON, create_database, drop_database
from tests.imports.shop import SAMPLE, load
from tests.queries.breaks import BREAKS
from tests.queries.small_world import let_everything_happen

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
            let_everything_happen(session, small.names)
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


def test_a_world_made_by_services_holds_all(small: Small) -> None:
    with _session(small.connection) as session:
        assert broken(session) == []


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
