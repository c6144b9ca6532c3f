-- Words that searches look in are derived, and what two people write to one another is nobody else's to read: neither
-- stands in the trail.
CREATE FUNCTION audit_hidden(table_name text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '{created_at,updated_at,name_folded,title_folded,search_folded,subject_words,body_words}'::text[]
           || CASE WHEN table_name = 'messages' THEN '{body}'::text[] ELSE '{}' END
$$;

CREATE OR REPLACE FUNCTION audit_rows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    hidden constant text[] := audit_hidden(TG_TABLE_NAME);
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
        FROM (SELECT jsonb_strip_nulls(audit_masked(to_jsonb(rows_removed))) - hidden AS content
              FROM rows_removed) removed;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION audit_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    derived constant text[] := audit_hidden(TG_TABLE_NAME) || '{last_seen_at,rating_average,rating_count,booking_count,first_response_due_at,update_due_at,resolution_due_at,next_due_at,last_message_at,policy_id,update_since,first_response_minutes,resolution_minutes,updates_late}'::text[];
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

SELECT keep_history(t) FROM unnest(ARRAY[
    'desks', 'business_hours', 'holidays', 'sla_policies', 'tickets', 'ticket_messages', 'ticket_attachments',
    'ticket_tags', 'ticket_moves', 'ticket_views', 'canned_replies', 'client_notes', 'refund_requests',
    'conversations', 'messages', 'conversation_readings']) t;

-- Reading a conversation leaves a line that nobody takes back.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON conversation_readings
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- When each ticket was open, for the backlog of any moment: from its opening and its status changes, in their order.
CREATE FUNCTION keep_backlog(changed uuid[]) RETURNS void LANGUAGE sql AS $$
    DELETE FROM ticket_backlog WHERE ticket_id = ANY (changed);
    INSERT INTO ticket_backlog (ticket_id, since, until)
    SELECT ticket_id, at, until FROM (
        SELECT ticket_id, at, is_over, lead(at) OVER (PARTITION BY ticket_id ORDER BY at, nth, id) AS until
        FROM (SELECT *, lag(is_over) OVER (PARTITION BY ticket_id ORDER BY at, nth, id) AS was_over
              FROM (SELECT id AS ticket_id, created_at AS at, 0 AS nth, id, false AS is_over
                    FROM tickets WHERE id = ANY (changed)
                    UNION ALL
                    SELECT ticket_id, occurred_at, 1, id, status IN ('resolved', 'closed')
                    FROM ticket_status_changes WHERE ticket_id = ANY (changed)) happened) told
        WHERE is_over IS DISTINCT FROM was_over) turned
    WHERE NOT is_over AND at < coalesce(until, 'infinity')
$$;

CREATE FUNCTION tickets_keep_backlog() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_backlog(array_agg(id)) FROM rows_added HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION ticket_status_changes_keep_backlog() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_backlog(array_agg(DISTINCT ticket_id)) FROM rows_added HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_backlog AFTER INSERT ON tickets REFERENCING NEW TABLE AS rows_added
    FOR EACH STATEMENT EXECUTE FUNCTION tickets_keep_backlog();
CREATE TRIGGER keep_backlog AFTER INSERT ON ticket_status_changes REFERENCING NEW TABLE AS rows_added
    FOR EACH STATEMENT EXECUTE FUNCTION ticket_status_changes_keep_backlog();
