"""Invariants of orders and stock; amounts are in minor units."""

from avenrae.queries.invariants.invariant import by_sql

_OURS = "o.reference LIKE 'O-%' AND o.kind = 'sale'"
# The stock of orders that were imported lived elsewhere: no movement of ours goes with them.

STORE = (
    by_sql(
        "order-totals",
        "An order's total is its items and shipping less its discount, and its items are its lines.",
        """
        SELECT o.reference, format('lines %s, items %s, shipping %s, discount %s, total %s', coalesce(i.minor, 0),
            o.items_minor, o.shipping_minor, o.discount_minor, o.total_minor) AS detail
        FROM orders o
        LEFT JOIN (SELECT order_id, sum(line_total_minor) AS minor FROM order_items GROUP BY 1) i ON i.order_id = o.id
        WHERE o.total_minor <> o.items_minor + o.shipping_minor - o.discount_minor
           OR o.items_minor <> coalesce(i.minor, 0)""",
    ),
    by_sql(
        "stock-ledger",
        "A product's stock is the sum of its movements.",
        """
        SELECT p.sku AS reference, format('on hand %s, movements %s', p.on_hand, coalesce(m.n, 0)) AS detail
        FROM products p LEFT JOIN (SELECT product_id, sum(delta) AS n FROM stock_movements GROUP BY 1) m
            ON m.product_id = p.id
        WHERE p.on_hand <> coalesce(m.n, 0)""",
    ),
    by_sql(
        "stock-as-of",
        "No product's stock was below zero at any instant.",
        """
        SELECT p.sku AS reference, format('%s at %s', level, m.at) AS detail
        FROM (SELECT DISTINCT ON (product_id) product_id, occurred_at AS at, level
              FROM (SELECT product_id, occurred_at,
                           sum(delta) OVER (PARTITION BY product_id ORDER BY occurred_at) AS level
                    FROM stock_movements) levels
              WHERE level < 0 ORDER BY product_id, occurred_at) m
        JOIN products p ON p.id = m.product_id""",
    ),
    by_sql(
        "set-aside",
        "What is set aside of a product is what open orders want of it.",
        """
        SELECT p.sku AS reference, format('set aside %s, wanted %s', p.allocated, coalesce(i.n, 0)) AS detail
        FROM products p LEFT JOIN (
            SELECT product_id, sum(quantity) AS n FROM order_items i JOIN orders o ON o.id = i.order_id
            WHERE o.status IN ('pending', 'paid') GROUP BY 1) i ON i.product_id = p.id
        WHERE p.allocated <> coalesce(i.n, 0)""",
    ),
    by_sql(
        "sent-goods",
        "A fulfilled order's goods have left the stock, no other order's have, and no more came back than left.",
        f"""
        SELECT o.reference, format('%s: ordered %s, sent %s, came back %s', p.sku, n.ordered, n.sent, n.back) AS detail
        FROM (SELECT reference, product_id, sum(ordered) AS ordered, sum(sent) AS sent, sum(back) AS back
              FROM (SELECT o.reference, i.product_id, i.quantity AS ordered, 0 AS sent, 0 AS back
                    FROM order_items i JOIN orders o ON o.id = i.order_id WHERE {_OURS}
                    UNION ALL
                    SELECT reference, product_id, 0, CASE reason WHEN 'sold' THEN -delta ELSE 0 END,
                           CASE reason WHEN 'returned' THEN delta ELSE 0 END
                    FROM stock_movements WHERE reason IN ('sold', 'returned') AND reference <> '') moves
              GROUP BY 1, 2) n
        JOIN orders o ON o.reference = n.reference JOIN products p ON p.id = n.product_id
        WHERE {_OURS}
          AND (n.sent <> CASE o.status WHEN 'fulfilled' THEN n.ordered ELSE 0 END OR n.back > n.sent)""",
    ),
)
