"""What practitioners offer, when, and what was agreed."""

import uuid
from datetime import date, datetime, time

from sqlalchemy import Index, Sequence, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from avenrae.enums import (
    BookingStatus,
    CancellationPolicy,
    CancelledBy,
    Delivery,
    PaymentStatus,
    ReviewSide,
    ReviewStatus,
    WaitlistStatus,
)
from avenrae.models.base import Base, Keyed, Stamped, check, one_of, references
from avenrae.models.people import Client, Practitioner

OPEN_FLAG = "status = 'published' AND flagged_at IS NOT NULL AND (moderated_at IS NULL OR moderated_at < flagged_at)"
"""A review that somebody flagged and no moderator has decided about since."""
booking_numbers = Sequence("booking_numbers", start=10001, metadata=Base.metadata)


class Service(Keyed, Stamped, Base):
    __tablename__ = "services"

    practitioner_id: Mapped[uuid.UUID] = references("practitioners.id", index=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(server_default=text("''"))
    category: Mapped[str] = mapped_column(server_default=text("''"))
    duration_minutes: Mapped[int]
    price_minor: Mapped[int]
    currency: Mapped[str]
    delivery: Mapped[Delivery] = mapped_column(Text())
    buffer_before: Mapped[int | None]
    buffer_after: Mapped[int | None]
    policy: Mapped[CancellationPolicy] = mapped_column(Text(), server_default=text("'moderate'"))
    is_available: Mapped[bool] = mapped_column(server_default=text("true"))

    __table_args__ = (
        one_of("delivery", Delivery),
        one_of("policy", CancellationPolicy),
        check("duration", "duration_minutes BETWEEN 5 AND 720"),
        check("price", "price_minor >= 0"),
        check("currency", "currency ~ '^[A-Z]{3}$'"),
        check("buffers", "buffer_before BETWEEN 0 AND 480 AND buffer_after BETWEEN 0 AND 480"),
    )


class AvailabilityRule(Keyed, Stamped, Base):
    """Open hours by the practitioner's own clock: on a weekday (0 = Monday) or by an RFC 5545 rule."""

    __tablename__ = "availability_rules"

    practitioner_id: Mapped[uuid.UUID] = references("practitioners.id", ondelete="CASCADE", index=True)
    weekday: Mapped[int | None]
    rrule: Mapped[str | None]
    starts_local: Mapped[time]
    ends_local: Mapped[time]
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]

    __table_args__ = (
        check("day", "(weekday IS NULL) <> (rrule IS NULL) AND weekday BETWEEN 0 AND 6"),
        check("hours", "starts_local < ends_local OR ends_local = '00:00'"),
        check("valid", "valid_from <= valid_until"),
    )


class AvailabilityOverride(Keyed, Stamped, Base):
    """One date's own hours, or closed where it has none."""

    __tablename__ = "availability_overrides"

    practitioner_id: Mapped[uuid.UUID] = references("practitioners.id", ondelete="CASCADE")
    on_date: Mapped[date]
    starts_local: Mapped[time | None]
    ends_local: Mapped[time | None]
    note: Mapped[str] = mapped_column(server_default=text("''"))

    __table_args__ = (
        check(
            "hours",
            "(starts_local IS NULL) = (ends_local IS NULL) AND (starts_local < ends_local OR ends_local = '00:00')",
        ),
        Index("ix_availability_overrides_day", "practitioner_id", "on_date"),
    )


class BlockedPeriod(Keyed, Stamped, Base):
    __tablename__ = "blocked_periods"

    practitioner_id: Mapped[uuid.UUID] = references("practitioners.id", ondelete="CASCADE")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(server_default=text("''"))

    __table_args__ = (
        check("times", "starts_at < ends_at"),
        Index("ix_blocked_periods_when", "practitioner_id", "starts_at"),
    )


class BusyCalendar(Keyed, Stamped, Base):
    """A calendar kept elsewhere that says when a practitioner is busy: a file, or an address where it has one.

    The address is a secret: whoever knows it reads the calendar. `content_hash` is of what was read last.
    """

    __tablename__ = "busy_calendars"

    practitioner_id: Mapped[uuid.UUID] = references("practitioners.id", ondelete="CASCADE")
    name: Mapped[str]
    secret_url: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    content_hash: Mapped[str] = mapped_column(server_default=text("''"))
    left_out: Mapped[str] = mapped_column(server_default=text("''"))
    last_read_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(server_default=text("''"))

    __table_args__ = (
        check("name", "length(name) BETWEEN 1 AND 60"),
        Index("uq_busy_calendars_name", "practitioner_id", "name", unique=True),
        Index(
            "ix_busy_calendars_due",
            "last_read_at",
            "id",
            postgresql_where=text("secret_url IS NOT NULL AND is_active"),
        ),
    )


class BusyTime(Base):
    """A time that a busy calendar keeps; those of one calendar lie apart. Of its events nothing else is kept."""

    __tablename__ = "busy_times"

    busy_calendar_id: Mapped[uuid.UUID] = references("busy_calendars.id", ondelete="CASCADE", primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime]

    __table_args__ = (check("times", "starts_at < ends_at"),)


class Booking(Keyed, Stamped, Base):
    """One agreed session.

    `occupied` is the time with its buffers, written by a trigger; no two pending or confirmed bookings of a
    practitioner may have `occupied` overlap (constraint `bookings_no_overlap`). Price, commission and policy
    are copies of the moment it was made. `moved_at` is when its present time was agreed, where that is not its first;
    `sequence` counts changes of its time, for calendars that follow it;
    `series_id` is shared by the bookings of one series.
    """

    __tablename__ = "bookings"

    reference: Mapped[str] = mapped_column(unique=True, server_default=text("'B-' || nextval('booking_numbers')"))
    client_id: Mapped[uuid.UUID] = references("clients.id")
    practitioner_id: Mapped[uuid.UUID] = references("practitioners.id")
    service_id: Mapped[uuid.UUID] = references("services.id", index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    buffer_before: Mapped[int] = mapped_column(server_default=text("0"))
    buffer_after: Mapped[int] = mapped_column(server_default=text("0"))
    occupied: Mapped[Range[datetime]] = mapped_column(TSTZRANGE, server_default=text("'empty'"))
    time_zone: Mapped[str]
    status: Mapped[BookingStatus] = mapped_column(Text(), server_default=text("'pending'"))
    hold_expires_at: Mapped[datetime | None]
    price_minor: Mapped[int]
    currency: Mapped[str]
    commission_bps: Mapped[int]
    policy: Mapped[CancellationPolicy] = mapped_column(Text())
    payment_status: Mapped[PaymentStatus] = mapped_column(Text(), server_default=text("'unpaid'"))
    refunded_minor: Mapped[int] = mapped_column(server_default=text("0"))
    confirmed_at: Mapped[datetime | None]
    moved_at: Mapped[datetime | None] = mapped_column(sort_order=100)
    completed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[CancelledBy | None] = mapped_column(Text())
    cancellation_reason: Mapped[str | None]
    notes: Mapped[str] = mapped_column(server_default=text("''"))
    series_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    sequence: Mapped[int] = mapped_column(server_default=text("0"))

    client: Mapped[Client] = relationship(lazy="raise")
    practitioner: Mapped[Practitioner] = relationship(lazy="raise")
    service: Mapped[Service] = relationship(lazy="raise")

    __table_args__ = (
        one_of("status", BookingStatus),
        one_of("policy", CancellationPolicy),
        one_of("payment_status", PaymentStatus),
        one_of("cancelled_by", CancelledBy),
        check("times", "starts_at < ends_at AND ends_at <= starts_at + interval '12 hours'"),
        check("price", "price_minor >= 0"),
        check("currency", "currency ~ '^[A-Z]{3}$'"),
        check("refunded", "refunded_minor BETWEEN 0 AND price_minor"),
        check("commission", "commission_bps BETWEEN 0 AND 10000"),
        check("buffers", "buffer_before BETWEEN 0 AND 480 AND buffer_after BETWEEN 0 AND 480"),
        check("cancelled", "(status = 'cancelled') = (cancelled_at IS NOT NULL AND cancelled_by IS NOT NULL)"),
        ExcludeConstraint(
            ("practitioner_id", "="),
            ("occupied", "&&"),
            where=text("status IN ('pending', 'confirmed')"),
            using="gist",
            name="bookings_no_overlap",
        ),
        Index("ix_bookings_practitioner", "practitioner_id", "starts_at"),
        Index("ix_bookings_client", "client_id", "starts_at"),
        Index("ix_bookings_starts", "starts_at", "id"),
        Index("ix_bookings_payment", "payment_status", "starts_at", "id"),
        Index("ix_bookings_status", "status", "starts_at", "id"),
        Index("ix_bookings_holds", "hold_expires_at", postgresql_where=text("status = 'pending'")),
    )


class BookingWaitlist(Keyed, Stamped, Base):
    """Somebody who waits for a place with a practitioner on a day of the practitioner's calendar.

    A place that came free is offered as a booking that is held for him (`booking_id`) until `offer_expires_at`.
    """

    __tablename__ = "booking_waitlist"

    client_id: Mapped[uuid.UUID] = references("clients.id", index=True)
    service_id: Mapped[uuid.UUID] = references("services.id")
    practitioner_id: Mapped[uuid.UUID] = references("practitioners.id")
    on_date: Mapped[date]
    status: Mapped[WaitlistStatus] = mapped_column(Text(), server_default=text("'waiting'"))
    offered_at: Mapped[datetime | None]
    offer_expires_at: Mapped[datetime | None]
    joined_at: Mapped[datetime] = mapped_column(server_default=text("now()"), sort_order=100)
    booking_id: Mapped[uuid.UUID | None] = references("bookings.id", unique=True, sort_order=101)

    __table_args__ = (
        one_of("status", WaitlistStatus),
        check(
            "offer",
            "status <> 'offered'"
            " OR (booking_id IS NOT NULL AND offered_at IS NOT NULL AND offer_expires_at IS NOT NULL)",
        ),
        Index("ix_booking_waitlist_day", "practitioner_id", "on_date"),
        Index("ix_booking_waitlist_when", "on_date", "id"),
        Index("ix_booking_waitlist_joined", "joined_at", "id"),
        Index("ix_booking_waitlist_status", "status", "on_date", "id"),
        Index("uq_booking_waitlist_once", "client_id", "practitioner_id", "on_date", unique=True),
    )


class Review(Keyed, Stamped, Base):
    """What one side of a session wrote about the other.

    `status` alone says who reads it; whatever shows, counts or averages reviews goes by it. A flag is open while it
    is younger than the last word of a moderator. Columns that came later stand last, where ALTER TABLE puts them.
    """

    __tablename__ = "reviews"

    booking_id: Mapped[uuid.UUID] = references("bookings.id")
    practitioner_id: Mapped[uuid.UUID] = references("practitioners.id")
    client_id: Mapped[uuid.UUID] = references("clients.id")
    rating: Mapped[int]
    comment: Mapped[str] = mapped_column(server_default=text("''"))
    response: Mapped[str | None]
    status: Mapped[ReviewStatus] = mapped_column(Text(), server_default=text("'waiting'"))
    helpful_count: Mapped[int] = mapped_column(server_default=text("0"))
    written_by: Mapped[ReviewSide] = mapped_column(Text(), sort_order=100)
    due_at: Mapped[datetime] = mapped_column(sort_order=100)
    published_at: Mapped[datetime | None] = mapped_column(sort_order=100)
    responded_at: Mapped[datetime | None] = mapped_column(sort_order=100)
    flagged_at: Mapped[datetime | None] = mapped_column(sort_order=100)
    flagged_by: Mapped[uuid.UUID | None] = references("users.id", sort_order=100)
    flag_reason: Mapped[str | None] = mapped_column(sort_order=100)
    moderated_at: Mapped[datetime | None] = mapped_column(sort_order=100)
    moderation_reason: Mapped[str | None] = mapped_column(sort_order=100)

    __table_args__ = (
        one_of("status", ReviewStatus),
        one_of("written_by", ReviewSide),
        check("rating", "rating BETWEEN 1 AND 5"),
        check("texts", "length(comment) <= 2000 AND length(response) <= 2000"),
        check("response", "(response IS NULL) = (responded_at IS NULL)"),
        check("published", "(status = 'waiting') = (published_at IS NULL)"),
        check("flag", "(flagged_at IS NULL) = (flag_reason IS NULL)"),
        check(
            "moderation",
            "(moderated_at IS NULL) = (moderation_reason IS NULL) AND (status <> 'hidden' OR moderated_at IS NOT NULL)",
        ),
        UniqueConstraint("booking_id", "written_by"),
        Index("ix_reviews_practitioner", "practitioner_id", "created_at", "id"),
        Index("ix_reviews_client", "client_id", "created_at", "id"),
        Index("ix_reviews_written", "created_at", "id"),
        Index("ix_reviews_status", "status", "created_at", "id"),
        Index("ix_reviews_rating", "rating", "id"),
        Index("ix_reviews_due", "due_at", postgresql_where=text("status = 'waiting'")),
        Index("ix_reviews_flagged", "created_at", "id", postgresql_where=text(OPEN_FLAG)),
    )
