-- Back to where it was.
CREATE OR REPLACE FUNCTION ledger_summed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_hours AS h (currency, hour, kind, source, entries, gross_minor, commission_minor)
    SELECT currency, date_trunc('hour', occurred_at, 'UTC'), kind, source, count(*), sum(gross_minor), sum(commission_minor)
    FROM entries_added GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (currency, hour, kind, source) DO UPDATE
    SET entries = h.entries + excluded.entries, gross_minor = h.gross_minor + excluded.gross_minor,
        commission_minor = h.commission_minor + excluded.commission_minor;
    RETURN NULL;
END $$;
DROP TABLE ledger_days;
