"""The schema: up from nothing, down and up again, the same as the models, eight instances at once."""

import re
import subprocess
import threading
from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import Engine, inspect, make_url, text

from avenrae.db.embedded import find_programs
from avenrae.db.engine import make_engine
from avenrae.db.migrate import alembic_config, migrate
from avenrae.enums import Role
from avenrae.errors import StartError
from avenrae.models import Base
from avenrae.settings import ROOT
from tests.conftest import create_database, drop_database

REVISIONS = sorted(p for p in (ROOT / "migrations" / "versions").iterdir() if p.is_dir() and p.name[0].isdigit())


@pytest.fixture
def blank(server_url: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on an empty database without a schema."""
    name = f"avenrae_blank_{abs(hash(request.node.name)) % 10**9}"
    engine = make_engine(create_database(server_url, name), pool_size=20)
    yield engine
    engine.dispose()
    drop_database(server_url, name)


def dump(engine: Engine) -> list[str]:
    """The schema as pg_dump tells it, without what differs by the moment, in a stable order."""
    url = make_url(engine.url)
    where = ["-h", str(url.query.get("host") or url.host), "-p", str(url.port or 5432), "-U", str(url.username)]
    program = find_programs() / "pg_dump"
    done = subprocess.run(
        [program, "-s", "--no-owner", "-T", "alembic_version", *where, str(url.database)],
        capture_output=True,
        text=True,
        check=True,
    )
    statements = re.split(r";\n", re.sub(r"^(--.*|\\.*|SET .*|SELECT pg_catalog.*)$", "", done.stdout, flags=re.M))
    # Versions that PostgreSQL 15.20 keeps of each column are no part of the schema.
    return sorted(s.strip() for s in statements if s.strip() and "pg_attver=" not in s)


def test_models_and_migrations_say_the_same(server_url: str, blank: Engine) -> None:
    """CHECKs, exclusion, partial indexes, triggers and functions included: what autogenerate does not see."""
    migrate(blank)
    other = make_engine(create_database(server_url, "avenrae_models"))
    try:
        with other.begin() as connection:
            raw = connection.execution_options(no_parameters=True)
            for revision in REVISIONS:
                raw.exec_driver_sql((revision / "functions.sql").read_text())
            Base.metadata.create_all(connection)
            for revision in REVISIONS:
                raw.exec_driver_sql((revision / "triggers.sql").read_text())
        migrated, modelled = dump(blank), dump(other)
        assert [s for s in migrated if s not in modelled] == []
        assert [s for s in modelled if s not in migrated] == []
    finally:
        other.dispose()
        drop_database(server_url, "avenrae_models")


def test_up_down_up(blank: Engine) -> None:
    migrate(blank)
    before = dump(blank)
    with blank.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    assert inspect(blank).get_table_names() == ["alembic_version"]
    migrate(blank)
    assert dump(blank) == before


def test_reviews_from_before_keep_their_meaning(blank: Engine) -> None:
    """Up: what was shown is shown, a flag is kept beside it, and ratings follow; down: nothing kept back comes out."""
    people = """
        INSERT INTO users (id, email, first_name, last_name, role) VALUES
            ('00000000-0000-0000-0000-000000000001', 'p@example.org', 'P', 'P', 'practitioner'),
            ('00000000-0000-0000-0000-000000000002', 'c@example.org', 'C', 'C', 'client');
        INSERT INTO practitioners (id, user_id, kind, hourly_rate_minor, currency)
            SELECT id, id, 'healer', 0, 'ZAR' FROM users WHERE role = 'practitioner';
        INSERT INTO clients (id, user_id) SELECT id, id FROM users WHERE role = 'client';
        INSERT INTO services (id, practitioner_id, title, duration_minutes, price_minor, currency, delivery)
            SELECT id, id, 'Reading', 60, 0, 'ZAR', 'online' FROM practitioners;
        INSERT INTO bookings (client_id, practitioner_id, service_id, starts_at, ends_at, time_zone, status,
            completed_at, price_minor, currency, commission_bps, policy)
            SELECT c.id, p.id, p.id, now() - make_interval(days => n), now() - make_interval(days => n, hours => -1),
                'UTC', 'completed', now(), 0, 'ZAR', 0, 'strict'
            FROM clients c, practitioners p, generate_series(1, 3) n;
        INSERT INTO reviews (booking_id, practitioner_id, client_id, rating, status)
            SELECT id, practitioner_id, client_id, n, (ARRAY['published', 'hidden', 'flagged'])[n]
            FROM (SELECT *, row_number() OVER (ORDER BY starts_at) AS n FROM bookings) b"""
    found = "SELECT rating, status, {} FROM reviews ORDER BY rating"
    rated = "SELECT rating_average, rating_count FROM practitioners"

    def to(revision: str, question: str) -> tuple[list[tuple], tuple]:
        with blank.begin() as connection:
            way = command.upgrade if revision > "20261120_02" else command.downgrade
            way(alembic_config(connection), revision)
        with blank.connect() as connection:
            return [tuple(r) for r in connection.execute(text(question))], tuple(connection.execute(text(rated)).one())

    with blank.begin() as connection:
        command.upgrade(alembic_config(connection), "20261120_02")
        connection.execute(text(people))
    seen = to("20261120_03", found.format("flagged_at IS NOT NULL, moderation_reason"))
    assert seen == (
        [
            (1, "published", False, None),
            (2, "hidden", False, "Hidden before reasons were kept"),
            (3, "published", True, None),
        ],
        (2, 2),
    )
    with blank.begin() as connection:
        connection.execute(text("UPDATE reviews SET status = 'waiting', published_at = NULL WHERE rating = 1"))
    assert to("20261120_02", found.format("1")) == ([(1, "hidden", 1), (2, "hidden", 1), (3, "flagged", 1)], (None, 0))


def test_eight_instances_at_once(blank: Engine) -> None:
    errors: list[Exception] = []

    def start() -> None:
        try:
            migrate(blank)
        except Exception as e:
            errors.append(e)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert "users" in inspect(blank).get_table_names()


def test_an_unreachable_server_is_a_sentence() -> None:
    nowhere = make_engine("postgresql+psycopg://nobody@127.0.0.1:9/none")
    with pytest.raises(StartError, match=r"^The database cannot be reached at 127\.0\.0\.1:9\. Start it"):
        migrate(nowhere)


def test_a_newer_schema_is_refused(blank: Engine) -> None:
    migrate(blank)
    with blank.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '29990101_01'"))
    with pytest.raises(StartError, match=r"^The database belongs to a newer version of the console\."):
        migrate(blank)


def test_every_text_enum_has_its_check() -> None:
    """Enums, columns and CHECKs name the same words; a column with an enum's name has one."""
    checks = {
        (t.name, str(c.name).removeprefix(f"ck_{t.name}_")) for t in Base.metadata.sorted_tables for c in t.constraints
    }
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.name in ("status", "kind", "role", "payment_status", "reason") and column.name != "reason":
                if table.name == "import_batches" and column.name == "kind":
                    continue
                assert (table.name, column.name) in checks, f"{table.name}.{column.name} has no CHECK"
    assert {r.value for r in Role} == {"client", "practitioner", "support", "admin"}
