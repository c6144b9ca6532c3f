"""What clients and practitioners write to one another, and who of the desk has read it."""

import uuid
from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from avenrae.models.base import Base, Keyed, Stamped, check, references


class Conversation(Keyed, Stamped, Base):
    """What a client and a practitioner write to one another; the desk reads it only through a ticket."""

    __tablename__ = "conversations"

    client_user_id: Mapped[uuid.UUID] = references("users.id")
    practitioner_user_id: Mapped[uuid.UUID] = references("users.id", index=True)
    last_message_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("client_user_id", "practitioner_user_id", name="uq_conversations_pair"),
        check("apart", "client_user_id <> practitioner_user_id"),
    )


class ConversationMember(Base):
    """How far a member has read."""

    __tablename__ = "conversation_members"

    conversation_id: Mapped[uuid.UUID] = references("conversations.id", ondelete="CASCADE", primary_key=True)
    user_id: Mapped[uuid.UUID] = references("users.id", primary_key=True, index=True)
    read_until: Mapped[datetime | None]


class Message(Keyed, Stamped, Base):
    """One message between two people; reported by one of them, it may be hidden by the desk with a reason."""

    __tablename__ = "messages"

    conversation_id: Mapped[uuid.UUID] = references("conversations.id", ondelete="CASCADE")
    author_id: Mapped[uuid.UUID] = references("users.id", index=True)
    body: Mapped[str]
    reported_at: Mapped[datetime | None]
    report_reason: Mapped[str | None]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str | None]

    __table_args__ = (
        check("body", "length(body) BETWEEN 1 AND 10000"),
        check("reported", "(reported_at IS NULL) = (report_reason IS NULL)"),
        check("hidden", "(hidden_at IS NULL) = (hidden_reason IS NULL)"),
        Index("ix_messages_conversation", "conversation_id", "created_at", "id"),
        Index("ix_messages_reported", "reported_at", "id", postgresql_where=text("reported_at IS NOT NULL")),
    )


class ConversationReading(Keyed, Base):
    """That somebody of the desk read a conversation, through which ticket, and when."""

    __tablename__ = "conversation_readings"

    conversation_id: Mapped[uuid.UUID] = references("conversations.id", ondelete="CASCADE", index=True)
    ticket_id: Mapped[uuid.UUID] = references("tickets.id", index=True)
    reader_id: Mapped[uuid.UUID] = references("users.id", index=True)
    read_at: Mapped[datetime]
