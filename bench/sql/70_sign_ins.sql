-- Old sign-ins of everybody, and those that the bench itself uses: `bench-<role>-<number>` is the cookie.
INSERT INTO sessions (id, user_id, token_hash, user_agent, ip, last_seen_at, expires_at, created_at, updated_at)
SELECT bench.key(at, 30, n), id, sha256(('old-' || n)::bytea), 'Mozilla/5.0 (Windows NT 10.0) Chrome/140', '10.0.0.' || n % 250,
       at + interval '1 hour', at + interval '7 days', at, at
FROM (
    SELECT n, p.id, p.created_at + bench.u(n, 150) * (today - p.created_at) AS at
    FROM bench.people p JOIN users u ON u.id = p.id AND u.is_active, bench.size
) u;

INSERT INTO sessions (id, user_id, token_hash, user_agent, ip, last_seen_at, expires_at, created_at, updated_at)
SELECT bench.key(today, 31, row_number() OVER (ORDER BY role, n)), id, sha256(('bench-' || role || '-' || n)::bytea), 'bench', '127.0.0.1',
       now(), now() + interval '10 years', today, today
FROM (
    SELECT u.role, u.id, row_number() OVER (PARTITION BY u.role ORDER BY coalesce(p.booking_count, b.n, 0) DESC, u.id) - 1 AS n
    FROM users u LEFT JOIN practitioners p ON p.user_id = u.id
    LEFT JOIN (SELECT client_user_id, count(*) AS n FROM bench.settled GROUP BY 1) b ON b.client_user_id = u.id
    WHERE u.is_active AND (p.id IS NULL OR p.verification_status = 'approved')
) u, bench.size WHERE n < 100;
