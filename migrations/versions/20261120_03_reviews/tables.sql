-- Until now a review was a client's, and was shown at once; a flag took it down.
ALTER TABLE reviews ADD COLUMN written_by TEXT DEFAULT 'client' NOT NULL;
ALTER TABLE reviews ALTER COLUMN written_by DROP DEFAULT;
ALTER TABLE reviews ADD COLUMN due_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE reviews ADD COLUMN published_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE reviews ADD COLUMN responded_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE reviews ADD COLUMN flagged_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE reviews ADD COLUMN flagged_by UUID;
ALTER TABLE reviews ADD COLUMN flag_reason TEXT;
ALTER TABLE reviews ADD COLUMN moderated_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE reviews ADD COLUMN moderation_reason TEXT;

UPDATE reviews SET due_at = created_at, published_at = created_at,
    comment = left(comment, 2000), response = left(response, 2000),
    responded_at = CASE WHEN response IS NOT NULL THEN updated_at END,
    flagged_at = CASE WHEN status = 'flagged' THEN updated_at END,
    flag_reason = CASE WHEN status = 'flagged' THEN 'Flagged before reasons were kept' END,
    moderated_at = CASE WHEN status = 'hidden' THEN updated_at END,
    moderation_reason = CASE WHEN status = 'hidden' THEN 'Hidden before reasons were kept' END;
UPDATE reviews SET status = 'published' WHERE status = 'flagged';

ALTER TABLE reviews ALTER COLUMN due_at SET NOT NULL;
ALTER TABLE reviews ALTER COLUMN status SET DEFAULT 'waiting';
ALTER TABLE reviews DROP CONSTRAINT ck_reviews_status;
ALTER TABLE reviews DROP CONSTRAINT uq_reviews_booking_id;
ALTER TABLE reviews
    ADD CONSTRAINT ck_reviews_status CHECK (status IN ('waiting', 'published', 'hidden')),
    ADD CONSTRAINT ck_reviews_written_by CHECK (written_by IN ('client', 'practitioner')),
    ADD CONSTRAINT ck_reviews_texts CHECK (length(comment) <= 2000 AND length(response) <= 2000),
    ADD CONSTRAINT ck_reviews_response CHECK ((response IS NULL) = (responded_at IS NULL)),
    ADD CONSTRAINT ck_reviews_published CHECK ((status = 'waiting') = (published_at IS NULL)),
    ADD CONSTRAINT ck_reviews_flag CHECK ((flagged_at IS NULL) = (flag_reason IS NULL)),
    ADD CONSTRAINT ck_reviews_moderation CHECK ((moderated_at IS NULL) = (moderation_reason IS NULL) AND (status <> 'hidden' OR moderated_at IS NOT NULL)),
    ADD CONSTRAINT uq_reviews_booking_id_written_by UNIQUE (booking_id, written_by),
    ADD CONSTRAINT fk_reviews_flagged_by FOREIGN KEY(flagged_by) REFERENCES users (id) ON DELETE RESTRICT;

DROP INDEX ix_reviews_practitioner;
DROP INDEX ix_reviews_client_id;
CREATE INDEX ix_reviews_practitioner ON reviews (practitioner_id, created_at, id);
CREATE INDEX ix_reviews_client ON reviews (client_id, created_at, id);
CREATE INDEX ix_reviews_written ON reviews (created_at, id);
CREATE INDEX ix_reviews_status ON reviews (status, created_at, id);
CREATE INDEX ix_reviews_rating ON reviews (rating, id);
CREATE INDEX ix_reviews_due ON reviews (due_at) WHERE status = 'waiting';
CREATE INDEX ix_reviews_flagged ON reviews (created_at, id) WHERE status = 'published' AND flagged_at IS NOT NULL AND (moderated_at IS NULL OR moderated_at < flagged_at);
