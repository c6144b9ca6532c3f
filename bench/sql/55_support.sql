-- A desk with a promise for each priority, half as many tickets as orders, three messages each. The last ones are not done.
INSERT INTO desks (id, name, time_zone) SELECT bench.key(today, 40, 1), 'Client care', 'Africa/Johannesburg' FROM bench.size;
INSERT INTO business_hours (id, desk_id, weekday, starts_local, ends_local)
SELECT bench.key(today, 41, d), bench.key(today, 40, 1), d, '08:00', '17:00' FROM bench.size, generate_series(0, 4) d;
INSERT INTO sla_policies (id, name, desk_id, priority, first_response_minutes, update_minutes, resolution_minutes)
SELECT bench.key(today, 42, n), p || ' priority', bench.key(today, 40, 1), p, 60 * n, 120 * n, 480 * n
FROM bench.size, unnest(ARRAY['urgent', 'high', 'medium', 'low']) WITH ORDINALITY AS u (p, n);

CREATE UNLOGGED TABLE bench.tickets AS
SELECT t, bench.key(at, 43, t) AS id, at, coalesce(p.user_id, c.user_id) AS requester_id,
       bench.key(s.created_at, 1, s.n) AS agent_id, last_at,
       CASE WHEN t > d.n - d.n / 50 THEN (ARRAY['open', 'open', 'in_progress', 'waiting'])[1 + bench.below(t, 170, 4)]
            WHEN bench.u(t, 171) < 0.1 THEN 'resolved' ELSE 'closed' END AS status,
       (ARRAY['low', 'medium', 'medium', 'high', 'urgent'])[1 + bench.below(t, 172, 5)] AS priority,
       (ARRAY['booking', 'order', 'payment', 'account', 'practitioner', 'other'])[1 + bench.below(t, 173, 6)] AS category
FROM (
    SELECT t, n, today - bench.days(700 * (1 - t / n::float8)) AS at,
           least(today - bench.days(700 * (1 - t / n::float8)) + interval '6 hours', today) AS last_at,
           floor(clients * bench.u(t, 174) ^ 1.8)::bigint AS c,
           CASE WHEN bench.u(t, 186) < 0.08 THEN 1 + floor(practitioners * bench.u(t, 187) ^ 6)::bigint END AS p, 1 + bench.below(t, 175, staff) AS agent
    FROM (SELECT *, orders / 2 AS n FROM bench.size) z, generate_series(1, n) t
) d JOIN bench.clients c USING (c) LEFT JOIN bench.practitioners p USING (p) JOIN bench.people s ON s.n = d.agent;

-- Words as people use them: few very often, most of them seldom.
CREATE FUNCTION bench.words(seed bigint, many int) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_agg('w' || floor(20000 ^ bench.u(seed * 64 + k, 176))::int, ' ') FROM generate_series(1, many) k
$$;

INSERT INTO tickets (id, number, requester_id, subject, category, status, priority, channel, assignee_id, first_response_due_at,
                     resolution_due_at, next_due_at, first_responded_at, resolved_at, last_message_at, snoozed_until, satisfaction,
                     created_at, updated_at, policy_id, first_response_minutes, resolution_minutes)
SELECT id, 'T-' || 1000 + t, requester_id,
       (ARRAY['About my session', 'Where is my order', 'A refund please', 'I cannot sign in', 'A question'])[1 + bench.below(t, 177, 5)]
           || ' ' || bench.words(t, 3),
       category, status, priority, 'console', CASE WHEN status = 'open' AND bench.u(t, 178) < 0.6 THEN NULL ELSE agent_id END,
       at + interval '2 hours', at + interval '2 days',
       CASE WHEN status IN ('open', 'in_progress') THEN at + interval '2 days' + bench.days(14 * bench.u(t, 179)) END,
       CASE WHEN status <> 'open' THEN at + interval '1 hour' END,
       CASE WHEN status IN ('resolved', 'closed') THEN last_at END, last_at,
       CASE WHEN status = 'waiting' AND bench.u(t, 180) < 0.2 THEN today + interval '3 days' END,
       CASE WHEN status = 'closed' AND bench.u(t, 181) < 0.4 THEN 1 + bench.below(t, 182, 5) END, at, at,
       bench.key(today, 42, array_position(ARRAY['urgent', 'high', 'medium', 'low'], priority)),
       CASE WHEN status <> 'open' THEN 1 + bench.below(t, 188, 120) END,
       CASE WHEN status IN ('resolved', 'closed') THEN 30 + bench.below(t, 189, 3000) END
FROM bench.tickets, bench.size ORDER BY id;
SELECT setval('ticket_numbers', 1001 + (SELECT count(*) FROM tickets));

INSERT INTO ticket_messages (id, ticket_id, author_id, body, is_internal, from_staff, channel, created_at, updated_at)
SELECT bench.key(said_at, 44, t * 3 + k), id, CASE WHEN k = 0 THEN requester_id ELSE agent_id END,
       CASE WHEN k = 0 THEN 'Hello, I have a question about my session. ' WHEN k = 1 THEN 'Thank you for writing. ' ELSE 'Noted: ' END
           || CASE WHEN bench.u(t * 3 + k, 183) < 0.05 THEN 'The refund is due. ' ELSE '' END
           || CASE WHEN t % 5000 = 0 THEN 'A quetzal feather. ' ELSE '' END || bench.words(t * 3 + k, 20) || '.',
       k = 2 AND t % 2 = 0, k > 0, 'console', said_at, said_at
FROM (SELECT *, CASE k WHEN 0 THEN at WHEN 1 THEN at + (last_at - at) / 2 ELSE last_at END AS said_at
      FROM bench.tickets, generate_series(0, 2) k) m ORDER BY 1;

INSERT INTO ticket_status_changes (id, ticket_id, status, occurred_at, by_id)
SELECT bench.key(last_at, 45, t), id, status, last_at, agent_id FROM bench.tickets WHERE status <> 'open' ORDER BY 1;

INSERT INTO ticket_tags (id, ticket_id, tag, created_at, updated_at)
SELECT bench.key(at, 46, t), id, (ARRAY['refund', 'courier', 'vip', 'no show', 'sign-in'])[1 + bench.below(t, 184, 5)], at, at
FROM bench.tickets WHERE bench.u(t, 185) < 0.4 ORDER BY 1;
-- The trigger that keeps it is away while the world is made.
SELECT keep_backlog(array_agg(id)) FROM tickets;
