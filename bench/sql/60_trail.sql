-- The audit trail that the services would have left: each booking and order made, and changed once since.
INSERT INTO audit_entries (occurred_at, actor_name, action, request, table_name, row_id, operation, before, after)
SELECT created_at, 'Client (client)', 'create_booking', 'BNCH-' || b % 10000, 'bookings', id::text, 'insert', NULL::jsonb,
       jsonb_build_object('id', id, 'status', 'pending', 'price_minor', price, 'currency', currency, 'starts_at', starts_at)
FROM bench.settled ORDER BY n;
INSERT INTO audit_entries (occurred_at, actor_name, action, request, table_name, row_id, operation, before, after)
SELECT greatest(created_at, least(ends_at, z.today)), 'Practitioner (practitioner)', 'complete_booking', 'BNCH-' || b % 10000, 'bookings',
       id::text, 'update', '{"status": "pending"}'::jsonb, jsonb_build_object('status', status, 'payment_status', payment)
FROM bench.settled, bench.size z WHERE status <> 'pending' ORDER BY n;
INSERT INTO audit_entries (occurred_at, actor_name, action, request, table_name, row_id, operation, before, after)
SELECT placed_at, 'Client (client)', 'place_order', 'BNCH-' || o % 10000, 'orders', id::text, 'insert', NULL::jsonb,
       jsonb_build_object('id', id, 'status', 'pending', 'total_minor', total, 'currency', currency)
FROM bench.sold ORDER BY n;
