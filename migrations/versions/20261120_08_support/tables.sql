CREATE SEQUENCE ticket_numbers START WITH 1001;
CREATE TABLE canned_replies (
    id UUID DEFAULT new_id() NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    category TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_canned_replies PRIMARY KEY (id),
    CONSTRAINT ck_canned_replies_category CHECK (category IN ('booking', 'order', 'payment', 'account', 'practitioner', 'other')),
    CONSTRAINT ck_canned_replies_title CHECK (length(title) BETWEEN 1 AND 100),
    CONSTRAINT ck_canned_replies_body CHECK (length(body) BETWEEN 1 AND 10000),
    CONSTRAINT uq_canned_replies_title UNIQUE (title)
);
CREATE UNLOGGED TABLE ticket_presence (
    ticket_id UUID NOT NULL,
    user_id UUID NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    is_writing BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_ticket_presence PRIMARY KEY (ticket_id, user_id)
);
CREATE TABLE client_notes (
    id UUID DEFAULT new_id() NOT NULL,
    user_id UUID NOT NULL,
    author_id UUID,
    body TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_client_notes PRIMARY KEY (id),
    CONSTRAINT ck_client_notes_body CHECK (length(body) BETWEEN 1 AND 5000),
    CONSTRAINT fk_client_notes_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_client_notes_author_id FOREIGN KEY(author_id) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_client_notes_user_id ON client_notes (user_id);
CREATE TABLE conversations (
    id UUID DEFAULT new_id() NOT NULL,
    client_user_id UUID NOT NULL,
    practitioner_user_id UUID NOT NULL,
    last_message_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_conversations PRIMARY KEY (id),
    CONSTRAINT uq_conversations_pair UNIQUE (client_user_id, practitioner_user_id),
    CONSTRAINT ck_conversations_apart CHECK (client_user_id <> practitioner_user_id),
    CONSTRAINT fk_conversations_client_user_id FOREIGN KEY(client_user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_conversations_practitioner_user_id FOREIGN KEY(practitioner_user_id) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_conversations_practitioner_user_id ON conversations (practitioner_user_id);
CREATE TABLE desks (
    id UUID DEFAULT new_id() NOT NULL,
    name TEXT NOT NULL,
    time_zone TEXT DEFAULT 'Africa/Johannesburg' NOT NULL,
    lead_id UUID,
    escalates_out_of_hours BOOLEAN DEFAULT false NOT NULL,
    warn_minutes BIGINT DEFAULT 30 NOT NULL,
    lead_minutes BIGINT DEFAULT 60 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_desks PRIMARY KEY (id),
    CONSTRAINT ck_desks_name CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT ck_desks_minutes CHECK (warn_minutes BETWEEN 0 AND 10000 AND lead_minutes BETWEEN 0 AND 10000),
    CONSTRAINT uq_desks_name UNIQUE (name),
    CONSTRAINT fk_desks_lead_id FOREIGN KEY(lead_id) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE TABLE ticket_views (
    id UUID DEFAULT new_id() NOT NULL,
    user_id UUID NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_ticket_views PRIMARY KEY (id),
    CONSTRAINT ck_ticket_views_name CHECK (length(name) BETWEEN 1 AND 60),
    CONSTRAINT uq_ticket_views_name UNIQUE (user_id, name),
    CONSTRAINT fk_ticket_views_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE business_hours (
    id UUID DEFAULT new_id() NOT NULL,
    desk_id UUID NOT NULL,
    weekday BIGINT NOT NULL,
    starts_local TIME WITHOUT TIME ZONE NOT NULL,
    ends_local TIME WITHOUT TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_business_hours PRIMARY KEY (id),
    CONSTRAINT ck_business_hours_weekday CHECK (weekday BETWEEN 0 AND 6),
    CONSTRAINT ck_business_hours_hours CHECK (starts_local < ends_local OR ends_local = '00:00'),
    CONSTRAINT fk_business_hours_desk_id FOREIGN KEY(desk_id) REFERENCES desks (id) ON DELETE CASCADE
);
CREATE INDEX ix_business_hours_desk_id ON business_hours (desk_id);
CREATE TABLE conversation_members (
    conversation_id UUID NOT NULL,
    user_id UUID NOT NULL,
    read_until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_conversation_members PRIMARY KEY (conversation_id, user_id),
    CONSTRAINT fk_conversation_members_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT fk_conversation_members_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_conversation_members_user_id ON conversation_members (user_id);
CREATE TABLE holidays (
    id UUID DEFAULT new_id() NOT NULL,
    desk_id UUID NOT NULL,
    on_date DATE NOT NULL,
    title TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_holidays PRIMARY KEY (id),
    CONSTRAINT uq_holidays_desk_id_on_date UNIQUE (desk_id, on_date),
    CONSTRAINT fk_holidays_desk_id FOREIGN KEY(desk_id) REFERENCES desks (id) ON DELETE CASCADE
);
CREATE TABLE messages (
    id UUID DEFAULT new_id() NOT NULL,
    conversation_id UUID NOT NULL,
    author_id UUID NOT NULL,
    body TEXT NOT NULL,
    reported_at TIMESTAMP WITH TIME ZONE,
    report_reason TEXT,
    hidden_at TIMESTAMP WITH TIME ZONE,
    hidden_reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_messages PRIMARY KEY (id),
    CONSTRAINT ck_messages_body CHECK (length(body) BETWEEN 1 AND 10000),
    CONSTRAINT ck_messages_reported CHECK ((reported_at IS NULL) = (report_reason IS NULL)),
    CONSTRAINT ck_messages_hidden CHECK ((hidden_at IS NULL) = (hidden_reason IS NULL)),
    CONSTRAINT fk_messages_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT fk_messages_author_id FOREIGN KEY(author_id) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_messages_author_id ON messages (author_id);
CREATE INDEX ix_messages_conversation ON messages (conversation_id, created_at, id);
CREATE INDEX ix_messages_reported ON messages (reported_at, id) WHERE reported_at IS NOT NULL;
CREATE TABLE sla_policies (
    id UUID DEFAULT new_id() NOT NULL,
    name TEXT NOT NULL,
    desk_id UUID NOT NULL,
    priority TEXT NOT NULL,
    category TEXT,
    first_response_minutes BIGINT,
    update_minutes BIGINT,
    resolution_minutes BIGINT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_sla_policies PRIMARY KEY (id),
    CONSTRAINT ck_sla_policies_priority CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    CONSTRAINT ck_sla_policies_category CHECK (category IN ('booking', 'order', 'payment', 'account', 'practitioner', 'other')),
    CONSTRAINT ck_sla_policies_minutes CHECK (first_response_minutes BETWEEN 1 AND 100000 AND update_minutes BETWEEN 1 AND 100000 AND resolution_minutes BETWEEN 1 AND 100000),
    CONSTRAINT uq_sla_policies_one UNIQUE NULLS NOT DISTINCT (priority, category),
    CONSTRAINT fk_sla_policies_desk_id FOREIGN KEY(desk_id) REFERENCES desks (id) ON DELETE RESTRICT
);
CREATE INDEX ix_sla_policies_desk_id ON sla_policies (desk_id);
CREATE TABLE tickets (
    id UUID DEFAULT new_id() NOT NULL,
    number TEXT DEFAULT 'T-' || nextval('ticket_numbers') NOT NULL,
    requester_id UUID NOT NULL,
    subject TEXT NOT NULL,
    category TEXT DEFAULT 'other' NOT NULL,
    status TEXT DEFAULT 'open' NOT NULL,
    priority TEXT DEFAULT 'medium' NOT NULL,
    channel TEXT DEFAULT 'console' NOT NULL,
    assignee_id UUID,
    booking_id UUID,
    order_id UUID,
    transaction_id UUID,
    conversation_id UUID,
    merged_into_id UUID,
    first_response_due_at TIMESTAMP WITH TIME ZONE,
    update_due_at TIMESTAMP WITH TIME ZONE,
    resolution_due_at TIMESTAMP WITH TIME ZONE,
    next_due_at TIMESTAMP WITH TIME ZONE,
    first_responded_at TIMESTAMP WITH TIME ZONE,
    resolved_at TIMESTAMP WITH TIME ZONE,
    policy_id UUID,
    update_since TIMESTAMP WITH TIME ZONE,
    first_response_minutes BIGINT,
    resolution_minutes BIGINT,
    updates_late BIGINT DEFAULT 0 NOT NULL,
    last_message_at TIMESTAMP WITH TIME ZONE NOT NULL,
    snoozed_until TIMESTAMP WITH TIME ZONE,
    satisfaction BIGINT,
    satisfaction_comment TEXT,
    satisfaction_asked_at TIMESTAMP WITH TIME ZONE,
    subject_words TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple', f_fold(subject))) STORED NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_tickets PRIMARY KEY (id),
    CONSTRAINT ck_tickets_category CHECK (category IN ('booking', 'order', 'payment', 'account', 'practitioner', 'other')),
    CONSTRAINT ck_tickets_status CHECK (status IN ('open', 'in_progress', 'waiting', 'resolved', 'closed')),
    CONSTRAINT ck_tickets_priority CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    CONSTRAINT ck_tickets_channel CHECK (channel IN ('staff', 'console', 'email')),
    CONSTRAINT ck_tickets_subject CHECK (length(subject) BETWEEN 1 AND 200),
    CONSTRAINT ck_tickets_satisfaction CHECK (satisfaction BETWEEN 1 AND 5),
    CONSTRAINT ck_tickets_merged CHECK (merged_into_id IS NULL OR status = 'closed'),
    CONSTRAINT ck_tickets_merged_self CHECK (merged_into_id <> id),
    CONSTRAINT uq_tickets_number UNIQUE (number),
    CONSTRAINT fk_tickets_requester_id FOREIGN KEY(requester_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_tickets_assignee_id FOREIGN KEY(assignee_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_tickets_booking_id FOREIGN KEY(booking_id) REFERENCES bookings (id) ON DELETE RESTRICT,
    CONSTRAINT fk_tickets_order_id FOREIGN KEY(order_id) REFERENCES orders (id) ON DELETE RESTRICT,
    CONSTRAINT fk_tickets_transaction_id FOREIGN KEY(transaction_id) REFERENCES transactions (id) ON DELETE RESTRICT,
    CONSTRAINT fk_tickets_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE RESTRICT,
    CONSTRAINT fk_tickets_merged_into_id FOREIGN KEY(merged_into_id) REFERENCES tickets (id) ON DELETE RESTRICT,
    CONSTRAINT fk_tickets_policy_id FOREIGN KEY(policy_id) REFERENCES sla_policies (id) ON DELETE SET NULL
);
CREATE INDEX ix_tickets_answered ON tickets (first_responded_at, id);
CREATE INDEX ix_tickets_assignee ON tickets (assignee_id, status, next_due_at, id);
CREATE INDEX ix_tickets_booking_id ON tickets (booking_id);
CREATE INDEX ix_tickets_conversation_id ON tickets (conversation_id);
CREATE INDEX ix_tickets_created ON tickets (created_at, id);
CREATE INDEX ix_tickets_due ON tickets (next_due_at, id) WHERE status IN ('open', 'in_progress', 'waiting');
CREATE INDEX ix_tickets_due_created ON tickets (created_at, id) WHERE status IN ('open', 'in_progress', 'waiting');
CREATE INDEX ix_tickets_due_last ON tickets (last_message_at, id) WHERE status IN ('open', 'in_progress', 'waiting');
CREATE INDEX ix_tickets_last ON tickets (last_message_at, id);
CREATE INDEX ix_tickets_merged_into_id ON tickets (merged_into_id);
CREATE INDEX ix_tickets_next ON tickets (next_due_at, id);
CREATE INDEX ix_tickets_order_id ON tickets (order_id);
CREATE INDEX ix_tickets_policy_id ON tickets (policy_id);
CREATE INDEX ix_tickets_requester ON tickets (requester_id, created_at);
CREATE INDEX ix_tickets_resolved ON tickets (resolved_at, id);
CREATE INDEX ix_tickets_snoozed ON tickets (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX ix_tickets_status ON tickets (status, last_message_at, id);
CREATE INDEX ix_tickets_subject ON tickets USING gin (subject_words);
CREATE INDEX ix_tickets_transaction_id ON tickets (transaction_id);
CREATE TABLE conversation_readings (
    id UUID DEFAULT new_id() NOT NULL,
    conversation_id UUID NOT NULL,
    ticket_id UUID NOT NULL,
    reader_id UUID NOT NULL,
    read_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_conversation_readings PRIMARY KEY (id),
    CONSTRAINT fk_conversation_readings_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT fk_conversation_readings_ticket_id FOREIGN KEY(ticket_id) REFERENCES tickets (id) ON DELETE RESTRICT,
    CONSTRAINT fk_conversation_readings_reader_id FOREIGN KEY(reader_id) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_conversation_readings_conversation_id ON conversation_readings (conversation_id);
CREATE INDEX ix_conversation_readings_reader_id ON conversation_readings (reader_id);
CREATE INDEX ix_conversation_readings_ticket_id ON conversation_readings (ticket_id);
CREATE TABLE refund_requests (
    id UUID DEFAULT new_id() NOT NULL,
    ticket_id UUID,
    booking_id UUID,
    order_id UUID,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    asked_by_id UUID NOT NULL,
    decided_by_id UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    is_granted BOOLEAN,
    answer TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_refund_requests PRIMARY KEY (id),
    CONSTRAINT ck_refund_requests_amount CHECK (amount_minor > 0),
    CONSTRAINT ck_refund_requests_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_refund_requests_cause CHECK (num_nonnulls(booking_id, order_id) = 1),
    CONSTRAINT ck_refund_requests_decided CHECK (num_nonnulls(decided_by_id, decided_at, is_granted) IN (0, 3)),
    CONSTRAINT ck_refund_requests_four_eyes CHECK (decided_by_id <> asked_by_id),
    CONSTRAINT fk_refund_requests_ticket_id FOREIGN KEY(ticket_id) REFERENCES tickets (id) ON DELETE RESTRICT,
    CONSTRAINT fk_refund_requests_booking_id FOREIGN KEY(booking_id) REFERENCES bookings (id) ON DELETE RESTRICT,
    CONSTRAINT fk_refund_requests_order_id FOREIGN KEY(order_id) REFERENCES orders (id) ON DELETE RESTRICT,
    CONSTRAINT fk_refund_requests_asked_by_id FOREIGN KEY(asked_by_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_refund_requests_decided_by_id FOREIGN KEY(decided_by_id) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_refund_requests_booking_id ON refund_requests (booking_id);
CREATE INDEX ix_refund_requests_decided ON refund_requests (decided_at, id);
CREATE UNIQUE INDEX uq_refund_requests_booking ON refund_requests (booking_id) WHERE decided_at IS NULL;
CREATE UNIQUE INDEX uq_refund_requests_order ON refund_requests (order_id) WHERE decided_at IS NULL;
CREATE INDEX ix_refund_requests_open ON refund_requests (created_at, id) WHERE decided_at IS NULL;
CREATE INDEX ix_refund_requests_order_id ON refund_requests (order_id);
CREATE INDEX ix_refund_requests_ticket_id ON refund_requests (ticket_id);
CREATE TABLE ticket_messages (
    id UUID DEFAULT new_id() NOT NULL,
    ticket_id UUID NOT NULL,
    author_id UUID,
    body TEXT NOT NULL,
    is_internal BOOLEAN DEFAULT false NOT NULL,
    from_staff BOOLEAN NOT NULL,
    channel TEXT DEFAULT 'console' NOT NULL,
    email_message_id TEXT,
    body_words TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple', f_fold(left(body, 20000)))) STORED NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_ticket_messages PRIMARY KEY (id),
    CONSTRAINT ck_ticket_messages_channel CHECK (channel IN ('staff', 'console', 'email')),
    CONSTRAINT ck_ticket_messages_body CHECK (length(body) BETWEEN 1 AND 100000),
    CONSTRAINT ck_ticket_messages_internal CHECK (NOT is_internal OR from_staff),
    CONSTRAINT fk_ticket_messages_ticket_id FOREIGN KEY(ticket_id) REFERENCES tickets (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_messages_author_id FOREIGN KEY(author_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT uq_ticket_messages_email_message_id UNIQUE (email_message_id)
);
CREATE INDEX ix_ticket_messages_author_id ON ticket_messages (author_id);
CREATE INDEX ix_ticket_messages_ticket ON ticket_messages (ticket_id, created_at, id);
CREATE INDEX ix_ticket_messages_words ON ticket_messages USING gin (body_words);
CREATE TABLE ticket_moves (
    id UUID DEFAULT new_id() NOT NULL,
    kind TEXT NOT NULL,
    from_ticket_id UUID NOT NULL,
    to_ticket_id UUID NOT NULL,
    status_before TEXT NOT NULL,
    made_by_id UUID,
    undone_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_ticket_moves PRIMARY KEY (id),
    CONSTRAINT ck_ticket_moves_kind CHECK (kind IN ('merge', 'split')),
    CONSTRAINT ck_ticket_moves_status_before CHECK (status_before IN ('open', 'in_progress', 'waiting', 'resolved', 'closed')),
    CONSTRAINT ck_ticket_moves_apart CHECK (from_ticket_id <> to_ticket_id),
    CONSTRAINT fk_ticket_moves_from_ticket_id FOREIGN KEY(from_ticket_id) REFERENCES tickets (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_moves_to_ticket_id FOREIGN KEY(to_ticket_id) REFERENCES tickets (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_moves_made_by_id FOREIGN KEY(made_by_id) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_ticket_moves_from_ticket_id ON ticket_moves (from_ticket_id);
CREATE INDEX ix_ticket_moves_to_ticket_id ON ticket_moves (to_ticket_id);
CREATE TABLE ticket_status_changes (
    id UUID DEFAULT new_id() NOT NULL,
    ticket_id UUID NOT NULL,
    status TEXT NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    by_id UUID,
    CONSTRAINT pk_ticket_status_changes PRIMARY KEY (id),
    CONSTRAINT ck_ticket_status_changes_status CHECK (status IN ('open', 'in_progress', 'waiting', 'resolved', 'closed')),
    CONSTRAINT fk_ticket_status_changes_ticket_id FOREIGN KEY(ticket_id) REFERENCES tickets (id) ON DELETE CASCADE,
    CONSTRAINT fk_ticket_status_changes_by_id FOREIGN KEY(by_id) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_ticket_status_changes_ticket ON ticket_status_changes (ticket_id, occurred_at, id);
CREATE TABLE ticket_tags (
    id UUID DEFAULT new_id() NOT NULL,
    ticket_id UUID NOT NULL,
    tag TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_ticket_tags PRIMARY KEY (id),
    CONSTRAINT ck_ticket_tags_tag CHECK (tag ~ '^[a-z0-9][a-z0-9 -]{0,39}$'),
    CONSTRAINT uq_ticket_tags_once UNIQUE (ticket_id, tag),
    CONSTRAINT fk_ticket_tags_ticket_id FOREIGN KEY(ticket_id) REFERENCES tickets (id) ON DELETE CASCADE
);
CREATE INDEX ix_ticket_tags_tag ON ticket_tags (tag, ticket_id);
CREATE TABLE ticket_attachments (
    id UUID DEFAULT new_id() NOT NULL,
    message_id UUID NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_ticket_attachments PRIMARY KEY (id),
    CONSTRAINT ck_ticket_attachments_name CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT ck_ticket_attachments_size CHECK (size BETWEEN 1 AND 10485760),
    CONSTRAINT fk_ticket_attachments_message_id FOREIGN KEY(message_id) REFERENCES ticket_messages (id) ON DELETE CASCADE
);
CREATE INDEX ix_ticket_attachments_message_id ON ticket_attachments (message_id);
CREATE TABLE ticket_move_messages (
    move_id UUID NOT NULL,
    message_id UUID NOT NULL,
    CONSTRAINT pk_ticket_move_messages PRIMARY KEY (move_id, message_id),
    CONSTRAINT fk_ticket_move_messages_move_id FOREIGN KEY(move_id) REFERENCES ticket_moves (id) ON DELETE CASCADE,
    CONSTRAINT fk_ticket_move_messages_message_id FOREIGN KEY(message_id) REFERENCES ticket_messages (id) ON DELETE CASCADE
);
CREATE INDEX ix_ticket_move_messages_message_id ON ticket_move_messages (message_id);
CREATE TABLE ticket_files (
    attachment_id UUID NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_ticket_files PRIMARY KEY (attachment_id),
    CONSTRAINT fk_ticket_files_attachment_id FOREIGN KEY(attachment_id) REFERENCES ticket_attachments (id) ON DELETE CASCADE
);
CREATE TABLE ticket_backlog (
    ticket_id UUID NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_ticket_backlog PRIMARY KEY (ticket_id, since),
    CONSTRAINT ck_ticket_backlog_times CHECK (since < until),
    CONSTRAINT fk_ticket_backlog_ticket_id FOREIGN KEY(ticket_id) REFERENCES tickets (id) ON DELETE CASCADE
);
CREATE INDEX ix_ticket_backlog_since ON ticket_backlog (since);
CREATE INDEX ix_ticket_backlog_until ON ticket_backlog (until);
CREATE TABLE clock_runs (
    id UUID DEFAULT new_id() NOT NULL,
    total BIGINT NOT NULL,
    done BIGINT DEFAULT 0 NOT NULL,
    after_id UUID,
    begun_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_clock_runs PRIMARY KEY (id),
    CONSTRAINT ck_clock_runs_done CHECK (done >= 0)
);
CREATE UNIQUE INDEX uq_clock_runs_one ON clock_runs ((true)) WHERE finished_at IS NULL;
ALTER TABLE notifications DROP CONSTRAINT ck_notifications_kind, ADD CONSTRAINT ck_notifications_kind
    CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list', 'profile', 'order', 'ticket', 'refund'));
ALTER TABLE outbox DROP CONSTRAINT ck_outbox_kind, ADD CONSTRAINT ck_outbox_kind
    CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list', 'profile', 'order', 'ticket', 'refund'));
