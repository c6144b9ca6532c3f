DROP INDEX ix_conversation_readings_conversation;
CREATE INDEX ix_conversation_readings_conversation_id ON conversation_readings (conversation_id);
DROP INDEX ix_messages_undecided;
ALTER TABLE messages ADD COLUMN hidden_reason TEXT, DROP CONSTRAINT ck_messages_hidden;
UPDATE messages SET hidden_reason = decision_reason WHERE hidden_at IS NOT NULL;
ALTER TABLE messages
    DROP COLUMN ticket_id,
    DROP COLUMN decided_at,
    DROP COLUMN decision_reason,
    ADD CONSTRAINT ck_messages_hidden CHECK ((hidden_at IS NULL) = (hidden_reason IS NULL));
ALTER TABLE conversation_members DROP COLUMN seen_at;
DROP INDEX ix_conversations_practitioner;
DROP INDEX ix_conversations_client;
CREATE INDEX ix_conversations_practitioner_user_id ON conversations (practitioner_user_id);
