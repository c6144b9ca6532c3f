"""Conversations: who has one open, what became of a report, and the order of their lists.

Revision: 20261120_11, after 20261120_10
"""

from avenrae.db.migrate import run_sql

revision = "20261120_11"
down_revision = "20261120_10"


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")


def downgrade() -> None:
    run_sql(__file__, "down")
