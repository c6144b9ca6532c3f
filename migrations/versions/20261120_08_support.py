"""The support desk: tickets, promises and hours, messages and files, conversations.

Revision: 20261120_08, after 20261120_07
"""

from avenrae.db.migrate import run_sql

revision = "20261120_08"
down_revision = "20261120_07"


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")


def downgrade() -> None:
    run_sql(__file__, "down")
