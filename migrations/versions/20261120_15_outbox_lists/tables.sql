-- What the lists of mails, and of what a person was told, are sorted and found by.
DROP INDEX ix_outbox_unsent;
DROP INDEX ix_outbox_user_id;
CREATE INDEX ix_outbox_written ON outbox (created_at, id);
CREATE INDEX ix_outbox_status ON outbox (status, created_at, id);
CREATE INDEX ix_outbox_kind ON outbox (kind, created_at, id);
CREATE INDEX ix_outbox_user ON outbox (user_id, created_at, id);
CREATE INDEX ix_outbox_address ON outbox (lower(to_address), id);
CREATE INDEX ix_notifications_told ON notifications (user_id, created_at, id);
