"""Who signs in, and how."""

import uuid
from datetime import datetime, time
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from avenrae.enums import Role, TokenPurpose
from avenrae.models.base import Base, Keyed, Stamped, check, folded, one_of, references


class User(Keyed, Stamped, Base):
    __tablename__ = "users"

    email: Mapped[str]
    password_hash: Mapped[str | None]
    first_name: Mapped[str]
    last_name: Mapped[str]
    role: Mapped[Role] = mapped_column(Text())
    phone: Mapped[str | None]
    avatar_url: Mapped[str | None]
    time_zone: Mapped[str] = mapped_column(server_default=text("'Africa/Johannesburg'"))
    locale: Mapped[str] = mapped_column(server_default=text("'en-ZA'"))
    email_verified_at: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    totp_secret: Mapped[str | None]
    last_sign_in_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    name_folded: Mapped[str] = folded("first_name || ' ' || last_name")
    search_folded: Mapped[str] = folded("first_name || ' ' || last_name || ' ' || email")
    quiet_from: Mapped[time | None] = mapped_column(sort_order=100)
    quiet_until: Mapped[time | None] = mapped_column(sort_order=101)
    digest_hour: Mapped[int] = mapped_column(server_default=text("8"), sort_order=102)

    __table_args__ = (
        one_of("role", Role),
        check("email", "email ~ '^[^@[:space:]]+@[^@[:space:]]+$' AND length(email) <= 254"),
        check("names", "length(first_name) BETWEEN 1 AND 100 AND length(last_name) BETWEEN 1 AND 100"),
        check("quiet", "(quiet_from IS NULL) = (quiet_until IS NULL) AND quiet_from <> quiet_until"),
        check(
            "quiet_length",
            "mod(extract(epoch FROM quiet_until - quiet_from)::integer + 86400, 86400) <= 72000",
        ),
        check("digest_hour", "digest_hour BETWEEN 0 AND 23"),
        Index("uq_users_email", text("lower(email)"), unique=True),
        Index("ix_users_name", text('name_folded COLLATE "C"'), "id"),
        Index(
            "ix_users_practitioners",
            text('name_folded COLLATE "C"'),
            "id",
            postgresql_where=text("role = 'practitioner'"),
        ),
        Index("ix_users_search", text("search_folded gin_trgm_ops"), postgresql_using="gin"),
        Index("ix_users_role", "role", "id"),
    )

    @property
    def name(self) -> str:
        """First and last name, as a person is shown."""
        return f"{self.first_name} {self.last_name}"


class OauthAccount(Keyed, Stamped, Base):
    __tablename__ = "oauth_accounts"

    user_id: Mapped[uuid.UUID] = references("users.id", ondelete="CASCADE", index=True)
    provider: Mapped[str]
    provider_account_id: Mapped[str]

    __table_args__ = (UniqueConstraint("provider", "provider_account_id"),)


class SignInSession(Keyed, Stamped, Base):
    """One signed-in browser; the cookie holds the token, the row only its SHA-256."""

    __tablename__ = "sessions"

    user_id: Mapped[uuid.UUID] = references("users.id", ondelete="CASCADE", index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_agent: Mapped[str] = mapped_column(server_default=text("''"))
    ip: Mapped[str] = mapped_column(server_default=text("''"))
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class RefreshToken(Keyed, Stamped, Base):
    __tablename__ = "refresh_tokens"

    user_id: Mapped[uuid.UUID] = references("users.id", ondelete="CASCADE", index=True)
    family: Mapped[uuid.UUID] = mapped_column(index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class VerificationToken(Keyed, Stamped, Base):
    __tablename__ = "verification_tokens"

    user_id: Mapped[uuid.UUID] = references("users.id", ondelete="CASCADE", index=True)
    purpose: Mapped[TokenPurpose] = mapped_column(Text())
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (one_of("purpose", TokenPurpose),)


class SignInAttempt(Keyed, Base):
    """One try to sign in; the account is kept as a hash because people type passwords into e-mail fields."""

    __tablename__ = "sign_in_attempts"

    account_hash: Mapped[bytes]
    ip: Mapped[str]
    succeeded: Mapped[bool] = mapped_column(server_default=text("false"))
    occurred_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_sign_in_attempts_account", "account_hash", "occurred_at"),
        Index("ix_sign_in_attempts_ip", "ip", "occurred_at"),
    )


class Consent(Keyed, Stamped, Base):
    __tablename__ = "consents"

    user_id: Mapped[uuid.UUID] = references("users.id", ondelete="CASCADE", index=True)
    purpose: Mapped[str]
    text_version: Mapped[str]
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
