"""How people want to be told: preferences of each kind and channel, quiet hours, the hour of the digest.

Revision: 20261120_12, after 20261120_11
"""

from avenrae.db.migrate import run_sql

revision = "20261120_12"
down_revision = "20261120_11"


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")


def downgrade() -> None:
    run_sql(__file__, "down")
