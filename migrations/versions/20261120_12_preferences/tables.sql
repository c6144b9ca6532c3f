ALTER TABLE users
    ADD COLUMN quiet_from TIME WITHOUT TIME ZONE,
    ADD COLUMN quiet_until TIME WITHOUT TIME ZONE,
    ADD COLUMN digest_hour BIGINT DEFAULT 8 NOT NULL,
    ADD CONSTRAINT ck_users_quiet CHECK ((quiet_from IS NULL) = (quiet_until IS NULL) AND quiet_from <> quiet_until),
    ADD CONSTRAINT ck_users_quiet_length
        CHECK (mod(extract(epoch FROM quiet_until - quiet_from)::integer + 86400, 86400) <= 72000),
    ADD CONSTRAINT ck_users_digest_hour CHECK (digest_hour BETWEEN 0 AND 23);

ALTER TABLE notifications DROP CONSTRAINT ck_notifications_kind, ADD CONSTRAINT ck_notifications_kind
    CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list', 'profile', 'order', 'ticket', 'refund', 'message', 'security', 'digest'));
ALTER TABLE outbox DROP CONSTRAINT ck_outbox_kind, ADD CONSTRAINT ck_outbox_kind
    CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list', 'profile', 'order', 'ticket', 'refund', 'message', 'security', 'digest'));
ALTER TABLE notifications
    ADD COLUMN reply_to TEXT DEFAULT '' NOT NULL,
    ADD COLUMN useless_at TIMESTAMP WITH TIME ZONE,
    ADD CONSTRAINT ck_notifications_security CHECK (kind <> 'security' OR (is_shown AND route IN ('now', 'no_address'))),
    ADD CONSTRAINT ck_notifications_no_digest CHECK (kind <> 'digest');
CREATE INDEX ix_notifications_waiting ON notifications (user_id, due_at) WHERE due_at IS NOT NULL AND mail_id IS NULL AND (route = 'held' OR read_at IS NULL);
CREATE INDEX ix_notifications_due ON notifications (due_at, user_id) WHERE due_at IS NOT NULL AND mail_id IS NULL AND (route = 'held' OR read_at IS NULL);
CREATE INDEX ix_notifications_old ON notifications (created_at) WHERE read_at IS NOT NULL OR NOT is_shown;

CREATE TABLE notice_preferences (
    id UUID DEFAULT new_id() NOT NULL,
    user_id UUID NOT NULL,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    choice TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_notice_preferences PRIMARY KEY (id),
    CONSTRAINT ck_notice_preferences_kind CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list', 'profile', 'order', 'ticket', 'refund', 'message', 'security', 'digest')),
    CONSTRAINT ck_notice_preferences_choosable CHECK (kind NOT IN ('security', 'digest')),
    CONSTRAINT ck_notice_preferences_channel CHECK (channel IN ('console', 'email')),
    CONSTRAINT ck_notice_preferences_choice CHECK (CASE channel WHEN 'console' THEN choice IN ('on', 'off') ELSE choice IN ('now', 'digest', 'off') END),
    CONSTRAINT fk_notice_preferences_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_notice_preferences_one ON notice_preferences (user_id, kind, channel);
