"""Addresses as positions, asked of a Nominatim where one is set; without it the gazetteer finds places only.

Its rules of use are kept: an own user agent, every answer kept, and one question a second across all processes.
"""

import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from geopy.adapters import URLLibAdapter
from geopy.exc import GeocoderRateLimited, GeopyError
from geopy.geocoders import Nominatim
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.errors import ExternalError, InvalidInput, TryAgain
from avenrae.models import Geocoded
from avenrae.permissions import Actor
from avenrae.settings import settings

USER_AGENT = "avenrae-console/1"
_SYSTEM = Actor.system("Geocoding")
_KEPT = timedelta(days=180)
_LONGEST_WAIT = 5.0
_PATIENCE = 5
_TURN = text(
    "INSERT INTO geocoder_turns AS t (geocoder, next_at) VALUES ('nominatim', clock_timestamp() + interval '1 second')"
    " ON CONFLICT (geocoder) DO UPDATE SET next_at = greatest(t.next_at, clock_timestamp()) + interval '1 second'"
    " RETURNING extract(epoch FROM next_at - interval '1 second' - clock_timestamp())"
)


@dataclass(frozen=True)
class FoundAddress:
    """An address with its position, as the geocoder writes it."""

    label: str
    latitude: float
    longitude: float
    city: str
    country_code: str


def is_configured() -> bool:
    """Return whether there is a geocoder to ask."""
    return bool(settings().nominatim_url)


def find_address(question: str) -> list[FoundAddress]:
    """Return where an address is, the likeliest first; asked once, then remembered for half a year.

    No transaction is open while the geocoder is waited for.

    Raises:
        InvalidInput: There is nothing to look for, or no geocoder is set.
        TryAgain: Too many ask at this moment, here or there.
        ExternalError: The geocoder does not answer.
    """
    asked = " ".join(question.replace("\0", "").split())[:200].lower()
    if len(asked) < 3 or not is_configured():
        raise InvalidInput("Type an address to look for, such as 12 Long Street, Cape Town.")
    with read_session() as session:
        known = session.execute(
            select(Geocoded.found).where(Geocoded.question == asked, Geocoded.asked_at > clock.now() - _KEPT)
        ).scalar_one_or_none()
    if known is not None:
        return [FoundAddress(**one) for one in known]
    _wait_for_turn()
    found = _ask(asked)
    kept = {"found": [asdict(one) for one in found], "asked_at": clock.now()}
    with transaction(_SYSTEM, "geocode") as session:
        session.execute(
            insert(Geocoded)
            .values(question=asked, **kept)
            .on_conflict_do_update(index_elements=[Geocoded.question], set_=kept)
        )
    return found


def _wait_for_turn() -> None:
    """Take the next free second of all processes and wait for it; a turn that is too far off is given back."""
    with transaction(_SYSTEM, "geocode") as session:
        wait = float(session.execute(_TURN).scalar_one())
        if wait > _LONGEST_WAIT:
            raise TryAgain("Many addresses are being looked up right now. Try again in a moment.")
    if wait > 0:
        time.sleep(wait)


def _ask(question: str) -> list[FoundAddress]:
    url = urlsplit(settings().nominatim_url)
    geocoder = Nominatim(
        scheme=url.scheme,
        domain=url.netloc + url.path.rstrip("/"),
        user_agent=USER_AGENT,
        timeout=_PATIENCE,
        # The other adapter obeys Retry-After by sleeping inside the call, for an hour if it is told so.
        adapter_factory=URLLibAdapter,
    )
    try:
        answer = geocoder.geocode(question, exactly_one=False, limit=5, addressdetails=True)
    except GeocoderRateLimited as e:
        soon = f" in {e.retry_after} seconds" if e.retry_after else " in a minute"
        raise TryAgain(f"The address service has had too many questions. Try again{soon}.") from e
    except (GeopyError, ValueError) as e:
        raise ExternalError(
            "The address service does not answer right now. Choose a town from the list, or try again later."
        ) from e
    return [_found(one.raw) for one in answer or []]


def _found(raw: dict[str, Any]) -> FoundAddress:
    parts = raw.get("address", {})
    city = next((parts[kind] for kind in ("city", "town", "village", "suburb", "municipality") if parts.get(kind)), "")
    return FoundAddress(
        str(raw.get("display_name", ""))[:300],
        float(raw["lat"]),
        float(raw["lon"]),
        str(city)[:100],
        str(parts.get("country_code", ""))[:2].upper(),
    )
