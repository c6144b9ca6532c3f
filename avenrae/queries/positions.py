"""Positions: where people look for practitioners, and how exactly they may see where those are.

Clients get a position coarsened here, in the database, and every distance they get is measured to that one;
the exact position leaves only to staff and to the practitioner himself (R-DIR-03).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Double, FromClause, SQLColumnExpression, case, func, literal, true

from avenrae.errors import InvalidInput
from avenrae.models import Practitioner
from avenrae.permissions import Actor

HALF_GLOBE_KM = 20_037
_DEFAULT_RADIUS_KM = 50.0
_CELL = 0.0062
"""Degrees of latitude in one cell: 690 m, so that no point is farther than 490 m from the middle of its cell."""


@dataclass(frozen=True)
class Near:
    """Around a point, up to a distance in kilometres, the boundary included."""

    latitude: float
    longitude: float
    radius_km: float


def near_of(params: Mapping[str, str]) -> Near | None:
    """Return the point and the radius that `lat`, `lon` and `km` name in an address; no point means no filter.

    Raises:
        InvalidInput: They are no point on the globe, or no radius.
    """
    position = position_of(params.get("lat"), params.get("lon"))
    if position is None:
        return None
    radius = _number(params.get("km") or _DEFAULT_RADIUS_KM)
    if not 0 < radius <= HALF_GLOBE_KM:
        raise InvalidInput("A radius must be more than 0 and at most 20 037 km, which is half around the globe.")
    return Near(*position, radius)


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


def around(actor: Actor, near: Near) -> tuple[FromClause, ColumnElement[float], ColumnElement[bool]]:
    """Return what to join for those near a point, their distance in metres, and the condition that decides.

    For staff the distance is exact. For others it is that of the position they see, in whole kilometres; that
    position is less than 1 km from the exact one, by which the index finds it.
    """
    reach = near.radius_km if actor.is_staff else near.radius_km + 1
    point = [literal(v, Double) for v in (near.latitude, near.longitude)]
    found = func.find_practitioners_near(*point, literal(reach, Double)).table_valued(
        "practitioner_id", "distance_m", name="around"
    )
    if actor.is_staff:
        return found, found.c.distance_m, true()
    shown = func.geo_distance_m(*point, *shown_position(actor), type_=Double)
    return found, func.round(shown / 1000, type_=Double) * 1000, shown <= near.radius_km * 1000


def sees_everything(actor: Actor) -> ColumnElement[bool]:
    """Whether the actor may see a practitioner's exact position and address: staff, and himself."""
    return true() if actor.is_staff else func.coalesce(Practitioner.id == actor.practitioner_id, False)


def shown_position(actor: Actor) -> tuple[SQLColumnExpression[Any], SQLColumnExpression[Any]]:
    """Return latitude and longitude as the actor may see them.

    The coarse one is the middle of the cell that holds the exact one, on a grid that the practitioner's id
    shifts: always the same, nothing to subtract or average away, and neighbours do not fall onto one point.
    """
    if actor.is_staff:
        return Practitioner.latitude, Practitioner.longitude
    key = func.uuid_send(Practitioner.id)
    middle = _middle(Practitioner.latitude, literal(_CELL, Double), func.get_byte(key, 15))
    latitude = func.greatest(-90.0, func.least(90.0, middle, type_=Double), type_=Double)
    # Cells are as wide as high on their side towards the equator, where they are widest.
    width = _CELL / func.cosd(func.greatest(func.abs(latitude) - _CELL / 2, 0.0), type_=Double)
    longitude = _middle(Practitioner.longitude, width, func.get_byte(key, 14))
    wrapped = case((longitude > 180, longitude - 360), (longitude < -180, longitude + 360), else_=longitude)
    exact = sees_everything(actor)
    placed = Practitioner.latitude.is_not(None)
    return (
        case((exact, Practitioner.latitude), (placed, latitude)),
        case((exact, Practitioner.longitude), (placed, wrapped)),
    )


def _middle(value: Any, step: ColumnElement[Any], shift: Any) -> ColumnElement[Any]:
    phase: ColumnElement[Any] = shift / literal(256.0, Double)
    return (func.floor(value / step + phase, type_=Double) + 0.5 - phase) * step


def _number(given: str | float | None) -> float:
    text = str(given).strip().replace("−", "-").replace(",", ".")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInput(f"“{given}” is not a number; write it like −33.92.")
    return number
