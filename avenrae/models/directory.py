"""What stands beside a profile: documents that are checked and expire, and places with where they are."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Double, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from avenrae.enums import DocumentKind, DocumentVerdict
from avenrae.models.base import Base, Keyed, Stamped, check, one_of, references


class PractitionerDocument(Keyed, Stamped, Base):
    """What proves who somebody is or what he may do; without a file where only its words were handed over."""

    __tablename__ = "practitioner_documents"

    practitioner_id: Mapped[uuid.UUID] = references("practitioners.id", ondelete="CASCADE", index=True)
    kind: Mapped[DocumentKind] = mapped_column(Text())
    title: Mapped[str]
    issuer: Mapped[str] = mapped_column(server_default=text("''"))
    number: Mapped[str] = mapped_column(server_default=text("''"))
    issued_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    file_name: Mapped[str | None]
    media_type: Mapped[str | None]
    size_bytes: Mapped[int | None]
    verdict: Mapped[DocumentVerdict] = mapped_column(Text(), server_default=text("'waiting'"))
    note: Mapped[str] = mapped_column(server_default=text("''"))
    checked_at: Mapped[datetime | None]
    checked_by: Mapped[uuid.UUID | None] = references("users.id")

    __table_args__ = (
        one_of("kind", DocumentKind),
        one_of("verdict", DocumentVerdict),
        check("title", "length(title) BETWEEN 1 AND 200"),
        check("dates", "issued_on <= expires_on"),
        check(
            "file",
            "(file_name IS NULL) = (media_type IS NULL) AND (file_name IS NULL) = (size_bytes IS NULL)",
        ),
        check("media", "media_type IN ('application/pdf', 'image/png', 'image/jpeg')"),
        check("checked", "(verdict = 'waiting') = (checked_at IS NULL)"),
        Index("ix_practitioner_documents_expiry", "expires_on", postgresql_where=text("verdict = 'accepted'")),
        Index("ix_practitioner_documents_waiting", "practitioner_id", postgresql_where=text("verdict = 'waiting'")),
    )


class DocumentFile(Base):
    """The bytes of a document, apart from what lists read."""

    __tablename__ = "document_files"

    document_id: Mapped[uuid.UUID] = references("practitioner_documents.id", ondelete="CASCADE", primary_key=True)
    content: Mapped[bytes]

    __table_args__ = (check("size", "octet_length(content) BETWEEN 1 AND 5242880"),)


class Place(Base):
    """A place of the gazetteer; the key is GeoNames' own, below zero for those that were added."""

    __tablename__ = "places"

    id: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    name: Mapped[str]
    region: Mapped[str]
    country_code: Mapped[str]
    latitude: Mapped[float] = mapped_column(Double())
    longitude: Mapped[float] = mapped_column(Double())
    time_zone: Mapped[str]
    population: Mapped[int]


class PlaceName(Base):
    """A name by which a place is found, without case and accents."""

    __tablename__ = "place_names"

    place_id: Mapped[int] = references("places.id", ondelete="CASCADE", primary_key=True, autoincrement=False)
    folded: Mapped[str] = mapped_column(primary_key=True)

    __table_args__ = (
        Index("ix_place_names_prefix", text('folded COLLATE "C"')),
        Index(
            "ix_place_names_letters",
            "folded",
            postgresql_using="gin",
            postgresql_ops={"folded": "gin_trgm_ops"},
        ),
    )


class Geocoded(Base):
    """What the geocoder answered to a question, kept so that it is asked once."""

    __tablename__ = "geocoded"

    question: Mapped[str] = mapped_column(primary_key=True)
    found: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    asked_at: Mapped[datetime]


class GeocoderTurn(Base):
    """When the geocoder may be asked next, by whichever process."""

    __tablename__ = "geocoder_turns"

    geocoder: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
