-- Back to where it was.
DROP FUNCTION find_practitioners_near(float8, float8, float8, text, integer);
DROP FUNCTION near_by_cube(float8, float8, float8, text, integer, boolean);
DROP INDEX IF EXISTS ix_practitioners_geography;
DO $do$
BEGIN
    IF EXISTS (SELECT FROM pg_namespace WHERE nspname = 'avenrae_postgis') THEN
        DROP EXTENSION postgis;
        DROP SCHEMA avenrae_postgis;
    END IF;
END $do$;
DROP TABLE geocoder_turns, geocoded, place_names, places;
ALTER TABLE practitioners ADD COLUMN certifications JSONB DEFAULT '[]' NOT NULL;
UPDATE practitioners p SET certifications = d.said
FROM (SELECT practitioner_id, jsonb_agg(jsonb_build_object('name', title, 'issuer', issuer, 'issued_on', issued_on,
                                                           'expires_on', expires_on) ORDER BY id) AS said
      FROM practitioner_documents WHERE kind = 'certificate' GROUP BY 1) d
WHERE d.practitioner_id = p.id;
DELETE FROM notifications WHERE kind = 'profile';
DELETE FROM outbox WHERE kind = 'profile';
ALTER TABLE notifications
    DROP CONSTRAINT ck_notifications_kind,
    ADD CONSTRAINT ck_notifications_kind CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list'));
ALTER TABLE outbox
    DROP CONSTRAINT ck_outbox_kind,
    ADD CONSTRAINT ck_outbox_kind CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list'));
DROP TABLE document_files, practitioner_documents;
DROP INDEX ix_practitioners_search, ix_practitioners_newest, ix_practitioners_bookings, ix_practitioners_price, ix_practitioners_rating,
    ix_practitioners_languages, ix_practitioners_specialties, ix_practitioners_shown, ix_practitioners_geo;
ALTER TABLE practitioners DROP COLUMN shown_longitude, DROP COLUMN shown_latitude, DROP COLUMN verification_note;
DROP FUNCTION geo_coarse_longitude(uuid, float8, float8), geo_coarse_latitude(uuid, float8);
CREATE OR REPLACE FUNCTION geo_xyz(latitude float8, longitude float8) RETURNS cube LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN latitude IS NULL OR longitude IS NULL THEN NULL ELSE
        public.cube(ARRAY[
            6371008.8 * cosd(latitude) * cosd(longitude),
            6371008.8 * cosd(latitude) * sind(longitude),
            6371008.8 * sind(latitude)]) END
$$;
CREATE INDEX ix_practitioners_geo ON practitioners USING gist (geo_xyz(latitude, longitude));
CREATE OR REPLACE FUNCTION geo_distance_m(lat1 float8, lon1 float8, lat2 float8, lon2 float8) RETURNS float8
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
CREATE FUNCTION find_practitioners_near(lat float8, lon float8, radius_km float8, of_kind text DEFAULT NULL)
RETURNS TABLE (practitioner_id uuid, distance_m float8) LANGUAGE sql STABLE AS $$
    SELECT p.id, geo_distance_m(lat, lon, p.latitude, p.longitude)
    FROM practitioners p
    WHERE geo_xyz(p.latitude, p.longitude) <@ cube_enlarge(geo_xyz(lat, lon), radius_km * 1000 * 1.006, 3)
      AND geo_distance_m(lat, lon, p.latitude, p.longitude) <= radius_km * 1000
      AND (of_kind IS NULL OR p.kind = of_kind)
$$;
