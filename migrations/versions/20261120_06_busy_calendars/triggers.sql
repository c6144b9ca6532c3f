-- What the database keeps true by itself.

-- The address of a calendar elsewhere opens it to whoever knows it: a secret as the others are.
CREATE OR REPLACE FUNCTION audit_masked(content jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN content ?| ARRAY['password_hash', 'token_hash', 'totp_secret', 'feed_token_hash', 'secret_url'] THEN
        content || (SELECT coalesce(jsonb_object_agg(key, '•••'), '{}') FROM jsonb_each(content)
                    WHERE key IN ('password_hash', 'token_hash', 'totp_secret', 'feed_token_hash', 'secret_url') AND value <> 'null')
    ELSE content END
$$;

SELECT keep_history('busy_calendars');

-- That a calendar was read once more is no news; that somebody changed it, or that it says something else, is.
DROP TRIGGER audit_update ON busy_calendars;
CREATE TRIGGER audit_update AFTER UPDATE OF name, secret_url, is_active, content_hash ON busy_calendars
    FOR EACH ROW EXECUTE FUNCTION audit_update();
