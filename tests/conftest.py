"""One real server a test run, one migrated database a worker; nothing of ours is mocked."""

import os

os.environ.setdefault("AVENRAE_BCRYPT_COST", "4")

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db import engine as db
from avenrae.db.embedded import acquire
from avenrae.db.migrate import migrate

_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
NOON = datetime(2026, 3, 16, 10, 0, tzinfo=UTC)
"""Monday noon in Johannesburg: where the tests' clock stands."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep groups together: pytest-xdist 3.8 writes them where pytest 9.2 no longer looks."""
    if not config.getoption("loadgroup", False):
        return
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group and not item.nodeid.endswith(f"@{group.args[0]}"):
            item._id = type(item._id).parse(f"{item.nodeid}@{group.args[0]}")  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The server's address: `DATABASE_URL`, or an embedded one on a disk in memory."""
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="avenrae-test-") as folder:
        Path(folder).chmod(0o755)
        server = acquire(Path(folder) / "data", settings=_FAST)
        try:
            yield server.url("postgres")
        finally:
            server.release()


def create_database(server: str, name: str) -> str:
    """Make an empty database on the tests' server and return its address."""
    admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    return make_url(server).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)


def drop_database(server: str, name: str) -> None:
    """Remove a database that a test made."""
    admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture(scope="session")
def worker_database(server_url: str) -> Iterator[str]:
    """The migrated database of this test worker."""
    name = f"avenrae_test_{os.getpid()}"
    url = create_database(server_url, name)
    engine = db.make_engine(url)
    migrate(engine)
    engine.dispose()
    yield url
    drop_database(server_url, name)


@pytest.fixture
def database(worker_database: str) -> Iterator[str]:
    """A migrated, empty database that the test may commit to; it is emptied afterwards."""
    db.use(worker_database)
    yield worker_database
    with db.engine().begin() as connection:
        empty(connection)
    db.engine().dispose()


def empty(connection) -> None:
    """Remove every row, past the triggers that keep books and trail append-only."""
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    tables = connection.execute(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
    ).scalars()
    for table in list(tables):
        connection.execute(text(f'DELETE FROM "{table}"'))


@pytest.fixture
def session(worker_database: str) -> Iterator[Session]:
    """A session whose commits and rollbacks all end in one rollback."""
    db.use(worker_database)
    with db.engine().connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        outer.rollback()
    db.engine().dispose()


@pytest.fixture
def noon() -> Iterator[datetime]:
    """The clock, stopped."""
    with clock.stopped(NOON) as at:
        yield at
