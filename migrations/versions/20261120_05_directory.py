"""The directory: nearest first from the index, PostGIS where it is, places, documents that expire.

Revision: 20261120_05, after 20261120_04
"""

from avenrae.db.migrate import run_sql

revision = "20261120_05"
down_revision = "20261120_04"


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")


def downgrade() -> None:
    run_sql(__file__, "down")
