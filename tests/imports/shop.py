"""What the tests of an import share: a file, the way it is loaded, and a look into the database."""

from pathlib import Path
from typing import Any

from sqlalchemy import text

from avenrae.db import engine as db
from avenrae.imports.orders import ImportSummary, import_orders

SAMPLE = Path(__file__).parent / "retail_sample.csv"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
GOOD = "536365,85123A,LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom"

MONTHS = """SELECT to_char(occurred_at AT TIME ZONE 'Europe/London', 'YYYY-MM'), kind, sum(gross_minor)::bigint
    FROM ledger_entries GROUP BY 1, 2"""
TABLES = [
    *("users", "clients", "products", "orders", "order_items", "transactions", "ledger_entries"),
    *("stock_movements", "import_batches"),
]


def rows(sql: str, **values: object) -> list[tuple[Any, ...]]:
    with db.engine().connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql), values)]


def one(sql: str, **values: object) -> Any:
    return rows(sql, **values)[0][0]


def nothing_is_there() -> bool:
    return all(one(f"SELECT count(*) FROM {table}") == 0 for table in [*TABLES, "import_rows", "audit_entries"])


def load(path: Path, *, skip_bad: bool = False) -> ImportSummary:
    return import_orders(path, skip_bad=skip_bad, on_progress=lambda done, total: None)


def file_of(folder: Path, *lines: str) -> Path:
    path = folder / "orders.csv"
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
