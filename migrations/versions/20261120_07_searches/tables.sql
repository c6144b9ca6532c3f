-- What the models say.
CREATE INDEX ix_products_out ON products (title_folded COLLATE "C", id) WHERE on_hand - allocated = 0;

DROP INDEX ix_products_low;
CREATE INDEX ix_products_low ON products (title_folded COLLATE "C", id)
    WHERE is_active AND reorder_level > 0 AND on_hand - allocated - reorder_level <= 0;

DROP INDEX ix_products_title;
CREATE INDEX ix_products_title ON products (title_folded COLLATE "C", id) INCLUDE (is_active);
CREATE INDEX ix_products_type ON products (product_type, title_folded COLLATE "C", id) INCLUDE (is_active);
