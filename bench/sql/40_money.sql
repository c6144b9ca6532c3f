-- Payments of sessions and their lines in the books, by the rules of avenrae/services/money.py.
INSERT INTO transactions (id, user_id, amount_minor, currency, kind, status, provider, provider_transaction_id, booking_id, occurred_at,
                          metadata, created_at, updated_at)
SELECT bench.key(paid_at, 8, b), client_user_id, price, currency, 'charge', 'succeeded',
       CASE WHEN dice < 0.6 THEN 'stripe' ELSE 'manual' END, CASE WHEN dice < 0.6 THEN 'pi_' || to_hex(b + 4294967296) END, id, paid_at,
       '{"method": "card"}'::jsonb, paid_at, paid_at
FROM bench.settled WHERE paid_at IS NOT NULL ORDER BY paid_at;

INSERT INTO transactions (id, user_id, amount_minor, currency, kind, status, provider, booking_id, occurred_at, metadata, created_at,
                          updated_at)
SELECT bench.key(refunded_at, 9, b), client_user_id, refunded, currency, 'refund', 'succeeded', 'manual', id, refunded_at,
       '{"reason": "Something came up"}'::jsonb, refunded_at, refunded_at
FROM bench.settled WHERE refunded > 0
UNION ALL
SELECT bench.key(created_at, 10, b), client_user_id, price, currency, 'charge', 'failed', 'stripe', id,
       created_at + interval '1 minute', '{"reason": "card_declined"}'::jsonb, created_at, created_at
FROM bench.settled WHERE bench.u(b, 90) < 0.02;

CREATE VIEW bench.session_lines AS
SELECT starts_at AS at, 'sale' AS kind, bench.key(starts_at, 11, b) AS id, s.id AS source_id, practitioner_id, client_id, starts_at,
       price AS gross, bench.share(price, bps) AS commission, currency, bench.key(paid_at, 8, b) AS paid, '' AS note
FROM bench.settled s WHERE status = 'completed'
UNION ALL
SELECT refunded_at, 'refund', bench.key(refunded_at, 12, b), s.id, practitioner_id, client_id, starts_at, -refunded,
       -(bench.share(price, bps) * refunded / price), currency, bench.key(refunded_at, 9, b), ''
FROM bench.settled s WHERE status = 'completed' AND refunded > 0
UNION ALL
SELECT ends_at, 'adjustment', bench.key(ends_at, 13, b), s.id, practitioner_id, client_id, starts_at, price, bench.share(price, bps),
       currency, bench.key(paid_at, 8, b), 'No-show, payment kept'
FROM bench.settled s WHERE status = 'no_show' AND payment = 'paid'
UNION ALL
SELECT cancelled_at, 'adjustment', bench.key(cancelled_at, 13, b), s.id, practitioner_id, client_id, starts_at, price - refunded,
       bench.share(price - refunded, bps), currency, bench.key(paid_at, 8, b), 'Cancelled late, part kept'
FROM bench.settled s WHERE status = 'cancelled' AND payment = 'partially_refunded' AND refunded < price;

INSERT INTO ledger_entries (id, occurred_at, kind, source, source_id, sale_at, practitioner_id, client_id, gross_minor, commission_minor,
                            currency, transaction_id, note, created_at)
SELECT id, at, kind, 'booking', source_id, starts_at, practitioner_id, client_id, gross, commission, currency, paid, note, at
FROM bench.session_lines ORDER BY at;
