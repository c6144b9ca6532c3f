-- Dice that fall the same way every time, keys in the layout of avenrae/ids.py, and shares as avenrae/money.py rounds them.
CREATE FUNCTION bench.u(n bigint, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (hashint8extended(n, salt) & 9007199254740991)::float8 / 9007199254740992
$$;

CREATE FUNCTION bench.below(n bigint, salt int, limit_ bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (hashint8extended(n, salt) & 9007199254740991) % limit_
$$;

CREATE FUNCTION bench.key(at timestamptz, kind int, n bigint) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex((date_part('epoch', at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n & 4095), 3, '0')
            || '8' || lpad(to_hex(kind), 3, '0') || lpad(to_hex(n), 12, '0'))::uuid
$$;

CREATE FUNCTION bench.share(minor bigint, bps bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT minor * bps / 10000
        + CASE WHEN minor * bps % 10000 > 5000 OR (minor * bps % 10000 = 5000 AND minor * bps / 10000 % 2 = 1) THEN 1 ELSE 0 END
$$;

CREATE FUNCTION bench.days(n float8) RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT make_interval(secs => floor(n * 86400))
$$;

-- A normal deviate out of two dice.
CREATE FUNCTION bench.gauss(n bigint, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sqrt(-2 * ln(1 - bench.u(n, salt))) * cos(2 * pi() * bench.u(n, salt + 1))
$$;

CREATE TABLE bench.first_names (slot int PRIMARY KEY, pool int, name text);
CREATE TABLE bench.last_names (pool int, slot int, name text, PRIMARY KEY (pool, slot));
CREATE TABLE bench.places (
    slot int PRIMARY KEY, street text, city text, country text, latitude float8, longitude float8, zone text, currency text
);
CREATE TABLE bench.size (
    users bigint, staff bigint, practitioners bigint, clients bigint, bookings bigint, orders bigint, products bigint,
    scale bigint, today timestamptz
);
