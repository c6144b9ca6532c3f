"""Invariants of tickets (R-TCK-01)."""

from avenrae.queries.invariants.invariant import by_sql

SUPPORT = (
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
