-- One in five people reads of reviews once a day or not at all; something waits for the next daily mail of some of them.
INSERT INTO notice_preferences (id, user_id, kind, channel, choice, created_at, updated_at)
SELECT bench.key(created_at, 60, n), id, 'review', 'email', CASE WHEN bench.u(n, 171) < 0.7 THEN 'digest' ELSE 'off' END, created_at, created_at
FROM (SELECT id, created_at, row_number() OVER (ORDER BY id) AS n FROM users) people WHERE bench.u(n, 170) < 0.2;

INSERT INTO notifications (id, user_id, kind, title, body, screen, once, created_at, updated_at, route, due_at)
SELECT bench.key(z.today, 61, n), user_id, 'review', 'A review about you', 'Somebody wrote about a session.', 'care/reviews', 'review:' || n,
       z.today, z.today, 'digest', z.today + interval '30 hours'
FROM (SELECT user_id, row_number() OVER (ORDER BY user_id) AS n FROM notice_preferences WHERE choice = 'digest') readers, bench.size z
WHERE bench.u(n, 172) < 0.25;
