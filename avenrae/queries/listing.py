"""What every list shares: a stable order, one page at a time, a bounded count, words looked for in names."""

import uuid
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, UnaryExpression, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from avenrae.errors import InvalidInput, NotFound

E = TypeVar("E", bound=StrEnum)
PAGE_SIZE = 50
COUNT_LIMIT = 10_000
"""Counting stops here, so that no list costs more the longer it is; the screen says “10 000+”."""
SEARCH_LIMIT = 1_000
"""The same for a search by people, whose rows are looked up person by person."""


def limit_of(search: str) -> int:
    """Return where counting stops in a list that can be searched by people."""
    return SEARCH_LIMIT if search.strip() else COUNT_LIMIT


def in_order(
    sorts: Mapping[str, Any], sort: str, key: ColumnElement[Any] | InstrumentedAttribute[Any]
) -> list[UnaryExpression[Any] | ColumnElement[Any]]:
    """Return the ORDER BY for a sort such as `starts_at` or `-starts_at`, made stable by the key.

    Raises:
        InvalidInput: The list cannot be sorted by this.
    """
    column = sorts.get(sort.removeprefix("-"))
    if column is None:
        raise InvalidInput("This list cannot be sorted like that; press a column's heading to sort by it.")
    down = sort.startswith("-")
    ordered = column.desc() if down else column.asc()
    # Said of a column that has no NULLs, it would keep the planner from walking its index backwards.
    if getattr(getattr(column, "expression", column), "nullable", False):
        ordered = ordered.nulls_last()
    return [ordered, key.desc() if down else key.asc()]


def page_of(ids: Select[Any], number: int, size: int = PAGE_SIZE) -> Select[Any]:
    """Return the part of an ordered query that page `number` (from 1) shows."""
    return ids.limit(size).offset((max(1, number) - 1) * size)


def count_of(session: Session, ids: Select[Any], *, limit: int = COUNT_LIMIT) -> int:
    """Return how many rows a query has, at most one more than the limit."""
    bounded = ids.order_by(None).limit(limit + 1).subquery()
    return session.execute(select(func.count()).select_from(bounded)).scalar_one()


def name_matches(name: ColumnElement[str] | InstrumentedAttribute[str], search: str) -> ColumnElement[bool]:
    """Return the condition that a folded column holds `search`: anywhere from three letters on, else at its start."""
    words = func.f_fold(search.replace("\0", "").strip())
    escaped = func.replace(func.replace(func.replace(words, "\\", "\\\\"), "%", "\\%"), "_", "\\_")
    if len(search.strip()) < 3:
        return name.collate("C").like(escaped.concat("%"))
    # A query of its own: the words are folded once, not for each row, and the planner takes them for rare, whatever
    # they are, so it looks them up in the index of their letters.
    return name.like(select("%" + escaped.concat("%")).scalar_subquery())


def one_of(enum: type[E], word: str | None) -> E | None:
    """Return the member of an enum that a word in an address means; nothing means no filter.

    Raises:
        InvalidInput: It is none of them.
    """
    if not word:
        return None
    try:
        return enum(word)
    except ValueError:
        raise InvalidInput(f"“{word}” is not one of the choices: {', '.join(enum)}.") from None


def key_of(word: str | None) -> uuid.UUID | None:
    """Return the key of a record that an address names; nothing means no filter.

    Raises:
        NotFound: It names nothing.
    """
    if not word:
        return None
    try:
        return uuid.UUID(word)
    except ValueError:
        raise NotFound("This address leads to no record. It may have been cut off when it was copied.") from None
