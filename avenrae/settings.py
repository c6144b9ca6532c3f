"""Configuration: one class, read from `AVENRAE_*` and `DATABASE_URL`, with working defaults for development."""

import os
import re
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from avenrae.errors import StartError

ROOT = Path(__file__).resolve().parent.parent


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise ValueError("is not an IANA time zone such as Africa/Johannesburg") from e
    return name


class Settings(BaseSettings):
    """Everything that can be set from outside; each field's description is its line in the README."""

    model_config = SettingsConfigDict(env_prefix="AVENRAE_", env_file=ROOT / ".env", extra="ignore")

    environment: Literal["development", "production"] = Field(
        "development", description="production never loads the demo world"
    )
    database_url: str = Field(
        "",
        validation_alias="DATABASE_URL",
        description="a PostgreSQL 15 or newer to use; empty starts the embedded one",
    )
    data_dir: Path = Field(ROOT / "var", description="where the embedded server keeps its data")
    host: str = Field("127.0.0.1", description="address the console listens on")
    port: int = Field(8501, ge=1, le=65535, description="port the console listens on")
    public_url: str = Field(
        "", description="address at which people open the console, as https://console.example.com; mails link to it"
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        "Africa/Johannesburg", description="zone in which days and months of figures are cut"
    )
    currency: str = Field("ZAR", pattern="^[A-Z]{3}$", description="currency of new prices")
    commission_bps: int = Field(1500, ge=0, le=10000, description="the platform's share of a session, in basis points")
    hold_minutes: int = Field(15, ge=1, le=1440, description="how long an unpaid hold keeps its slot")
    waitlist_offer_minutes: int = Field(
        60, ge=5, le=10_080, description="how long a free place is held for whoever waits for it"
    )
    auto_complete_hours: int = Field(
        48,
        ge=0,
        le=720,
        description="a paid session that nobody closed completes this many hours after its end; 0: never",
    )
    worker: Literal["on", "off"] = Field(
        "on", description="whether `serve` runs a worker beside it; off where workers run by themselves"
    )
    smtp_url: str = Field(
        "", repr=False, description="server for e-mail, as smtp://user:password@host:587 or smtps://; empty keeps mails"
    )
    mail_from: str = Field("", description="sender of e-mail, as Avenrae <hello@example.com>; needed with a server")
    support_address: str = Field(
        "", description="where mails to the support desk arrive, as support@example.com; empty: none come in"
    )
    mail_secret: SecretStr = Field(
        SecretStr(""), description="signs the addresses that replies go to; needed with a support address"
    )
    notices_kept_days: int = Field(
        180,
        ge=30,
        le=3650,
        description="notices that were read, and mails that went out, are removed after so many days",
    )
    bcrypt_cost: int = Field(12, ge=4, le=16, description="cost of password hashes (12 or more in production)")
    session_idle_hours: int = Field(12, ge=1, description="a sign-in ends after this long without use")
    session_max_days: int = Field(7, ge=1, description="a sign-in ends after this long in any case")
    support_refund_limit_minor: int = Field(
        200_000, ge=0, description="most a support agent may refund on one order or booking, in cents"
    )
    nominatim_url: str = Field(
        "",
        pattern="^(https?://[^ ]+)?$",
        description="a Nominatim to look addresses up; empty finds places offline only",
    )
    outbound: bool = Field(
        False, description="whether addresses that people enter, such as a calendar's, are fetched from the internet"
    )
    pool_size: int = Field(20, ge=1, le=20, description="database connections of one process")

    @field_validator("database_url")
    @classmethod
    def _driver(cls, url: str) -> str:
        """Accept the common spellings of a PostgreSQL address; all of them mean psycopg 3."""
        if not url:
            return url
        scheme, found, rest = url.partition("://")
        if not found or scheme.split("+")[0] not in ("postgresql", "postgres"):
            raise ValueError("must begin with postgresql:// and be an address")
        try:
            make_url(f"postgresql+psycopg://{rest}")
        except (ArgumentError, ValueError) as e:
            raise ValueError("must begin with postgresql:// and be an address") from e
        return f"postgresql+psycopg://{rest}"

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, url: str) -> str:
        """Take only addresses of mail servers; special characters of a password are written as %40 and so on."""
        if url:
            parts = urlsplit(url)
            if parts.scheme not in ("smtp", "smtps") or not parts.hostname or not _has_port(parts):
                raise ValueError("must be an address like smtp://user:password@host:587")
        return url

    @field_validator("public_url")
    @classmethod
    def _address_of_ours(cls, url: str) -> str:
        """Take only an address of the web, which mails can carry as it is."""
        if url and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+(/[\w./-]*)?", url, re.ASCII):
            raise ValueError("must be an address like https://console.example.com")
        return url.rstrip("/")

    @field_validator("support_address")
    @classmethod
    def _plain_address(cls, address: str) -> str:
        """Take only a bare address: a name before it would stand in the way of the signature."""
        if address and not re.fullmatch(r"[\w.-]+@[\w-]+(\.[\w-]+)+", address, re.ASCII):
            raise ValueError("must be an address like support@example.com")
        return address.lower()

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, sender: str) -> str:
        """Take only one mailbox, with or without a name."""
        name, address = parseaddr(sender)
        if sender:
            try:
                Address(name, addr_spec=address)
            except (ValueError, MessageError):
                raise ValueError("must be an address like Avenrae <hello@example.com>") from None
        return sender

    @property
    def is_production(self) -> bool:
        """Whether real people's data may be in the database."""
        return self.environment == "production"


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


@cache
def settings() -> Settings:
    """Return the configuration of this process.

    Raises:
        StartError: A value does not parse, or an `AVENRAE_` name is not known (a typing mistake).
    """
    try:
        loaded = Settings()  # type: ignore[call-arg, unused-ignore]
    except ValidationError as e:
        raise StartError(_sentence(e.errors()[0])) from None
    known = {f"AVENRAE_{name}".upper() for name in Settings.model_fields if name != "database_url"}
    in_file = dotenv_values(ROOT / ".env") if (ROOT / ".env").is_file() else {}
    for name in (*os.environ, *in_file):
        if name.startswith("AVENRAE_") and name not in known:
            raise StartError(f"There is no setting {name}; the README lists the ones that exist.")
    if loaded.is_production and loaded.bcrypt_cost < 12:
        raise StartError("AVENRAE_BCRYPT_COST must be 12 or more in production.")
    if loaded.smtp_url and not loaded.mail_from:
        raise StartError("AVENRAE_SMTP_URL is set without AVENRAE_MAIL_FROM, the sender of the e-mails.")
    if loaded.support_address and len(loaded.mail_secret.get_secret_value()) < 16:
        raise StartError("AVENRAE_SUPPORT_ADDRESS is set without AVENRAE_MAIL_SECRET of 16 letters or more.")
    return loaded


def _sentence(error: Any) -> str:
    field = str(error["loc"][0])
    name = field if field == "DATABASE_URL" else f"AVENRAE_{field}".upper()
    if field.upper() == "DATABASE_URL":
        return "DATABASE_URL does not parse: it must be an address like postgresql://user:password@host:5432/name."
    reason = str(error["msg"]).removeprefix("Value error, ")
    return f"The setting {name} does not parse: {reason[0].lower()}{reason[1:]}."
