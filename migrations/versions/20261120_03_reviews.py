"""Reviews of both sides of a session, kept back until both have written, and their moderation.

Revision: 20261120_03, after 20261120_02
"""

from avenrae.db.migrate import run_sql

revision = "20261120_03"
down_revision = "20261120_02"


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")


def downgrade() -> None:
    run_sql(__file__, "down")
