-- What tables and indexes stand on: extensions, keys, folding of names, positions on the globe.
-- Every function works on PostgreSQL 15 and later.
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS cube;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;

-- UUIDv7 for rows that SQL inserts; Python makes its own keys with the same layout (avenrae/ids.py).
CREATE FUNCTION new_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(us / 1000), 12, '0') || '7' || lpad(to_hex(us % 1000 * 4096 / 1000), 3, '0')
            || right(replace(gen_random_uuid()::text, '-', ''), 16))::uuid
    FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS us) t
$$;

-- Names compared as people read them: without case and accents.
CREATE FUNCTION f_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(public.unaccent('public.unaccent'::regdictionary, value))
$$;

-- A position as a point in metres around the middle of the earth: no seam at 180 degrees, no special pole.
CREATE FUNCTION geo_xyz(latitude float8, longitude float8) RETURNS cube LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN latitude IS NULL OR longitude IS NULL THEN NULL ELSE
        public.cube(ARRAY[
            6371008.8 * cosd(latitude) * cosd(longitude),
            6371008.8 * cosd(latitude) * sind(longitude),
            6371008.8 * sind(latitude)]) END
$$;

-- Lambert's formula for long lines on the WGS84 ellipsoid: within 0.002 % of the geodesic.
CREATE FUNCTION geo_distance_m(lat1 float8, lon1 float8, lat2 float8, lon2 float8) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN sigma < 1e-12 THEN 0
        ELSE 6378137.0 * (sigma - (1 / 298.257223563) / 2 * (
            (sigma - sin(sigma)) * (sin(p) * cos(q)) ^ 2 / greatest(cos(sigma / 2) ^ 2, 1e-12) +
            (sigma + sin(sigma)) * (cos(p) * sin(q)) ^ 2 / sin(sigma / 2) ^ 2)) END
    FROM (SELECT (b1 + b2) / 2 AS p, (b2 - b1) / 2 AS q,
                 2 * asin(least(1, sqrt(sin((b2 - b1) / 2) ^ 2 + cos(b1) * cos(b2) * sind((lon2 - lon1) / 2) ^ 2))) AS sigma
          FROM (SELECT atan2((1 - 1 / 298.257223563) * sind(lat1), cosd(lat1)) AS b1,
                       atan2((1 - 1 / 298.257223563) * sind(lat2), cosd(lat2)) AS b2) reduced) angles
$$;
