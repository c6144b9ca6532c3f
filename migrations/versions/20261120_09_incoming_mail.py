"""Mails that come in, and where replies to the ones that go out are sent.

Revision: 20261120_09, after 20261120_08
"""

from avenrae.db.migrate import run_sql

revision = "20261120_09"
down_revision = "20261120_08"


def upgrade() -> None:
    run_sql(__file__, "functions", "tables", "triggers")


def downgrade() -> None:
    run_sql(__file__, "down")
