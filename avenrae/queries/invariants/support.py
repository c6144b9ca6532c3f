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
    by_sql(
        "merged-tickets",
        "A ticket that was merged holds no message, and one move that stands says where they went.",
        """
        SELECT t.number AS reference, format('%s messages, %s moves', coalesce(m.n, 0), coalesce(v.n, 0)) AS detail
        FROM tickets t
        LEFT JOIN (SELECT ticket_id, count(*) AS n FROM ticket_messages GROUP BY 1) m ON m.ticket_id = t.id
        LEFT JOIN (
            SELECT CASE kind WHEN 'merge' THEN from_ticket_id ELSE to_ticket_id END AS ticket_id, count(*) AS n
            FROM ticket_moves WHERE (kind = 'merge') = (undone_at IS NULL) GROUP BY 1) v ON v.ticket_id = t.id
        WHERE t.merged_into_id IS NOT NULL AND (m.n > 0 OR coalesce(v.n, 0) = 0)""",
    ),
    by_sql(
        "last-messages",
        "A ticket that was not merged has messages, and knows when the last of them was written.",
        """
        SELECT t.number AS reference, format('says %s, messages say %s', t.last_message_at, m.at) AS detail
        FROM tickets t LEFT JOIN (SELECT ticket_id, max(created_at) AS at FROM ticket_messages GROUP BY 1) m
            ON m.ticket_id = t.id
        WHERE t.merged_into_id IS NULL AND m.at IS DISTINCT FROM t.last_message_at""",
    ),
    by_sql(
        "standing-clocks",
        "A ticket that waits on its client or is over is due at no time.",
        """
        SELECT number AS reference, format('%s, due %s', status, next_due_at) AS detail
        FROM tickets WHERE status NOT IN ('open', 'in_progress') AND next_due_at IS NOT NULL""",
    ),
)
