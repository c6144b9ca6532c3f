DROP INDEX ix_notifications_told;
DROP INDEX ix_outbox_address;
DROP INDEX ix_outbox_user;
DROP INDEX ix_outbox_kind;
DROP INDEX ix_outbox_status;
DROP INDEX ix_outbox_written;
CREATE INDEX ix_outbox_user_id ON outbox (user_id);
CREATE INDEX ix_outbox_unsent ON outbox (status, created_at) WHERE status <> 'sent';
