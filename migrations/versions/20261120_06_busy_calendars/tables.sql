-- What the models say.

CREATE TABLE busy_calendars (
    id UUID DEFAULT new_id() NOT NULL,
    practitioner_id UUID NOT NULL,
    name TEXT NOT NULL,
    secret_url TEXT,
    is_active BOOLEAN DEFAULT true NOT NULL,
    content_hash TEXT DEFAULT '' NOT NULL,
    left_out TEXT DEFAULT '' NOT NULL,
    last_read_at TIMESTAMP WITH TIME ZONE,
    last_error TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_busy_calendars PRIMARY KEY (id),
    CONSTRAINT ck_busy_calendars_name CHECK (length(name) BETWEEN 1 AND 60),
    CONSTRAINT fk_busy_calendars_practitioner_id FOREIGN KEY(practitioner_id) REFERENCES practitioners (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_busy_calendars_name ON busy_calendars (practitioner_id, name);
CREATE INDEX ix_busy_calendars_due ON busy_calendars (last_read_at, id) WHERE secret_url IS NOT NULL AND is_active;

CREATE TABLE busy_times (
    busy_calendar_id UUID NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_busy_times PRIMARY KEY (busy_calendar_id, starts_at),
    CONSTRAINT ck_busy_times_times CHECK (starts_at < ends_at),
    CONSTRAINT fk_busy_times_busy_calendar_id FOREIGN KEY(busy_calendar_id) REFERENCES busy_calendars (id) ON DELETE CASCADE
);
