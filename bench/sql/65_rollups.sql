-- What triggers would have summed, had they been on.
INSERT INTO ledger_hours (currency, hour, kind, source, entries, gross_minor, commission_minor)
SELECT currency, date_trunc('hour', occurred_at), kind, source, count(*), sum(gross_minor), sum(commission_minor)
FROM ledger_entries GROUP BY 1, 2, 3, 4 ORDER BY 1, 2;
INSERT INTO ledger_days (currency, day, kind, source, entries, gross_minor, commission_minor)
SELECT currency, date_trunc('day', hour, 'UTC'), kind, source, sum(entries), sum(gross_minor), sum(commission_minor)
FROM ledger_hours GROUP BY 1, 2, 3, 4 ORDER BY 1, 2;
