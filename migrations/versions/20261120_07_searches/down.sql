-- Back to where it was.
DROP STATISTICS st_products_stock;
DROP INDEX ix_products_out;
DROP INDEX ix_products_low;
CREATE INDEX ix_products_low ON products (id) WHERE is_active AND reorder_level > 0 AND on_hand - allocated <= reorder_level;

DROP INDEX ix_products_type;
DROP INDEX ix_products_title;
CREATE INDEX ix_products_title ON products (title_folded COLLATE "C", id);
