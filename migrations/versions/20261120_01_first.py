"""Identity, people, scheduling, store, money and the audit trail: the first schema, in plain SQL.

Revision: 20261120_01, after nothing
"""

from alembic import op

from avenrae.db.migrate import run_sql

revision = "20261120_01"
down_revision = None

_FUNCTIONS = """audit_masked(jsonb), audit_rows(), audit_update(), keep_history(text), touch_updated_at(),
    refuse_change(), refuse_by_hand(), bookings_guard(), bookings_counted(), reviews_rated(), stock_moved(),
    products_guard(), ledger_summed(), find_practitioners_near(float8, float8, float8, text),
    geo_distance_m(float8, float8, float8, float8)"""


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")


def downgrade() -> None:
    op.execute(
        """
        DROP TABLE audit_entries, form_tokens, import_rows, import_batches, stripe_events, payouts, ledger_hours,
            ledger_entries, transactions, subscriptions, wishlist_items, coupon_redemptions, coupons, cart_items,
            carts, order_items, orders, stock_movements, products, reviews, booking_waitlist, bookings,
            blocked_periods, availability_overrides, availability_rules, services, favourites, clients,
            practitioners, consents, sign_in_attempts, verification_tokens, refresh_tokens, sessions,
            oauth_accounts, users;
        DROP SEQUENCE booking_numbers, order_numbers;
        """
    )
    op.execute(f"DROP FUNCTION {_FUNCTIONS}")
    op.execute("DROP FUNCTION geo_xyz(float8, float8), f_fold(text), f_words(text[]), new_id()")
    op.execute("DROP EXTENSION unaccent, pg_trgm, cube, btree_gist")
