"""Invariants of what was paid and given back, for bookings and orders alike; amounts are in minor units."""

from avenrae.queries.invariants.invariant import Invariant, by_sql

_SUBJECTS = (
    ("booking", "a session", "bookings", "booking_id", "price_minor"),
    ("order", "an order", "orders", "order_id", "total_minor"),
)


def _moved(key: str) -> str:
    return f"""(SELECT {key} AS id, coalesce(sum(amount_minor) FILTER (WHERE kind = 'charge'), 0) AS charged,
                       coalesce(sum(amount_minor) FILTER (WHERE kind = 'refund'), 0) AS refunded
                FROM transactions WHERE status = 'succeeded' AND {key} IS NOT NULL GROUP BY 1)"""


def _refunds(source: str, one: str, table: str, key: str) -> Invariant:
    return by_sql(
        f"{source}-refunds",
        f"What {one} says was given back is the sum of its refunds.",
        f"""
        SELECT s.reference, format('says %s, refunds are %s %s',
            s.refunded_minor, coalesce(m.refunded, 0), s.currency) AS detail
        FROM {table} s LEFT JOIN {_moved(key)} m ON m.id = s.id
        WHERE s.refunded_minor <> coalesce(m.refunded, 0)""",
    )


def _states(source: str, one: str, table: str, key: str, due: str) -> Invariant:
    charged_never = "OR s.kind = 'credit_note'" if table == "orders" else ""
    return by_sql(
        f"{source}-payment-states",
        f"Whether {one} is paid or refunded is what its payments say.",
        f"""
        SELECT s.reference, format('is %s: due %s, paid %s, given back %s %s', replace(s.payment_status, '_', ' '),
            s.{due}, coalesce(m.charged, 0), s.refunded_minor, s.currency) AS detail
        FROM {table} s LEFT JOIN {_moved(key)} m ON m.id = s.id
        WHERE coalesce(m.charged, 0) <> CASE WHEN s.payment_status = 'unpaid' {charged_never} THEN 0 ELSE s.{due} END
           OR NOT CASE s.payment_status WHEN 'refunded' THEN s.refunded_minor = s.{due}
                  WHEN 'partially_refunded' THEN s.refunded_minor > 0 AND s.refunded_minor < s.{due}
                  ELSE s.refunded_minor = 0 END""",
    )


PAYMENTS = (
    *(_refunds(source, one, table, key) for source, one, table, key, _ in _SUBJECTS),
    *(_states(*subject) for subject in _SUBJECTS),
    by_sql(
        "currencies",
        "A payment and a line of the books have the currency of what they are for.",
        " UNION ALL ".join(
            query
            for source, _, table, key, _ in _SUBJECTS
            for query in (
                f"""SELECT s.reference, format('is in %s, but a %s is in %s', s.currency, t.kind, t.currency) AS detail
                FROM transactions t JOIN {table} s ON s.id = t.{key} WHERE t.currency <> s.currency""",
                f"""SELECT s.reference, format('is in %s, but its %s is booked in %s', s.currency, e.kind, e.currency)
                FROM ledger_entries e JOIN {table} s ON s.id = e.source_id
                WHERE e.source = '{source}' AND e.currency <> s.currency""",
            )
        ),
    ),
)
