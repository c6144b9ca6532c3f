-- A reminder of each session of the last month to both sides; one in four has not been read.
INSERT INTO notifications (id, user_id, kind, title, body, screen, record_id, read_at, once, created_at, updated_at)
SELECT bench.key(at, 32, 2 * n + side), user_id, 'reminder', 'Reminder: ' || title, 'Your session ' || title || ' (' || reference || ').',
       'care/booking', id, CASE WHEN bench.u(2 * n + side, 160) < 0.75 THEN at + interval '1 hour' END,
       'reminder:24:' || id || ':' || extract(epoch FROM starts_at)::bigint, at, at
FROM (
    SELECT b.id, b.reference, b.starts_at, b.starts_at - interval '24 hours' AS at, s.title,
           row_number() OVER (ORDER BY b.starts_at, b.id) AS n, c.user_id AS client_user, p.user_id AS practitioner_user
    FROM bookings b JOIN services s ON s.id = b.service_id JOIN clients c ON c.id = b.client_id
    JOIN practitioners p ON p.id = b.practitioner_id, bench.size z
    WHERE b.starts_at BETWEEN z.today - interval '30 days' AND z.today AND b.status IN ('confirmed', 'completed', 'no_show')
) sessions CROSS JOIN LATERAL (VALUES (0, client_user), (1, practitioner_user)) sides (side, user_id);
