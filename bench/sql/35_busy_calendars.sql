-- Every third practitioner follows a calendar of his own: an hour on each of the coming 150 days.
INSERT INTO busy_calendars (id, practitioner_id, name, secret_url, content_hash, last_read_at, created_at, updated_at)
SELECT bench.key(created_at, 11, p), id, 'Family', 'https://calendar.example.org/' || p || '.ics', md5(p::text),
       z.today - bench.days(bench.u(p, 90)), created_at, created_at
FROM bench.practitioners, bench.size z WHERE p % 3 = 0 ORDER BY 1;

INSERT INTO busy_times (busy_calendar_id, starts_at, ends_at)
SELECT bench.key(created_at, 11, p), z.today + make_interval(days => d, hours => 9 + bench.below(p + d, 91, 8)::int),
       z.today + make_interval(days => d, hours => 10 + bench.below(p + d, 91, 8)::int)
FROM bench.practitioners, bench.size z, generate_series(0, 149) d WHERE p % 3 = 0 ORDER BY 1, 2;
