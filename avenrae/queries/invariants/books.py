"""Invariants of our own books; amounts are in minor units."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from avenrae.permissions import Actor
from avenrae.queries.figures import Figures, books_span, month_figures
from avenrae.queries.invariants.invariant import Found, Invariant, Row, by_sql
from avenrae.queries.periods import figure_period
from avenrae.settings import settings


def _share(minor: str, bps: str) -> str:
    """Return the SQL of `money.share`, half to even, for amounts that are not negative."""
    product = f"({minor} * {bps})"
    return f"({product} / 10000 + CASE WHEN {product} % 10000 + {product} / 10000 % 2 > 5000 THEN 1 ELSE 0 END)"


_KEPT = """(SELECT {key} AS id, sum(CASE kind WHEN 'charge' THEN amount_minor ELSE -amount_minor END) AS minor
            FROM transactions WHERE status = 'succeeded' AND {key} IS NOT NULL GROUP BY 1)"""
_BOOKED = """(SELECT source_id AS id, sum(gross_minor) AS minor FROM ledger_entries WHERE source = '{source}'
              GROUP BY 1)"""
_LINES = """(SELECT e.*, coalesce(b.id, o.id) AS subject_id, coalesce(b.client_id, o.client_id) AS subject_client_id,
                    b.practitioner_id AS subject_practitioner_id,
                    coalesce(b.reference, o.reference, nullif(e.note, ''), 'a line of ' || e.occurred_at) AS reference
             FROM ledger_entries e LEFT JOIN bookings b ON e.source = 'booking' AND b.id = e.source_id
             LEFT JOIN orders o ON e.source = 'order' AND o.id = e.source_id
             WHERE e.source IN ('booking', 'order') AND e.kind <> 'payout')"""

_TOTALS = text("""
    SELECT currency, coalesce(sum(gross_minor) FILTER (WHERE kind = 'sale'), 0),
           coalesce(-sum(gross_minor) FILTER (WHERE kind = 'refund'), 0),
           coalesce(sum(gross_minor) FILTER (WHERE kind = 'adjustment'), 0),
           coalesce(sum(commission_minor) FILTER (WHERE source IN ('booking', 'event')), 0),
           count(*) FILTER (WHERE kind = 'sale' AND source = 'order'),
           count(*) FILTER (WHERE kind = 'sale' AND source = 'booking')
    FROM ledger_entries GROUP BY 1 ORDER BY 1""")
_COMPARED = ("gmv", "refunds", "adjustments", "commission", "orders", "bookings")


def _figures(session: Session, limit: int) -> Found:
    """Compare the figures that screens show, added up by month, with the books added up at once."""
    rows, actor, zone = [], Actor.system("verify"), settings().time_zone
    for currency, *totals in session.execute(_TOTALS).all():
        span = figure_period("all", zone, books_span(session, actor, currency)).span
        for restated in (False, True):
            months = month_figures(session, actor, currency, span, zone, restated=restated)
            shown = sum((month.figures for month in months), Figures())
            rows += [
                Row(f"{currency} {name}{' restated' if restated else ''}", f"by month {by_month}, in all {in_all}")
                for name, in_all in zip(_COMPARED, totals, strict=True)
                if (by_month := getattr(shown, name)) != in_all
            ]
    return len(rows), tuple(rows[:limit])


BOOKS = (
    by_sql(
        "session-sales",
        "Every completed session is in the books once: its price, its commission, on the day it began; no other is.",
        f"""
        SELECT b.reference, CASE WHEN e.id IS NULL THEN 'is completed, but no sale'
            WHEN b.status <> 'completed' THEN format('is %s, but a sale', b.status)
            ELSE format('price %s, commission %s at %s; in the books %s and %s at %s', b.price_minor,
                {_share("b.price_minor", "b.commission_bps")}, b.starts_at,
                e.gross_minor, e.commission_minor, e.occurred_at) END AS detail
        FROM bookings b LEFT JOIN ledger_entries e ON e.source = 'booking' AND e.kind = 'sale' AND e.source_id = b.id
        WHERE (b.status = 'completed') <> (e.id IS NOT NULL) OR e.gross_minor <> b.price_minor
           OR e.commission_minor <> {_share("b.price_minor", "b.commission_bps")} OR e.occurred_at <> b.starts_at""",
    ),
    by_sql(
        "session-money",
        "The books of a closed session come to what was paid for it and not given back; an open one is not in them.",
        f"""
        SELECT b.reference, format('is %s: paid and kept %s, in the books %s %s',
            b.status, coalesce(kept.minor, 0), coalesce(booked.minor, 0), b.currency) AS detail
        FROM bookings b LEFT JOIN {_KEPT.format(key="booking_id")} kept ON kept.id = b.id
        LEFT JOIN {_BOOKED.format(source="booking")} booked ON booked.id = b.id
        WHERE coalesce(booked.minor, 0) <>
              CASE WHEN b.status IN ('pending', 'confirmed') THEN 0 ELSE coalesce(kept.minor, 0) END""",
    ),
    by_sql(
        "kept-fees",
        "A fee that was kept is of a cancelled session or a no-show, and commission is taken of it.",
        f"""
        SELECT b.reference, format('is %s: kept %s, commission %s of %s basis points',
            b.status, e.gross_minor, e.commission_minor, b.commission_bps) AS detail
        FROM ledger_entries e JOIN bookings b ON b.id = e.source_id
        WHERE e.source = 'booking' AND e.kind = 'adjustment' AND (b.status NOT IN ('cancelled', 'no_show')
           OR e.gross_minor >= 0 AND e.commission_minor <> {_share("e.gross_minor", "b.commission_bps")})""",
    ),
    by_sql(
        "kept-fees-given-back",
        "Of a kept fee no more goes back than was kept, and its commission by the same share.",
        """
        SELECT b.reference, format('%s of %s went back, and %s of its commission of %s',
            fee.back, fee.kept, fee.commission_back, fee.commission) AS detail
        FROM (SELECT source_id, coalesce(sum(gross_minor) FILTER (WHERE gross_minor > 0), 0) AS kept,
                     coalesce(sum(commission_minor) FILTER (WHERE gross_minor > 0), 0) AS commission,
                     -sum(gross_minor) FILTER (WHERE gross_minor < 0) AS back,
                     -sum(commission_minor) FILTER (WHERE gross_minor < 0) AS commission_back
              FROM ledger_entries WHERE source = 'booking' AND kind = 'adjustment' GROUP BY 1) fee
        JOIN bookings b ON b.id = fee.source_id
        WHERE fee.back > fee.kept OR abs(fee.commission * fee.back / nullif(fee.kept, 0) - fee.commission_back) >= 1""",
    ),
    by_sql(
        "refunded-commission",
        "Commission goes back by the share that was refunded: of a sale refunded in full, none is left.",
        """
        SELECT b.reference, format('%s of %s went back, and %s of its commission of %s',
            -back.gross, e.gross_minor, -back.commission, e.commission_minor) AS detail
        FROM (SELECT source_id, sum(gross_minor) AS gross, sum(commission_minor) AS commission
              FROM ledger_entries WHERE source = 'booking' AND kind = 'refund' GROUP BY 1) back
        JOIN ledger_entries e ON e.source = 'booking' AND e.kind = 'sale' AND e.source_id = back.source_id
        JOIN bookings b ON b.id = e.source_id
        WHERE abs(e.commission_minor * back.gross / nullif(e.gross_minor, 0) - back.commission) >= 1""",
    ),
    by_sql(
        "order-sales",
        "Every paid order is in the books once: its total, when it was paid; no other order and no credit note is.",
        """
        SELECT o.reference, CASE WHEN e.id IS NULL THEN 'is paid, but no sale'
            WHEN o.paid_at IS NULL OR o.kind <> 'sale' THEN 'is a sale in the books, but not paid or a credit note'
            ELSE format('total %s at %s; in the books %s at %s',
                        o.total_minor, o.paid_at, e.gross_minor, e.occurred_at) END AS detail
        FROM orders o LEFT JOIN ledger_entries e ON e.source = 'order' AND e.kind = 'sale' AND e.source_id = o.id
        WHERE (o.kind = 'sale' AND o.paid_at IS NOT NULL) <> (e.id IS NOT NULL)
           OR e.gross_minor <> o.total_minor OR e.occurred_at <> o.paid_at""",
    ),
    by_sql(
        "order-money",
        "The books of an order come to what was paid for it less what was given back.",
        f"""
        SELECT o.reference, format('paid less given back %s, in the books %s %s',
            coalesce(kept.minor, 0), coalesce(booked.minor, 0), o.currency) AS detail
        FROM orders o LEFT JOIN {_KEPT.format(key="order_id")} kept ON kept.id = o.id
        LEFT JOIN {_BOOKED.format(source="order")} booked ON booked.id = o.id
        WHERE coalesce(booked.minor, 0) <> coalesce(kept.minor, 0)""",
    ),
    by_sql(
        "order-commission",
        "The shop's own sales carry no commission.",
        f"""
        SELECT reference, format('its %s has a commission of %s', kind, commission_minor) AS detail
        FROM {_LINES} line WHERE source = 'order' AND commission_minor <> 0""",
    ),
    by_sql(
        "lines-and-subjects",
        "A line of the books is for a session or an order that exists, its client and its practitioner.",
        f"""
        SELECT reference, CASE WHEN subject_id IS NULL THEN format('its %s of %s is for nothing', kind, gross_minor)
            ELSE format('its %s is booked for somebody else', kind) END AS detail
        FROM {_LINES} line
        WHERE source_id IS NULL AND kind <> 'adjustment' OR source_id IS NOT NULL AND (subject_id IS NULL
           OR client_id IS DISTINCT FROM subject_client_id
           OR practitioner_id IS DISTINCT FROM subject_practitioner_id)""",
    ),
    by_sql(
        "lines-and-payments",
        "A line of the books names the payment that it comes from: of the same thing, the same way, the same amount.",
        f"""
        SELECT line.reference, CASE WHEN t.id IS NULL THEN format('no payment behind its %s', line.kind)
            ELSE format('its %s of %s comes from a %s %s of %s',
                        line.kind, line.gross_minor, t.status, t.kind, t.amount_minor) END AS detail
        FROM {_LINES} line LEFT JOIN transactions t ON t.id = line.transaction_id
        WHERE line.source_id IS NOT NULL AND line.gross_minor <> 0 AND (t.id IS NULL OR t.status <> 'succeeded'
           OR coalesce(t.booking_id, t.order_id) IS DISTINCT FROM line.source_id
           OR t.kind <> CASE WHEN line.kind = 'refund' OR line.gross_minor < 0 THEN 'refund' ELSE 'charge' END
           OR (line.kind <> 'adjustment' OR line.gross_minor < 0) AND t.amount_minor <> abs(line.gross_minor))""",
    ),
    *(
        by_sql(
            f"ledger-{unit}s",
            f"The books summed by the {unit} are the books.",
            f"""
            SELECT format('%s %s %s %s', currency, to_char({unit}, 'YYYY-MM-DD HH24:MI'), source, kind) AS reference,
                format('shows %s lines of %s, commission %s; they are %s of %s, %s',
                       h.entries, h.gross_minor, h.commission_minor, e.n, e.gross, e.commission) AS detail
            FROM (SELECT currency, date_trunc('{unit}', occurred_at, 'UTC') AS {unit}, kind, source, count(*) AS n,
                         sum(gross_minor) AS gross, sum(commission_minor) AS commission
                  FROM ledger_entries GROUP BY 1, 2, 3, 4) e
            FULL JOIN ledger_{unit}s h USING (currency, {unit}, kind, source)
            WHERE (e.n, e.gross, e.commission) IS DISTINCT FROM (h.entries, h.gross_minor, h.commission_minor)""",
        )
        for unit in ("hour", "day")
    ),
    Invariant("figures", "The figures of all months add up to the books.", _figures),
)
