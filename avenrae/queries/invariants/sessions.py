"""Invariants of sessions and what practitioners are counted by."""

from avenrae.queries.invariants.invariant import by_sql

SESSIONS = (
    by_sql(
        "no-overlap",
        "No two live sessions of a practitioner overlap, their buffers included.",
        """
        SELECT reference, format('begins %s, an earlier session ends %s', lower(occupied), busy_until) AS detail
        FROM (SELECT reference, occupied, max(upper(occupied)) OVER (
                  PARTITION BY practitioner_id ORDER BY lower(occupied), id
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until
              FROM bookings WHERE status IN ('pending', 'confirmed')) live
        WHERE busy_until > lower(occupied)""",
    ),
    by_sql(
        "occupied-times",
        "A session occupies its time and its buffers, no more and no less.",
        """
        SELECT reference, format('occupies %s, but lasts %s to %s with buffers of %s and %s minutes',
                                 occupied, starts_at, ends_at, buffer_before, buffer_after) AS detail
        FROM bookings
        WHERE occupied <> tstzrange(starts_at - make_interval(mins => buffer_before::int),
                                    ends_at + make_interval(mins => buffer_after::int), '[)')""",
    ),
    by_sql(
        "session-states",
        "A request is not confirmed yet, only a request is held, and a completed session says when it was completed.",
        """
        SELECT reference, CASE
                WHEN status = 'pending' THEN 'waits for an answer, but was confirmed ' || confirmed_at
                WHEN hold_expires_at IS NOT NULL THEN format('is %s, but held until %s', status, hold_expires_at)
                ELSE format('is %s, but completed at %s', status, coalesce(completed_at::text, 'no time')) END AS detail
        FROM bookings
        WHERE status = 'pending' AND confirmed_at IS NOT NULL OR status <> 'pending' AND hold_expires_at IS NOT NULL
           OR (status = 'completed') <> (completed_at IS NOT NULL)""",
    ),
    by_sql(
        "session-services",
        "The service of a session is one of its practitioner.",
        """
        SELECT b.reference, format('“%s” is a service of somebody else', s.title) AS detail
        FROM bookings b JOIN services s ON s.id = b.service_id WHERE s.practitioner_id <> b.practitioner_id""",
    ),
    by_sql(
        "booking-counts",
        "A practitioner's number of sessions is that of the completed ones.",
        """
        SELECT u.email AS reference, format('counts %s, completed %s', p.booking_count, coalesce(b.n, 0)) AS detail
        FROM practitioners p JOIN users u ON u.id = p.user_id
        LEFT JOIN (SELECT practitioner_id, count(*) AS n FROM bookings WHERE status = 'completed' GROUP BY 1) b
            ON b.practitioner_id = p.id
        WHERE p.booking_count <> coalesce(b.n, 0)""",
    ),
)
