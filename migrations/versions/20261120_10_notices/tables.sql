ALTER TABLE notifications
    ADD COLUMN event TEXT DEFAULT '' NOT NULL,
    ADD COLUMN is_shown BOOLEAN DEFAULT true NOT NULL,
    ADD COLUMN route TEXT DEFAULT 'now' NOT NULL,
    ADD COLUMN due_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN mail_id UUID,
    ADD CONSTRAINT ck_notifications_route CHECK (route IN ('now', 'held', 'digest', 'off', 'no_address')),
    ADD CONSTRAINT ck_notifications_due CHECK ((route IN ('held', 'digest')) = (due_at IS NOT NULL)),
    ADD CONSTRAINT fk_notifications_mail_id FOREIGN KEY(mail_id) REFERENCES outbox (id) ON DELETE SET NULL;
-- Both rows have had the same key until now.
UPDATE notifications n SET mail_id = m.id FROM outbox m WHERE m.once = n.once AND m.user_id = n.user_id;
CREATE INDEX ix_notifications_mail_id ON notifications (mail_id);
CREATE INDEX ix_notifications_record ON notifications (record_id, created_at);
DROP INDEX ix_notifications_unread;
CREATE INDEX ix_notifications_unread ON notifications (user_id) WHERE read_at IS NULL AND is_shown;
DROP INDEX ix_notifications_user;
CREATE INDEX ix_notifications_user ON notifications (user_id, (read_at IS NULL) DESC, created_at DESC, id DESC) WHERE is_shown;
ALTER TABLE notifications DROP CONSTRAINT ck_notifications_kind, ADD CONSTRAINT ck_notifications_kind
    CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list', 'profile', 'order', 'ticket', 'refund', 'message', 'security'));
ALTER TABLE outbox DROP CONSTRAINT ck_outbox_kind, ADD CONSTRAINT ck_outbox_kind
    CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list', 'profile', 'order', 'ticket', 'refund', 'message', 'security'));
