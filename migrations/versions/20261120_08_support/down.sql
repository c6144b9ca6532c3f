DROP TABLE ticket_files, ticket_move_messages, ticket_attachments, ticket_tags, ticket_status_changes, ticket_moves, ticket_messages, refund_requests, conversation_readings, tickets, sla_policies, messages, holidays, conversation_members, business_hours, ticket_views, desks, conversations, client_notes, ticket_presence, canned_replies;
DROP SEQUENCE ticket_numbers;
DELETE FROM notifications WHERE kind IN ('order', 'ticket', 'refund');
DELETE FROM outbox WHERE kind IN ('order', 'ticket', 'refund');
ALTER TABLE notifications DROP CONSTRAINT ck_notifications_kind, ADD CONSTRAINT ck_notifications_kind
    CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list', 'profile'));
ALTER TABLE outbox DROP CONSTRAINT ck_outbox_kind, ADD CONSTRAINT ck_outbox_kind
    CHECK (kind IN ('booking', 'reminder', 'review', 'waiting_list', 'profile'));

CREATE OR REPLACE FUNCTION audit_rows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    hidden constant text[] := '{created_at,updated_at,name_folded,title_folded,search_folded}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO audit_entries (actor_id, actor_name, action, request, table_name, row_id, operation, after)
        SELECT nullif(current_setting('avenrae.actor_id', true), '')::uuid,
               coalesce(current_setting('avenrae.actor_name', true), ''),
               coalesce(current_setting('avenrae.action', true), ''),
               coalesce(current_setting('avenrae.request', true), ''),
               TG_TABLE_NAME, content->>'id', 'insert', content
        FROM (SELECT jsonb_strip_nulls(audit_masked(to_jsonb(rows_added))) - hidden AS content
              FROM rows_added) added;
    ELSE
        INSERT INTO audit_entries (actor_id, actor_name, action, request, table_name, row_id, operation, before)
        SELECT nullif(current_setting('avenrae.actor_id', true), '')::uuid,
               coalesce(current_setting('avenrae.actor_name', true), ''),
               coalesce(current_setting('avenrae.action', true), ''),
               coalesce(current_setting('avenrae.request', true), ''),
               TG_TABLE_NAME, content->>'id', 'delete', content
        FROM (SELECT jsonb_strip_nulls(audit_masked(to_jsonb(rows_removed))) AS content FROM rows_removed) removed;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION audit_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    derived constant text[] :=
        '{updated_at,last_seen_at,rating_average,rating_count,booking_count,name_folded,title_folded,search_folded}';
    old_row jsonb := to_jsonb(OLD);
    new_row jsonb := to_jsonb(NEW);
    changed text[];
BEGIN
    SELECT array_agg(n.key) INTO changed FROM jsonb_each(new_row) n
    WHERE n.value IS DISTINCT FROM old_row->n.key AND n.key <> ALL (derived);
    IF changed IS NOT NULL THEN
        INSERT INTO audit_entries (actor_id, actor_name, action, request, table_name, row_id, operation, before, after)
        SELECT nullif(current_setting('avenrae.actor_id', true), '')::uuid,
               coalesce(current_setting('avenrae.actor_name', true), ''),
               coalesce(current_setting('avenrae.action', true), ''),
               coalesce(current_setting('avenrae.request', true), ''),
               TG_TABLE_NAME, new_row->>'id', 'update',
               audit_masked((SELECT jsonb_object_agg(c, old_row->c) FROM unnest(changed) c)),
               audit_masked((SELECT jsonb_object_agg(c, new_row->c) FROM unnest(changed) c));
    END IF;
    RETURN NULL;
END $$;

DROP FUNCTION audit_hidden(text);
