"""Invariants of people and their sign-ins."""

from avenrae.queries.invariants.invariant import by_sql

PEOPLE = (
    by_sql(
        "suspended-sign-ins",
        "Nobody who is suspended is signed in anywhere.",
        """
        SELECT u.email AS reference, format('is suspended, but signed in on %s devices', count(*)) AS detail
        FROM users u JOIN sessions s ON s.user_id = u.id
        WHERE NOT u.is_active AND s.revoked_at IS NULL AND s.expires_at > now() GROUP BY u.id""",
    ),
    by_sql(
        "carried-notices",
        "A mail carries notices to its own reader only, and none whose mail was switched off or goes nowhere.",
        """
        SELECT u.email AS reference, format('%s carried by a mail to %s', n.title, m.to_address) AS detail
        FROM notifications n JOIN outbox m ON m.id = n.mail_id JOIN users u ON u.id = n.user_id
        WHERE n.user_id <> m.user_id OR n.route IN ('off', 'no_address')""",
    ),
    by_sql(
        "profiles",
        "Everybody who is a practitioner or a client has the profile of one.",
        """
        SELECT u.email AS reference, format('is a %s without a profile', u.role) AS detail
        FROM users u LEFT JOIN practitioners p ON p.user_id = u.id LEFT JOIN clients c ON c.user_id = u.id
        WHERE CASE u.role WHEN 'practitioner' THEN p.id IS NULL WHEN 'client' THEN c.id IS NULL ELSE false END""",
    ),
)
