"""Reads of the waiting list: who waits for whom on which day, and what is offered to them."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from avenrae import clock
from avenrae.enums import Role, WaitlistStatus
from avenrae.errors import NotFound
from avenrae.models import Booking, BookingWaitlist, Client, Practitioner, Service, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.listing import in_order, key_of, one_of
from avenrae.queries.people import Owner, PeopleList
from avenrae.queries.scopes import visible_waitlist

_client_user = aliased(User, name="client_user")
_practitioner_user = aliased(User, name="practitioner_user")
_ahead = aliased(BookingWaitlist, name="ahead")
_CLIENT: Owner = (BookingWaitlist.client_id, Client)
_PRACTITIONER: Owner = (BookingWaitlist.practitioner_id, Practitioner)
_SORTS = {"on_date": BookingWaitlist.on_date, "joined_at": BookingWaitlist.joined_at}
OPEN = (WaitlistStatus.WAITING, WaitlistStatus.OFFERED)


class WaitView(StrEnum):
    """A part of the list: who waits or is offered a place, for whom that is over, or all of them."""

    OPEN = "open"
    OVER = "over"
    ALL = "all"


@dataclass(frozen=True)
class WaitFilters:
    """What a waiting list can be narrowed to; empty means everybody whom the actor sees."""

    search: str = ""
    view: WaitView | None = None
    status: WaitlistStatus | None = None
    practitioner_id: uuid.UUID | None = None
    client_id: uuid.UUID | None = None


@dataclass(frozen=True)
class WaitRow:
    """One place in a line; `starts_at` is the session that is offered or was booked, `ahead` how many come first."""

    id: uuid.UUID
    on_date: date
    status: WaitlistStatus
    joined_at: datetime
    offered_at: datetime | None
    offer_expires_at: datetime | None
    booking_id: uuid.UUID | None
    client_id: uuid.UUID
    client_name: str
    practitioner_id: uuid.UUID
    practitioner_name: str
    time_zone: str
    service_id: uuid.UUID
    service_title: str
    starts_at: datetime | None
    ends_at: datetime | None
    ahead: int | None

    @property
    def is_offered(self) -> bool:
        """Whether a place is offered that can still be accepted."""
        return self.status == WaitlistStatus.OFFERED and not self.has_run_out

    @property
    def has_run_out(self) -> bool:
        """Whether the time to answer is over, though nobody has swept it up yet."""
        return bool(self.offer_expires_at and self.offer_expires_at <= clock.now())


def wait_filters(params: Mapping[str, str], zone: str) -> WaitFilters:
    """Return the filters that an address holds (`q`, `view`, `status`, `practitioner`, `client`).

    Raises:
        InvalidInput: A value is none of those there are.
    """
    return WaitFilters(
        search=params.get("q", ""),
        view=one_of(WaitView, params.get("view")),
        status=one_of(WaitlistStatus, params.get("status")),
        practitioner_id=key_of(params.get("practitioner")),
        client_id=key_of(params.get("client")),
    )


def count_waiting(session: Session, actor: Actor, filters: WaitFilters) -> int:
    """Return how many places in lines the filters leave, up to the counting limit."""
    return _listed(actor, filters).count(session)


def list_waiting(
    session: Session, actor: Actor, filters: WaitFilters, *, sort: str = "-on_date", page: int = 1, size: int = 50
) -> list[WaitRow]:
    """Return one page of those who wait, the latest day first unless sorted otherwise.

    Raises:
        InvalidInput: The sort is not one of the list's.
    """
    ids = _listed(actor, filters).page(sort, page, size)
    order = in_order(_SORTS, sort, BookingWaitlist.id)
    found = session.execute(_rows().where(BookingWaitlist.id.in_(ids)).order_by(*order))
    return [_row(r) for r in found]


def each_waiting(session: Session, actor: Actor, filters: WaitFilters, sort: str) -> Iterator[WaitRow]:
    """Yield everybody whom the filters leave, as the database sends them; for exports."""
    query = _rows().where(_listed(actor, filters).found(), visible_waitlist(actor), *_conditions(filters))
    ordered = query.order_by(*in_order(_SORTS, sort, BookingWaitlist.id)).execution_options(yield_per=1000)
    return (_row(r) for r in session.execute(ordered))


def get_waiting(session: Session, actor: Actor, entry_id: uuid.UUID) -> WaitRow:
    """Return one place in a line.

    Raises:
        NotFound: There is none, or the actor may not see it.
    """
    require(actor, Permission.BOOKING_VIEW)
    found = session.execute(_rows().where(BookingWaitlist.id == entry_id, visible_waitlist(actor))).one_or_none()
    if found is None:
        raise NotFound("There is no such place in a waiting list, or it is not yours to see.")
    return _row(found)


def find_waiting(
    session: Session, actor: Actor, *, client_id: uuid.UUID, practitioner_id: uuid.UUID, on_date: date
) -> WaitRow | None:
    """Return a client's place in the line for a day, while he has one."""
    found = session.execute(
        _rows().where(
            visible_waitlist(actor),
            BookingWaitlist.client_id == client_id,
            BookingWaitlist.practitioner_id == practitioner_id,
            BookingWaitlist.on_date == on_date,
            BookingWaitlist.status.in_(OPEN),
        )
    ).one_or_none()
    return _row(found) if found else None


def list_open_offers(session: Session, actor: Actor, *, limit: int = 5) -> list[WaitRow]:
    """Return what is offered to the actor himself as a client, what runs out first before the rest."""
    if actor.role is not Role.CLIENT or actor.client_id is None:
        return []
    query = _rows().where(
        BookingWaitlist.client_id == actor.client_id,
        BookingWaitlist.status == WaitlistStatus.OFFERED,
        BookingWaitlist.offer_expires_at > clock.now(),
    )
    return [_row(r) for r in session.execute(query.order_by(BookingWaitlist.offer_expires_at).limit(limit))]


def list_awaited(session: Session, actor: Actor, *, limit: int = 500) -> list[uuid.UUID]:
    """Return the practitioners for whom somebody waits, for the sweep."""
    require(actor, Permission.CLIENT_VIEW)
    query = select(BookingWaitlist.practitioner_id).where(BookingWaitlist.status == WaitlistStatus.WAITING)
    return list(session.scalars(query.distinct().limit(limit)))


def _ids(actor: Actor, filters: WaitFilters) -> Select[Any]:
    require(actor, Permission.BOOKING_VIEW)
    return select(BookingWaitlist.id).where(visible_waitlist(actor), *_conditions(filters))


def _listed(actor: Actor, f: WaitFilters) -> PeopleList:
    owners = [_CLIENT] if actor.role is Role.PRACTITIONER else [_CLIENT, _PRACTITIONER]
    return PeopleList(actor, _ids(actor, f), f.search, _SORTS, lambda _: false(), *owners)


def _conditions(f: WaitFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if f.view in (WaitView.OPEN, WaitView.OVER):
        is_open = BookingWaitlist.status.in_(OPEN)
        conditions.append(is_open if f.view is WaitView.OPEN else ~is_open)
    if f.status:
        conditions.append(BookingWaitlist.status == f.status)
    if f.practitioner_id:
        conditions.append(BookingWaitlist.practitioner_id == f.practitioner_id)
    if f.client_id:
        conditions.append(BookingWaitlist.client_id == f.client_id)
    return conditions


def _rows() -> Select[*tuple[Any, ...]]:
    first = or_(
        _ahead.joined_at < BookingWaitlist.joined_at,
        (_ahead.joined_at == BookingWaitlist.joined_at) & (_ahead.id < BookingWaitlist.id),
    )
    ahead = (
        select(func.count())
        .where(
            _ahead.practitioner_id == BookingWaitlist.practitioner_id,
            _ahead.on_date == BookingWaitlist.on_date,
            _ahead.status == WaitlistStatus.WAITING,
            BookingWaitlist.status == WaitlistStatus.WAITING,
            first,
        )
        .scalar_subquery()
    )
    own = ("client_name", "practitioner_name", "time_zone", "service_title", "starts_at", "ends_at", "ahead")
    return (
        select(
            *(getattr(BookingWaitlist, f) for f in WaitRow.__dataclass_fields__ if f not in own),
            (_client_user.first_name + " " + _client_user.last_name).label("client_name"),
            (_practitioner_user.first_name + " " + _practitioner_user.last_name).label("practitioner_name"),
            Practitioner.time_zone,
            Service.title.label("service_title"),
            Booking.starts_at,
            Booking.ends_at,
            ahead.label("ahead"),
        )
        .join(Client, Client.id == BookingWaitlist.client_id)
        .join(_client_user, _client_user.id == Client.user_id)
        .join(Practitioner, Practitioner.id == BookingWaitlist.practitioner_id)
        .join(_practitioner_user, _practitioner_user.id == Practitioner.user_id)
        .join(Service, Service.id == BookingWaitlist.service_id)
        .outerjoin(Booking, Booking.id == BookingWaitlist.booking_id)
    )


def _row(found: Any) -> WaitRow:
    r = found._mapping
    status = WaitlistStatus(r["status"])
    place = {"status": status, "ahead": r["ahead"] if status == WaitlistStatus.WAITING else None}
    return WaitRow(**{**r, **place})
