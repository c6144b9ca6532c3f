"""The directory: nearest first from the index, PostGIS where it is, places, documents that expire.

Revision: 20261120_05, after 20261120_04
"""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic import op

from avenrae.db.migrate import run_sql

revision = "20261120_05"
down_revision = "20261120_04"


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")
    _load_places()


def downgrade() -> None:
    run_sql(__file__, "down")


def _load_places() -> None:
    """Copy the gazetteer that `docs/places/build.py` made; its names are folded here as searches fold them."""
    driver = op.get_bind().connection.driver_connection
    with driver.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE other_names (place_id bigint, name text) ON COMMIT DROP")
        _copy(cursor, "places", ((*place[:8],) for place in _places()))
        others = ((place[0], name) for place in _places() for name in place[8].split("|") if name)
        _copy(cursor, "other_names", others)
        cursor.execute(
            "INSERT INTO place_names (place_id, folded)"
            " SELECT id, f_fold(name) FROM places UNION SELECT place_id, f_fold(name) FROM other_names"
        )
        cursor.execute("ANALYZE places, place_names")


def _places() -> Iterator[list[str]]:
    with gzip.open(Path(__file__).with_suffix("") / "places.csv.gz", "rt", encoding="utf-8", newline="") as file:
        yield from csv.reader(file)


def _copy(cursor: Any, table: str, rows: Any) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN") as lines:
        for row in rows:
            lines.write_row(row)
