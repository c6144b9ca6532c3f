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

-- The words of a list in one text, for columns that are computed (array_to_string is not marked immutable).
CREATE FUNCTION f_words(list text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_to_string(list, ' ')
$$;

-- A position as a point in metres around the middle of the earth: no seam at 180 degrees, no special pole.
CREATE FUNCTION geo_xyz(latitude float8, longitude float8) RETURNS cube LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN latitude IS NULL OR longitude IS NULL THEN NULL ELSE
        public.cube(ARRAY[
            6371008.8 * cosd(latitude) * cosd(longitude),
            6371008.8 * cosd(latitude) * sind(longitude),
            6371008.8 * sind(latitude)]) END
$$;

-- Lambert's formula for long lines on the WGS84 ellipsoid: within 0.01 % of the geodesic. In plpgsql, because a
-- function in SQL with steps in between is not inlined and costs twenty times as much a call.
CREATE FUNCTION geo_distance_m(lat1 float8, lon1 float8, lat2 float8, lon2 float8) RETURNS float8
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 20 AS $$
DECLARE
    flattening CONSTANT float8 := 1 / 298.257223563;
    b1 float8 := atan2((1 - flattening) * sind(lat1), cosd(lat1));
    b2 float8 := atan2((1 - flattening) * sind(lat2), cosd(lat2));
    h float8 := sin((b2 - b1) / 2);
    l float8 := sind((lon2 - lon1) / 2);
    sigma float8 := 2 * asin(least(1, sqrt(h * h + cos(b1) * cos(b2) * l * l)));
    p float8;
    q float8;
BEGIN
    IF sigma < 1e-12 THEN
        RETURN 0;
    END IF;
    p := sin((b1 + b2) / 2) * cos((b2 - b1) / 2);
    q := cos((b1 + b2) / 2) * h;
    RETURN 6378137.0 * (sigma - flattening / 2 * (
        (sigma - sin(sigma)) * p * p / greatest(cos(sigma / 2) ^ 2, 1e-12)
        + (sigma + sin(sigma)) * q * q / sin(sigma / 2) ^ 2));
END $$;
