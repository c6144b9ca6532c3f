"""A big world in a database of its own: 100 k users, 600 k bookings, 200 k orders, the tenfold at scale 10.

It is made by SQL alone (`bench/sql/`), the same one on the same day: every figure is a hash of a row's number.
Indexes and keys are taken away for the load and made again at its end, so the server itself proves that every
key, foreign key and exclusion holds; checks hold all the time.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from avenrae import clock, start
from avenrae.db import engine as db
from avenrae.db.migrate import migrate
from avenrae.demo import names
from avenrae.demo.places import ABROAD, HOME, SOUTH_AFRICA
from avenrae.errors import Conflict
from avenrae.models import Base
from avenrae.queries.periods import midnight
from bench.proof import prove

SQL = Path(__file__).parent / "sql"
ZONE = "Africa/Johannesburg"
_FAST = (
    "-c statement_timeout=0 -c synchronous_commit=off -c session_replication_role=replica -c wal_compression=off"
    " -c work_mem=256MB -c maintenance_work_mem=512MB -c jit=off -c timezone=UTC"
)


@dataclass(frozen=True)
class Size:
    """How many there are of each; `scale` is how many equally busy practitioners share each rank."""

    users: int
    staff: int
    practitioners: int
    bookings: int
    orders: int
    products: int
    scale: int = 1

    @classmethod
    def of(cls, scale: int) -> "Size":
        """Return the size of a scale, of which 1 has 600 000 bookings."""
        return cls(100_000 * scale, 30 * scale, 5_000 * scale, 600_000 * scale, 200_000 * scale, 50_000 * scale, scale)


def database_name(scale: int) -> str:
    """Return the name of the database that holds the world of a scale."""
    return f"avenrae_bench_{scale}"


def make_world(scale: int, say: Callable[[str], None] = print) -> None:
    """Make the world of a scale anew, on the server of the console; the old one stays until the new one is whole."""
    began = time.monotonic()
    make_database(database_name(scale), Size.of(scale), say)
    say(f"The world ×{scale} is in {database_name(scale)}, made in {time.monotonic() - began:.0f} s.")


def make_database(name: str, size: Size | None, say: Callable[[str], None] = print) -> str:
    """Make a database anew, migrated and, where a size is given, filled; returns its address."""
    start.open_database(say)
    building = f"{name}_new"
    with _admin() as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{building}" WITH (FORCE)'.encode())
        admin.execute(f"CREATE DATABASE \"{building}\" TEMPLATE template0 ENCODING 'UTF8'".encode())
    engine = db.make_engine(_url_of(building))
    migrate(engine)
    engine.dispose()
    if size is not None:
        fill(_url_of(building), size, say)
    with _admin() as admin:
        admin.execute(f"COMMENT ON DATABASE \"{building}\" IS '{_schema_print()}'".encode())
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        admin.execute(f'ALTER DATABASE "{building}" RENAME TO "{name}"'.encode())
    return _url_of(name)


def drop_database(name: str) -> None:
    """Remove a database that the bench made."""
    with _admin() as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def open_world(scale: int, say: Callable[[str], None] = print) -> str:
    """Return the address of a world's database.

    Raises:
        Conflict: It has not been made, or was made before the schema was changed.
    """
    start.open_database(say)
    if not has_world(scale):
        raise Conflict(f"There is no world ×{scale} of this schema. Make it: python -m bench world --scale {scale}")
    return _url_of(database_name(scale))


def has_world(scale: int) -> bool:
    """Return whether the world of a scale has been made, for the schema as it is now."""
    with _admin() as admin:
        found = admin.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", (database_name(scale),)
        ).fetchone()
    return found is not None and found[0] == _schema_print()


def _schema_print() -> str:
    """Return what changes when a table, an index of one or a script of the world does."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call, unused-ignore]
    tables = Base.metadata.sorted_tables
    made = [str(CreateTable(t).compile(dialect=dialect)) for t in tables]
    made += [str(CreateIndex(i).compile(dialect=dialect)) for t in tables for i in t.indexes]
    scripts = [script.read_text() for script in sorted(SQL.glob("*.sql"))]
    return sha256("".join([*sorted(made), *scripts]).encode()).hexdigest()


def fill(url: str, size: Size, say: Callable[[str], None] = print) -> None:
    """Fill a migrated, empty database with a world of this size.

    Raises:
        Conflict: Something in it is not as it must be; nothing says that it can be used.
    """
    today = midnight(clock.now().astimezone().date(), ZONE)
    with _connect(url, options=_FAST) as connection:
        shape = _shape(connection)
        rebuild = _take_away_keys(connection)
        connection.execute("CREATE SCHEMA bench")
        _run(connection, SQL / "10_functions.sql", say)
        _load_names(connection, size, today)
        for script in sorted(SQL.glob("[2-9]*.sql")):
            _run(connection, script, say)
        with _timed("keys and indexes", say):
            for statement in rebuild:
                connection.execute(statement.encode())
        connection.execute("DROP SCHEMA bench CASCADE")
        if _shape(connection) != shape:
            raise Conflict("The keys and indexes of the world are not those of the migrations.")
        with _timed("statistics", say):
            connection.execute("VACUUM (ANALYZE, FREEZE)")
        with _timed("proof", say):
            prove(connection)


@contextmanager
def _timed(what: str, say: Callable[[str], None]) -> Iterator[None]:
    """Say how long a block took."""
    began = time.monotonic()
    yield
    say(f"  {what}: {time.monotonic() - began:.1f} s")


def _run(connection: psycopg.Connection[Any], script: Path, say: Callable[[str], None]) -> None:
    with _timed(script.stem.partition("_")[2], say):
        connection.execute(script.read_bytes())


def _load_names(connection: psycopg.Connection[Any], size: Size, today: datetime) -> None:
    """Put the pools of names into slots, each as often as it is common, and the places where practitioners are."""
    clients = size.users - size.staff - size.practitioners
    parts = astuple(size)
    connection.execute(
        "INSERT INTO bench.size (users, staff, practitioners, bookings, orders, products, scale, clients, today)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (*parts, clients, today),
    )
    pools = range(len(names.WEIGHTS))
    first = [(pool, name) for pool in _spread(pools, names.WEIGHTS, 128) for name in _forenames(pool)]
    _copy(connection, "first_names (slot, pool, name)", ((n, *row) for n, row in enumerate(first)))
    last = ((pool, n, s) for pool in pools for n, s in enumerate(_common_first(names.SURNAMES[pool], 512)))
    _copy(connection, "last_names (pool, slot, name)", last)
    # Cities have many practitioners, towns a few; prices are in two currencies, those of London in pounds.
    homes = [p for p in (HOME, *SOUTH_AFRICA, *ABROAD) if p.currency in ("ZAR", "GBP")]
    cities = {"Cape Town": 3, "Johannesburg": 4, "Durban": 3, "Pretoria": 2, "London": 4}
    spread = [p for p in homes for _ in range(cities.get(p.city, 1))]
    _copy(
        connection,
        "places (slot, street, city, country, latitude, longitude, zone, currency)",
        ((n, *place) for n, place in enumerate(spread)),
    )


def _forenames(pool: int) -> list[str]:
    women, men = _common_first(names.WOMEN[pool], 18), _common_first(names.MEN[pool], 14)
    return [*women, *men]


def _common_first(words: list[str], slots: int) -> list[str]:
    """Return so many words, the first of a pool most often and the later ones ever less."""
    return list(_spread(words, [1 / (n + 3) for n in range(len(words))], slots))


def _spread(items: Iterable[Any], weights: Iterable[float], slots: int) -> list[Any]:
    items, weights = list(items), list(weights)
    total, upto = sum(weights), 0.0
    out: list[Any] = []
    for item, weight in zip(items, weights, strict=True):
        upto += weight
        out += [item] * (round(upto / total * slots) - len(out))
    return out


def _copy(connection: psycopg.Connection[Any], target: str, rows: Iterable[tuple[Any, ...]]) -> None:
    table, columns = target.split(" ", 1)
    with connection.cursor() as cursor, cursor.copy(f"COPY bench.{table} {columns} FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _take_away_keys(connection: psycopg.Connection[Any]) -> list[str]:
    """Drop keys and indexes of all tables; returns the statements that make them again, in order."""
    tables = "ANY(ARRAY(SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'))"
    keys = connection.execute(
        "SELECT conrelid::regclass::text, conname, contype::text, pg_get_constraintdef(oid) FROM pg_constraint"
        f" WHERE contype IN ('p', 'u', 'x', 'f') AND conrelid = {tables}"
        " ORDER BY position(contype::text IN 'puxf'), conrelid::regclass::text, conname".encode()
    ).fetchall()
    indexes = connection.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        f" WHERE i.indrelid = {tables} AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid"
        " AND c.contype IN ('p', 'u', 'x')) ORDER BY 1".encode()
    ).fetchall()
    for table, name, _, _ in reversed(keys):
        connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'.encode())
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}".encode())
    rebuild = [(t, f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}') for table, name, t, definition in keys]
    return [
        *(statement for t, statement in rebuild if t != "f"),
        *(definition for _, definition in indexes),
        *(statement for t, statement in rebuild if t == "f"),
    ]


def _shape(connection: psycopg.Connection[Any]) -> list[Any]:
    return connection.execute(
        "SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace"
        " UNION ALL SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid FROM pg_index"
        " WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) ORDER BY 1, 2"
    ).fetchall()


def _admin() -> psycopg.Connection[Any]:
    return _connect(_url_of("postgres"), options="")


def _url_of(database: str) -> str:
    return db.engine().url.set(database=database).render_as_string(hide_password=False)


def _connect(url: str, options: str) -> psycopg.Connection[Any]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True, options=options)
