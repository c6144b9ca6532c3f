"""A shop's file becomes books that agree with it to the penny."""

import csv
from collections import defaultdict
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from sqlalchemy import text

from avenrae.db import engine as db
from tests.imports.shop import GOOD, MONTHS, SAMPLE, TABLES, file_of, load, one, rows


def sample() -> list[dict[str, str]]:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def charged(row: dict[str, str]) -> int:
    exact = Decimal(row["Quantity"]) * Decimal(row["UnitPrice"]) * 100
    return int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))


def is_stock(row: dict[str, str]) -> bool:
    return Decimal(row["UnitPrice"]) == 0


def test_the_figures_of_every_month_are_those_of_the_file_to_the_penny(database: str) -> None:
    """R-AN-02: recomputed here from the file by line, with exact decimals."""
    expected: dict[tuple[str, str], int] = defaultdict(int)
    for row in sample():
        if not is_stock(row):
            kind = {"C": "refund", "A": "adjustment"}.get(row["InvoiceNo"][0], "sale")
            expected[row["InvoiceDate"][:7], kind] += charged(row)

    summary = load(SAMPLE)

    assert {(month, kind): gross for month, kind, gross in rows(MONTHS)} == expected
    assert summary.sales_minor == sum(gross for (_, kind), gross in expected.items() if kind == "sale") > 0
    assert summary.refunds_minor == sum(gross for (_, kind), gross in expected.items() if kind == "refund") < 0
    assert summary.adjustments_minor == -1_106_206


def test_the_books_agree_with_the_transactions_and_the_orders_with_their_items(database: str) -> None:
    """Ledger = transactions, order by order; an order's total is the sum of its lines."""
    summary = load(SAMPLE)

    assert (
        rows(
            """SELECT o.reference FROM orders o LEFT JOIN ledger_entries e ON e.source = 'order' AND e.source_id = o.id
        LEFT JOIN transactions t ON t.id = e.transaction_id AND t.order_id = o.id
        WHERE e.id IS NULL OR t.id IS NULL OR e.occurred_at <> t.occurred_at OR e.client_id IS DISTINCT FROM o.client_id
           OR e.gross_minor <> t.amount_minor * CASE t.kind WHEN 'charge' THEN 1 ELSE -1 END
           OR t.amount_minor <> o.total_minor OR t.provider_transaction_id <> 'uci:' || o.reference"""
        )
        == []
    )
    assert (
        rows(
            """SELECT o.reference FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY o.id
        HAVING sum(i.line_total_minor) <> o.total_minor"""
        )
        == []
    )
    booked = [row for row in sample() if not is_stock(row) and row["InvoiceNo"][0] != "A"]
    assert one("SELECT count(*) FROM order_items") == summary.order_items == len(booked)
    assert one("SELECT count(*) FROM orders") == len({row["InvoiceNo"] for row in booked})


def test_a_sale_is_a_paid_order_at_the_shops_local_time(database: str, tmp_path: Path) -> None:
    """Europe/London: winter is UTC, summer is one hour behind it; a line may differ from its invoice by minutes."""
    load(
        file_of(
            tmp_path,
            GOOD,
            "536365,22752,NESTING BOXES,2,2010-12-01 08:27:00,7.65,17850.0,United Kingdom",
            "547834,22622,ALPHABET BLOCKS,1,2011-03-27 10:16:00,8.5,17937.0,Eire",
            "572911,22622,ALPHABET BLOCKS,1,2011-10-30 10:16:00,8.5,,",
        )
    )

    assert rows(
        """SELECT reference, kind, status, payment_status, total_minor, refunded_minor, placed_at, o.country, last_name
        FROM orders o LEFT JOIN clients c ON c.id = client_id LEFT JOIN users u ON u.id = user_id ORDER BY reference"""
    ) == [
        (
            "536365",
            "sale",
            "fulfilled",
            "paid",
            3060,
            0,
            datetime(2010, 12, 1, 8, 26, tzinfo=UTC),
            "United Kingdom",
            "17850",
        ),
        ("547834", "sale", "fulfilled", "paid", 850, 0, datetime(2011, 3, 27, 9, 16, tzinfo=UTC), "Eire", "17937"),
        ("572911", "sale", "fulfilled", "paid", 850, 0, datetime(2011, 10, 30, 10, 16, tzinfo=UTC), None, None),
    ]
    assert rows("SELECT email, first_name, role, password_hash, time_zone, locale FROM users ORDER BY email") == [
        (f"customer-{number}@uci-online-retail.invalid", "Customer", "client", None, "Europe/London", "en-GB")
        for number in (17850, 17937)
    ]


def test_a_cancelled_invoice_is_a_credit_note_refunded_on_its_own_date(database: str, tmp_path: Path) -> None:
    load(file_of(tmp_path, GOOD, "C536379,85123A,LIGHT HOLDER,-1,2011-01-02 09:41:00,2.55,17850.0,United Kingdom"))

    at = datetime(2011, 1, 2, 9, 41, tzinfo=UTC)
    assert rows(
        """SELECT o.kind, o.payment_status, o.total_minor, o.refunded_minor, o.placed_at, i.quantity, t.kind,
                  t.amount_minor, t.occurred_at, e.kind, e.gross_minor, e.occurred_at, e.sale_at
        FROM orders o JOIN order_items i ON i.order_id = o.id JOIN transactions t ON t.order_id = o.id
        JOIN ledger_entries e ON e.source_id = o.id WHERE o.reference = 'C536379'"""
    ) == [("credit_note", "refunded", 255, 255, at, 1, "refund", 255, at, "refund", -255, at, at)]


def test_every_line_is_rounded_half_even_by_itself(database: str, tmp_path: Path) -> None:
    load(
        file_of(
            tmp_path,
            *(f"536365,P{n},PADS,{n},2010-12-01 08:26:00,0.005,,France" for n in (1, 2, 3, 5)),
            "536366,P1,PADS,1,2010-12-01 08:26:00,0.001,,France",
        )
    )

    assert rows("SELECT quantity, unit_price_minor, line_total_minor FROM order_items ORDER BY id") == [
        (1, 0, 0),
        (2, 0, 1),
        (3, 0, 2),
        (5, 0, 2),
        (1, 0, 0),
    ]
    assert rows("SELECT total_minor FROM orders ORDER BY reference") == [(5,), (0,)]
    assert rows("SELECT amount_minor FROM transactions") == [(5,)]


def test_stock_codes_that_differ_only_in_case_are_one_product(database: str, tmp_path: Path) -> None:
    """The commonest description on sales names it, the last sale prices it; what was never sold is not on offer."""
    load(
        file_of(
            tmp_path,
            "536365,15056bl,?,1,2010-12-01 08:26:00,5.95,,France",
            "536366,15056BL, EDWARDIAN PARASOL ,1,2010-12-02 08:26:00,6.255,,France",
            "536367,15056BL,EDWARDIAN PARASOL,1,2010-12-03 08:26:00,6.255,,France",
            "C36368,D,Discount,-1,2010-12-03 08:26:00,9,,France",
            "536369,LOST,,-1,2010-12-03 08:26:00,0,,France",
        )
    )

    assert rows("SELECT sku, title, price_minor, is_active FROM products ORDER BY sku") == [
        ("15056bl", "EDWARDIAN PARASOL", 626, True),
        ("D", "Discount", 0, False),
        ("LOST", "LOST", 0, False),
    ]


def test_stock_is_never_negative_and_is_the_sum_of_its_ledger(database: str) -> None:
    """R-SHOP-04: on hand is the sum of the movements, and no earlier instant is below zero."""
    load(SAMPLE)

    corrections = [row for row in sample() if is_stock(row)]
    assert {
        (reference, delta, reason)
        for reference, delta, reason in rows(
            "SELECT reference, delta, reason FROM stock_movements WHERE reason <> 'counted'"
        )
    } == {
        (row["InvoiceNo"], int(row["Quantity"]), "adjusted" if int(row["Quantity"]) > 0 else "damaged")
        for row in corrections
    }
    assert (
        rows(
            """SELECT p.sku FROM products p LEFT JOIN stock_movements m ON m.product_id = p.id GROUP BY p.id
        HAVING p.on_hand <> coalesce(sum(m.delta), 0)"""
        )
        == []
    )
    lowest = rows(
        """SELECT product_id, min(level), bool_or(reason = 'counted') FROM (
            SELECT product_id, reason, sum(delta) OVER (PARTITION BY product_id ORDER BY occurred_at, id) AS level
            FROM stock_movements) m GROUP BY 1"""
    )
    assert min(level for _, level, _ in lowest) == 0
    assert {level for _, level, opened in lowest if opened} == {0}, "an opening is the smallest that suffices"
    assert (
        one("SELECT count(*) FROM stock_movements WHERE reason = 'counted' AND occurred_at >= '2010-12-01 08:34Z'") == 0
    )


def test_the_opening_stock_is_found_in_time_order_whatever_the_order_of_the_file(database: str, tmp_path: Path) -> None:
    """A gain of 5, then losses of 3 and 4: two pieces must have been there before."""
    load(
        file_of(
            tmp_path,
            "536367,X,lost,-4,2010-12-03 10:00:00,0,,France",
            "536365,x,found,5,2010-12-01 10:00:00,0,,France",
            "536366,X,damaged,-3,2010-12-02 10:00:00,0,,France",
        )
    )

    assert rows("SELECT delta, reason, reference, occurred_at FROM stock_movements ORDER BY id") == [
        (2, "counted", "", datetime(2010, 12, 1, 9, 59, tzinfo=UTC)),
        (5, "adjusted", "536365", datetime(2010, 12, 1, 10, 0, tzinfo=UTC)),
        (-3, "damaged", "536366", datetime(2010, 12, 2, 10, 0, tzinfo=UTC)),
        (-4, "damaged", "536367", datetime(2010, 12, 3, 10, 0, tzinfo=UTC)),
    ]
    assert rows("SELECT sku, on_hand FROM products") == [("X", 0)]


def test_copy_leaves_one_audit_entry_a_row(database: str) -> None:
    """R-AUD-01: with actor, action and content, for every table that was written."""
    load(SAMPLE)

    for table in TABLES:
        ids = rows(f"SELECT id::text FROM {table} ORDER BY 1")
        assert ids
        assert ids == rows(
            "SELECT row_id FROM audit_entries WHERE table_name = :t AND operation = 'insert' ORDER BY 1", t=table
        )
    assert rows("SELECT DISTINCT actor_name, actor_id, action FROM audit_entries") == [
        ("import", None, "import_orders")
    ]
    assert one("SELECT count(*) FROM audit_entries WHERE operation = 'insert' AND after IS NULL") == 0
    assert (
        one(
            """SELECT count(*) FROM order_items i
        JOIN audit_entries a ON a.table_name = 'order_items' AND a.row_id = i.id::text
        WHERE (a.after->>'line_total_minor')::bigint <> i.line_total_minor"""
        )
        == 0
    )


def test_a_later_file_adds_to_the_products_and_clients_that_are_there(database: str, tmp_path: Path) -> None:
    load(file_of(tmp_path, GOOD))
    with db.engine().begin() as connection:
        connection.execute(text("UPDATE products SET title = 'Renamed here', price_minor = 999"))
        connection.execute(text("UPDATE users SET email = upper(email)"))

    summary = load(file_of(tmp_path, GOOD.replace("536365", "700000").replace("85123A", "85123a")))

    assert (summary.products, summary.clients, summary.orders) == (0, 0, 1)
    assert rows("SELECT title, price_minor FROM products") == [("Renamed here", 999)]
    assert one("SELECT count(DISTINCT client_id) FROM orders") == 1
    assert one("SELECT count(*) FROM clients") == 1
