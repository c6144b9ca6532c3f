DROP TABLE incoming_mails;
ALTER TABLE outbox DROP COLUMN reply_to;
