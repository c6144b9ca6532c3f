"""What became of each notice: shown in the console or not, and by which mail it went, or why by none.

Revision: 20261120_10, after 20261120_09
"""

from avenrae.db.migrate import run_sql

revision = "20261120_10"
down_revision = "20261120_09"


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")


def downgrade() -> None:
    run_sql(__file__, "down")
