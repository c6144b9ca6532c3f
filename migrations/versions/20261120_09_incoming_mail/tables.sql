ALTER TABLE outbox ADD COLUMN reply_to TEXT DEFAULT '' NOT NULL;

CREATE TABLE incoming_mails (
    id UUID DEFAULT new_id() NOT NULL,
    message_id TEXT NOT NULL,
    sender TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    ticket_id UUID,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_incoming_mails PRIMARY KEY (id),
    CONSTRAINT uq_incoming_mails_message_id UNIQUE (message_id),
    CONSTRAINT ck_incoming_mails_verdict CHECK (verdict IN ('replied', 'opened', 'set_aside', 'ignored')),
    CONSTRAINT fk_incoming_mails_ticket_id FOREIGN KEY(ticket_id) REFERENCES tickets (id) ON DELETE RESTRICT
);
CREATE INDEX ix_incoming_mails_sender ON incoming_mails (sender, received_at);
CREATE INDEX ix_incoming_mails_ticket_id ON incoming_mails (ticket_id);
CREATE INDEX ix_incoming_mails_when ON incoming_mails (received_at, id);
CREATE INDEX ix_incoming_mails_verdict ON incoming_mails (verdict, received_at, id);
