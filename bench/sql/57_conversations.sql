-- One pair in thirty writes to one another, and all of the clients who come most often (the bench signs in as one of them);
-- ten messages in the mean and up to two hundred, few of them reported.
CREATE UNLOGGED TABLE bench.talks AS
SELECT row_number() OVER (ORDER BY first_at, client_user_id, practitioner_user_id) AS k, *
FROM (SELECT c.user_id AS client_user_id, p.user_id AS practitioner_user_id, min(b.created_at) AS first_at
      FROM bookings b JOIN clients c ON c.id = b.client_id JOIN practitioners p ON p.id = b.practitioner_id
      WHERE substr(b.reference, 3)::bigint % 30 = 0
            OR c.user_id IN (SELECT client_user_id FROM bench.settled GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 100)
      GROUP BY 1, 2) pairs;
ALTER TABLE bench.talks ADD id uuid, ADD messages int;
UPDATE bench.talks SET id = bench.key(first_at, 50, k), messages = 1 + floor(2.4 / (0.012 + bench.u(k, 190) ^ 0.9))::int;

CREATE UNLOGGED TABLE bench.said AS
SELECT t.k * 256 + n AS m, t.k, n, t.id AS conversation_id, t.messages, t.client_user_id, t.practitioner_user_id,
       n % 2 = 0 OR bench.u(t.k * 256 + n, 191) < 0.2 AS by_client,
       t.first_at + (z.today - t.first_at) * ((n + 0.5) / t.messages) * bench.u(t.k, 192) AS at
FROM bench.talks t, bench.size z, generate_series(0, t.messages - 1) n;

INSERT INTO conversations (id, client_user_id, practitioner_user_id, last_message_at, created_at, updated_at)
SELECT t.id, t.client_user_id, t.practitioner_user_id, s.at, t.first_at, t.first_at
FROM bench.talks t JOIN bench.said s ON s.k = t.k AND s.n = t.messages - 1 ORDER BY t.id;

-- One in three has not read the last message of the other.
INSERT INTO conversation_members (conversation_id, user_id, read_until)
SELECT s.conversation_id, u.user_id,
       CASE WHEN u.is_client = s.by_client OR bench.u(s.m, 193) < 0.67 THEN s.at ELSE s.at - interval '1 minute' END
FROM bench.said s CROSS JOIN LATERAL (VALUES (true, client_user_id), (false, practitioner_user_id)) u (is_client, user_id)
WHERE s.n = s.messages - 1 ORDER BY 1, 2;

-- Each report opens a ticket, the oldest are decided; of what is decided two in three are hidden.
CREATE UNLOGGED TABLE bench.reports AS
SELECT row_number() OVER (ORDER BY at, m) AS r, count(*) OVER () AS n, m, conversation_id, at + interval '1 hour' AS at,
       CASE WHEN by_client THEN practitioner_user_id ELSE client_user_id END AS reporter_id
FROM bench.said, bench.size WHERE bench.u(m, 194) < 0.002 AND at < today - interval '2 hours';
ALTER TABLE bench.reports ADD ticket_id uuid, ADD decided_at timestamptz;
UPDATE bench.reports SET ticket_id = bench.key(at, 51, r), decided_at = CASE WHEN r <= n * 9 / 10 THEN at + interval '5 hours' END;

INSERT INTO tickets (id, number, requester_id, subject, category, status, priority, channel, conversation_id, next_due_at,
                     resolved_at, last_message_at, created_at, updated_at)
SELECT ticket_id, 'T-' || (SELECT last_value FROM ticket_numbers) + r, reporter_id, 'A message was reported', 'practitioner',
       CASE WHEN decided_at IS NULL THEN 'open' ELSE 'closed' END, 'medium', 'console', conversation_id,
       CASE WHEN decided_at IS NULL THEN at + interval '2 days' END, decided_at, at, at, at
FROM bench.reports ORDER BY 1;
SELECT setval('ticket_numbers', (SELECT last_value FROM ticket_numbers) + 1 + (SELECT count(*) FROM bench.reports));
INSERT INTO ticket_messages (id, ticket_id, author_id, body, from_staff, channel, created_at, updated_at)
SELECT bench.key(at, 52, r), ticket_id, reporter_id, 'This is rude.', false, 'console', at, at FROM bench.reports ORDER BY 1;
INSERT INTO ticket_status_changes (id, ticket_id, status, occurred_at, by_id)
SELECT bench.key(decided_at, 53, r), ticket_id, 'closed', decided_at, NULL FROM bench.reports WHERE decided_at IS NOT NULL ORDER BY 1;
SELECT keep_backlog(array_agg(ticket_id)) FROM bench.reports;

INSERT INTO messages (id, conversation_id, author_id, body, reported_at, report_reason, hidden_at, ticket_id, decided_at,
                      decision_reason, created_at, updated_at)
SELECT bench.key(s.at, 54, s.m), s.conversation_id, CASE WHEN s.by_client THEN s.client_user_id ELSE s.practitioner_user_id END,
       CASE WHEN s.by_client THEN 'Good day, may I ask about ' ELSE 'Thank you for writing, about ' END || bench.words(s.m, 12) || '.',
       r.at, CASE WHEN r.r IS NOT NULL THEN 'This is rude.' END, CASE WHEN r.r % 3 > 0 THEN r.decided_at END, r.ticket_id, r.decided_at,
       CASE WHEN r.decided_at IS NOT NULL THEN 'We have read it.' END, s.at, s.at
FROM bench.said s LEFT JOIN bench.reports r USING (m) ORDER BY 1;

INSERT INTO conversation_readings (id, conversation_id, ticket_id, reader_id, read_at)
SELECT bench.key(decided_at, 55, r), conversation_id, ticket_id, a.id, decided_at
FROM bench.reports JOIN bench.people a ON a.n = 1 + bench.below(r, 195, (SELECT staff FROM bench.size)) WHERE decided_at IS NOT NULL ORDER BY 1;
