-- What the database keeps true by itself.

CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;
END $$;

CREATE FUNCTION refuse_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION '% is kept by triggers', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_TABLE_NAME || '_derived', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;

-- Audit ------------------------------------------------------------------------------------------------------------

-- Secrets never reach the trail: their keys stay, so that a change is seen, their values do not.
CREATE FUNCTION audit_masked(content jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN content ?| ARRAY['password_hash', 'token_hash', 'totp_secret', 'feed_token_hash'] THEN
        content || (SELECT coalesce(jsonb_object_agg(key, '•••'), '{}') FROM jsonb_each(content)
                    WHERE key IN ('password_hash', 'token_hash', 'totp_secret', 'feed_token_hash') AND value <> 'null')
    ELSE content END
$$;

-- Inserts and deletes, one entry a row, in one statement however many rows there are.
CREATE FUNCTION audit_rows() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- Updates: only the columns that changed; figures that the database derives itself are not news.
CREATE FUNCTION audit_update() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- Gives a business table its audit trail and, where it has one, its time stamp. Every new table calls it once.
CREATE FUNCTION keep_history(target text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER audit_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS rows_added
                    FOR EACH STATEMENT EXECUTE FUNCTION audit_rows()', target);
    EXECUTE format('CREATE TRIGGER audit_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS rows_removed
                    FOR EACH STATEMENT EXECUTE FUNCTION audit_rows()', target);
    EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %I EXECUTE FUNCTION refuse_change()', target);
    EXECUTE format('CREATE TRIGGER audit_update AFTER UPDATE ON %I
                    FOR EACH ROW EXECUTE FUNCTION audit_update()', target);
    IF EXISTS (SELECT 1 FROM information_schema.columns
               WHERE table_schema = current_schema AND table_name = target AND column_name = 'updated_at') THEN
        EXECUTE format('CREATE TRIGGER touch_updated_at BEFORE UPDATE ON %I
                        FOR EACH ROW EXECUTE FUNCTION touch_updated_at()', target);
    END IF;
END $$;

SELECT keep_history(t) FROM unnest(ARRAY[
    'users', 'oauth_accounts', 'sessions', 'refresh_tokens', 'verification_tokens', 'consents',
    'practitioners', 'clients', 'favourites',
    'services', 'availability_rules', 'availability_overrides', 'blocked_periods', 'bookings', 'booking_waitlist', 'reviews',
    'products', 'stock_movements', 'orders', 'order_items', 'carts', 'cart_items', 'coupons', 'coupon_redemptions',
    'wishlist_items', 'transactions', 'ledger_entries', 'subscriptions', 'payouts', 'stripe_events',
    'import_batches']) t;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON stock_movements FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit_entries EXECUTE FUNCTION refuse_change();

-- Bookings -----------------------------------------------------------------------------------------------------------

-- Two inserts into one slot would each wait for the other and end as a deadlock a second later; taking the
-- practitioner's lock first lets the constraint answer at once. Buckets keep bulk loads within the lock table.
CREATE FUNCTION bookings_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.occupied := tstzrange(NEW.starts_at - make_interval(mins => NEW.buffer_before::int),
                              NEW.ends_at + make_interval(mins => NEW.buffer_after::int), '[)');
    IF TG_OP = 'UPDATE' AND (NEW.starts_at, NEW.ends_at) IS DISTINCT FROM (OLD.starts_at, OLD.ends_at) THEN
        NEW.sequence := OLD.sequence + 1;
    END IF;
    IF NEW.status IN ('pending', 'confirmed') THEN
        PERFORM pg_advisory_xact_lock(7211, hashtext(NEW.practitioner_id::text) & 1023);
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER guard
    BEFORE INSERT OR UPDATE OF practitioner_id, starts_at, ends_at, buffer_before, buffer_after, occupied, status
    ON bookings FOR EACH ROW EXECUTE FUNCTION bookings_guard();

CREATE FUNCTION bookings_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.status = 'completed' THEN
        UPDATE practitioners SET booking_count = booking_count - 1 WHERE id = OLD.practitioner_id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.status = 'completed' THEN
        UPDATE practitioners SET booking_count = booking_count + 1 WHERE id = NEW.practitioner_id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER counted AFTER INSERT OR DELETE OR UPDATE OF status, practitioner_id ON bookings
    FOR EACH ROW EXECUTE FUNCTION bookings_counted();

-- The lock comes first so that the mean is taken from what is committed, not from before the wait.
CREATE FUNCTION reviews_rated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subject uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.practitioner_id ELSE NEW.practitioner_id END;
BEGIN
    PERFORM 1 FROM practitioners WHERE id = subject FOR NO KEY UPDATE;
    UPDATE practitioners p SET rating_average = r.mean, rating_count = r.n
    FROM (SELECT round(avg(rating), 3) AS mean, count(*) AS n FROM reviews
          WHERE practitioner_id = subject AND status = 'published') r
    WHERE p.id = subject;
    RETURN NULL;
END $$;

CREATE TRIGGER rated AFTER INSERT OR DELETE OR UPDATE OF rating, status ON reviews
    FOR EACH ROW EXECUTE FUNCTION reviews_rated();

-- Stock --------------------------------------------------------------------------------------------------------------

CREATE FUNCTION stock_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE products SET on_hand = on_hand + NEW.delta WHERE id = NEW.product_id;
    RETURN NULL;
END $$;

CREATE TRIGGER moved AFTER INSERT ON stock_movements FOR EACH ROW EXECUTE FUNCTION stock_moved();

CREATE FUNCTION products_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before bigint := CASE WHEN TG_OP = 'INSERT' THEN 0 ELSE OLD.on_hand END;
BEGIN
    IF pg_trigger_depth() < 2 AND NEW.on_hand <> before THEN
        RAISE EXCEPTION 'stock changes only through stock_movements'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'products_stock_by_ledger', TABLE = 'products';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER guard BEFORE INSERT OR UPDATE OF on_hand ON products FOR EACH ROW EXECUTE FUNCTION products_guard();

-- Books --------------------------------------------------------------------------------------------------------------

-- Entries are never changed, so adding them up as they come is exact at every moment. Sorted, against deadlocks.
CREATE FUNCTION ledger_summed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_hours AS h (currency, hour, kind, source, entries, gross_minor, commission_minor)
    SELECT currency, date_trunc('hour', occurred_at, 'UTC'), kind, source, count(*), sum(gross_minor), sum(commission_minor)
    FROM entries_added GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (currency, hour, kind, source) DO UPDATE
    SET entries = h.entries + excluded.entries, gross_minor = h.gross_minor + excluded.gross_minor,
        commission_minor = h.commission_minor + excluded.commission_minor;
    RETURN NULL;
END $$;

CREATE TRIGGER summed AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS entries_added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_summed();
CREATE TRIGGER derived BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ledger_hours
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_by_hand();

-- Directory ----------------------------------------------------------------------------------------------------------

-- Practitioners within a radius, with the distance in metres; the box finds them by index, the distance decides.
CREATE FUNCTION find_practitioners_near(lat float8, lon float8, radius_km float8, of_kind text DEFAULT NULL)
RETURNS TABLE (practitioner_id uuid, distance_m float8) LANGUAGE sql STABLE AS $$
    SELECT p.id, geo_distance_m(lat, lon, p.latitude, p.longitude)
    FROM practitioners p
    WHERE geo_xyz(p.latitude, p.longitude) <@ cube_enlarge(geo_xyz(lat, lon), radius_km * 1000 * 1.006, 3)
      AND geo_distance_m(lat, lon, p.latitude, p.longitude) <= radius_km * 1000
      AND (of_kind IS NULL OR p.kind = of_kind)
$$;
