"""Background work: the job queue of Procrastinate 3.10 (its own schema.sql), notifications and mails to send.

Revision: 20261120_02, after 20261120_01
"""

from avenrae.db.migrate import run_sql

revision = "20261120_02"
down_revision = "20261120_01"


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")


def downgrade() -> None:
    run_sql(__file__, "down")
