-- Back to where it was.

DROP TABLE busy_times;
DROP TABLE busy_calendars;

CREATE OR REPLACE FUNCTION audit_masked(content jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN content ?| ARRAY['password_hash', 'token_hash', 'totp_secret', 'feed_token_hash'] THEN
        content || (SELECT coalesce(jsonb_object_agg(key, '•••'), '{}') FROM jsonb_each(content)
                    WHERE key IN ('password_hash', 'token_hash', 'totp_secret', 'feed_token_hash') AND value <> 'null')
    ELSE content END
$$;
