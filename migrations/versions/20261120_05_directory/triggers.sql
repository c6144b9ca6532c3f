-- What the database keeps true by itself, and the search around a point.
SELECT keep_history('practitioner_documents');

-- The nearest first, from the index: of the `lim` nearest twice as many by the straight line, then the distance decides.
-- `coarse` measures to the positions that people outside the business see.
CREATE FUNCTION near_by_cube(lat float8, lon float8, radius_km float8, of_kind text DEFAULT NULL, lim integer DEFAULT NULL,
                             coarse boolean DEFAULT false)
RETURNS TABLE (practitioner_id uuid, distance_m float8) LANGUAGE plpgsql STABLE ROWS 200 AS $$
DECLARE
    here cube := geo_xyz(lat, lon);
    box cube := cube_enlarge(geo_xyz(lat, lon), radius_km * 1000 + 1, 3);
BEGIN
    IF coarse THEN
        RETURN QUERY
        SELECT m.id, m.metres FROM (
            SELECT c.id, CASE WHEN c.chord <= 2000000 THEN 12734000 * asin(c.chord / 12734000)
                         ELSE geo_distance_m(lat, lon, c.shown_latitude, c.shown_longitude) END AS metres
            FROM (SELECT p.id, p.shown_latitude, p.shown_longitude,
                         geo_xyz(p.shown_latitude, p.shown_longitude) <-> here AS chord
                  FROM practitioners p
                  WHERE geo_xyz(p.shown_latitude, p.shown_longitude) <@ box AND (of_kind IS NULL OR p.kind = of_kind)
                  ORDER BY geo_xyz(p.shown_latitude, p.shown_longitude) <-> here LIMIT 2 * lim) c) m
        WHERE m.metres <= radius_km * 1000 ORDER BY m.metres, m.id LIMIT lim;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT m.id, m.metres FROM (
        SELECT c.id, CASE WHEN c.chord <= 2000000 THEN 12734000 * asin(c.chord / 12734000)
                     ELSE geo_distance_m(lat, lon, c.latitude, c.longitude) END AS metres
        FROM (SELECT p.id, p.latitude, p.longitude, geo_xyz(p.latitude, p.longitude) <-> here AS chord
              FROM practitioners p
              WHERE geo_xyz(p.latitude, p.longitude) <@ box AND (of_kind IS NULL OR p.kind = of_kind)
              ORDER BY geo_xyz(p.latitude, p.longitude) <-> here LIMIT 2 * lim) c) m
    WHERE m.metres <= radius_km * 1000 ORDER BY m.metres, m.id LIMIT lim;
END $$;

-- Practitioners within a radius with their distances in metres, nearest first: all, or the `lim` nearest. The body is
-- PostGIS's where the server has it and lets us, else the above; the table has plain columns in both.
DROP FUNCTION find_practitioners_near(float8, float8, float8, text);
DO $do$
DECLARE
    home text := (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
                  WHERE e.extname = 'postgis');
BEGIN
    IF home IS NULL AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'postgis') THEN
        BEGIN
            CREATE SCHEMA avenrae_postgis;
            CREATE EXTENSION postgis SCHEMA avenrae_postgis;
            home := 'avenrae_postgis';
        EXCEPTION WHEN OTHERS THEN
            RAISE NOTICE 'PostGIS is there but not for us (%); the search around a point works without it', SQLERRM;
        END;
    END IF;
    IF home IS NULL THEN
        CREATE FUNCTION find_practitioners_near(lat float8, lon float8, radius_km float8, of_kind text DEFAULT NULL,
                                                lim integer DEFAULT NULL)
        RETURNS TABLE (practitioner_id uuid, distance_m float8) LANGUAGE sql STABLE AS $$
            SELECT practitioner_id, distance_m FROM near_by_cube(lat, lon, radius_km, of_kind, lim)
        $$;
        RETURN;
    END IF;
    EXECUTE format($index$
        CREATE INDEX ix_practitioners_geography ON practitioners USING gist
            (%1$I.geography(%1$I.st_setsrid(%1$I.st_makepoint(longitude, latitude), 4326)))
    $index$, home);
    -- Its index orders by the distance on a sphere, so the `lim` nearest are taken from all that are as near as the
    -- farthest of those by the ellipsoid.
    EXECUTE format($function$
        CREATE FUNCTION find_practitioners_near(lat float8, lon float8, radius_km float8, of_kind text DEFAULT NULL,
                                                lim integer DEFAULT NULL)
        RETURNS TABLE (practitioner_id uuid, distance_m float8) LANGUAGE plpgsql STABLE ROWS 200 AS $$
        DECLARE
            here %1$I.geography := %1$I.geography(%1$I.st_setsrid(%1$I.st_makepoint(lon, lat), 4326));
            reach float8 := radius_km * 1000;
        BEGIN
            IF lim IS NOT NULL THEN
                SELECT least(reach, max(%1$I.st_distance(n.there, here)) + 0.01) INTO reach FROM (
                    SELECT g.there FROM practitioners p,
                           LATERAL (SELECT %1$I.geography(%1$I.st_setsrid(%1$I.st_makepoint(p.longitude, p.latitude), 4326)) AS there) g
                    WHERE %1$I.st_dwithin(g.there, here, radius_km * 1000) AND (of_kind IS NULL OR p.kind = of_kind)
                    ORDER BY g.there OPERATOR(%1$I.<->) here LIMIT lim) n;
            END IF;
            RETURN QUERY
            SELECT p.id, %1$I.st_distance(g.there, here) FROM practitioners p,
                   LATERAL (SELECT %1$I.geography(%1$I.st_setsrid(%1$I.st_makepoint(p.longitude, p.latitude), 4326)) AS there) g
            WHERE %1$I.st_dwithin(g.there, here, reach) AND (of_kind IS NULL OR p.kind = of_kind)
            ORDER BY 2, 1 LIMIT lim;
        END $$
    $function$, home);
END $do$;
