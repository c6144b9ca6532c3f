-- A stranger's words are kept until somebody has read them, and nowhere else.
CREATE OR REPLACE FUNCTION audit_hidden(table_name text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '{created_at,updated_at,name_folded,title_folded,search_folded,subject_words,body_words}'::text[]
           || CASE WHEN table_name IN ('messages', 'incoming_mails') THEN '{body}'::text[] ELSE '{}' END
$$;

SELECT keep_history('incoming_mails');
