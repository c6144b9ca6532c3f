"""Practitioners and clients: what a user is to the marketplace."""

import uuid
from datetime import date
from typing import Any

from sqlalchemy import Computed, Double, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from avenrae.enums import AvailabilityStatus, PractitionerKind, VerificationStatus
from avenrae.models.base import Base, Keyed, Stamped, check, folded, one_of, references
from avenrae.models.identity import User


class Practitioner(Keyed, Stamped, Base):
    __tablename__ = "practitioners"

    user_id: Mapped[uuid.UUID] = references("users.id", unique=True)
    kind: Mapped[PractitionerKind] = mapped_column(Text())
    headline: Mapped[str] = mapped_column(server_default=text("''"))
    bio: Mapped[str] = mapped_column(server_default=text("''"))
    specialties: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=text("'{}'"))
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=text("'{}'"))
    hourly_rate_minor: Mapped[int]
    currency: Mapped[str]
    years_experience: Mapped[int] = mapped_column(server_default=text("0"))
    address: Mapped[str] = mapped_column(server_default=text("''"))
    city: Mapped[str] = mapped_column(server_default=text("''"))
    country_code: Mapped[str] = mapped_column(server_default=text("'ZA'"))
    latitude: Mapped[float | None] = mapped_column(Double())
    longitude: Mapped[float | None] = mapped_column(Double())
    time_zone: Mapped[str] = mapped_column(server_default=text("'Africa/Johannesburg'"))
    verification_status: Mapped[VerificationStatus] = mapped_column(Text(), server_default=text("'draft'"))
    availability_status: Mapped[AvailabilityStatus] = mapped_column(Text(), server_default=text("'offline'"))
    commission_bps: Mapped[int | None]
    buffer_before: Mapped[int] = mapped_column(server_default=text("0"))
    buffer_after: Mapped[int] = mapped_column(server_default=text("0"))
    min_notice: Mapped[int] = mapped_column(server_default=text("0"))
    max_horizon: Mapped[int] = mapped_column(server_default=text("90"))
    slot_step: Mapped[int | None]
    rating_average: Mapped[float | None] = mapped_column(Numeric(4, 3, asdecimal=False))
    rating_count: Mapped[int] = mapped_column(server_default=text("0"))
    booking_count: Mapped[int] = mapped_column(server_default=text("0"))
    feed_token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    search_folded: Mapped[str] = folded("headline || ' ' || city || ' ' || f_words(specialties)")

    verification_note: Mapped[str] = mapped_column(server_default=text("''"), sort_order=100)
    shown_latitude: Mapped[float | None] = mapped_column(
        Double(), Computed("geo_coarse_latitude(id, latitude)", persisted=True), sort_order=101
    )
    shown_longitude: Mapped[float | None] = mapped_column(
        Double(), Computed("geo_coarse_longitude(id, latitude, longitude)", persisted=True), sort_order=102
    )

    user: Mapped[User] = relationship(lazy="raise")

    __table_args__ = (
        one_of("kind", PractitionerKind),
        one_of("verification_status", VerificationStatus),
        one_of("availability_status", AvailabilityStatus),
        check("currency", "currency ~ '^[A-Z]{3}$'"),
        check("hourly_rate", "hourly_rate_minor >= 0"),
        check("commission", "commission_bps BETWEEN 1500 AND 2000"),
        check("buffers", "buffer_before BETWEEN 0 AND 480 AND buffer_after BETWEEN 0 AND 480"),
        check("notice", "min_notice >= 0 AND max_horizon BETWEEN 1 AND 730"),
        check("slot_step", "slot_step BETWEEN 5 AND 480"),
        check(
            "position",
            "(latitude IS NULL) = (longitude IS NULL)"
            " AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180",
        ),
        Index("ix_practitioners_geo", text("geo_xyz(latitude, longitude)"), postgresql_using="gist"),
        Index("ix_practitioners_status", "verification_status", "kind"),
        Index("ix_practitioners_shown", text("geo_xyz(shown_latitude, shown_longitude)"), postgresql_using="gist"),
        Index("ix_practitioners_specialties", "specialties", postgresql_using="gin"),
        Index("ix_practitioners_languages", "languages", postgresql_using="gin"),
        Index("ix_practitioners_rating", text("rating_average DESC NULLS LAST"), text("id DESC")),
        Index("ix_practitioners_price", "currency", "hourly_rate_minor", "id"),
        Index("ix_practitioners_bookings", "booking_count", "id"),
        Index("ix_practitioners_newest", "created_at", "id"),
        Index(
            "ix_practitioners_search",
            "search_folded",
            postgresql_using="gin",
            postgresql_ops={"search_folded": "gin_trgm_ops"},
        ),
    )


class Client(Keyed, Stamped, Base):
    __tablename__ = "clients"

    user_id: Mapped[uuid.UUID] = references("users.id", unique=True)
    date_of_birth: Mapped[date | None]
    gender: Mapped[str | None]
    emergency_contact: Mapped[str | None]
    country: Mapped[str | None]
    preferences: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))

    user: Mapped[User] = relationship(lazy="raise")


class Favourite(Keyed, Stamped, Base):
    __tablename__ = "favourites"

    client_id: Mapped[uuid.UUID] = references("clients.id", ondelete="CASCADE")
    practitioner_id: Mapped[uuid.UUID] = references("practitioners.id", ondelete="CASCADE", index=True)

    __table_args__ = (Index("uq_favourites_pair", "client_id", "practitioner_id", unique=True),)
