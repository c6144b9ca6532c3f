"""Positions: where people look for practitioners, and how exactly they may see where those are.

Clients get a position that the database keeps coarse (`geo_coarse_latitude` in the migrations), and every distance
they get is measured to that one; the exact position leaves only to staff and to the practitioner himself (R-DIR-03).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    SQLColumnExpression,
    TableValuedAlias,
    Text,
    case,
    func,
    literal,
    or_,
    true,
)

from avenrae.enums import PractitionerKind
from avenrae.errors import InvalidInput
from avenrae.models import Practitioner
from avenrae.permissions import Actor

MOST_KM = 5_000
"""No search reaches farther: nobody travels that far, and up to there distances are true to 0.01 % (R-DIR-01)."""
_DEFAULT_RADIUS_KM = 50.0


@dataclass(frozen=True)
class Near:
    """Around a point, up to a distance in kilometres, the boundary included."""

    latitude: float
    longitude: float
    radius_km: float


@dataclass(frozen=True)
class Box:
    """Between two parallels and two meridians, all included; west is greater than east across the 180th meridian."""

    south: float
    west: float
    north: float
    east: float


def near_of(params: Mapping[str, str]) -> Near | None:
    """Return the point and the radius that `lat`, `lon` and `km` name in an address; no point means no filter.

    Raises:
        InvalidInput: They are no point on the globe, or no radius.
    """
    position = position_of(params.get("lat"), params.get("lon"))
    if position is None:
        return None
    radius = _number(params.get("km") or _DEFAULT_RADIUS_KM)
    if not 0 < radius <= MOST_KM:
        raise InvalidInput("A radius must be more than 0 and at most 5 000 km.")
    return Near(*position, radius)


def box_of(word: str | None) -> Box | None:
    """Return the area that `south,west,north,east` names in an address; nothing means no filter.

    Raises:
        InvalidInput: It is no area on the globe.
    """
    if not word:
        return None
    edges = [_number(edge) for edge in word.split(",")]
    if len(edges) != 4 or not (-90 <= edges[0] <= edges[2] <= 90 and abs(edges[1]) <= 180 and abs(edges[3]) <= 180):
        raise InvalidInput("An area is south, west, north and east in degrees, like −34.5,18,−33.5,19.")
    return Box(*edges)


def position_of(latitude: str | float | None, longitude: str | float | None) -> tuple[float, float] | None:
    """Return a latitude and a longitude, typed or as numbers; nothing for both means no position.

    Raises:
        InvalidInput: One is missing, or they are no point on the globe.
    """
    lat_given, lon_given = (v is not None and str(v).strip() != "" for v in (latitude, longitude))
    if not lat_given and not lon_given:
        return None
    if not (lat_given and lon_given):
        raise InvalidInput("A position needs both a latitude and a longitude; one of them is missing.")
    lat, lon = _number(latitude), _number(longitude)
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        raise InvalidInput("A position needs a latitude between −90 and 90 and a longitude between −180 and 180.")
    return lat, lon


def around(
    actor: Actor, near: Near, kind: PractitionerKind | None = None, *, nearest: int | None = None
) -> TableValuedAlias:
    """Return what to join for those near a point, with `distance_m`: all of them, or only so many nearest.

    For staff the distance is exact; for others it is that of the position they see.
    """
    values = [literal(v, Double) for v in (near.latitude, near.longitude, near.radius_km)]
    of_kind, most = literal(kind.value if kind else None, Text), literal(nearest, Integer)
    found = (
        func.find_practitioners_near(*values, of_kind, most)
        if actor.is_staff
        else func.near_by_cube(*values, of_kind, most, true())
    )
    return found.table_valued("practitioner_id", "distance_m", name="around")


def within(actor: Actor, box: Box) -> list[ColumnElement[bool]]:
    """Return the conditions that the position which the actor sees lies in an area."""
    latitude, longitude = shown_position(actor)
    east_of, west_of = longitude >= box.west, longitude <= box.east
    between = [east_of, west_of] if box.west <= box.east else [or_(east_of, west_of)]
    return [latitude.between(box.south, box.north), *between]


def sees_everything(actor: Actor) -> ColumnElement[bool]:
    """Whether the actor may see a practitioner's exact position and address: staff, and himself."""
    return true() if actor.is_staff else func.coalesce(Practitioner.id == actor.practitioner_id, False)


def shown_position(actor: Actor) -> tuple[SQLColumnExpression[Any], SQLColumnExpression[Any]]:
    """Return latitude and longitude as the actor may see them."""
    if actor.is_staff:
        return Practitioner.latitude, Practitioner.longitude
    if actor.practitioner_id is None:
        return Practitioner.shown_latitude, Practitioner.shown_longitude
    exact = sees_everything(actor)
    return (
        case((exact, Practitioner.latitude), else_=Practitioner.shown_latitude),
        case((exact, Practitioner.longitude), else_=Practitioner.shown_longitude),
    )


def _number(given: str | float | None) -> float:
    text = str(given).strip().replace("−", "-").replace(",", ".")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInput(f"“{given}” is not a number; write it like −33.92.")
    return number
