DROP TABLE notice_preferences;
DROP INDEX ix_notifications_old;
DROP INDEX ix_notifications_due;
DROP INDEX ix_notifications_waiting;
ALTER TABLE notifications
    DROP CONSTRAINT ck_notifications_security,
    DROP CONSTRAINT ck_notifications_no_digest,
    DROP COLUMN reply_to,
    DROP COLUMN useless_at;
DELETE FROM outbox WHERE kind = 'digest';
ALTER TABLE notifications DROP CONSTRAINT ck_notifications_kind, ADD CONSTRAINT ck_notifications_kind
    CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list', 'profile', 'order', 'ticket', 'refund', 'message', 'security'));
ALTER TABLE outbox DROP CONSTRAINT ck_outbox_kind, ADD CONSTRAINT ck_outbox_kind
    CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list', 'profile', 'order', 'ticket', 'refund', 'message', 'security'));
ALTER TABLE users
    DROP COLUMN quiet_from,
    DROP COLUMN quiet_until,
    DROP COLUMN digest_hour;
