DROP TABLE incoming_mails;
ALTER TABLE outbox DROP COLUMN reply_to;

CREATE OR REPLACE FUNCTION audit_hidden(table_name text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '{created_at,updated_at,name_folded,title_folded,search_folded,subject_words,body_words}'::text[]
           || CASE WHEN table_name = 'messages' THEN '{body}'::text[] ELSE '{}' END
$$;
