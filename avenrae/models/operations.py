"""What keeps the house in order: audit trail, form tokens, notices and mails, imports."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from avenrae.enums import (
    ImportStatus,
    MailRoute,
    MailStatus,
    MailVerdict,
    NoticeChannel,
    NoticeChoice,
    NoticeKind,
)
from avenrae.models.base import Base, Keyed, Stamped, check, one_of, references


class AuditEntry(Base):
    """One change of one row, written by a trigger from what `transaction()` says of its actor."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    actor_id: Mapped[uuid.UUID | None]
    actor_name: Mapped[str] = mapped_column(server_default=text("''"))
    action: Mapped[str] = mapped_column(server_default=text("''"))
    request: Mapped[str] = mapped_column(server_default=text("''"))
    table_name: Mapped[str]
    row_id: Mapped[str]
    operation: Mapped[str]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    __table_args__ = (
        Index("ix_audit_entries_row", "table_name", "row_id", "id"),
        Index("ix_audit_entries_actor", "actor_id", "occurred_at"),
        Index("ix_audit_entries_when", "occurred_at"),
    )


class FormToken(Base):
    """A form that was sent; the same token can never be spent twice, so a click never counts twice."""

    __tablename__ = "form_tokens"

    token: Mapped[str] = mapped_column(primary_key=True)
    spent_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (Index("ix_form_tokens_spent", "spent_at"),)


WAITING = "due_at IS NOT NULL AND mail_id IS NULL AND (route = 'held' OR read_at IS NULL)"
"""A notice whose mail is still to come; what was read in the console meanwhile is left out of the digest."""

DONE_WITH = "read_at IS NOT NULL OR NOT is_shown"
"""A notice that nobody will look for in the console any more."""


class Notification(Keyed, Stamped, Base):
    """Something a person was told, with the record that it opens; `once` keeps it from being told twice.

    It stands here also where the reader wants no line in the console (`is_shown`), with what became of its e-mail
    (`route`, not before `due_at`, carried by `mail_id`): what somebody did not get, and why, is read here.

    Held or for the digest and without a mail, it waits (see `queries/deliveries.py`), with what its mail will need:
    where answers go, and from when it is of no use any more.
    """

    __tablename__ = "notifications"

    user_id: Mapped[uuid.UUID] = references("users.id", ondelete="CASCADE")
    kind: Mapped[NoticeKind] = mapped_column(Text())
    title: Mapped[str]
    body: Mapped[str]
    screen: Mapped[str]
    record_id: Mapped[uuid.UUID | None]
    read_at: Mapped[datetime | None]
    once: Mapped[str]
    event: Mapped[str] = mapped_column(server_default=text("''"), sort_order=100)
    is_shown: Mapped[bool] = mapped_column(server_default=text("true"), sort_order=101)
    route: Mapped[MailRoute] = mapped_column(Text(), server_default=text("'now'"), sort_order=102)
    due_at: Mapped[datetime | None] = mapped_column(sort_order=103)
    mail_id: Mapped[uuid.UUID | None] = references("outbox.id", ondelete="SET NULL", index=True, sort_order=104)
    reply_to: Mapped[str] = mapped_column(server_default=text("''"), sort_order=105)
    useless_at: Mapped[datetime | None] = mapped_column(sort_order=106)

    __table_args__ = (
        one_of("kind", NoticeKind),
        one_of("route", MailRoute),
        check("due", "(route IN ('held', 'digest')) = (due_at IS NOT NULL)"),
        check("security", "kind <> 'security' OR (is_shown AND route IN ('now', 'no_address'))"),
        check("no_digest", "kind <> 'digest'"),
        Index("ix_notifications_waiting", "user_id", "due_at", postgresql_where=text(WAITING)),
        Index("ix_notifications_due", "due_at", "user_id", postgresql_where=text(WAITING)),
        Index("ix_notifications_old", "created_at", postgresql_where=text(DONE_WITH)),
        Index("uq_notifications_once", "once", "user_id", unique=True),
        Index("ix_notifications_unread", "user_id", postgresql_where=text("read_at IS NULL AND is_shown")),
        Index("ix_notifications_record", "record_id", "created_at"),
        Index("ix_notifications_told", "user_id", "created_at", "id"),
        Index(
            "ix_notifications_user",
            "user_id",
            text("(read_at IS NULL) DESC"),
            text("created_at DESC"),
            text("id DESC"),
            postgresql_where=text("is_shown"),
        ),
    )


class NoticePreference(Keyed, Stamped, Base):
    """How somebody wants to be told of a kind of thing by a channel; without a row, as `scheduling/delivery.py` says.

    Of what concerns the safety of the account everybody is told, always, at once.
    """

    __tablename__ = "notice_preferences"

    user_id: Mapped[uuid.UUID] = references("users.id", ondelete="CASCADE")
    kind: Mapped[NoticeKind] = mapped_column(Text())
    channel: Mapped[NoticeChannel] = mapped_column(Text())
    choice: Mapped[NoticeChoice] = mapped_column(Text())

    __table_args__ = (
        one_of("kind", NoticeKind),
        check("choosable", "kind NOT IN ('security', 'digest')"),
        one_of("channel", NoticeChannel),
        check(
            "choice",
            "CASE channel WHEN 'console' THEN choice IN ('on', 'off') ELSE choice IN ('now', 'digest', 'off') END",
        ),
        Index("uq_notice_preferences_one", "user_id", "kind", "channel", unique=True),
    )


class OutboxMail(Keyed, Stamped, Base):
    """An e-mail to send, written in the transaction of its cause.

    `handed_over_at` is set right before its text goes to the server: a mail that has it and is still waiting was
    under way when its worker died.
    """

    __tablename__ = "outbox"

    user_id: Mapped[uuid.UUID] = references("users.id", ondelete="CASCADE")
    to_address: Mapped[str]
    reply_to: Mapped[str] = mapped_column(server_default=text("''"), sort_order=100)
    kind: Mapped[NoticeKind] = mapped_column(Text())
    subject: Mapped[str]
    body: Mapped[str]
    status: Mapped[MailStatus] = mapped_column(Text(), server_default=text("'waiting'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    error: Mapped[str] = mapped_column(server_default=text("''"))
    handed_over_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    once: Mapped[str]

    __table_args__ = (
        one_of("kind", NoticeKind),
        one_of("status", MailStatus),
        check("sent", "(status = 'sent') = (sent_at IS NOT NULL)"),
        Index("uq_outbox_once", "once", "user_id", unique=True),
        Index("ix_outbox_written", "created_at", "id"),
        Index("ix_outbox_status", "status", "created_at", "id"),
        Index("ix_outbox_kind", "kind", "created_at", "id"),
        Index("ix_outbox_user", "user_id", "created_at", "id"),
        Index("ix_outbox_address", text("lower(to_address)"), "id"),
    )


class ImportBatch(Keyed, Stamped, Base):
    """One file that was read; `fingerprint` keeps the same content from being imported twice."""

    __tablename__ = "import_batches"

    kind: Mapped[str]
    file_name: Mapped[str]
    fingerprint: Mapped[str]
    status: Mapped[ImportStatus] = mapped_column(Text(), server_default=text("'running'"))
    rows_read: Mapped[int] = mapped_column(server_default=text("0"))
    rows_skipped: Mapped[int] = mapped_column(server_default=text("0"))
    summary: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))

    __table_args__ = (
        one_of("status", ImportStatus),
        Index(
            "uq_import_batches_once", "kind", "fingerprint", unique=True, postgresql_where=text("status <> 'undone'")
        ),
    )


class ImportRow(Keyed, Base):
    """A row of a file that could not be used, with its line and the reason."""

    __tablename__ = "import_rows"

    batch_id: Mapped[uuid.UUID] = references("import_batches.id", ondelete="CASCADE")
    line: Mapped[int]
    reason: Mapped[str]
    content: Mapped[str]

    __table_args__ = (Index("ix_import_rows_batch", "batch_id", "line"),)


class IncomingMailRow(Keyed, Stamped, Base):
    """A mail that came in, by its Message-ID, and what became of it; the words stay only of what was set aside."""

    __tablename__ = "incoming_mails"

    message_id: Mapped[str] = mapped_column(unique=True)
    sender: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    received_at: Mapped[datetime]
    verdict: Mapped[MailVerdict] = mapped_column(Text())
    reason: Mapped[str] = mapped_column(server_default=text("''"))
    ticket_id: Mapped[uuid.UUID | None] = references("tickets.id", index=True)

    __table_args__ = (
        one_of("verdict", MailVerdict),
        Index("ix_incoming_mails_sender", "sender", "received_at"),
        Index("ix_incoming_mails_when", "received_at", "id"),
        Index("ix_incoming_mails_verdict", "verdict", "received_at", "id"),
    )
