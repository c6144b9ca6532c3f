DELETE FROM notifications WHERE kind IN ('message', 'security') OR NOT is_shown;
DELETE FROM outbox WHERE kind IN ('message', 'security');
DROP INDEX ix_notifications_record;
DROP INDEX ix_notifications_unread;
DROP INDEX ix_notifications_user;
ALTER TABLE notifications
    DROP COLUMN event,
    DROP COLUMN is_shown,
    DROP COLUMN route,
    DROP COLUMN due_at,
    DROP COLUMN mail_id;
CREATE INDEX ix_notifications_unread ON notifications (user_id) WHERE read_at IS NULL;
CREATE INDEX ix_notifications_user ON notifications (user_id, (read_at IS NULL) DESC, created_at DESC, id DESC);
ALTER TABLE notifications DROP CONSTRAINT ck_notifications_kind, ADD CONSTRAINT ck_notifications_kind
    CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list', 'profile', 'order', 'ticket', 'refund'));
ALTER TABLE outbox DROP CONSTRAINT ck_outbox_kind, ADD CONSTRAINT ck_outbox_kind
    CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list', 'profile', 'order', 'ticket', 'refund'));
