"""What is derived of tickets for figures, and the work of deriving it anew."""

import uuid
from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from avenrae.models.base import Base, Keyed, check, references


class TicketBacklog(Base):
    """A stretch of time in which a ticket was open, kept by a trigger from its status changes; NULL still is."""

    __tablename__ = "ticket_backlog"

    ticket_id: Mapped[uuid.UUID] = references("tickets.id", ondelete="CASCADE", primary_key=True)
    since: Mapped[datetime] = mapped_column(primary_key=True)
    until: Mapped[datetime | None]

    __table_args__ = (
        check("times", "since < until"),
        Index("ix_ticket_backlog_since", "since"),
        Index("ix_ticket_backlog_until", "until"),
    )


class ClockRun(Keyed, Base):
    """All open tickets getting their due times anew in the background; `after_id` is how far it has come."""

    __tablename__ = "clock_runs"

    total: Mapped[int]
    done: Mapped[int] = mapped_column(server_default=text("0"))
    after_id: Mapped[uuid.UUID | None]
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        check("done", "done >= 0"),
        Index("uq_clock_runs_one", text("(true)"), unique=True, postgresql_where=text("finished_at IS NULL")),
    )
