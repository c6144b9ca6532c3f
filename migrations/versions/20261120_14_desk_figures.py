"""The dates by which the desk's figures count, with all that they ask of a ticket in the index.

Revision: 20261120_14, after 20261120_12
"""

from avenrae.db.migrate import run_sql

revision = "20261120_14"
down_revision = "20261120_12"


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")


def downgrade() -> None:
    run_sql(__file__, "down")
