"""The connection pool: one engine a process, with time-outs on everything that can wait."""

from functools import cache

from sqlalchemy import Engine, create_engine, make_url

from avenrae.settings import settings

_OPTIONS = (
    "-c statement_timeout=10000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=30000"
    " -c jit=off -c timezone=UTC"
)


def make_engine(url: str, *, pool_size: int = 5, options: str = _OPTIONS) -> Engine:
    """Return an engine for this address; connections are checked before use, so a restarted server is no event."""
    return create_engine(
        make_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args={"application_name": "avenrae", "connect_timeout": 5, "options": options},
    )


_url: str | None = None


def use(url: str) -> None:
    """Name the database of this process; the embedded server's address is known only once it runs."""
    global _url
    if engine.cache_info().currsize:
        engine().dispose()
    _url = url
    engine.cache_clear()


@cache
def engine() -> Engine:
    """Return the engine of this process."""
    return make_engine(_url or settings().database_url, pool_size=settings().pool_size)


@cache
def _reads(of: Engine) -> Engine:
    return of.execution_options(isolation_level="AUTOCOMMIT")


def reads() -> Engine:
    """Return the same pool for reads: each statement by itself, without BEGIN and ROLLBACK."""
    return _reads(engine())
