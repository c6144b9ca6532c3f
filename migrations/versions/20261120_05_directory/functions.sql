-- What tables stand on: positions on the ellipsoid, and the coarse ones that people outside the business see.

-- A position as a point in metres from the middle of the earth, on the WGS84 ellipsoid: the straight line between two
-- such points orders them as the geodesic does. No seam at 180 degrees, no special pole.
DROP INDEX IF EXISTS ix_practitioners_geo;
CREATE OR REPLACE FUNCTION geo_xyz(latitude float8, longitude float8) RETURNS cube LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN latitude IS NULL OR longitude IS NULL THEN NULL ELSE
        public.cube(ARRAY[
            6378137.0 * cos(atan2(0.996647189335253 * sind(latitude), cosd(latitude))) * cosd(longitude),
            6378137.0 * cos(atan2(0.996647189335253 * sind(latitude), cosd(latitude))) * sind(longitude),
            6356752.314245 * sin(atan2(0.996647189335253 * sind(latitude), cosd(latitude)))]) END
$$;

-- Within 0.01 % of the geodesic up to 19 900 km: up to 2 000 km the arc over the straight line (within 0.0042 %), and
-- beyond it Lambert's formula for long lines, which fails only where two points are almost opposite each other.
CREATE OR REPLACE FUNCTION geo_distance_m(lat1 float8, lon1 float8, lat2 float8, lon2 float8) RETURNS float8
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 20 AS $$
DECLARE
    flattening CONSTANT float8 := 1 / 298.257223563;
    chord float8 := public.cube_distance(public.geo_xyz(lat1, lon1), public.geo_xyz(lat2, lon2));
    b1 float8;
    b2 float8;
    h float8;
    l float8;
    sigma float8;
    p float8;
    q float8;
BEGIN
    IF chord <= 2000000 THEN
        RETURN 12734000 * asin(chord / 12734000);
    END IF;
    b1 := atan2((1 - flattening) * sind(lat1), cosd(lat1));
    b2 := atan2((1 - flattening) * sind(lat2), cosd(lat2));
    h := sin((b2 - b1) / 2);
    l := sind((lon2 - lon1) / 2);
    sigma := 2 * asin(least(1, sqrt(h * h + cos(b1) * cos(b2) * l * l)));
    p := sin((b1 + b2) / 2) * cos((b2 - b1) / 2);
    q := cos((b1 + b2) / 2) * h;
    RETURN 6378137.0 * (sigma - flattening / 2 * (
        (sigma - sin(sigma)) * p * p / greatest(cos(sigma / 2) ^ 2, 1e-12)
        + (sigma + sin(sigma)) * q * q / sin(sigma / 2) ^ 2));
END $$;

-- The middle of the cell that holds a position (R-DIR-03), on a grid of 0.0062 degrees (690 m, so that no point is
-- farther than 490 m from the middle) which the key shifts: always the same one, nothing to subtract or average away,
-- and neighbours do not fall onto one point.
CREATE FUNCTION geo_coarse_latitude(key uuid, latitude float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT greatest(-90.0, least(90.0,
        (floor(latitude / 0.0062::float8 + get_byte(uuid_send(key), 15) / 256.0::float8) + 0.5
         - get_byte(uuid_send(key), 15) / 256.0::float8) * 0.0062::float8))
    WHERE latitude IS NOT NULL
$$;

-- Cells are as wide as high on their side towards the equator, where they are widest.
CREATE FUNCTION geo_coarse_longitude(key uuid, latitude float8, longitude float8) RETURNS float8
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    phase float8 := get_byte(uuid_send(key), 14) / 256.0::float8;
    width float8 := 0.0062 / cosd(greatest(abs(public.geo_coarse_latitude(key, latitude)) - 0.0031, 0));
    middle float8 := (floor(longitude / width + phase) + 0.5 - phase) * width;
BEGIN
    RETURN CASE WHEN middle > 180 THEN middle - 360 WHEN middle < -180 THEN middle + 360 ELSE middle END;
END $$;
