"""The moment the demo world is made at, and its rows on their way into tables."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, cast
from zoneinfo import ZoneInfo

from psycopg import Connection, sql
from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from avenrae.models import Base

SEED = 20261120
DAYS_BACK = 548
DAYS_AHEAD = 28


@dataclass
class Frame:
    """What everything in the world depends on: the present, its day, and the dice."""

    now: datetime
    zone: ZoneInfo
    rng: Random = field(default_factory=lambda: Random(SEED))

    @property
    def today(self) -> date:
        """The present day in the platform's zone."""
        return self.now.astimezone(self.zone).date()

    @property
    def first_day(self) -> date:
        """The day the shop opened and the first session took place."""
        return self.today - timedelta(days=DAYS_BACK)

    def at(self, day: date, hour: float, zone: ZoneInfo | None = None) -> datetime:
        """Return an instant by the wall clock of a zone."""
        midnight = datetime.combine(day, time(), zone or self.zone)
        return (midnight + timedelta(hours=hour)).astimezone(self.now.tzinfo)

    def past(self, at: datetime) -> datetime:
        """Return the instant, or just before the present where it would lie ahead."""
        return min(at, self.now - timedelta(minutes=self.rng.randint(1, 5)))

    def waking(self, day: date) -> datetime:
        """Return an instant of a day at which people are up."""
        return self.at(day, self.rng.uniform(6.5, 22.0))

    def chance(self, probability: float) -> bool:
        """Throw a coin of this probability."""
        return self.rng.random() < probability


class Tables:
    """Rows by table, written with one COPY each; every row of a table names the same columns."""

    def __init__(self) -> None:
        self._rows: dict[type[Base], list[dict[str, Any]]] = defaultdict(list)

    def add(self, model: type[Base], **values: Any) -> None:
        """Put a row aside."""
        self._rows[model].append(values)

    def of(self, model: type[Base]) -> list[dict[str, Any]]:
        """Return the rows of a table that are put aside."""
        return self._rows[model]

    def write(self, session: Session, *models: type[Base]) -> None:
        """Copy the rows of these tables into the database, in this order."""
        for model in models:
            copy(session, model, self._rows.pop(model, []))


def copy(session: Session, model: type[Base], rows: list[dict[str, Any]]) -> None:
    """Write rows of one table with COPY; dictionaries and lists of them become JSON."""
    if not rows:
        return
    columns = list(rows[0])
    driver = cast("Connection[Any]", session.connection().connection.driver_connection)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model.__tablename__), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with driver.cursor() as cursor, cursor.copy(statement) as lines:
        for row in rows:
            lines.write_row([_plain(row[column]) for column in columns])


def _plain(value: Any) -> Any:
    is_json = isinstance(value, dict) or (isinstance(value, list) and (not value or isinstance(value[0], dict)))
    return Jsonb(value) if is_json else value
