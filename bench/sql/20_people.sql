-- Everybody with a name: staff first, then practitioners, then clients.
CREATE UNLOGGED TABLE bench.people AS
SELECT n, role, at AS created_at, bench.key(at, 1, n) AS id, f.name AS first_name,
       l.name || CASE WHEN bench.u(n, 3) < 0.06 AND m.name <> l.name AND role <> 'admin' THEN '-' || m.name ELSE '' END AS last_name
FROM (
    SELECT n, today - bench.days(1100 * (1 - bench.u(n, 4) ^ 1.3)) AS at, bench.below(n, 5, 4096) AS first_slot,
           CASE WHEN n <= greatest(staff / 5, 1) THEN 'admin' WHEN n <= staff THEN 'support'
                WHEN n <= staff + practitioners THEN 'practitioner' ELSE 'client' END AS role
    FROM bench.size, generate_series(1, users) n
) p
JOIN bench.first_names f ON f.slot = p.first_slot
JOIN bench.last_names l ON l.pool = f.pool AND l.slot = bench.below(n, 6, 512)
JOIN bench.last_names m ON m.pool = f.pool AND m.slot = bench.below(n, 7, 512);

INSERT INTO users (id, email, first_name, last_name, role, phone, time_zone, email_verified_at, is_active,
                   last_sign_in_at, created_at, updated_at)
SELECT p.id, trim('.' FROM regexp_replace(f_fold(first_name || '.' || last_name), '[^a-z0-9]+', '.', 'g')) || '.' || n || '@'
           || (ARRAY['gmail.example', 'gmail.example', 'mail.example', 'icloud.example', 'work.example'])[1 + bench.below(n, 8, 5)],
       first_name, last_name, role,
       CASE WHEN bench.u(n, 9) < 0.8 THEN '+27 ' || 60 + bench.below(n, 10, 25) || ' ' || 100 + bench.below(n, 11, 900)
           || ' ' || 1000 + bench.below(n, 12, 9000) END,
       CASE WHEN role = 'client' AND bench.u(n, 13) < 0.06 THEN 'Europe/London' ELSE 'Africa/Johannesburg' END,
       CASE WHEN bench.u(n, 14) < 0.95 THEN created_at + interval '6 minutes' END,
       role IN ('admin', 'support') OR bench.u(n, 15) < 0.985,
       CASE WHEN bench.u(n, 16) < 0.9 THEN created_at + bench.u(n, 17) * (today - created_at) END, created_at, created_at
FROM bench.people p, bench.size ORDER BY p.id;

CREATE UNLOGGED TABLE bench.clients AS
SELECT row_number() OVER (ORDER BY n) - 1 AS c, n, id AS user_id, created_at, bench.key(created_at, 2, n) AS id
FROM bench.people WHERE role = 'client';
CREATE UNIQUE INDEX ON bench.clients (c);

INSERT INTO clients (id, user_id, gender, country, created_at, updated_at)
SELECT id, user_id, (ARRAY['female', 'female', 'male', NULL])[1 + bench.below(n, 20, 4)],
       CASE WHEN bench.u(n, 21) < 0.93 THEN 'South Africa' ELSE 'United Kingdom' END, created_at, created_at
FROM bench.clients ORDER BY id;

-- Few practitioners are busy: bookings fall with the rank. The grid is 75 minutes, so sessions with their buffers never meet.
CREATE UNLOGGED TABLE bench.practitioners AS
WITH drawn AS (
    SELECT u.n, u.n - staff AS p, u.id AS user_id, u.created_at, bench.key(u.created_at, 3, u.n) AS id,
           bench.below(u.n, 30, (SELECT count(*) FROM bench.places)) AS place, bench.u(u.n, 31) AS dice,
           CASE WHEN bench.u(u.n, 32) < 0.7 THEN 1500 WHEN bench.u(u.n, 32) < 0.85 THEN 1750 ELSE 2000 END AS bps,
           (u.n - staff - 1) / scale AS rank
    FROM bench.people u, bench.size WHERE u.role = 'practitioner'
), weighed AS (
    SELECT d.*, CASE WHEN dice < 0.92 THEN 'approved' WHEN dice < 0.94 THEN 'suspended' WHEN dice < 0.965 THEN 'submitted'
                WHEN dice < 0.985 THEN 'draft' ELSE 'rejected' END AS status,
           CASE WHEN dice < 0.94 THEN (rank + 9) ^ -0.75 ELSE 0 END AS weight,
           CASE WHEN l.currency = 'GBP' THEN 3500 + 500 * bench.below(n, 33, 18) - 5 * bench.below(n, 34, 2)
                ELSE 35000 + 2500 * bench.below(n, 33, 60) - 5 * bench.below(n, 34, 2) END AS rate,
           l.street, l.city, l.country, l.zone, l.currency,
           CASE WHEN bench.u(n, 35) < 0.96 THEN l.latitude + 0.03 * bench.gauss(n, 36) END AS latitude,
           CASE WHEN bench.u(n, 35) < 0.96 THEN l.longitude + 0.03 * bench.gauss(n, 38) END AS longitude
    FROM drawn d JOIN bench.places l ON l.slot = d.place
), shared AS (
    SELECT w.*, sum(weight) OVER (ORDER BY p) AS upto, sum(weight) OVER () AS total FROM weighed w
)
SELECT s.*, floor(upto / total * bookings)::bigint - floor((upto - weight) / total * bookings)::bigint AS sessions,
       floor((upto - weight) / total * bookings)::bigint AS before, 15 * bench.below(n, 40, 4) AS offset_minutes
FROM shared s, bench.size;

CREATE UNLOGGED TABLE bench.services AS
SELECT p.p * 3 + k AS s, p.p, k, p.id AS practitioner_id, p.created_at, bench.key(p.created_at, 4, p.p * 3 + k) AS id,
       (ARRAY[30, 45, 60])[k + 1] AS minutes, p.rate * (ARRAY[30, 45, 60])[k + 1] / 60 AS price, p.currency,
       (ARRAY['flexible', 'moderate', 'moderate', 'strict'])[1 + bench.below(p.p, 41, 4)] AS policy,
       (ARRAY['First conversation', 'Tarot reading', 'Dream reading', 'Breath work', 'Energy healing', 'Birth chart',
              'Couples session', 'Ancestral reading', 'Grief counselling', 'Sound bath'])
           [1 + (bench.below(p.p, 42, 10) + 3 * k) % 10] AS title
FROM bench.practitioners p, generate_series(0, 2) k;
CREATE UNIQUE INDEX ON bench.services (s);

INSERT INTO services (id, practitioner_id, title, description, category, duration_minutes, price_minor, currency, delivery,
                      buffer_after, policy, is_available, created_at, updated_at)
SELECT id, practitioner_id, title, title || ', ' || minutes || ' minutes, in a quiet room or over a call.', 'Sessions', minutes,
       price, currency, (ARRAY['in_person', 'online', 'both'])[1 + bench.below(s, 43, 3)],
       CASE WHEN k = 2 THEN 10 END, policy, bench.u(s, 44) < 0.95, created_at, created_at
FROM bench.services ORDER BY id;

INSERT INTO availability_rules (id, practitioner_id, weekday, starts_local, ends_local, created_at, updated_at)
SELECT bench.key(created_at, 5, p * 6 + d), id, d, '08:00', '19:30', created_at, created_at
FROM bench.practitioners, generate_series(0, 5) d ORDER BY 1;
