"""Places by name, from the gazetteer in the database: no network, and typing mistakes forgiven."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, or_, select
from sqlalchemy.orm import Session

from avenrae.models import Place, PlaceName
from avenrae.permissions import Actor, Permission, require

_HOME = "ZA"
"""Of two places that fit as well, people of this marketplace mean the one at home, unless the other is ten times it."""


@dataclass(frozen=True)
class PlaceRow:
    """A place that people search for; degrees north and east, an IANA zone."""

    id: int
    name: str
    region: str
    country_code: str
    latitude: float
    longitude: float
    time_zone: str

    @property
    def label(self) -> str:
        """What it is called in full; typed, it finds this place again."""
        return ", ".join(filter(None, (self.name, self.region)))


def find_places(session: Session, actor: Actor, search: str, *, limit: int = 6) -> list[PlaceRow]:
    """Return the places that are called so or begin so, else those that are nearly called so; the likeliest first.

    Words after a comma narrow it to a region or a country: “London, United Kingdom”.
    """
    require(actor, Permission.PRACTITIONER_VIEW)
    words = " ".join(search.replace("\0", "").split())[:100]
    if len(words) < 2:
        return []
    name, _, region = words.partition(",")
    return (
        _called(session, words, "", limit)
        or (_called(session, name, region.strip(), limit) if region.strip() else [])
        or _nearly_called(session, name, limit)
    )


def get_place(session: Session, actor: Actor, place_id: int) -> PlaceRow | None:
    """Return a place by its key."""
    require(actor, Permission.PRACTITIONER_VIEW)
    found = session.execute(select(*_columns()).where(Place.id == place_id)).one_or_none()
    return None if found is None else PlaceRow(*found)


def _called(session: Session, name: str, region: str, limit: int) -> list[PlaceRow]:
    wanted = func.f_fold(name.strip())
    escaped = func.replace(func.replace(func.replace(wanted, "\\", "\\\\"), "%", "\\%"), "_", "\\_")
    within: list[ColumnElement[bool]] = []
    if region:
        of = func.f_fold(region)
        within = [or_(func.f_fold(Place.region).startswith(of), func.lower(Place.country_code) == of)]
    found = session.execute(
        select(*_columns())
        .join(PlaceName, PlaceName.place_id == Place.id)
        .where(PlaceName.folded.collate("C").like(escaped.concat("%")), *within)
        .group_by(Place.id)
        .order_by(func.bool_or(PlaceName.folded == wanted).desc(), _weight().desc(), Place.id)
        .limit(limit)
    )
    return [PlaceRow(*row) for row in found]


def _nearly_called(session: Session, name: str, limit: int) -> list[PlaceRow]:
    wanted = func.f_fold(name.strip())
    likeness = func.max(func.similarity(PlaceName.folded, wanted))
    found = session.execute(
        select(*_columns())
        .join(PlaceName, PlaceName.place_id == Place.id)
        .where(PlaceName.folded.op("%")(wanted))
        .group_by(Place.id)
        .order_by((likeness * func.ln(_weight() + 10)).desc(), Place.id)
        .limit(limit)
    )
    return [PlaceRow(*row) for row in found]


def _columns() -> list[Any]:
    return [getattr(Place, f) for f in PlaceRow.__dataclass_fields__]


def _weight() -> ColumnElement[int]:
    return Place.population * case((Place.country_code == literal(_HOME), 10), else_=1)
