"""Reads of the directory: who the filters leave, as a list or on the map.

Clients see coarse positions (`positions.py`). The set is decided by the filters alone, never by the sort (R-DIR-02).
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, null, select, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import AvailabilityStatus, Delivery, PractitionerKind, Role, VerificationStatus
from avenrae.errors import InvalidInput
from avenrae.models import Practitioner, Service, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.directory_filters import Between, PractitionerFilters
from avenrae.queries.documents import document_condition
from avenrae.queries.free_times import first_free
from avenrae.queries.listing import COUNT_LIMIT, count_of, name_matches, page_of
from avenrae.queries.positions import Near, around, shown_position, within
from avenrae.queries.scopes import visible_practitioners

T = TypeVar("T")
NAME = User.first_name.concat(" ").concat(User.last_name)
MOST_BETWEEN = 5_000
"""Among more than this nobody is asked whether he is free in a span: that would take too long (docs/decisions/0011)."""
MOST_NEXT = 2_000
"""The same for who is free next, which looks at two weeks."""
NEXT_LOOK = timedelta(days=14)


@dataclass(frozen=True)
class PractitionerRow:
    """One line of the directory; the rate in minor units, the position as the actor may see it.

    `distance_m` is known in a search around a point only; for clients it is a whole number of kilometres. `free_at`
    is the first start where it was asked for.
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
    free_at: datetime | None = None


def with_free_times(
    session: Session, actor: Actor, filters: PractitionerFilters, *, sort: str = ""
) -> PractitionerFilters:
    """Return the filters with who is free when, where they or the sort ask for it; asked once for list and count.

    Raises:
        InvalidInput: Too many are left to be asked; says what to choose first.
    """
    is_next = sort.removeprefix("-") == "free" and filters.between is None
    if filters.free is not None or not (filters.between or is_next):
        return filters
    most = MOST_NEXT if is_next else MOST_BETWEEN
    bookable = Practitioner.verification_status == VerificationStatus.APPROVED
    candidates = session.scalars(_ids(actor, filters).where(bookable).limit(most + 1)).all()
    if len(candidates) > most:
        raise InvalidInput(
            f"More than {most:,} practitioners fit so far. Choose a place or a kind first,"
            " then ask who is free.".replace(",", "\u00a0", 1)
        )
    now = clock.now()
    span = filters.between or Between(now, now + NEXT_LOOK)
    free = first_free(session, candidates, span.since, span.until, filters.delivery)
    return replace(filters, free=free)


def count_practitioners(session: Session, actor: Actor, filters: PractitionerFilters) -> int:
    """Return how many practitioners the filters leave, up to the counting limit."""
    filters = with_free_times(session, actor, filters)
    return count_of(session, _ids(actor, filters))


def each_practitioner(
    session: Session, actor: Actor, filters: PractitionerFilters, sort: str
) -> Iterator[PractitionerRow]:
    """Yield every practitioner the filters leave, as the database sends them; for exports."""
    filters = with_free_times(session, actor, filters, sort=sort)
    if sort.removeprefix("-") == "free":
        keys = _by_free(session, actor, filters, sort)
        batches = (dict.fromkeys(keys[n : n + 1000]) for n in range(0, len(keys), 1000))
        return (row for batch in batches for row in rows_by_id(session, actor, batch, filters.free))
    ids, distance = _with_distance(actor, filters)
    query = row_columns(ids, actor, distance).order_by(*_order(filters, sort, distance))
    found = session.execute(query.execution_options(yield_per=1000))
    return (row_of(r, actor, filters.free) for r in found)


def list_practitioners(
    session: Session,
    actor: Actor,
    filters: PractitionerFilters,
    *,
    sort: str = "name",
    page: int = 1,
    size: int = 50,
) -> list[PractitionerRow]:
    """Return one page of practitioners, by name unless sorted otherwise.

    `distance` sorts around a point only, nearest first from the index; `free` by the next free time. Wide rows are
    read for the page alone.

    Raises:
        NotPermitted: The role sees no practitioners.
        InvalidInput: The sort is not one of the list's, or too many are left to sort like that.
    """
    filters = with_free_times(session, actor, filters, sort=sort)
    if sort == "distance" and filters.near:
        keys = _nearest(session, actor, filters, filters.near, page, size)
    elif sort.removeprefix("-") == "free":
        keys = dict.fromkeys(_by_free(session, actor, filters, sort)[(max(1, page) - 1) * size :][:size])
    else:
        ids, distance = _with_distance(actor, filters)
        ordered = ids.add_columns(distance).order_by(*_order(filters, sort, distance))
        keys = {row[0]: row[1] for row in session.execute(page_of(ordered, page, size))}
    return rows_by_id(session, actor, keys, filters.free)


def rows_by_id(
    session: Session,
    actor: Actor,
    keys: Mapping[uuid.UUID, float | None],
    free: Mapping[uuid.UUID, datetime] | None = None,
) -> list[PractitionerRow]:
    """Return the rows of these practitioners, with their distances, in this order."""
    if not keys:
        return []
    ids = select(Practitioner.id).join(User, User.id == Practitioner.user_id)
    wanted = ids.where(visible_practitioners(actor), Practitioner.id.in_(keys)).limit(len(keys))
    query = row_columns(wanted, actor, null())
    rows = {r.id: row_of(r, actor, free) for r in session.execute(query)}
    return [replace(rows[key], distance_m=_rounded(actor, keys[key])) for key in keys if key in rows]


def row_columns(ids: Select[Any], actor: Actor, distance: ColumnElement[Any]) -> Select[Any]:
    """Return a query for keys with all that a row shows in place of them."""
    latitude, longitude = shown_position(actor)
    return ids.with_only_columns(
        Practitioner.id,
        NAME.label("name"),
        *(getattr(Practitioner, c) for c in list(PractitionerRow.__dataclass_fields__)[2:-4]),
        latitude.label("latitude"),
        longitude.label("longitude"),
        distance.label("distance_m"),
    )


def row_of(found: Any, actor: Actor, free: Mapping[uuid.UUID, datetime] | None = None) -> PractitionerRow:
    """Return what the columns of `row_columns` hold."""
    r = found._mapping
    made = ("kind", "verification_status", "availability_status", "distance_m", "free_at")
    return PractitionerRow(
        **{f: r[f] for f in PractitionerRow.__dataclass_fields__ if f not in made},
        kind=PractitionerKind(r["kind"]),
        verification_status=VerificationStatus(r["verification_status"]),
        availability_status=AvailabilityStatus(r["availability_status"]),
        distance_m=_rounded(actor, r["distance_m"]),
        free_at=free.get(r["id"]) if free else None,
    )


def list_words(session: Session, actor: Actor, of: str, *, limit: int = 100) -> list[str]:
    """Return what the practitioners whom the actor sees name most as their `specialties` or `languages`, by name."""
    require(actor, Permission.PRACTITIONER_VIEW)
    word = select(func.unnest(getattr(Practitioner, of)).label("word")).where(visible_practitioners(actor)).subquery()
    counted = select(word.c.word).group_by(word.c.word).order_by(func.count().desc()).limit(limit).subquery()
    return list(session.scalars(select(counted.c.word).order_by(func.f_fold(counted.c.word).collate("C"))))


def found_ids(session: Session, actor: Actor, filters: PractitionerFilters) -> Select[Any]:
    """Return the query for the keys of those the filters leave; for reads that count or group them."""
    return _ids(actor, with_free_times(session, actor, filters))


def _ids(actor: Actor, f: PractitionerFilters) -> Select[Any]:
    """Return the keys of those the filters leave, in no order."""
    return _with_distance(actor, f)[0]


def _with_distance(
    actor: Actor, f: PractitionerFilters, *, nearest: int | None = None
) -> tuple[Select[Any], ColumnElement[Any]]:
    require(actor, Permission.PRACTITIONER_VIEW)
    query = (
        select(Practitioner.id)
        .join(User, User.id == Practitioner.user_id)
        .where(User.role == Role.PRACTITIONER, visible_practitioners(actor), *_conditions(actor, f))
    )
    if f.near is None:
        return query, null()
    found = around(actor, f.near, f.kind, nearest=nearest)
    return query.join(found, found.c.practitioner_id == Practitioner.id), found.c.distance_m


def _nearest(
    session: Session, actor: Actor, f: PractitionerFilters, near: Near, page: int, size: int
) -> dict[uuid.UUID, float | None]:
    """Return a page of the nearest: most often they are among four times as many nearest of all, else all are asked."""
    wanted = max(1, page) * size
    for nearest in (4 * wanted, None):
        ids, distance = _with_distance(actor, f, nearest=nearest)
        found = session.execute(ids.add_columns(distance).order_by(distance, Practitioner.id).limit(wanted)).all()
        if len(found) == wanted or nearest is None:
            break
        if (
            session.execute(select(func.count()).select_from(around(actor, near, f.kind, nearest=nearest))).scalar_one()
            < nearest
        ):
            break
    return {row[0]: row[1] for row in found[wanted - size :]}


def _by_free(session: Session, actor: Actor, f: PractitionerFilters, sort: str) -> list[uuid.UUID]:
    """Return all keys by the first free time; those without one come last in either direction."""
    ids = session.scalars(_ids(actor, f).order_by(Practitioner.id).limit(COUNT_LIMIT)).all()
    free = f.free or {}
    known = sorted((free[key], key) for key in ids if key in free)
    if sort.startswith("-"):
        known.reverse()
    return [key for _, key in known] + [key for key in ids if key not in free]


def _order(f: PractitionerFilters, sort: str, distance: ColumnElement[Any]) -> list[Any]:
    """Return a stable order, each one an index's.

    Raises:
        InvalidInput: The list cannot be sorted by this.
    """
    p = Practitioner
    columns: dict[str, list[Any]] = {
        # By name the index on users is walked, whose second column is the user.
        "name": [User.name_folded.collate("C"), User.id],
        "rating": [p.rating_average, p.id],
        "price": [p.currency, p.hourly_rate_minor, p.id],
        "bookings": [p.booking_count, p.id],
        "newest": [p.created_at, p.id],
        **({"distance": [distance, p.id]} if f.near else {}),
    }
    name = sort.removeprefix("-")
    if name not in columns:
        raise InvalidInput("This list cannot be sorted like that; press a column's heading to sort by it.")
    ordered = [column.desc() if sort.startswith("-") else column.asc() for column in columns[name]]
    if name == "rating":
        ordered[0] = ordered[0].nulls_last()
    return ordered


def _conditions(actor: Actor, f: PractitionerFilters) -> list[ColumnElement[bool]]:
    p = Practitioner
    conditions: list[ColumnElement[bool]] = [
        column == wanted
        for column, wanted in (
            (p.kind, f.kind),
            (p.verification_status, f.status),
            (p.availability_status, f.availability),
            (p.city, f.city),
        )
        if wanted
    ]
    conditions += [
        column.contains([word]) for column, word in ((p.specialties, f.specialty), (p.languages, f.language)) if word
    ]
    if f.price_from is not None or f.price_to is not None:
        low, high = f.price_from or 0, f.price_to
        conditions += [p.currency == f.currency, p.hourly_rate_minor >= low]
        conditions += [p.hourly_rate_minor <= high] if high is not None else []
    if f.rating is not None:
        conditions.append(p.rating_average >= f.rating)
    if f.delivery:
        offered = and_(Service.practitioner_id == p.id, Service.is_available)
        conditions.append(select(Service.id).where(offered, Service.delivery.in_({f.delivery, Delivery.BOTH})).exists())
    if f.documents:
        conditions.append(document_condition(actor, f.documents))
    if f.box:
        conditions += within(actor, f.box)
    if f.search.strip():
        words = User.search_folded if actor.is_staff else User.name_folded
        # Two lists of keys, each by its own index; one condition over both tables would read them as a whole.
        called = select(User.id).where(User.role == Role.PRACTITIONER, name_matches(words, f.search))
        said = select(p.user_id).where(name_matches(p.search_folded, f.search))
        conditions.append(p.user_id.in_(called.union(said)))
    if f.between and f.free is not None:
        # As one value: thousands of them one by one take longer to send than to look up.
        free = text("CAST(:free AS uuid[])").bindparams(free=list(f.free))
        conditions.append(p.id == func.any(free))
    return conditions


def _rounded(actor: Actor, distance: float | None) -> float | None:
    return distance if distance is None or actor.is_staff else round(distance / 1000) * 1000.0
