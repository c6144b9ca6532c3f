"""Invariants of the support desk."""

from avenrae.queries.invariants.invariant import by_sql

SUPPORT = (
    by_sql(
        "backlog",
        "A ticket is in the backlog while it is neither resolved nor closed, since it last came to be so.",
        """
        SELECT t.number AS reference, CASE WHEN b.ticket_id IS NULL THEN 'is ' || t.status || ', but not in the backlog'
            ELSE format('is %s, but in the backlog since %s', t.status, b.since) END AS detail
        FROM tickets t LEFT JOIN ticket_backlog b ON b.ticket_id = t.id AND b.until IS NULL
        WHERE (t.status IN ('resolved', 'closed')) = (b.ticket_id IS NOT NULL)""",
    ),
    by_sql(
        "granted-refunds",
        "What an admin granted has gone back.",
        """
        SELECT s.reference, format('granted %s, given back %s %s', g.minor, s.refunded_minor, g.currency) AS detail
        FROM (SELECT coalesce(booking_id, order_id) AS id, currency, sum(amount_minor) AS minor
              FROM refund_requests WHERE is_granted GROUP BY 1, 2) g
        JOIN (SELECT id, reference, refunded_minor, currency FROM bookings UNION ALL
              SELECT id, reference, refunded_minor, currency FROM orders) s USING (id)
        WHERE g.minor > s.refunded_minor OR g.currency <> s.currency""",
    ),
)
