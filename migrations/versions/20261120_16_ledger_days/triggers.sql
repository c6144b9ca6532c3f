-- What the database keeps true by itself.
INSERT INTO ledger_days (currency, day, kind, source, entries, gross_minor, commission_minor)
SELECT currency, date_trunc('day', hour, 'UTC'), kind, source, sum(entries), sum(gross_minor), sum(commission_minor)
FROM ledger_hours GROUP BY 1, 2, 3, 4;

-- Days before hours: whoever waits for a day holds none of its hours, so two never wait for each other.
CREATE OR REPLACE FUNCTION ledger_summed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_days AS d (currency, day, kind, source, entries, gross_minor, commission_minor)
    SELECT currency, date_trunc('day', occurred_at, 'UTC'), kind, source, count(*), sum(gross_minor), sum(commission_minor)
    FROM entries_added GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (currency, day, kind, source) DO UPDATE
    SET entries = d.entries + excluded.entries, gross_minor = d.gross_minor + excluded.gross_minor,
        commission_minor = d.commission_minor + excluded.commission_minor;
    INSERT INTO ledger_hours AS h (currency, hour, kind, source, entries, gross_minor, commission_minor)
    SELECT currency, date_trunc('hour', occurred_at, 'UTC'), kind, source, count(*), sum(gross_minor), sum(commission_minor)
    FROM entries_added GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (currency, hour, kind, source) DO UPDATE
    SET entries = h.entries + excluded.entries, gross_minor = h.gross_minor + excluded.gross_minor,
        commission_minor = h.commission_minor + excluded.commission_minor;
    RETURN NULL;
END $$;

CREATE TRIGGER derived BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ledger_days
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_by_hand();
