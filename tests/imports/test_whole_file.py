"""The whole file, where it is present, against the figures that were computed independently."""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from avenrae.db.transaction import read_session
from avenrae.permissions import Actor
from avenrae.queries.figures import Figures, month_figures
from avenrae.queries.periods import Span
from tests.imports.shop import MONTHS, TABLES, one, rows

WHOLE = Path(__file__).parents[3] / "shared/data/uci_online_retail.csv.gz"
COHORT = """WITH sales AS (
        SELECT client_id, date_trunc('month', occurred_at AT TIME ZONE 'Europe/London') AS month
        FROM ledger_entries WHERE kind = 'sale' AND client_id IS NOT NULL),
    cohort AS (SELECT client_id, min(month) AS first FROM sales GROUP BY 1)
    SELECT month, count(DISTINCT client_id) FROM sales JOIN cohort USING (client_id)
    WHERE first = CAST(:first AS timestamp) GROUP BY 1 ORDER BY 1"""

MEASURED = """
import json, resource, sys, time
from pathlib import Path
from avenrae.db import engine
from avenrae.imports.orders import import_orders
engine.use(sys.argv[1])
begun = time.monotonic()
summary = import_orders(Path(sys.argv[2]), skip_bad=False, on_progress=lambda done, total: None)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": time.monotonic() - begun, "peak_mb": peak / 1024, "rows": summary.rows_read}))
"""

REFERENCE = {
    "2010-12": (82374614, -7478912),
    "2011-01": (69136456, -13136430),
    "2011-02": (52363189, -2556924),
    "2011-03": (71763936, -3437228),
    "2011-04": (53780862, -4460150),
    "2011-05": (77053602, -4720251),
    "2011-06": (76173990, -7061678),
    "2011-07": (71922119, -3792108),
    "2011-08": (74807632, -5433375),
    "2011-09": (105859017, -3890255),
    "2011-10": (115497930, -8427463),
    "2011-11": (150949633, -4774008),
    "2011-12": (63879268, -20512467),
}


@pytest.mark.slow
@pytest.mark.skipif(not WHOLE.is_file(), reason="the whole file is not here")
def test_the_whole_file_gives_the_reference_figures(
    database: str, record_property: Callable[[str, object], None]
) -> None:
    """R-AUD-01, R-SHOP-04: 541 909 rows within 600 MB; the figures were computed independently."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, database, str(WHOLE)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    for name, value in measured.items():
        record_property(name, value)

    assert measured["rows"] == 541_909
    assert measured["peak_mb"] < 600
    shown = defaultdict(Figures)
    with read_session() as session:
        for found in month_figures(session, Actor.system("Test"), "GBP", Span(), "Europe/London"):
            shown[f"{found.month:%Y-%m}"] += found.figures
    assert {month: (f.gmv, -f.refunds) for month, f in shown.items()} == REFERENCE
    figures = Counter({(month, kind): gross for month, kind, gross in rows(MONTHS)})
    assert {month: (figures[month, "sale"], figures[month, "refund"]) for month, _ in figures} == REFERENCE
    assert rows("SELECT kind, count(*), sum(gross_minor)::bigint FROM ledger_entries GROUP BY 1 ORDER BY 1") == [
        ("adjustment", 3, -1_106_206),
        ("refund", 3_836, -89_681_249),
        ("sale", 19_959, 1_065_562_248),
    ]
    assert one("SELECT sum(gross_minor)::bigint FROM ledger_entries") == 974_774_793
    assert rows("SELECT kind, count(*) FROM order_items i JOIN orders o ON o.id = order_id GROUP BY 1 ORDER BY 1") == [
        ("credit_note", 9_288),
        ("sale", 530_103),
    ]
    assert one("SELECT count(*) FROM stock_movements WHERE reason <> 'counted'") == 2_515
    assert one("SELECT min(on_hand) FROM products") == 0
    assert [n for _, n in rows(COHORT, first="2010-12-01")] == [
        *(885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235)
    ]
    assert [n for _, n in rows(COHORT, first="2011-01-01")] == [417, 92, 111, 96, 134, 120, 103, 101, 125, 136, 152, 49]
    written = sum(one(f"SELECT count(*) FROM {table}") for table in TABLES)
    assert one("SELECT count(*) FROM audit_entries WHERE operation = 'insert'") == written
