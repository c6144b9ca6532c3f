"""Reads of practitioners: the directory, the map and one profile.

Clients see coarse positions (`positions.py`); the address leaves only to staff and to the practitioner himself.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, null, or_, select
from sqlalchemy.orm import Session

from avenrae.enums import (
    AvailabilityStatus,
    CancellationPolicy,
    Delivery,
    PractitionerKind,
    Role,
    VerificationStatus,
)
from avenrae.errors import NotFound
from avenrae.models import Practitioner, Service, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.listing import count_of, in_order, name_matches, one_of, page_of
from avenrae.queries.positions import Near, around, near_of, sees_everything, shown_position
from avenrae.queries.scopes import visible_practitioners, visible_services

MAP_LIMIT = 2_000
"""A map draws no more markers than this and says so."""
_NAME = User.first_name.concat(" ").concat(User.last_name)


@dataclass(frozen=True)
class PractitionerFilters:
    """What the directory can be narrowed to; empty means everybody the actor sees."""

    search: str = ""
    kind: PractitionerKind | None = None
    status: VerificationStatus | None = None
    availability: AvailabilityStatus | None = None
    city: str = ""
    near: Near | None = None


@dataclass(frozen=True)
class PractitionerRow:
    """One line of the directory; the rate in minor units, the position as the actor may see it.

    `distance_m` is known in a search around a point only; for clients it is a whole number of kilometres.
    """

    id: uuid.UUID
    name: str
    kind: PractitionerKind
    headline: str
    city: str
    country_code: str
    time_zone: str
    verification_status: VerificationStatus
    availability_status: AvailabilityStatus
    hourly_rate_minor: int
    currency: str
    rating_average: float | None
    rating_count: int
    booking_count: int
    latitude: float | None
    longitude: float | None
    distance_m: float | None


@dataclass(frozen=True)
class PractitionerDetail(PractitionerRow):
    """One profile; address, e-mail, phone and commission are empty for clients, whose position is not exact."""

    bio: str
    specialties: list[str]
    languages: list[str]
    years_experience: int
    created_at: datetime
    is_exact: bool
    address: str
    email: str
    phone: str
    commission_bps: int | None


@dataclass(frozen=True)
class MapRows:
    """The rows of a map's list and, those with a position, of its markers; not complete beyond `MAP_LIMIT`."""

    rows: list[PractitionerRow]
    is_complete: bool

    @property
    def placed(self) -> list[PractitionerRow]:
        """The rows that have a marker."""
        return [r for r in self.rows if r.latitude is not None]


@dataclass(frozen=True)
class Place:
    """A city with practitioners: how many the actor sees there and the middle of where they are."""

    city: str
    country_code: str
    latitude: float
    longitude: float
    practitioners: int


@dataclass(frozen=True)
class ServiceRow:
    """One thing a practitioner offers; the price in minor units."""

    id: uuid.UUID
    title: str
    description: str
    category: str
    duration_minutes: int
    price_minor: int
    currency: str
    delivery: Delivery
    policy: CancellationPolicy
    is_available: bool


def practitioner_filters(params: Mapping[str, str], zone: str = "") -> PractitionerFilters:
    """Return the filters that an address holds (`q`, `kind`, `status`, `availability`, `city`, `lat`, `lon`, `km`).

    None of them is a time; `zone` is taken because every list's filters are read the same way.

    Raises:
        InvalidInput: A value is none of those there are, or no point or radius on the globe.
    """
    return PractitionerFilters(
        search=params.get("q", ""),
        kind=one_of(PractitionerKind, params.get("kind")),
        status=one_of(VerificationStatus, params.get("status")),
        availability=one_of(AvailabilityStatus, params.get("availability")),
        city=params.get("city", ""),
        near=near_of(params),
    )


def count_practitioners(session: Session, actor: Actor, filters: PractitionerFilters) -> int:
    """Return how many practitioners the filters leave, up to the counting limit."""
    query, _ = _found(actor, filters)
    return count_of(session, query.with_only_columns(Practitioner.id))


def each_practitioner(
    session: Session, actor: Actor, filters: PractitionerFilters, sort: str
) -> Iterator[PractitionerRow]:
    """Yield every practitioner the filters leave, as the database sends them; for exports."""
    ordered = _in_order(actor, filters, sort).execution_options(yield_per=1000)
    return (_row(r) for r in session.execute(ordered))


def list_practitioners(
    session: Session,
    actor: Actor,
    filters: PractitionerFilters,
    *,
    sort: str = "name",
    page: int = 1,
    size: int = 50,
) -> list[PractitionerRow]:
    """Return one page of practitioners, by name unless sorted otherwise; `distance` sorts around a point only.

    Raises:
        NotPermitted: The role sees no practitioners.
        InvalidInput: The sort is not one of the list's.
    """
    found = session.execute(page_of(_in_order(actor, filters, sort), page, size))
    return [_row(r) for r in found]


def map_rows(session: Session, actor: Actor, filters: PractitionerFilters, *, sort: str = "name") -> MapRows:
    """Return everybody the filters leave, at most `MAP_LIMIT`: what list and markers are both drawn from.

    Which ones a bounded map shows does not depend on the sort (R-DIR-02).

    Raises:
        InvalidInput: The sort is not one of the list's.
    """
    query, sorts = _found(actor, filters)
    in_order(sorts, sort, Practitioner.id)
    key = sorts[sort.removeprefix("-")].label("key")
    found = session.execute(query.add_columns(key).order_by(Practitioner.id).limit(MAP_LIMIT + 1)).all()
    known = sorted(
        (r for r in found[:MAP_LIMIT] if r.key is not None), key=lambda r: (r.key, r.id), reverse=sort.startswith("-")
    )
    unknown = [r for r in found[:MAP_LIMIT] if r.key is None]
    return MapRows([_row(r) for r in (*known, *unknown)], is_complete=len(found) <= MAP_LIMIT)


def get_practitioner(session: Session, actor: Actor, practitioner_id: uuid.UUID) -> PractitionerDetail:
    """Return one profile.

    Raises:
        NotFound: There is none, or the actor may not see it.
    """
    query, _ = _found(actor, PractitionerFilters())
    everything = sees_everything(actor)
    found = session.execute(
        query.where(Practitioner.id == practitioner_id).add_columns(
            Practitioner.bio,
            Practitioner.specialties,
            Practitioner.languages,
            Practitioner.years_experience,
            Practitioner.created_at,
            everything.label("is_exact"),
            case((everything, Practitioner.address), else_="").label("address"),
            case((everything, User.email), else_="").label("email"),
            case((everything, func.coalesce(User.phone, "")), else_="").label("phone"),
            case((everything, Practitioner.commission_bps)).label("commission_bps"),
        )
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such practitioner, or the profile is not yours to see.")
    own, r = _row(found), found._mapping
    fields = PractitionerDetail.__dataclass_fields__.keys() - PractitionerRow.__dataclass_fields__.keys()
    return PractitionerDetail(**vars(own), **{f: r[f] for f in fields})


def list_places(session: Session, actor: Actor) -> list[Place]:
    """Return the cities of the practitioners the actor sees that have a position, by name."""
    require(actor, Permission.PRACTITIONER_VIEW)
    latitude, longitude = shown_position(actor)
    place = (Practitioner.city, Practitioner.country_code)
    found = session.execute(
        select(*place, func.avg(latitude), func.avg(longitude), func.count())
        .where(visible_practitioners(actor), Practitioner.city != "", Practitioner.latitude.is_not(None))
        .group_by(*place)
        .order_by(func.f_fold(Practitioner.city).collate("C"), Practitioner.country_code)
    )
    return [Place(*row) for row in found]


def list_services(
    session: Session, actor: Actor, practitioner_id: uuid.UUID, *, offered_only: bool = False
) -> list[ServiceRow]:
    """Return what a practitioner offers, by title; `offered_only` leaves out what is not to be had now."""
    require(actor, Permission.PRACTITIONER_VIEW)
    query = select(*(getattr(Service, f) for f in ServiceRow.__dataclass_fields__)).where(
        Service.practitioner_id == practitioner_id, visible_services(actor)
    )
    if offered_only or not (actor.is_staff or actor.practitioner_id == practitioner_id):
        query = query.where(Service.is_available)
    found = session.execute(query.order_by(func.f_fold(Service.title).collate("C"), Service.id))
    return [
        ServiceRow(**{**r._mapping, "delivery": Delivery(r.delivery), "policy": CancellationPolicy(r.policy)})
        for r in found
    ]


def _found(actor: Actor, f: PractitionerFilters) -> tuple[Select[*tuple[Any, ...]], dict[str, Any]]:
    """Return the rows the filters leave, in no order, and what they can be sorted by."""
    require(actor, Permission.PRACTITIONER_VIEW)
    latitude, longitude = shown_position(actor)
    distance: ColumnElement[Any] = null()
    sorts: dict[str, Any] = {
        "name": User.name_folded.collate("C"),
        "rating": Practitioner.rating_average,
        "price": Practitioner.hourly_rate_minor,
        "bookings": Practitioner.booking_count,
    }
    if f.near:
        found, distance, is_within = around(actor, f.near)
        sorts["distance"] = distance
    query = (
        select(
            Practitioner.id,
            _NAME.label("name"),
            *(getattr(Practitioner, c) for c in list(PractitionerRow.__dataclass_fields__)[2:-3]),
            latitude.label("latitude"),
            longitude.label("longitude"),
            distance.label("distance_m"),
        )
        .join(User, User.id == Practitioner.user_id)
        .where(User.role == Role.PRACTITIONER, visible_practitioners(actor), *_conditions(actor, f))
    )
    if f.near:
        query = query.join(found, found.c.practitioner_id == Practitioner.id).where(is_within)
    return query, sorts


def _in_order(actor: Actor, filters: PractitionerFilters, sort: str) -> Select[*tuple[Any, ...]]:
    query, sorts = _found(actor, filters)
    # By name the index on users is walked, whose second column is the user.
    key = User.id if sort.removeprefix("-") == "name" else Practitioner.id
    return query.order_by(*in_order(sorts, sort, key))


def _conditions(actor: Actor, f: PractitionerFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if f.kind:
        conditions.append(Practitioner.kind == f.kind)
    if f.status:
        conditions.append(Practitioner.verification_status == f.status)
    if f.availability:
        conditions.append(Practitioner.availability_status == f.availability)
    if f.city:
        conditions.append(Practitioner.city == f.city)
    if f.search.strip():
        words = User.search_folded if actor.is_staff else User.name_folded
        conditions.append(or_(name_matches(words, f.search), name_matches(Practitioner.search_folded, f.search)))
    return conditions


def _row(found: Any) -> PractitionerRow:
    r = found._mapping
    enums = ("kind", "verification_status", "availability_status")
    return PractitionerRow(
        **{f: r[f] for f in PractitionerRow.__dataclass_fields__ if f not in enums},
        kind=PractitionerKind(r["kind"]),
        verification_status=VerificationStatus(r["verification_status"]),
        availability_status=AvailabilityStatus(r["availability_status"]),
    )
