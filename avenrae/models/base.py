"""What every table shares: naming, key, time stamps, text enums."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Computed, DateTime, ForeignKey, MetaData, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from avenrae.ids import uuid7

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Parent of every mapped class; text, aware time and wide integers unless a column says otherwise."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: Text(), datetime: DateTime(timezone=True), int: BigInteger()}


class Keyed:
    """A UUIDv7 key, made in Python; the database makes one for rows that bulk SQL inserts."""

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, default=uuid7, server_default=text("new_id()"), sort_order=-9
    )


class Stamped:
    """When the row was made and last changed; a trigger keeps `updated_at`."""

    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"), sort_order=98)
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"), sort_order=99)


def one_of(column: str, enum: type[StrEnum]) -> CheckConstraint:
    """Return the CHECK that holds a text column to the words of an enum."""
    words = ", ".join(f"'{word.value}'" for word in enum)
    return CheckConstraint(f"{column} IN ({words})", name=column)


def check(name: str, condition: str) -> CheckConstraint:
    """Return a named CHECK; the name reaches people through `db/refusals.py`."""
    return CheckConstraint(condition, name=name)


def folded(words: str) -> Any:
    """Return a column that the database fills with words as searches compare them: without case and accents."""
    return mapped_column(Computed(f"f_fold({words})", persisted=True), sort_order=97)


def references(target: str, *, ondelete: str = "RESTRICT", **kw: Any) -> Any:
    """Return a foreign key column to `table.column`."""
    return mapped_column(ForeignKey(target, ondelete=ondelete), **kw)
