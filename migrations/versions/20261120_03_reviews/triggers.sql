-- A practitioner's rating is the mean of what clients wrote and everybody may read, at every moment and whatever
-- changes it: for each statement, the practitioners of whom a counting (rating) came or went are reckoned anew. Their
-- locks come first, in one order, so that the mean is taken from what is committed, not from before the wait.
DROP TRIGGER rated ON reviews;
DROP FUNCTION reviews_rated();

CREATE FUNCTION reviews_rated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subjects uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT practitioner_id) INTO subjects FROM rows_added
        WHERE written_by = 'client' AND status = 'published';
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(DISTINCT practitioner_id) INTO subjects FROM rows_removed
        WHERE written_by = 'client' AND status = 'published';
    ELSE
        WITH counted AS (
            SELECT practitioner_id, rating FROM rows_removed WHERE written_by = 'client' AND status = 'published'
        ), counting AS (
            SELECT practitioner_id, rating FROM rows_added WHERE written_by = 'client' AND status = 'published'
        )
        SELECT array_agg(DISTINCT practitioner_id) INTO subjects
        FROM ((TABLE counted EXCEPT ALL TABLE counting) UNION ALL (TABLE counting EXCEPT ALL TABLE counted)) moved;
    END IF;
    IF subjects IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM 1 FROM practitioners WHERE id = ANY (subjects) ORDER BY id FOR NO KEY UPDATE;
    UPDATE practitioners p SET rating_average = r.mean, rating_count = coalesce(r.n, 0)
    FROM unnest(subjects) AS s(id) LEFT JOIN (
        SELECT practitioner_id, round(avg(rating), 3) AS mean, count(*) AS n FROM reviews
        WHERE practitioner_id = ANY (subjects) AND written_by = 'client' AND status = 'published' GROUP BY 1) r
        ON r.practitioner_id = s.id
    WHERE p.id = s.id;
    RETURN NULL;
END $$;

CREATE TRIGGER rated_insert AFTER INSERT ON reviews REFERENCING NEW TABLE AS rows_added
    FOR EACH STATEMENT EXECUTE FUNCTION reviews_rated();
CREATE TRIGGER rated_update AFTER UPDATE ON reviews REFERENCING OLD TABLE AS rows_removed NEW TABLE AS rows_added
    FOR EACH STATEMENT EXECUTE FUNCTION reviews_rated();
CREATE TRIGGER rated_delete AFTER DELETE ON reviews REFERENCING OLD TABLE AS rows_removed
    FOR EACH STATEMENT EXECUTE FUNCTION reviews_rated();
