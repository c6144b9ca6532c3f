DROP INDEX ix_conversations_practitioner_user_id;
CREATE INDEX ix_conversations_client ON conversations (client_user_id, last_message_at, id);
CREATE INDEX ix_conversations_practitioner ON conversations (practitioner_user_id, last_message_at, id);
ALTER TABLE conversation_members ADD COLUMN seen_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE messages
    ADD COLUMN ticket_id UUID,
    ADD COLUMN decided_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN decision_reason TEXT;
-- Of what was reported before, no ticket is known.
UPDATE messages SET reported_at = NULL, report_reason = NULL WHERE reported_at IS NOT NULL;
UPDATE messages SET decided_at = hidden_at, decision_reason = hidden_reason WHERE hidden_at IS NOT NULL;
ALTER TABLE messages
    DROP CONSTRAINT ck_messages_hidden,
    DROP COLUMN hidden_reason,
    ADD CONSTRAINT ck_messages_reported_in CHECK ((reported_at IS NULL) = (ticket_id IS NULL)),
    ADD CONSTRAINT ck_messages_decided CHECK ((decided_at IS NULL) = (decision_reason IS NULL)),
    ADD CONSTRAINT ck_messages_hidden CHECK (hidden_at IS NULL OR decided_at IS NOT NULL),
    ADD CONSTRAINT ck_messages_reasons CHECK (length(report_reason) BETWEEN 1 AND 2000 AND length(decision_reason) BETWEEN 1 AND 2000),
    ADD CONSTRAINT uq_messages_ticket_id UNIQUE (ticket_id),
    ADD CONSTRAINT fk_messages_ticket_id FOREIGN KEY(ticket_id) REFERENCES tickets (id) ON DELETE RESTRICT;
CREATE INDEX ix_messages_undecided ON messages (reported_at, id) WHERE reported_at IS NOT NULL AND decided_at IS NULL;
DROP INDEX ix_conversation_readings_conversation_id;
CREATE INDEX ix_conversation_readings_conversation ON conversation_readings (conversation_id, read_at, id);
