"""Lists of the mails that were written, and of what a person was told.

Revision: 20261120_15, after 20261120_14
"""

from avenrae.db.migrate import run_sql

revision = "20261120_15"
down_revision = "20261120_14"


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")


def downgrade() -> None:
    run_sql(__file__, "down")
