"""What the directory and the map can be narrowed to, as an address holds it."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from avenrae import money
from avenrae.enums import AvailabilityStatus, Delivery, PractitionerKind, VerificationStatus
from avenrae.errors import InvalidInput
from avenrae.queries.documents import DocumentState
from avenrae.queries.listing import one_of
from avenrae.queries.positions import Box, Near, box_of, near_of
from avenrae.settings import settings

LONGEST_SPAN = timedelta(days=7)


@dataclass(frozen=True)
class Between:
    """A span in which somebody should have a whole session free; instants."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class PractitionerFilters:
    """What the directory can be narrowed to; empty means everybody the actor sees.

    Prices are hourly rates in minor units of `currency`. `free` is what `with_free_times` found: the first start of
    each who has one.
    """

    search: str = ""
    kind: PractitionerKind | None = None
    status: VerificationStatus | None = None
    availability: AvailabilityStatus | None = None
    city: str = ""
    specialty: str = ""
    language: str = ""
    currency: str = field(default="", compare=False)
    price_from: int | None = None
    price_to: int | None = None
    rating: float | None = None
    delivery: Delivery | None = None
    documents: DocumentState | None = None
    near: Near | None = None
    box: Box | None = None
    between: Between | None = None
    free: Mapping[uuid.UUID, datetime] | None = field(default=None, compare=False, repr=False)


def practitioner_filters(params: Mapping[str, str], zone: str = "UTC") -> PractitionerFilters:
    """Return the filters that an address holds; `from` and `until` are local times of the reader's zone.

    Raises:
        InvalidInput: A value is none of those there are, or no point, area, number or time.
    """
    currency = params.get("currency") or settings().currency
    return PractitionerFilters(
        search=params.get("q", ""),
        kind=one_of(PractitionerKind, params.get("kind")),
        status=one_of(VerificationStatus, params.get("status")),
        availability=one_of(AvailabilityStatus, params.get("availability")),
        city=params.get("city", ""),
        specialty=params.get("specialty", ""),
        language=params.get("language", ""),
        currency=currency,
        price_from=_price(params.get("price_from"), currency),
        price_to=_price(params.get("price_to"), currency),
        rating=_rating(params.get("rating")),
        delivery=one_of(Delivery, params.get("delivery")),
        documents=one_of(DocumentState, params.get("documents")),
        near=near_of(params),
        box=box_of(params.get("box")),
        between=_between(params.get("from"), params.get("until"), zone),
    )


def _price(word: str | None, currency: str) -> int | None:
    if not (word and word.strip()):
        return None
    if not re.fullmatch("[A-Z]{3}", currency):
        raise InvalidInput(f"“{currency}” is not a currency; write it like ZAR.")
    return money.parse(word, currency)


def _rating(word: str | None) -> float | None:
    if not word:
        return None
    if word not in ("1", "2", "3", "3.5", "4", "4.5", "5"):
        raise InvalidInput("A rating is from 1 to 5.")
    return float(word)


def _between(since: str | None, until: str | None, zone: str) -> Between | None:
    if not since and not until:
        return None
    if not (since and until):
        raise InvalidInput("Say from when until when somebody should be free; one of the two is missing.")
    try:
        start, end = (datetime.fromisoformat(t).replace(tzinfo=ZoneInfo(zone)) for t in (since, until))
    except ValueError:
        raise InvalidInput("A time reads like 2026-03-16T09:00.") from None
    if not timedelta() < end - start <= LONGEST_SPAN:
        raise InvalidInput("The end must come after the start, within seven days of it.")
    return Between(start, end)
