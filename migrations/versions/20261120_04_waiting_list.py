"""Series of bookings and the waiting list with timed offers.

Revision: 20261120_04, after 20261120_03
"""

from avenrae.db.migrate import run_sql

revision = "20261120_04"
down_revision = "20261120_03"


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")


def downgrade() -> None:
    run_sql(__file__, "down")
