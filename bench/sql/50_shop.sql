-- Products in two currencies: every seventh is priced in pounds. The first ones sell most.
CREATE UNLOGGED TABLE bench.products AS
SELECT n, bench.key(today - interval '1095 days' + bench.days(30 * bench.u(n, 100)), 20, n) AS id,
       today - interval '1095 days' + bench.days(30 * bench.u(n, 100)) AS created_at,
       CASE WHEN n % 7 = 0 THEN 'GBP' ELSE 'ZAR' END AS currency,
       CASE WHEN n % 7 = 0 THEN 295 + 50 * bench.below(n, 101, 100) ELSE 4995 + 500 * bench.below(n, 101, 200) END AS price,
       (ARRAY['Rose quartz', 'Amethyst', 'Sage bundle', 'Tarot deck', 'Brass bowl', 'Sunstone', 'Dream journal', 'Incense', 'Pendulum',
              'Tiger eye', 'Moon calendar', 'Buchu tea'])[1 + bench.below(n, 102, 12)] || ', '
           || (ARRAY['small', 'large', 'polished', 'raw', 'hand-made', 'travel size', 'gift box', 'set of three'])[1 + bench.below(n, 103, 8)]
           || ' No. ' || n AS title,
       (ARRAY['crystal', 'crystal', 'book', 'tool', 'supplement', 'other'])[1 + bench.below(n, 104, 6)] AS product_type,
       20 + bench.below(n, 105, 60) AS lot, bench.below(n, 106, 12) AS reorder
FROM bench.size, generate_series(1, products) n;
CREATE UNIQUE INDEX ON bench.products (n);

-- November sells most, the last two days are still to be paid or sent.
CREATE UNLOGGED TABLE bench.placed AS
SELECT o, placed_at, c.id AS client_id, c.user_id, CASE WHEN bench.u(o, 110) < 0.12 THEN 'GBP' ELSE 'ZAR' END AS currency,
       CASE WHEN placed_at > today - interval '3 days' THEN CASE WHEN bench.u(o, 111) < 0.2 THEN 'pending' ELSE 'paid' END
            WHEN bench.u(o, 111) < 0.06 THEN 'cancelled' ELSE 'fulfilled' END AS status,
       bench.u(o, 112) AS dice, 1 + floor(-2 * ln(1 - bench.u(o, 113) * 0.98) / 1.38)::int AS lines
FROM (
    SELECT o, today, today - bench.days(1040 * (1 - ((o - bench.u(o, 114)) / orders) ^ 0.8)
               - 6 * sin(6 * pi() * o / orders)) AS placed_at,
           floor(clients * bench.u(o, 115) ^ 1.8)::bigint AS c
    FROM bench.size, generate_series(1, orders) o
) d JOIN bench.clients c USING (c);

CREATE UNLOGGED TABLE bench.items AS
SELECT DISTINCT ON (o, n) o, p.n, p.id AS product_id, p.title, p.price, 1 + bench.below(o * 8 + k, 121, 10) / 7 AS quantity, k
FROM (
    SELECT o, k, CASE WHEN currency = 'GBP' THEN 7 * (r + 1) ELSE 7 * r + 1 + bench.below(o * 8 + k, 122, 6) END AS chosen
    FROM (
        SELECT o, k, currency, floor(bench.u(o * 8 + k, 120) ^ 2.2 * (products / 7 - 1))::bigint AS r
        FROM bench.placed, bench.size, generate_series(1, lines) k
    ) ranked
) l JOIN bench.products p ON p.n = l.chosen
ORDER BY o, n;

CREATE UNLOGGED TABLE bench.orders AS
SELECT p.*, row_number() OVER (ORDER BY placed_at, o) AS n, bench.key(placed_at, 21, o) AS id, items, shipping, items + shipping AS total,
       CASE WHEN status = 'pending' OR (status = 'cancelled' AND dice < 0.5) THEN 'unpaid' WHEN status = 'cancelled' THEN 'refunded'
            WHEN dice < 0.025 THEN 'partially_refunded' WHEN dice < 0.035 AND status = 'fulfilled' THEN 'refunded' ELSE 'paid' END AS payment,
       CASE WHEN status = 'fulfilled' THEN placed_at + bench.days(0.2 + 2 * bench.u(p.o, 130)) END AS fulfilled_at
FROM bench.placed p
JOIN (SELECT o, sum(price * quantity)::bigint AS items FROM bench.items GROUP BY o) i USING (o),
LATERAL (SELECT CASE WHEN currency = 'GBP' THEN CASE WHEN items > 4000 THEN 0 ELSE 395 END
                     WHEN items > 60000 THEN 0 ELSE 7500 END::bigint AS shipping) s;
CREATE UNLOGGED TABLE bench.sold AS
SELECT o.*, CASE payment WHEN 'refunded' THEN total WHEN 'partially_refunded' THEN greatest(1, total / 4) ELSE 0 END AS refunded,
       CASE WHEN payment <> 'unpaid' THEN placed_at + interval '3 minutes' END AS paid_at,
       CASE WHEN payment IN ('refunded', 'partially_refunded') THEN
           least(coalesce(fulfilled_at, placed_at) + bench.days(0.5 + 3 * bench.u(o, 131)), z.today - interval '1 minute') END AS refunded_at
FROM bench.orders o, bench.size z;
CREATE UNIQUE INDEX ON bench.sold (o);

INSERT INTO orders (id, reference, client_id, status, payment_status, currency, items_minor, shipping_minor, total_minor, refunded_minor,
                    placed_at, paid_at, fulfilled_at, cancelled_at, cancellation_reason, country, created_at, updated_at)
SELECT id, 'O-' || 10000 + n, client_id, status, payment, currency, items, shipping, total, refunded, placed_at, paid_at, fulfilled_at,
       CASE WHEN status = 'cancelled' THEN coalesce(refunded_at, placed_at + interval '1 day') END,
       CASE WHEN status = 'cancelled' THEN 'Ordered twice by mistake' END,
       CASE WHEN currency = 'GBP' THEN 'United Kingdom' ELSE 'South Africa' END, placed_at,
       greatest(placed_at, fulfilled_at, refunded_at)
FROM bench.sold ORDER BY n;
SELECT setval('order_numbers', (SELECT max(n) + 10000 FROM bench.sold));

INSERT INTO order_items (id, order_id, product_id, title, quantity, unit_price_minor, line_total_minor)
SELECT bench.key(s.placed_at, 22, s.n * 8 + k), s.id, product_id, title, quantity, price, price * quantity
FROM bench.items JOIN bench.sold s USING (o) ORDER BY s.n, k;

INSERT INTO transactions (id, user_id, amount_minor, currency, kind, status, provider, provider_transaction_id, order_id, occurred_at,
                          metadata, created_at, updated_at)
SELECT bench.key(paid_at, 23, o), user_id, total, currency, 'charge', 'succeeded', 'stripe', 'pi_o' || to_hex(o), id, paid_at,
       '{"method": "card"}'::jsonb, paid_at, paid_at
FROM bench.sold WHERE paid_at IS NOT NULL
UNION ALL
SELECT bench.key(refunded_at, 24, o), user_id, refunded, currency, 'refund', 'succeeded', 'manual', NULL, id, refunded_at,
       '{"reason": "Came broken"}'::jsonb, refunded_at, refunded_at
FROM bench.sold WHERE refunded > 0;

INSERT INTO ledger_entries (id, occurred_at, kind, source, source_id, sale_at, client_id, gross_minor, currency, transaction_id, created_at)
SELECT bench.key(paid_at, 25, o), paid_at, 'sale', 'order', id, paid_at, client_id, total, currency, bench.key(paid_at, 23, o), paid_at
FROM bench.sold WHERE paid_at IS NOT NULL
UNION ALL
SELECT bench.key(refunded_at, 26, o), refunded_at, 'refund', 'order', id, paid_at, client_id, -refunded, currency,
       bench.key(refunded_at, 24, o), refunded_at
FROM bench.sold WHERE refunded > 0;

-- Stock: an opening of one lot and of what is promised now, another lot each time the sold ones use one up.
CREATE UNLOGGED TABLE bench.moved (product_n bigint, delta bigint, reason text, reference text, note text, at timestamptz, seq bigserial);
INSERT INTO bench.moved (product_n, delta, reason, reference, note, at)
SELECT p.n, p.lot + coalesce(promised, 0), 'received', 'GRN opening', '', p.created_at
FROM bench.products p
LEFT JOIN (SELECT n, sum(quantity) AS promised FROM bench.items JOIN (SELECT o, status FROM bench.sold) s USING (o)
           WHERE status IN ('pending', 'paid') GROUP BY n) a USING (n);
INSERT INTO bench.moved (product_n, delta, reason, reference, note, at)
SELECT n, -quantity, 'sold', 'O-' || 10000 + number, '', fulfilled_at
FROM bench.items JOIN (SELECT o, n AS number, fulfilled_at FROM bench.sold WHERE fulfilled_at IS NOT NULL) s USING (o);
INSERT INTO bench.moved (product_n, delta, reason, reference, note, at)
SELECT product_n, lot * (upto / lot - (upto - sold) / lot), 'received', 'GRN ' || to_char(at, 'YYYYMMDD'), '', at - interval '1 hour'
FROM (
    SELECT m.product_n, p.lot, -m.delta AS sold, at, sum(-m.delta) OVER (PARTITION BY m.product_n ORDER BY at, seq)::bigint AS upto
    FROM bench.moved m JOIN bench.products p ON p.n = m.product_n WHERE m.reason = 'sold'
) s WHERE upto / lot > (upto - sold) / lot;
INSERT INTO bench.moved (product_n, delta, reason, reference, note, at)
SELECT n, quantity, 'returned', 'O-' || 10000 + number, 'Came broken', refunded_at
FROM bench.items JOIN (SELECT o, n AS number, refunded_at FROM bench.sold WHERE payment = 'refunded' AND status = 'fulfilled') s USING (o);
-- One product in nine has nearly run out: what nobody is promised was counted away yesterday.
INSERT INTO bench.moved (product_n, delta, reason, reference, note, at)
SELECT p.n, -(hand - coalesce(promised, 0) - bench.below(p.n, 140, 4)), 'damaged', '', 'Water in the store room', today - interval '1 minute'
FROM bench.products p
JOIN (SELECT product_n, sum(delta) AS hand FROM bench.moved GROUP BY 1) m ON m.product_n = p.n
LEFT JOIN (SELECT n, sum(quantity) AS promised FROM bench.items JOIN (SELECT o, status FROM bench.sold) s USING (o)
           WHERE status IN ('pending', 'paid') GROUP BY n) a USING (n), bench.size
WHERE p.n % 9 = 4 AND hand - coalesce(promised, 0) > 4;

INSERT INTO stock_movements (id, product_id, delta, reason, reference, note, occurred_at, created_at)
SELECT bench.key(at, 27, seq), p.id, delta, reason, reference, note, at, at
FROM bench.moved m JOIN bench.products p ON p.n = m.product_n ORDER BY at, seq;

INSERT INTO products (id, sku, title, description, product_type, category, price_minor, currency, is_active, reorder_level, on_hand,
                      allocated, created_at, updated_at)
SELECT p.id, 'AV-' || lpad(p.n::text, 6, '0'), title, title || '. Packed by hand in Cape Town.', product_type, initcap(product_type), price,
       currency, bench.u(p.n, 141) < 0.94, reorder, hand, coalesce(promised, 0), p.created_at, p.created_at
FROM bench.products p
JOIN (SELECT product_n, sum(delta) AS hand FROM bench.moved GROUP BY 1) m ON m.product_n = p.n
LEFT JOIN (SELECT n, sum(quantity) AS promised FROM bench.items JOIN (SELECT o, status FROM bench.sold) s USING (o)
           WHERE status IN ('pending', 'paid') GROUP BY n) a USING (n)
ORDER BY p.id;
