"""The one clock: everything that asks for the time asks here, so that tests can stop it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_stopped_at: datetime | None = None


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return _stopped_at or datetime.now(UTC)


@contextmanager
def stopped(at: datetime) -> Iterator[datetime]:
    """Hold the clock at an aware instant, for every thread, until the block ends."""
    global _stopped_at
    before, _stopped_at = _stopped_at, at.astimezone(UTC)
    try:
        yield _stopped_at
    finally:
        _stopped_at = before
