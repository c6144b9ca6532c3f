"""Tickets and all that belongs to a desk: promises, hours, messages, files, who looks at what, conversations."""

import uuid
from datetime import date, datetime, time

from sqlalchemy import Computed, Index, LargeBinary, Sequence, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from avenrae.enums import MoveKind, TicketCategory, TicketChannel, TicketPriority, TicketStatus
from avenrae.models.base import Base, Keyed, Stamped, check, one_of, references

ticket_numbers = Sequence("ticket_numbers", start=1001, metadata=Base.metadata)
_UNDONE = "status IN ('open', 'in_progress', 'waiting')"


class Desk(Keyed, Stamped, Base):
    """Who answers, by which clock.

    A promise is warned of `warn_minutes` before it is due; of one that is broken `lead_id` hears `lead_minutes` later.
    """

    __tablename__ = "desks"

    name: Mapped[str] = mapped_column(unique=True)
    time_zone: Mapped[str] = mapped_column(server_default=text("'Africa/Johannesburg'"))
    lead_id: Mapped[uuid.UUID | None] = references("users.id")
    escalates_out_of_hours: Mapped[bool] = mapped_column(server_default=text("false"))
    warn_minutes: Mapped[int] = mapped_column(server_default=text("30"))
    lead_minutes: Mapped[int] = mapped_column(server_default=text("60"))

    __table_args__ = (
        check("name", "length(name) BETWEEN 1 AND 100"),
        check("minutes", "warn_minutes BETWEEN 0 AND 10000 AND lead_minutes BETWEEN 0 AND 10000"),
    )


class BusinessHours(Keyed, Stamped, Base):
    """When a desk works, by its own clock; 0 is Monday, an end at 00:00 is midnight."""

    __tablename__ = "business_hours"

    desk_id: Mapped[uuid.UUID] = references("desks.id", ondelete="CASCADE", index=True)
    weekday: Mapped[int]
    starts_local: Mapped[time]
    ends_local: Mapped[time]

    __table_args__ = (
        check("weekday", "weekday BETWEEN 0 AND 6"),
        check("hours", "starts_local < ends_local OR ends_local = '00:00'"),
    )


class Holiday(Keyed, Stamped, Base):
    __tablename__ = "holidays"

    desk_id: Mapped[uuid.UUID] = references("desks.id", ondelete="CASCADE")
    on_date: Mapped[date]
    title: Mapped[str]

    __table_args__ = (UniqueConstraint("desk_id", "on_date"),)


class SlaPolicy(Keyed, Stamped, Base):
    """What is promised for a priority (and, where it is named, a category) in minutes of the desk's hours."""

    __tablename__ = "sla_policies"

    name: Mapped[str]
    desk_id: Mapped[uuid.UUID] = references("desks.id", index=True)
    priority: Mapped[TicketPriority] = mapped_column(Text())
    category: Mapped[TicketCategory | None] = mapped_column(Text())
    first_response_minutes: Mapped[int | None]
    update_minutes: Mapped[int | None]
    resolution_minutes: Mapped[int | None]

    __table_args__ = (
        one_of("priority", TicketPriority),
        one_of("category", TicketCategory),
        check(
            "minutes",
            "first_response_minutes BETWEEN 1 AND 100000 AND update_minutes BETWEEN 1 AND 100000"
            " AND resolution_minutes BETWEEN 1 AND 100000",
        ),
        UniqueConstraint("priority", "category", postgresql_nulls_not_distinct=True, name="uq_sla_policies_one"),
    )


_NARROWED = ("assignee_id", "category", "priority", "policy_id", "merged_into_id")


class Ticket(Keyed, Stamped, Base):
    """One matter of one person; what its clocks say is computed by `scheduling/sla.py` and kept here to be sorted by.

    `next_due_at` is the promise that breaks next of those that run, NULL while all clocks stand still. Minutes are of
    business time, of clocks that ended; `updates_late` counts answers that came late, `update_since` is when the client
    wrote what waits for one.
    """

    __tablename__ = "tickets"

    number: Mapped[str] = mapped_column(unique=True, server_default=text("'T-' || nextval('ticket_numbers')"))
    requester_id: Mapped[uuid.UUID] = references("users.id")
    subject: Mapped[str]
    category: Mapped[TicketCategory] = mapped_column(Text(), server_default=text("'other'"))
    status: Mapped[TicketStatus] = mapped_column(Text(), server_default=text("'open'"))
    priority: Mapped[TicketPriority] = mapped_column(Text(), server_default=text("'medium'"))
    channel: Mapped[TicketChannel] = mapped_column(Text(), server_default=text("'console'"))
    assignee_id: Mapped[uuid.UUID | None] = references("users.id")
    booking_id: Mapped[uuid.UUID | None] = references("bookings.id", index=True)
    order_id: Mapped[uuid.UUID | None] = references("orders.id", index=True)
    transaction_id: Mapped[uuid.UUID | None] = references("transactions.id", index=True)
    conversation_id: Mapped[uuid.UUID | None] = references("conversations.id", index=True)
    merged_into_id: Mapped[uuid.UUID | None] = references("tickets.id", index=True)
    first_response_due_at: Mapped[datetime | None]
    update_due_at: Mapped[datetime | None]
    resolution_due_at: Mapped[datetime | None]
    next_due_at: Mapped[datetime | None]
    first_responded_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    policy_id: Mapped[uuid.UUID | None] = references("sla_policies.id", ondelete="SET NULL", index=True)
    update_since: Mapped[datetime | None]
    first_response_minutes: Mapped[int | None]
    resolution_minutes: Mapped[int | None]
    updates_late: Mapped[int] = mapped_column(server_default=text("0"))
    last_message_at: Mapped[datetime]
    snoozed_until: Mapped[datetime | None]
    satisfaction: Mapped[int | None]
    satisfaction_comment: Mapped[str | None]
    satisfaction_asked_at: Mapped[datetime | None]
    subject_words: Mapped[str] = mapped_column(
        TSVECTOR, Computed("to_tsvector('simple', f_fold(subject))", persisted=True), sort_order=97
    )

    __table_args__ = (
        one_of("category", TicketCategory),
        one_of("status", TicketStatus),
        one_of("priority", TicketPriority),
        one_of("channel", TicketChannel),
        check("subject", "length(subject) BETWEEN 1 AND 200"),
        check("satisfaction", "satisfaction BETWEEN 1 AND 5"),
        check("merged", "merged_into_id IS NULL OR status = 'closed'"),
        check("merged_self", "merged_into_id <> id"),
        Index("ix_tickets_requester", "requester_id", "created_at"),
        Index("ix_tickets_assignee", "assignee_id", "status", "next_due_at", "id"),
        Index("ix_tickets_due", "next_due_at", "id", postgresql_where=text(_UNDONE)),
        Index("ix_tickets_due_last", "last_message_at", "id", postgresql_where=text(_UNDONE)),
        Index("ix_tickets_due_created", "created_at", "id", postgresql_where=text(_UNDONE)),
        Index("ix_tickets_next", "next_due_at", "id"),
        Index("ix_tickets_status", "status", "last_message_at", "id"),
        Index("ix_tickets_last", "last_message_at", "id"),
        # Figures read every ticket of a period, so they find all they ask of it in the index.
        Index(
            "ix_tickets_created",
            "created_at",
            "id",
            postgresql_include=[
                *_NARROWED,
                "first_responded_at",
                "first_response_due_at",
                "update_due_at",
                "updates_late",
                "resolved_at",
                "resolution_due_at",
            ],
        ),
        Index(
            "ix_tickets_answered",
            "first_responded_at",
            "id",
            postgresql_include=[*_NARROWED, "first_response_due_at", "first_response_minutes"],
        ),
        Index(
            "ix_tickets_resolved",
            "resolved_at",
            "id",
            postgresql_include=[
                *_NARROWED,
                "resolution_due_at",
                "resolution_minutes",
                "satisfaction",
                "satisfaction_asked_at",
            ],
        ),
        Index("ix_tickets_subject", "subject_words", postgresql_using="gin"),
        Index("ix_tickets_snoozed", "snoozed_until", postgresql_where=text("snoozed_until IS NOT NULL")),
    )


class TicketMessage(Keyed, Stamped, Base):
    """A message of a ticket; an internal note never leaves the desk."""

    __tablename__ = "ticket_messages"

    ticket_id: Mapped[uuid.UUID] = references("tickets.id")
    author_id: Mapped[uuid.UUID | None] = references("users.id", index=True)
    body: Mapped[str]
    is_internal: Mapped[bool] = mapped_column(server_default=text("false"))
    from_staff: Mapped[bool]
    channel: Mapped[TicketChannel] = mapped_column(Text(), server_default=text("'console'"))
    email_message_id: Mapped[str | None] = mapped_column(unique=True)
    body_words: Mapped[str] = mapped_column(
        TSVECTOR, Computed("to_tsvector('simple', f_fold(left(body, 20000)))", persisted=True), sort_order=97
    )

    __table_args__ = (
        one_of("channel", TicketChannel),
        check("body", "length(body) BETWEEN 1 AND 100000"),
        check("internal", "NOT is_internal OR from_staff"),
        Index("ix_ticket_messages_ticket", "ticket_id", "created_at", "id"),
        Index("ix_ticket_messages_words", "body_words", postgresql_using="gin"),
    )


class TicketAttachment(Keyed, Stamped, Base):
    """A file of a message; its bytes stand in `ticket_files`, so that reading messages reads none."""

    __tablename__ = "ticket_attachments"

    message_id: Mapped[uuid.UUID] = references("ticket_messages.id", ondelete="CASCADE", index=True)
    name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int]

    __table_args__ = (
        check("name", "length(name) BETWEEN 1 AND 200"),
        check("size", "size BETWEEN 1 AND 10485760"),
    )


class TicketFile(Base):
    __tablename__ = "ticket_files"

    attachment_id: Mapped[uuid.UUID] = references("ticket_attachments.id", ondelete="CASCADE", primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class TicketStatusChange(Keyed, Base):
    """When a ticket became what: with its messages, all that the clocks of its promises listen to."""

    __tablename__ = "ticket_status_changes"

    ticket_id: Mapped[uuid.UUID] = references("tickets.id", ondelete="CASCADE")
    status: Mapped[TicketStatus] = mapped_column(Text())
    occurred_at: Mapped[datetime]
    by_id: Mapped[uuid.UUID | None] = references("users.id")

    __table_args__ = (
        one_of("status", TicketStatus),
        Index("ix_ticket_status_changes_ticket", "ticket_id", "occurred_at", "id"),
    )


class TicketTag(Keyed, Stamped, Base):
    __tablename__ = "ticket_tags"

    ticket_id: Mapped[uuid.UUID] = references("tickets.id", ondelete="CASCADE")
    tag: Mapped[str]

    __table_args__ = (
        check("tag", "tag ~ '^[a-z0-9][a-z0-9 -]{0,39}$'"),
        UniqueConstraint("ticket_id", "tag", name="uq_ticket_tags_once"),
        Index("ix_ticket_tags_tag", "tag", "ticket_id"),
    )


class TicketMove(Keyed, Stamped, Base):
    """A merge or a split; undoing it puts each message back where it stood (R-TCK-01)."""

    __tablename__ = "ticket_moves"

    kind: Mapped[MoveKind] = mapped_column(Text())
    from_ticket_id: Mapped[uuid.UUID] = references("tickets.id", index=True)
    to_ticket_id: Mapped[uuid.UUID] = references("tickets.id", index=True)
    status_before: Mapped[TicketStatus] = mapped_column(Text())
    made_by_id: Mapped[uuid.UUID | None] = references("users.id")
    undone_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("kind", MoveKind),
        one_of("status_before", TicketStatus),
        check("apart", "from_ticket_id <> to_ticket_id"),
    )


class TicketMoveMessage(Base):
    __tablename__ = "ticket_move_messages"

    move_id: Mapped[uuid.UUID] = references("ticket_moves.id", ondelete="CASCADE", primary_key=True)
    message_id: Mapped[uuid.UUID] = references("ticket_messages.id", ondelete="CASCADE", primary_key=True, index=True)


class TicketPresence(Base):
    """Who has a ticket open right now; not worth a line in the journal of the database."""

    __tablename__ = "ticket_presence"

    ticket_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]
    is_writing: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = ({"prefixes": ["UNLOGGED"]},)


class TicketView(Keyed, Stamped, Base):
    """A filter of the queue that somebody saved under a name; `query` is the address's part after the question mark."""

    __tablename__ = "ticket_views"

    user_id: Mapped[uuid.UUID] = references("users.id", ondelete="CASCADE")
    name: Mapped[str]
    query: Mapped[str]

    __table_args__ = (
        check("name", "length(name) BETWEEN 1 AND 60"),
        UniqueConstraint("user_id", "name", name="uq_ticket_views_name"),
    )


class CannedReply(Keyed, Stamped, Base):
    """A text that is written often; `{client}`, `{agent}`, `{ticket}` and the like are filled in when it is used."""

    __tablename__ = "canned_replies"

    title: Mapped[str] = mapped_column(unique=True)
    body: Mapped[str]
    category: Mapped[TicketCategory | None] = mapped_column(Text())

    __table_args__ = (
        one_of("category", TicketCategory),
        check("title", "length(title) BETWEEN 1 AND 100"),
        check("body", "length(body) BETWEEN 1 AND 10000"),
    )


class ClientNote(Keyed, Stamped, Base):
    """What the desk should know of a person, whatever the ticket."""

    __tablename__ = "client_notes"

    user_id: Mapped[uuid.UUID] = references("users.id", index=True)
    author_id: Mapped[uuid.UUID | None] = references("users.id")
    body: Mapped[str]

    __table_args__ = (check("body", "length(body) BETWEEN 1 AND 5000"),)


class RefundRequest(Keyed, Stamped, Base):
    """A refund above what an agent may give, waiting for an admin who did not ask for it himself."""

    __tablename__ = "refund_requests"

    ticket_id: Mapped[uuid.UUID | None] = references("tickets.id", index=True)
    booking_id: Mapped[uuid.UUID | None] = references("bookings.id", index=True)
    order_id: Mapped[uuid.UUID | None] = references("orders.id", index=True)
    amount_minor: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str]
    asked_by_id: Mapped[uuid.UUID] = references("users.id")
    decided_by_id: Mapped[uuid.UUID | None] = references("users.id")
    decided_at: Mapped[datetime | None]
    is_granted: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(server_default=text("''"))

    __table_args__ = (
        check("amount", "amount_minor > 0"),
        check("currency", "currency ~ '^[A-Z]{3}$'"),
        check("cause", "num_nonnulls(booking_id, order_id) = 1"),
        check("decided", "num_nonnulls(decided_by_id, decided_at, is_granted) IN (0, 3)"),
        check("four_eyes", "decided_by_id <> asked_by_id"),
        Index("ix_refund_requests_open", "created_at", "id", postgresql_where=text("decided_at IS NULL")),
        Index("ix_refund_requests_decided", "decided_at", "id"),
        Index("uq_refund_requests_booking", "booking_id", unique=True, postgresql_where=text("decided_at IS NULL")),
        Index("uq_refund_requests_order", "order_id", unique=True, postgresql_where=text("decided_at IS NULL")),
    )
