"""Bring the schema up to date; safe when several instances start at once."""

from pathlib import Path

from alembic import command, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from avenrae.errors import StartError
from avenrae.settings import ROOT

_LOCK = 1835624306
_OLDEST = 150000


def alembic_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, bound to a connection where there is one."""
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> None:
    """Migrate to the newest schema, in one transaction under an advisory lock.

    Raises:
        StartError: The server cannot be reached, is too old, or belongs to a newer version of the console.
    """
    newest = ScriptDirectory.from_config(alembic_config()).get_current_head()
    try:
        with engine.begin() as connection:
            version = connection.execute(text("SHOW server_version_num")).scalar_one()
            if int(version) < _OLDEST:
                raise StartError("The database server is too old: PostgreSQL 15 or newer is needed.")
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            if _current(connection) != newest:
                connection.execute(text("SET LOCAL lock_timeout = '10s'"))
                _upgrade(connection)
    except ProgrammingError as e:
        reason = str(e.orig).splitlines()[0]
        raise StartError(
            f"The schema cannot be brought up to date: {reason}. The database's user must own the database."
        ) from e
    except OperationalError as e:
        raise StartError(
            f"The database cannot be reached at {_place(engine)}. Start it, or correct DATABASE_URL. "
            f"({str(e.orig).splitlines()[0]})"
        ) from e


def run_sql(revision: str, *names: str) -> None:
    """Run the SQL files of a revision, which stand in the folder of its own name.

    `functions` is what tables need, `tables` what the models say, `triggers` what needs tables, `down` the way back.
    """
    connection = op.get_bind().execution_options(no_parameters=True)
    for name in names:
        connection.exec_driver_sql((Path(revision).with_suffix("") / f"{name}.sql").read_text("utf-8"))


def _upgrade(connection: Connection) -> None:
    known = {s.revision for s in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    current = _current(connection)
    if current is not None and current not in known:
        raise StartError("The database belongs to a newer version of the console. Update the console.")
    command.upgrade(alembic_config(connection), "head")


def _current(connection: Connection) -> str | None:
    try:
        with connection.begin_nested():
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except ProgrammingError:
        return None


def _place(engine: Engine) -> str:
    url = engine.url
    return f"{url.query.get('host') or url.host or 'localhost'}:{url.port or 5432}"
