-- A reminder of each session of the last month to both sides, by e-mail too; one in four has not been read. Most mails
-- went out, some were refused, some were kept before there was a server, the last ones are under way.
CREATE UNLOGGED TABLE bench.reminders AS
SELECT 2 * n + side AS k, bench.key(at, 32, 2 * n + side) AS id, bench.key(at, 33, 2 * n + side) AS mail_id, at, user_id, sessions.id AS record_id,
       'Reminder: ' || title AS title, 'Your session ' || title || ' (' || reference || ').' AS body,
       'reminder:24:' || sessions.id || ':' || extract(epoch FROM starts_at)::bigint AS once,
       CASE WHEN at > today - interval '25 hours' THEN 'waiting' WHEN bench.u(2 * n + side, 161) < 0.01 THEN 'failed'
            WHEN at < today - interval '29 days' THEN 'kept' ELSE 'sent' END AS status
FROM (
    SELECT b.id, b.reference, b.starts_at, b.starts_at - interval '24 hours' AS at, s.title, z.today,
           row_number() OVER (ORDER BY b.starts_at, b.id) AS n, c.user_id AS client_user, p.user_id AS practitioner_user
    FROM bookings b JOIN services s ON s.id = b.service_id JOIN clients c ON c.id = b.client_id
    JOIN practitioners p ON p.id = b.practitioner_id, bench.size z
    WHERE b.starts_at BETWEEN z.today - interval '30 days' AND z.today AND b.status IN ('confirmed', 'completed', 'no_show')
) sessions CROSS JOIN LATERAL (VALUES (0, client_user), (1, practitioner_user)) sides (side, user_id);

INSERT INTO outbox (id, user_id, to_address, kind, subject, body, status, attempts, error, handed_over_at, sent_at, once, created_at, updated_at)
SELECT mail_id, user_id, email, 'reminder', title, body, status, (status <> 'waiting')::int,
       CASE status WHEN 'failed' THEN '550 5.1.1 No such mailbox' ELSE '' END, CASE status WHEN 'sent' THEN at + interval '1 minute' END,
       CASE status WHEN 'sent' THEN at + interval '1 minute' END, once, at, at
FROM bench.reminders JOIN users ON users.id = user_id ORDER BY mail_id;

INSERT INTO notifications (id, user_id, kind, title, body, screen, record_id, read_at, once, created_at, updated_at, event, mail_id)
SELECT id, user_id, 'reminder', title, body, 'care/booking', record_id, CASE WHEN bench.u(k, 160) < 0.75 THEN at + interval '1 hour' END,
       once, at, at, '', mail_id
FROM bench.reminders;
