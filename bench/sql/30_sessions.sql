-- The slots in which people come: fewer in January and at weekends, more each year, thinning out over the months ahead.
CREATE UNLOGGED TABLE bench.calendar AS
SELECT row_number() OVER (ORDER BY day, k) - 1 AS slot, day, k
FROM (
    SELECT d, k, (today AT TIME ZONE 'Africa/Johannesburg')::date + d AS day
    FROM bench.size, generate_series(-1040, 109) d, generate_series(0, 8) k
) c
WHERE bench.u(d * 16 + k, 50) < (ARRAY[0.06, 0.8, 0.95, 1.0, 1.0, 0.95, 0.55])[1 + extract(dow FROM day)::int]
    * (ARRAY[0.65, 0.85, 0.95, 0.9, 0.95, 0.9, 0.85, 0.95, 1.0, 1.0, 0.95, 0.6])[extract(month FROM day)::int]
    * CASE WHEN d < 0 THEN 0.7 + 0.3 * (d + 1040) / 1040 ELSE 1 - d / 110.0 END
    * (ARRAY[0.8, 0.95, 1, 1, 0.85, 0.95, 1, 0.9, 0.7])[k + 1];
CREATE UNIQUE INDEX ON bench.calendar (slot);

-- Each practitioner's sessions fall into as many equal parts of the calendar, one into each: no two share a slot.
CREATE UNLOGGED TABLE bench.placed AS
SELECT p.p, p.before + j AS b, floor(j * room / sessions)::bigint
           + bench.below(p.before + j, 51, greatest(1, (floor((j + 1) * room / sessions) - floor(j * room / sessions))::bigint)) AS slot
FROM bench.practitioners p, (SELECT count(*)::float8 AS room FROM bench.calendar) c, generate_series(0, p.sessions - 1) j;

CREATE UNLOGGED TABLE bench.timed AS
SELECT b, p.p, p.id AS practitioner_id, p.zone, p.bps, s.id AS service_id, s.minutes, s.price, s.currency, s.policy,
       CASE WHEN s.k = 2 THEN 10 ELSE 15 END AS buffer_after,
       (day + time '08:00' + make_interval(mins => (k.k * 75 + p.offset_minutes)::int)) AT TIME ZONE p.zone AS starts_at,
       -- three of four are regulars of the practitioner
       CASE WHEN bench.u(b, 52) < 0.75 THEN bench.below(p.p * 100003 + bench.below(b, 53, 2 + p.sessions / 5), 54, z.clients)
            ELSE bench.below(b, 55, z.clients) END AS c
FROM bench.placed JOIN bench.practitioners p USING (p) JOIN bench.calendar k USING (slot)
JOIN bench.services s ON s.s = p.p * 3 + bench.below(b, 56, 3), bench.size z;

CREATE UNLOGGED TABLE bench.agreed AS
SELECT t.*, starts_at + make_interval(mins => minutes) AS ends_at, u.id AS client_user_id, c.id AS client_id,
       least(starts_at - interval '1 hour' - bench.days(-6 * ln(1 - bench.u(b, 60))), z.today - bench.days(0.01 + 4 * bench.u(b, 61)))
           AS created_at,
       CASE WHEN starts_at < z.today - interval '2 days' THEN
                CASE WHEN bench.u(b, 62) < 0.83 THEN 'completed' WHEN bench.u(b, 62) < 0.96 THEN 'cancelled' ELSE 'no_show' END
            WHEN starts_at < z.today THEN CASE WHEN bench.u(b, 62) < 0.85 THEN 'completed' ELSE 'confirmed' END
            WHEN bench.u(b, 62) < 0.8 THEN 'confirmed' WHEN bench.u(b, 62) < 0.9 THEN 'pending' ELSE 'cancelled' END AS status,
       bench.u(b, 63) AS dice
FROM bench.timed t JOIN bench.clients c USING (c) JOIN bench.people u ON u.n = c.n, bench.size z;

-- Who called off and what happened to the money: declined holds were never paid, late clients lose half.
CREATE UNLOGGED TABLE bench.sessions AS
SELECT a.*, row_number() OVER (ORDER BY created_at, b) AS n, bench.key(created_at, 6, b) AS id,
       CASE WHEN status = 'cancelled' THEN CASE WHEN dice < 0.15 THEN 'system' WHEN dice < 0.7 THEN 'client'
            WHEN dice < 0.88 THEN 'practitioner' ELSE 'staff' END END AS cancelled_by,
       CASE WHEN status = 'cancelled' THEN least(created_at + bench.u(b, 64) * (starts_at - created_at), z.today) END AS cancelled_at,
       CASE WHEN status = 'completed' THEN
                CASE WHEN dice < 0.975 THEN 'paid' WHEN dice < 0.99 THEN 'partially_refunded' ELSE 'refunded' END
            WHEN status = 'no_show' THEN CASE WHEN dice < 0.7 THEN 'paid' ELSE 'unpaid' END
            WHEN status = 'cancelled' THEN CASE WHEN dice < 0.45 THEN 'unpaid' WHEN dice < 0.55 THEN 'partially_refunded'
                WHEN dice < 0.7 THEN 'unpaid' ELSE 'refunded' END
            WHEN status = 'confirmed' AND dice < 0.7 THEN 'paid' ELSE 'unpaid' END AS payment
FROM bench.agreed a, bench.size z;

ALTER TABLE bench.sessions ADD refunded bigint, ADD paid_at timestamptz, ADD refunded_at timestamptz;
CREATE UNLOGGED TABLE bench.settled AS
SELECT b, n, id, p, practitioner_id, service_id, client_id, client_user_id, zone, bps, price, currency, policy, buffer_after, starts_at,
       ends_at, created_at, status, dice, cancelled_by, cancelled_at, payment, minutes,
       CASE payment WHEN 'refunded' THEN price WHEN 'partially_refunded' THEN bench.share(price, 5000) ELSE 0 END AS refunded,
       CASE WHEN payment <> 'unpaid' THEN created_at + interval '4 minutes' END AS paid_at,
       CASE WHEN payment IN ('refunded', 'partially_refunded') THEN
           coalesce(cancelled_at, least(ends_at + bench.days(3 * bench.u(b, 65)), z.today)) END AS refunded_at
FROM bench.sessions, bench.size z;
DROP TABLE bench.sessions, bench.agreed, bench.timed, bench.placed;

INSERT INTO bookings (id, reference, client_id, practitioner_id, service_id, starts_at, ends_at, buffer_before, buffer_after, occupied,
                      time_zone, status, price_minor, currency, commission_bps, policy, payment_status, refunded_minor, confirmed_at,
                      completed_at, cancelled_at, cancelled_by, cancellation_reason, notes, created_at, updated_at)
SELECT id, 'B-' || 10000 + n, client_id, practitioner_id, service_id, starts_at, ends_at, 0, buffer_after,
       tstzrange(starts_at, ends_at + make_interval(mins => buffer_after), '[)'), zone, status, price, currency, bps, policy, payment,
       refunded, CASE WHEN status <> 'pending' AND cancelled_by IS DISTINCT FROM 'system' THEN created_at + interval '40 minutes' END,
       CASE WHEN status = 'completed' THEN ends_at + interval '6 minutes' END, cancelled_at, cancelled_by,
       CASE WHEN cancelled_by = 'system' THEN 'The hold ran out before it was paid' WHEN status = 'cancelled' THEN 'Something came up' END,
       CASE WHEN bench.u(b, 66) < 0.15 THEN 'Asked for a quiet room and a call five minutes before.' ELSE '' END, created_at,
       greatest(created_at, least(ends_at, z.today))
FROM bench.settled, bench.size z ORDER BY n;
SELECT setval('booking_numbers', (SELECT max(n) + 10000 FROM bench.settled));

-- A third of the clients and a fifth of the practitioners write, within two weeks of the end.
CREATE UNLOGGED TABLE bench.judged AS
SELECT b, id AS booking_id, practitioner_id, client_id, ends_at + interval '6 minutes' + interval '7 days' AS due_at,
       CASE WHEN bench.u(b, 73) < 0.33 AND ends_at + bench.days(0.1 + 2 * bench.u(b, 70)) <= z.today
            THEN ends_at + bench.days(0.1 + 2 * bench.u(b, 70)) END AS client_at,
       CASE WHEN bench.u(b, 77) < 0.2 AND ends_at + bench.days(0.1 + 11 * bench.u(b, 78)) <= z.today
            THEN ends_at + bench.days(0.1 + 11 * bench.u(b, 78)) END AS practitioner_at
FROM bench.settled, bench.size z WHERE settled.status = 'completed';

-- Each is shown with the second of the two, or when it is due, or at once where it is late.
CREATE UNLOGGED TABLE bench.rated AS
SELECT r.*, CASE WHEN bench.u(n, 71) < 0.62 THEN 5 WHEN bench.u(n, 71) < 0.86 THEN 4 WHEN bench.u(n, 71) < 0.94 THEN 3
                 WHEN bench.u(n, 71) < 0.97 THEN 2 ELSE 1 END AS stars,
       CASE WHEN shown_at > z.today THEN 'waiting' WHEN bench.u(n, 72) < 0.01 THEN 'hidden' ELSE 'published' END AS status,
       CASE WHEN shown_at <= z.today AND bench.u(n, 72) < 0.02 THEN shown_at END AS flagged_at,
       -- all but one in forty of the flags have been decided about
       CASE WHEN shown_at <= z.today AND (bench.u(n, 72) < 0.01 OR bench.u(n, 72) < 0.02 AND bench.u(n, 79) < 0.95)
            THEN least(shown_at + interval '5 hours', z.today) END AS moderated_at
FROM (
    SELECT b, b * 2 AS n, booking_id, practitioner_id, client_id, due_at, 'client' AS written_by, client_at AS at,
           greatest(client_at, least(due_at, coalesce(practitioner_at, due_at))) AS shown_at
    FROM bench.judged WHERE client_at IS NOT NULL
    UNION ALL
    SELECT b, b * 2 + 1, booking_id, practitioner_id, client_id, due_at, 'practitioner', practitioner_at,
           greatest(practitioner_at, least(due_at, coalesce(client_at, due_at)))
    FROM bench.judged WHERE practitioner_at IS NOT NULL
) r, bench.size z;

INSERT INTO reviews (id, booking_id, practitioner_id, client_id, rating, comment, response, status, helpful_count, written_by, due_at,
                     published_at, responded_at, flagged_at, flag_reason, moderated_at, moderation_reason, created_at, updated_at)
SELECT bench.key(at, 7, n), booking_id, practitioner_id, client_id, stars,
       CASE written_by WHEN 'client' THEN (ARRAY['', 'Warm, attentive and on time.', 'I left lighter than I came.',
                'Good, but we started late.', 'Clear answers and no hurry. I will come back.'])[1 + bench.below(n, 74, 5)]
            ELSE (ARRAY['On time and well prepared.', 'Open and kind.', 'Came late and left early.'])[1 + bench.below(n, 74, 3)] END,
       CASE WHEN answers THEN 'Thank you for coming.' END, status, bench.below(n, 76, 6), written_by, due_at,
       CASE WHEN status <> 'waiting' THEN shown_at END, CASE WHEN answers THEN least(shown_at + interval '9 hours', z.today) END,
       flagged_at, CASE WHEN flagged_at IS NOT NULL THEN 'This was somebody else.' END,
       moderated_at, CASE WHEN moderated_at IS NOT NULL THEN 'It names a person who was not there.' END, at, at
FROM (SELECT *, bench.u(n, 75) < 0.3 AND written_by = 'client' AND status = 'published' AS answers FROM bench.rated) r, bench.size z
ORDER BY at, n;

INSERT INTO practitioners (id, user_id, kind, headline, bio, specialties, languages, hourly_rate_minor, currency, years_experience,
                           address, city, country_code, latitude, longitude, time_zone, verification_status, availability_status,
                           commission_bps, buffer_after, rating_average, rating_count, booking_count, created_at, updated_at)
SELECT id, user_id,
       (ARRAY['healer', 'healer', 'prophet', 'medium', 'astrologer', 'astrologer', 'psychologist'])[1 + bench.below(p, 80, 7)],
       (ARRAY['Quiet sessions for loud times', 'Reading the sky since 1998', 'Listening before speaking', 'Roots and remedies',
              'Evidence and kindness'])[1 + bench.below(p, 81, 5)],
       repeat('Trained with elders and at university, I work slowly and write down what we find. ', 1 + bench.below(p, 82, 5)::int),
       ARRAY[(ARRAY['grief', 'dreams', 'tarot', 'anxiety', 'couples', 'birth charts', 'herbs', 'ancestors'])[1 + bench.below(p, 83, 8)],
             (ARRAY['burnout', 'career', 'sleep', 'trauma', 'moving house', 'fertility'])[1 + bench.below(p, 84, 6)]],
       ARRAY['English', (ARRAY['isiZulu', 'isiXhosa', 'Afrikaans', 'Sesotho'])[1 + bench.below(p, 85, 4)]],
       rate, currency, bench.below(p, 86, 30), 1 + bench.below(p, 87, 200) || ' ' || street, city, country, latitude, longitude, zone,
       status, (ARRAY['available', 'available', 'busy', 'offline'])[1 + bench.below(p, 88, 4)], bps, 15,
       mean, coalesce(ratings, 0), coalesce(held, 0), created_at, created_at
FROM bench.practitioners p
LEFT JOIN (SELECT practitioner_id, round(avg(stars), 3) AS mean, count(*) AS ratings FROM bench.rated
           WHERE status = 'published' AND written_by = 'client' GROUP BY 1) r
       ON r.practitioner_id = p.id
LEFT JOIN (SELECT practitioner_id, count(*) AS held FROM bench.settled WHERE status = 'completed' GROUP BY 1) h ON h.practitioner_id = p.id
ORDER BY id;

-- One of nine sessions had somebody waiting for its day: himself, who got it, or somebody else, who did not.
INSERT INTO booking_waitlist (id, client_id, service_id, practitioner_id, on_date, status, joined_at, booking_id, created_at, updated_at)
SELECT bench.key(s.joined_at, 14, s.b), CASE WHEN s.got THEN s.client_id ELSE c.id END, s.service_id, s.practitioner_id,
       (s.starts_at AT TIME ZONE s.zone)::date,
       CASE WHEN s.got THEN 'booked' WHEN s.starts_at > z.today THEN 'waiting' WHEN bench.u(s.b, 91) < 0.7 THEN 'expired' ELSE 'left' END,
       s.joined_at, CASE WHEN s.got THEN s.id END, s.joined_at, s.joined_at
FROM (SELECT *, created_at - bench.days(5 * bench.u(b, 90)) AS joined_at, dice < 0.3 AND status IN ('confirmed', 'completed') AS got
      FROM bench.settled WHERE b % 9 = 0) s CROSS JOIN bench.size z JOIN bench.clients c ON c.c = bench.below(s.b, 92, z.clients)
ORDER BY s.joined_at, s.b
ON CONFLICT DO NOTHING;

-- Everybody past a draft has shown who he is; psychologists and some others have a certificate. A few wait or have expired.
INSERT INTO practitioner_documents (id, practitioner_id, kind, title, issuer, issued_on, expires_on, verdict, checked_at, created_at, updated_at)
SELECT bench.key(p.created_at, 90 + k, p.p * 2 + k), p.id, (ARRAY['identity', 'certificate'])[k + 1],
       (ARRAY['Identity card', 'Certificate of practice'])[k + 1], (ARRAY['Home Affairs', 'Health Professions Council'])[k + 1],
       (z.today - interval '700 days')::date, (z.today + bench.below(p.p * 2 + k, 120, 1800) * interval '1 day' - interval '20 days')::date,
       d.verdict, CASE WHEN d.verdict <> 'waiting' THEN p.created_at + interval '1 day' END, p.created_at, p.created_at
FROM bench.practitioners p CROSS JOIN generate_series(0, 1) k CROSS JOIN bench.size z
CROSS JOIN LATERAL (SELECT CASE WHEN p.status = 'submitted' OR bench.u(p.p * 2 + k, 121) < 0.02 THEN 'waiting' ELSE 'accepted' END AS verdict) d
WHERE p.status <> 'draft' AND (k = 0 OR bench.u(p.p, 122) < 0.6)
ORDER BY 1;
