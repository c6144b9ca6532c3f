"""What clients and practitioners write to one another, and who of the desk has read it."""

import uuid
from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from avenrae.models.base import Base, Keyed, Stamped, check, references


class Conversation(Keyed, Stamped, Base):
    """What a client and a practitioner write to one another; the desk reads it only through a ticket."""

    __tablename__ = "conversations"

    client_user_id: Mapped[uuid.UUID] = references("users.id")
    practitioner_user_id: Mapped[uuid.UUID] = references("users.id")
    last_message_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("client_user_id", "practitioner_user_id", name="uq_conversations_pair"),
        check("apart", "client_user_id <> practitioner_user_id"),
        Index("ix_conversations_client", "client_user_id", "last_message_at", "id"),
        Index("ix_conversations_practitioner", "practitioner_user_id", "last_message_at", "id"),
    )


class ConversationMember(Base):
    """Up to which message a member has read, and when his page last said that it is open."""

    __tablename__ = "conversation_members"

    conversation_id: Mapped[uuid.UUID] = references("conversations.id", ondelete="CASCADE", primary_key=True)
    user_id: Mapped[uuid.UUID] = references("users.id", primary_key=True, index=True)
    read_until: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]


class Message(Keyed, Stamped, Base):
    """One message between two people, later than the one before it.

    The other one reports it, which opens `ticket_id`; the desk decides with a reason, and hides it or not.
    """

    __tablename__ = "messages"

    conversation_id: Mapped[uuid.UUID] = references("conversations.id", ondelete="CASCADE")
    author_id: Mapped[uuid.UUID] = references("users.id", index=True)
    body: Mapped[str]
    reported_at: Mapped[datetime | None]
    report_reason: Mapped[str | None]
    hidden_at: Mapped[datetime | None]
    ticket_id: Mapped[uuid.UUID | None] = references("tickets.id", unique=True, sort_order=100)
    decided_at: Mapped[datetime | None] = mapped_column(sort_order=101)
    decision_reason: Mapped[str | None] = mapped_column(sort_order=102)

    __table_args__ = (
        check("body", "length(body) BETWEEN 1 AND 10000"),
        check("reported", "(reported_at IS NULL) = (report_reason IS NULL)"),
        check("reported_in", "(reported_at IS NULL) = (ticket_id IS NULL)"),
        check("decided", "(decided_at IS NULL) = (decision_reason IS NULL)"),
        check("hidden", "hidden_at IS NULL OR decided_at IS NOT NULL"),
        check("reasons", "length(report_reason) BETWEEN 1 AND 2000 AND length(decision_reason) BETWEEN 1 AND 2000"),
        Index("ix_messages_conversation", "conversation_id", "created_at", "id"),
        Index("ix_messages_reported", "reported_at", "id", postgresql_where=text("reported_at IS NOT NULL")),
        Index(
            "ix_messages_undecided",
            "reported_at",
            "id",
            postgresql_where=text("reported_at IS NOT NULL AND decided_at IS NULL"),
        ),
    )


class ConversationReading(Keyed, Base):
    """That somebody of the desk read a conversation, through which ticket, and when."""

    __tablename__ = "conversation_readings"

    conversation_id: Mapped[uuid.UUID] = references("conversations.id", ondelete="CASCADE")
    ticket_id: Mapped[uuid.UUID] = references("tickets.id", index=True)
    reader_id: Mapped[uuid.UUID] = references("users.id", index=True)
    read_at: Mapped[datetime]

    __table_args__ = (Index("ix_conversation_readings_conversation", "conversation_id", "read_at", "id"),)
