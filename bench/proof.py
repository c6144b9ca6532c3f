"""Proof that a world is one that the console itself could have made: each line must find no row."""

from collections.abc import Mapping
from typing import Any

import psycopg

from avenrae.errors import Conflict

WRONG: Mapping[str, str] = {
    "a product's stock is not the sum of its movements": """
        SELECT p.id FROM products p LEFT JOIN (SELECT product_id, sum(delta) AS n FROM stock_movements GROUP BY 1) m
        ON m.product_id = p.id WHERE p.on_hand <> coalesce(m.n, 0)""",
    "a product promises not what its open orders hold": """
        SELECT p.id FROM products p LEFT JOIN (
            SELECT i.product_id, sum(i.quantity) AS n FROM order_items i JOIN orders o ON o.id = i.order_id
            WHERE o.status IN ('pending', 'paid') GROUP BY 1) h ON h.product_id = p.id
        WHERE p.allocated <> coalesce(h.n, 0)""",
    "stock was below nothing at some time": """
        SELECT 1 FROM (
            SELECT sum(delta) OVER (PARTITION BY product_id ORDER BY occurred_at, id) AS n FROM stock_movements) s
        WHERE n < 0""",
    "an order's items are not its lines": """
        SELECT o.id FROM orders o LEFT JOIN (
            SELECT order_id, sum(line_total_minor) AS n,
                   bool_and(line_total_minor = quantity * unit_price_minor) AS fits
            FROM order_items GROUP BY 1) i ON i.order_id = o.id
        WHERE i.n IS DISTINCT FROM o.items_minor OR NOT i.fits""",
    "a practitioner's sessions are counted wrongly": """
        SELECT p.id FROM practitioners p LEFT JOIN (
            SELECT practitioner_id, count(*) AS n FROM bookings WHERE status = 'completed' GROUP BY 1) b
        ON b.practitioner_id = p.id WHERE p.booking_count <> coalesce(b.n, 0)""",
    "a practitioner's rating is not the mean of the reviews": """
        SELECT p.id FROM practitioners p LEFT JOIN (
            SELECT practitioner_id, count(*) AS n, round(avg(rating), 3) AS mean FROM reviews
            WHERE status = 'published' AND written_by = 'client' GROUP BY 1) r ON r.practitioner_id = p.id
        WHERE p.rating_count <> coalesce(r.n, 0) OR p.rating_average IS DISTINCT FROM r.mean""",
    "a review is shown before its time, or kept back though both have written": """
        SELECT r.id FROM reviews r LEFT JOIN reviews o ON o.booking_id = r.booking_id AND o.written_by <> r.written_by
        WHERE r.status = 'waiting' AND o.id IS NOT NULL
           OR r.published_at < least(r.due_at, o.created_at)""",
    "a booking's range is not its time with its buffers": """
        SELECT id FROM bookings WHERE occupied <> tstzrange(starts_at - make_interval(mins => buffer_before::int),
            ends_at + make_interval(mins => buffer_after::int), '[)')""",
    "a completed session is not in the books, or not with its price": """
        SELECT b.id FROM bookings b
        FULL JOIN (SELECT * FROM ledger_entries WHERE source = 'booking' AND kind = 'sale') l
        ON l.source_id = b.id WHERE (coalesce(b.status, '') = 'completed') <> (l.id IS NOT NULL)
        OR l.gross_minor <> b.price_minor OR l.occurred_at <> b.starts_at OR l.currency <> b.currency""",
    "a commission is not the share, half rounded to even": """
        SELECT l.id FROM ledger_entries l JOIN bookings b ON b.id = l.source_id AND l.source = 'booking'
        WHERE l.kind IN ('sale', 'adjustment') AND l.commission_minor <> (
            SELECT CASE WHEN x - trunc(x) = 0.5 AND trunc(x) % 2 = 0 THEN trunc(x) ELSE round(x) END
            FROM (SELECT l.gross_minor * b.commission_bps / 10000.0 AS x) exact)""",
    "a paid order is not in the books, or not with its total": """
        SELECT o.id FROM orders o FULL JOIN (SELECT * FROM ledger_entries WHERE source = 'order' AND kind = 'sale') l
        ON l.source_id = o.id WHERE (o.paid_at IS NOT NULL) <> (l.id IS NOT NULL)
        OR l.gross_minor <> o.total_minor OR l.occurred_at <> o.paid_at OR l.currency <> o.currency""",
    "what was paid and given back is not what bookings and orders say": """
        SELECT 1 FROM (
            SELECT id, booking_id, order_id, CASE kind WHEN 'charge' THEN amount_minor ELSE 0 END AS paid,
                   CASE kind WHEN 'refund' THEN amount_minor ELSE 0 END AS back
            FROM transactions WHERE status = 'succeeded'
            UNION ALL
            SELECT NULL, id, NULL, CASE payment_status WHEN 'unpaid' THEN 0 ELSE -price_minor END, -refunded_minor
            FROM bookings
            UNION ALL
            SELECT NULL, NULL, id, CASE payment_status WHEN 'unpaid' THEN 0 ELSE -total_minor END, -refunded_minor
            FROM orders) t
        GROUP BY booking_id, order_id HAVING sum(paid) <> 0 OR sum(back) <> 0""",
    "refunds of sales are not in the books": """
        SELECT 1 FROM (
            SELECT source_id, gross_minor FROM ledger_entries WHERE kind = 'refund'
            UNION ALL SELECT id, refunded_minor FROM bookings WHERE status = 'completed'
            UNION ALL SELECT id, refunded_minor FROM orders) r
        GROUP BY source_id HAVING sum(gross_minor) <> 0""",
    "the hours do not add up to the entries": """
        SELECT 1 FROM (
            SELECT currency, kind, source, 1 AS n, gross_minor AS g, commission_minor AS c FROM ledger_entries
            UNION ALL SELECT currency, kind, source, -entries, -gross_minor, -commission_minor FROM ledger_hours) h
        GROUP BY currency, kind, source HAVING sum(n) <> 0 OR sum(g) <> 0 OR sum(c) <> 0""",
    "the days do not add up to the hours": """
        SELECT 1 FROM (
            SELECT currency, kind, source, entries AS n, gross_minor AS g, commission_minor AS c FROM ledger_hours
            UNION ALL SELECT currency, kind, source, -entries, -gross_minor, -commission_minor FROM ledger_days) h
        GROUP BY currency, kind, source HAVING sum(n) <> 0 OR sum(g) <> 0 OR sum(c) <> 0""",
    "a number would be given twice": """
        SELECT 1 FROM booking_numbers, order_numbers WHERE booking_numbers.last_value <>
            (SELECT max(substr(reference, 3)::bigint) FROM bookings) OR order_numbers.last_value <>
            (SELECT max(substr(reference, 3)::bigint) FROM orders)""",
}
"""What would be wrong, and the query that finds it."""


def prove(connection: psycopg.Connection[Any]) -> None:
    """Look for everything that must not be.

    Raises:
        Conflict: Something is; says what and how often.
    """
    for sentence, query in WRONG.items():
        found = connection.execute(f"SELECT count(*) FROM ({query}) wrong".encode()).fetchone()
        if found and found[0]:
            raise Conflict(f"The world is not right: {sentence} ({found[0]} times).")
