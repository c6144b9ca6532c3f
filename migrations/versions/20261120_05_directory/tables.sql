-- What the models say.
ALTER TABLE practitioners
    ADD COLUMN verification_note TEXT DEFAULT '' NOT NULL,
    ADD COLUMN shown_latitude DOUBLE PRECISION GENERATED ALWAYS AS (geo_coarse_latitude(id, latitude)) STORED,
    ADD COLUMN shown_longitude DOUBLE PRECISION GENERATED ALWAYS AS (geo_coarse_longitude(id, latitude, longitude)) STORED;
CREATE INDEX ix_practitioners_geo ON practitioners USING gist (geo_xyz(latitude, longitude));
CREATE INDEX ix_practitioners_shown ON practitioners USING gist (geo_xyz(shown_latitude, shown_longitude));
CREATE INDEX ix_practitioners_specialties ON practitioners USING gin (specialties);
CREATE INDEX ix_practitioners_languages ON practitioners USING gin (languages);
CREATE INDEX ix_practitioners_rating ON practitioners (rating_average DESC NULLS LAST, id DESC);
CREATE INDEX ix_practitioners_price ON practitioners (currency, hourly_rate_minor, id);
CREATE INDEX ix_practitioners_bookings ON practitioners (booking_count, id);
CREATE INDEX ix_practitioners_newest ON practitioners (created_at, id);
CREATE INDEX ix_practitioners_search ON practitioners USING gin (search_folded gin_trgm_ops);

CREATE TABLE practitioner_documents (
    id UUID DEFAULT new_id() NOT NULL,
    practitioner_id UUID NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    issuer TEXT DEFAULT '' NOT NULL,
    number TEXT DEFAULT '' NOT NULL,
    issued_on DATE,
    expires_on DATE,
    file_name TEXT,
    media_type TEXT,
    size_bytes BIGINT,
    verdict TEXT DEFAULT 'waiting' NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    checked_at TIMESTAMP WITH TIME ZONE,
    checked_by UUID,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_practitioner_documents PRIMARY KEY (id),
    CONSTRAINT ck_practitioner_documents_kind CHECK (kind IN ('identity', 'certificate', 'insurance', 'police_clearance', 'other')),
    CONSTRAINT ck_practitioner_documents_verdict CHECK (verdict IN ('waiting', 'accepted', 'refused')),
    CONSTRAINT ck_practitioner_documents_title CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT ck_practitioner_documents_dates CHECK (issued_on <= expires_on),
    CONSTRAINT ck_practitioner_documents_file CHECK ((file_name IS NULL) = (media_type IS NULL) AND (file_name IS NULL) = (size_bytes IS NULL)),
    CONSTRAINT ck_practitioner_documents_media CHECK (media_type IN ('application/pdf', 'image/png', 'image/jpeg')),
    CONSTRAINT ck_practitioner_documents_checked CHECK ((verdict = 'waiting') = (checked_at IS NULL)),
    CONSTRAINT fk_practitioner_documents_practitioner_id FOREIGN KEY(practitioner_id) REFERENCES practitioners (id) ON DELETE CASCADE,
    CONSTRAINT fk_practitioner_documents_checked_by FOREIGN KEY(checked_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_practitioner_documents_practitioner_id ON practitioner_documents (practitioner_id);
CREATE INDEX ix_practitioner_documents_expiry ON practitioner_documents (expires_on) WHERE verdict = 'accepted';
CREATE INDEX ix_practitioner_documents_waiting ON practitioner_documents (practitioner_id) WHERE verdict = 'waiting';

CREATE TABLE document_files (
    document_id UUID NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_document_files PRIMARY KEY (document_id),
    CONSTRAINT ck_document_files_size CHECK (octet_length(content) BETWEEN 1 AND 5242880),
    CONSTRAINT fk_document_files_document_id FOREIGN KEY(document_id) REFERENCES practitioner_documents (id) ON DELETE CASCADE
);

-- What profiles said of certificates becomes documents that wait to be checked.
INSERT INTO practitioner_documents (practitioner_id, kind, title, issuer, issued_on, expires_on)
SELECT p.id, 'certificate', left(c->>'name', 200), coalesce(c->>'issuer', ''), issued, greatest(issued, expires)
FROM practitioners p, jsonb_array_elements(p.certifications) c,
     LATERAL (SELECT CASE WHEN c->>'issued_on' ~ '^\d{4}-\d\d-\d\d$' THEN (c->>'issued_on')::date END AS issued,
                     CASE WHEN c->>'expires_on' ~ '^\d{4}-\d\d-\d\d$' THEN (c->>'expires_on')::date END AS expires) dates
WHERE coalesce(c->>'name', '') <> '';
ALTER TABLE practitioners DROP COLUMN certifications;

ALTER TABLE notifications
    DROP CONSTRAINT ck_notifications_kind,
    ADD CONSTRAINT ck_notifications_kind CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list', 'profile'));
ALTER TABLE outbox
    DROP CONSTRAINT ck_outbox_kind,
    ADD CONSTRAINT ck_outbox_kind CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list', 'profile'));

CREATE TABLE places (
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    region TEXT NOT NULL,
    country_code TEXT NOT NULL,
    latitude DOUBLE PRECISION NOT NULL,
    longitude DOUBLE PRECISION NOT NULL,
    time_zone TEXT NOT NULL,
    population BIGINT NOT NULL,
    CONSTRAINT pk_places PRIMARY KEY (id)
);

CREATE TABLE place_names (
    place_id BIGINT NOT NULL,
    folded TEXT NOT NULL,
    CONSTRAINT pk_place_names PRIMARY KEY (place_id, folded),
    CONSTRAINT fk_place_names_place_id FOREIGN KEY(place_id) REFERENCES places (id) ON DELETE CASCADE
);
CREATE INDEX ix_place_names_prefix ON place_names (folded COLLATE "C");
CREATE INDEX ix_place_names_letters ON place_names USING gin (folded gin_trgm_ops);

CREATE TABLE geocoded (
    question TEXT NOT NULL,
    found JSONB NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_geocoded PRIMARY KEY (question)
);

CREATE TABLE geocoder_turns (
    geocoder TEXT NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_geocoder_turns PRIMARY KEY (geocoder)
);
