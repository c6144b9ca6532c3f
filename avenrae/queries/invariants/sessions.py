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
        "busy-times",
        "The busy times of one calendar lie apart.",
        """
        SELECT u.email AS reference,
               format('“%s” is busy from %s, an earlier time ends %s', name, starts_at, busy_until) AS detail
        FROM (SELECT c.practitioner_id, c.name, t.starts_at, max(t.ends_at) OVER (
                  PARTITION BY t.busy_calendar_id ORDER BY t.starts_at
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until
              FROM busy_times t JOIN busy_calendars c ON c.id = t.busy_calendar_id) times
        JOIN practitioners p ON p.id = practitioner_id JOIN users u ON u.id = p.user_id
        WHERE busy_until >= starts_at""",
    ),
    by_sql(
        "session-services",
        "The service of a session is one of its practitioner.",
        """
        SELECT b.reference, format('“%s” is a service of somebody else', s.title) AS detail
        FROM bookings b JOIN services s ON s.id = b.service_id WHERE s.practitioner_id <> b.practitioner_id""",
    ),
    by_sql(
        "series",
        "The sessions of a series are of one client, one practitioner and one service.",
        """
        SELECT reference, 'is of somebody else, or another service, than the first of its series' AS detail
        FROM (SELECT reference, (client_id, practitioner_id, service_id) AS whose,
                     first_value((client_id, practitioner_id, service_id)) OVER (
                         PARTITION BY series_id ORDER BY starts_at, id) AS first
              FROM bookings WHERE series_id IS NOT NULL) parts
        WHERE whose <> first""",
    ),
    by_sql(
        "offers",
        "Whoever is offered a place has it held: a request of his, on that day, for as long as the offer stands.",
        """
        SELECT u.email AS reference, format('is offered %s until %s, which is %s, of %s and held until %s', w.on_date,
            w.offer_expires_at, b.status, b.starts_at, coalesce(b.hold_expires_at::text, 'no time')) AS detail
        FROM booking_waitlist w JOIN clients c ON c.id = w.client_id JOIN users u ON u.id = c.user_id
        LEFT JOIN bookings b ON b.id = w.booking_id
        WHERE w.status = 'offered'
          AND ((b.status, b.hold_expires_at, (b.starts_at AT TIME ZONE b.time_zone)::date)
               IS DISTINCT FROM ('pending', w.offer_expires_at, w.on_date)
            OR (b.client_id, b.practitioner_id, b.service_id) IS DISTINCT FROM
               (w.client_id, w.practitioner_id, w.service_id))""",
    ),
    by_sql(
        "waiting-list",
        "Whoever waits has no place yet, and whoever got one has his booking.",
        """
        SELECT u.email AS reference, format('is %s for %s, with %s', w.status, w.on_date,
                                            coalesce(b.reference, 'no booking')) AS detail
        FROM booking_waitlist w JOIN clients c ON c.id = w.client_id JOIN users u ON u.id = c.user_id
        LEFT JOIN bookings b ON b.id = w.booking_id
        WHERE w.status = 'waiting' AND w.booking_id IS NOT NULL
           OR w.status = 'booked'
              AND (b.client_id, b.practitioner_id) IS DISTINCT FROM (w.client_id, w.practitioner_id)""",
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
