"""Invariants of the support desk."""

from avenrae.queries.invariants.invariant import by_sql

_PAIR = """(SELECT string_agg(email, ' and ' ORDER BY role) FROM users
            WHERE id IN (c.client_user_id, c.practitioner_user_id))"""
"""A conversation by the addresses of its two members."""

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
    by_sql(
        "conversation-members",
        "A conversation has its two members and no others, and nobody else writes in it.",
        f"""
        SELECT {_PAIR} AS reference, format('%s of its two members, %s messages of others', m.n, w.n) AS detail
        FROM conversations c
        CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE user_id IN (client_user_id, practitioner_user_id)) AS n,
                count(*) AS every FROM conversation_members WHERE conversation_id = c.id) m
        CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE author_id NOT IN (client_user_id, practitioner_user_id)) AS n
            FROM messages WHERE conversation_id = c.id) w
        WHERE (m.n, m.every, w.n) <> (2, 2, 0)""",
    ),
    by_sql(
        "last-private-messages",
        "A conversation has messages, and knows when the last of them was written.",
        f"""
        SELECT {_PAIR} AS reference, format('says %s, messages say %s', c.last_message_at, m.at) AS detail
        FROM conversations c LEFT JOIN (SELECT conversation_id, max(created_at) AS at FROM messages GROUP BY 1) m
            ON m.conversation_id = c.id
        WHERE m.at IS DISTINCT FROM c.last_message_at""",
    ),
    by_sql(
        "reported-messages",
        "What was reported was reported by the other one, in a ticket of his.",
        """
        SELECT t.number AS reference, 'the ticket is not of whom the message was written to' AS detail
        FROM messages m JOIN conversations c ON c.id = m.conversation_id JOIN tickets t ON t.id = m.ticket_id
        WHERE t.requester_id = m.author_id OR t.requester_id NOT IN (c.client_user_id, c.practitioner_user_id)""",
    ),
    by_sql(
        "linked-conversations",
        "A ticket links to conversations of its requester only.",
        """
        SELECT t.number AS reference, 'its requester takes no part in the conversation' AS detail
        FROM tickets t JOIN conversations c ON c.id = t.conversation_id
        WHERE t.requester_id NOT IN (c.client_user_id, c.practitioner_user_id)""",
    ),
)
