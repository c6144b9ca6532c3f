"""Indexes for searches by common names and for what runs low.

Revision: 20261120_07, after 20261120_06
"""

from avenrae.db.migrate import run_sql

revision = "20261120_07"
down_revision = "20261120_06"


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")


def downgrade() -> None:
    run_sql(__file__, "down")
