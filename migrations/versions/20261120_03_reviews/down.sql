-- Back to reviews of clients alone. What is kept back stays unread: it is hidden; an open flag hides again.
DELETE FROM reviews WHERE written_by = 'practitioner';

DROP TRIGGER rated_insert ON reviews;
DROP TRIGGER rated_update ON reviews;
DROP TRIGGER rated_delete ON reviews;
DROP FUNCTION reviews_rated();

CREATE FUNCTION reviews_rated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subject uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.practitioner_id ELSE NEW.practitioner_id END;
BEGIN
    PERFORM 1 FROM practitioners WHERE id = subject FOR NO KEY UPDATE;
    UPDATE practitioners p SET rating_average = r.mean, rating_count = r.n
    FROM (SELECT round(avg(rating), 3) AS mean, count(*) AS n FROM reviews
          WHERE practitioner_id = subject AND status = 'published') r
    WHERE p.id = subject;
    RETURN NULL;
END $$;

CREATE TRIGGER rated AFTER INSERT OR DELETE OR UPDATE OF rating, status ON reviews
    FOR EACH ROW EXECUTE FUNCTION reviews_rated();

ALTER TABLE reviews DROP CONSTRAINT ck_reviews_status;
ALTER TABLE reviews DROP CONSTRAINT ck_reviews_written_by;
ALTER TABLE reviews DROP CONSTRAINT ck_reviews_texts;
ALTER TABLE reviews DROP CONSTRAINT ck_reviews_response;
ALTER TABLE reviews DROP CONSTRAINT ck_reviews_published;
ALTER TABLE reviews DROP CONSTRAINT ck_reviews_flag;
ALTER TABLE reviews DROP CONSTRAINT ck_reviews_moderation;
ALTER TABLE reviews DROP CONSTRAINT uq_reviews_booking_id_written_by;

UPDATE reviews SET status = CASE WHEN status = 'waiting' THEN 'hidden' ELSE 'flagged' END
WHERE status = 'waiting'
   OR status = 'published' AND flagged_at IS NOT NULL AND (moderated_at IS NULL OR moderated_at < flagged_at);

DROP INDEX ix_reviews_practitioner;
DROP INDEX ix_reviews_client;
DROP INDEX ix_reviews_written;
DROP INDEX ix_reviews_status;
DROP INDEX ix_reviews_rating;
DROP INDEX ix_reviews_due;
DROP INDEX ix_reviews_flagged;
ALTER TABLE reviews
    DROP COLUMN written_by, DROP COLUMN due_at, DROP COLUMN published_at, DROP COLUMN responded_at,
    DROP COLUMN flagged_at, DROP COLUMN flagged_by, DROP COLUMN flag_reason,
    DROP COLUMN moderated_at, DROP COLUMN moderation_reason;
ALTER TABLE reviews ALTER COLUMN status SET DEFAULT 'published';
ALTER TABLE reviews
    ADD CONSTRAINT ck_reviews_status CHECK (status IN ('published', 'hidden', 'flagged')),
    ADD CONSTRAINT uq_reviews_booking_id UNIQUE (booking_id);
CREATE INDEX ix_reviews_practitioner ON reviews (practitioner_id, created_at);
CREATE INDEX ix_reviews_client_id ON reviews (client_id);
