"""Busy times that come from calendars elsewhere.

Revision: 20261120_06, after 20261120_05
"""

from avenrae.db.migrate import run_sql

revision = "20261120_06"
down_revision = "20261120_05"


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")


def downgrade() -> None:
    run_sql(__file__, "down")
