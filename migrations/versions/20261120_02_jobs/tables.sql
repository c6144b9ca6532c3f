ALTER TABLE bookings ADD COLUMN moved_at TIMESTAMP WITH TIME ZONE;

CREATE TABLE notifications (
    id UUID DEFAULT new_id() NOT NULL,
    user_id UUID NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    screen TEXT NOT NULL,
    record_id UUID,
    read_at TIMESTAMP WITH TIME ZONE,
    once TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_notifications PRIMARY KEY (id),
    CONSTRAINT ck_notifications_kind CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list')),
    CONSTRAINT fk_notifications_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_notifications_once ON notifications (once, user_id);

CREATE INDEX ix_notifications_unread ON notifications (user_id) WHERE read_at IS NULL;

CREATE INDEX ix_notifications_user ON notifications (user_id, (read_at IS NULL) DESC, created_at DESC, id DESC);

CREATE TABLE outbox (
    id UUID DEFAULT new_id() NOT NULL,
    user_id UUID NOT NULL,
    to_address TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    status TEXT DEFAULT 'waiting' NOT NULL,
    attempts BIGINT DEFAULT 0 NOT NULL,
    error TEXT DEFAULT '' NOT NULL,
    handed_over_at TIMESTAMP WITH TIME ZONE,
    sent_at TIMESTAMP WITH TIME ZONE,
    once TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT ck_outbox_kind CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list')),
    CONSTRAINT ck_outbox_status CHECK (status IN ('waiting', 'sent', 'kept', 'failed')),
    CONSTRAINT ck_outbox_sent CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT fk_outbox_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX ix_outbox_user_id ON outbox (user_id);

CREATE UNIQUE INDEX uq_outbox_once ON outbox (once, user_id);

CREATE INDEX ix_outbox_unsent ON outbox (status, created_at) WHERE status <> 'sent';
