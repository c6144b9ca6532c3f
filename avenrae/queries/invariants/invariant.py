"""What an invariant is: a name, a sentence, and a way to find the rows that break it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Row:
    """One row that breaks an invariant: by the reference that people know it, and what is wrong with it."""

    reference: str
    detail: str


Found = tuple[int, tuple[Row, ...]]
"""How many rows break an invariant, and the first of them."""


@dataclass(frozen=True)
class Invariant:
    """Something that holds at every moment; `holds` says it in a sentence, `find` looks for what breaks it."""

    name: str
    holds: str
    find: Callable[[Session, int], Found]


def by_sql(name: str, holds: str, query: str) -> Invariant:
    """Return an invariant whose query gives a `reference` and a `detail` for each row that breaks it."""
    counted = text(
        f"SELECT reference, detail, count(*) OVER () FROM ({query}) broken ORDER BY reference, detail LIMIT :limit"
    )

    def find(session: Session, limit: int) -> Found:
        found = session.execute(counted, {"limit": max(limit, 1)}).all()
        return (found[0][2], tuple(Row(row[0], row[1]) for row in found)) if found else (0, ())

    return Invariant(name, holds, find)
