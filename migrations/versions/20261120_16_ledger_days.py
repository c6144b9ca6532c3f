"""The books summed by the day as well as by the hour.

Revision: 20261120_16, after 20261120_15
"""

from avenrae.db.migrate import run_sql

revision = "20261120_16"
down_revision = "20261120_15"


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")


def downgrade() -> None:
    run_sql(__file__, "down")
