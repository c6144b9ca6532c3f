"""What must hold over the whole database at every moment, each named, with the rows that break it."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from avenrae.queries.invariants.books import BOOKS
from avenrae.queries.invariants.invariant import Invariant, Row
from avenrae.queries.invariants.payments import PAYMENTS
from avenrae.queries.invariants.people import PEOPLE
from avenrae.queries.invariants.reviews import REVIEWS
from avenrae.queries.invariants.sessions import SESSIONS
from avenrae.queries.invariants.store import STORE
from avenrae.queries.invariants.support import SUPPORT

__all__ = ["INVARIANTS", "Broken", "Invariant", "Row", "broken", "check"]

INVARIANTS: tuple[Invariant, ...] = (*SESSIONS, *REVIEWS, *PAYMENTS, *BOOKS, *STORE, *SUPPORT, *PEOPLE)
"""All of them, in the order in which they are told."""

_LIMIT = 20
_PATIENCE = "SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '64MB'"


@dataclass(frozen=True)
class Broken:
    """An invariant that does not hold: how many rows break it, and the first of them."""

    invariant: Invariant
    count: int
    rows: tuple[Row, ...]


def check(session: Session, invariant: Invariant, *, limit: int = _LIMIT) -> Broken | None:
    """Return how an invariant is broken, with at most `limit` of the rows that break it, or None where it holds.

    Run in a transaction, it lifts its limit of time: a large database takes longer than a click may.
    """
    session.execute(text(_PATIENCE))
    count, rows = invariant.find(session, limit)
    return Broken(invariant, count, rows) if count else None


def broken(session: Session, *, limit: int = _LIMIT) -> list[Broken]:
    """Return the invariants that do not hold; none in a database that is well."""
    found = (check(session, invariant, limit=limit) for invariant in INVARIANTS)
    return [one for one in found if one is not None]
