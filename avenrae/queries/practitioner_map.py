"""Reads of the map: markers while they are few, else how many there are in each cell of a grid."""

import math
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Double, func, literal, select
from sqlalchemy.orm import Session

from avenrae.enums import PractitionerKind
from avenrae.models import Practitioner
from avenrae.permissions import Actor
from avenrae.queries.directory import NAME, found_ids
from avenrae.queries.directory_filters import PractitionerFilters
from avenrae.queries.positions import Box, shown_position

MOST_MARKERS = 500
"""A map with more shows cells with numbers: nobody tells thousands of markers apart, and drawing them is slow."""
_ACROSS = 24
"""About so many cells stand side by side."""


@dataclass(frozen=True)
class Marker:
    """One practitioner on the map, where the actor may see him."""

    id: uuid.UUID
    name: str
    kind: PractitionerKind
    city: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class MapCell:
    """How many there are in one cell of the grid, the middle of where they are, the cell and its most common city."""

    count: int
    latitude: float
    longitude: float
    box: Box
    city: str


@dataclass(frozen=True)
class MapView:
    """What the map draws: `total` is the markers, or the sum of the cells, and those `unplaced`."""

    total: int
    unplaced: int
    kinds: dict[PractitionerKind, int]
    markers: list[Marker]
    cells: list[MapCell]


def map_view(session: Session, actor: Actor, filters: PractitionerFilters, *, density: bool = False) -> MapView:
    """Return markers for those the filters leave, or cells where they are too many or `density` asks for them.

    Which ones are shown does not depend on any sort, and nobody is left out (R-DIR-02).
    """
    latitude, longitude = shown_position(actor)
    ids = found_ids(session, actor, filters)
    placed = (
        ids.add_columns(Practitioner.kind, Practitioner.city, latitude.label("latitude"), longitude.label("longitude"))
    ).cte("placed")
    rows = session.execute(
        select(
            placed.c.kind,
            func.count(),
            func.count(placed.c.latitude),
            *(f(c) for c in (placed.c.latitude, placed.c.longitude) for f in (func.min, func.max)),
        ).group_by(placed.c.kind)
    ).all()
    total, known = sum(r[1] for r in rows), sum(r[2] for r in rows)
    kinds = {PractitionerKind(r[0]): r[2] for r in rows if r[2]}
    if density or known > MOST_MARKERS:
        spread = [r for r in rows if r[2]]
        cells = _cells(session, placed, spread) if spread else []
        return MapView(total, total - known, kinds, [], cells)
    query = ids.add_columns(NAME, Practitioner.kind, Practitioner.city, latitude, longitude)
    found = session.execute(
        query.where(Practitioner.latitude.is_not(None)).order_by(Practitioner.id).limit(MOST_MARKERS)
    )
    markers = [Marker(r[0], r[1], PractitionerKind(r[2]), *r[3:]) for r in found]
    return MapView(total, total - known, kinds, markers, [])


def _cells(session: Session, placed: Any, spread: list[Any]) -> list[MapCell]:
    south, north = min(r[3] for r in spread), max(r[4] for r in spread)
    west, east = min(r[5] for r in spread), max(r[6] for r in spread)
    # Powers of two: the same few grids whatever is looked at, so that cells do not swim when a filter changes.
    step = 2.0 ** math.ceil(math.log2(max(north - south, east - west, 0.02) / _ACROSS))
    row, column = (func.floor(c / literal(step, Double), type_=Double) for c in (placed.c.latitude, placed.c.longitude))
    found = session.execute(
        select(
            func.count(),
            func.avg(placed.c.latitude),
            func.avg(placed.c.longitude),
            row * step,
            column * step,
            func.mode().within_group(placed.c.city),
        )
        .where(placed.c.latitude.is_not(None))
        .group_by(row, column)
        .order_by(func.count().desc(), row, column)
        .limit(4 * _ACROSS * _ACROSS)
    )
    return [
        MapCell(
            n,
            lat,
            lon,
            Box(max(bottom, -90.0), max(left, -180.0), min(bottom + step, 90.0), min(left + step, 180.0)),
            city,
        )
        for n, lat, lon, bottom, left, city in found
    ]
