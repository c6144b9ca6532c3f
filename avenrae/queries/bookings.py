"""Reads of bookings."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from avenrae import clock
from avenrae.enums import (
    BookingStatus,
    CancellationPolicy,
    CancelledBy,
    PaymentStatus,
    Role,
    VerificationStatus,
    WaitlistStatus,
)
from avenrae.errors import NotFound
from avenrae.models import Booking, BookingWaitlist, Client, Practitioner, Service, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.listing import in_order, key_of, one_of
from avenrae.queries.people import Owner, PeopleList
from avenrae.queries.periods import span_or_side
from avenrae.queries.scopes import visible_bookings, visible_practitioners

_client_user = aliased(User, name="client_user")
_practitioner_user = aliased(User, name="practitioner_user")
TO_CLOSE = "to-close"
"""The value of `when` for confirmed sessions that have ended: they wait to be completed."""
TO_ANSWER = "to-answer"
"""The value of `when` for requests to come that keep their time: they wait for an answer."""
# Each has an index to walk; a sort without one would read the whole table for every page.
_SORTS = {"starts_at": Booking.starts_at, "reference": Booking.reference}
_SORTS_SINCE = _SORTS | {"reference": Booking.reference.concat("")}
"""Of what begins after an instant: walked in the order of references, all that was agreed before would come first."""
_CLIENT: Owner = (Booking.client_id, Client)
_PRACTITIONER: Owner = (Booking.practitioner_id, Practitioner)
_ROWS: Select[*tuple[Any, ...]] = (
    select(
        Booking.id,
        Booking.reference,
        Booking.starts_at,
        Booking.ends_at,
        Booking.time_zone,
        Booking.status,
        Booking.payment_status,
        Booking.price_minor,
        Booking.currency,
        Booking.hold_expires_at,
        Booking.client_id,
        (_client_user.first_name + " " + _client_user.last_name).label("client_name"),
        Booking.practitioner_id,
        (_practitioner_user.first_name + " " + _practitioner_user.last_name).label("practitioner_name"),
        Booking.service_id,
        Service.title.label("service_title"),
    )
    .join(Client, Client.id == Booking.client_id)
    .join(_client_user, _client_user.id == Client.user_id)
    .join(Practitioner, Practitioner.id == Booking.practitioner_id)
    .join(_practitioner_user, _practitioner_user.id == Practitioner.user_id)
    .join(Service, Service.id == Booking.service_id)
)


@dataclass(frozen=True)
class BookingFilters:
    """What a list of bookings can be narrowed to; empty means everything the actor sees."""

    search: str = ""
    status: BookingStatus | None = None
    payment_status: PaymentStatus | None = None
    starts_from: datetime | None = None
    starts_before: datetime | None = None
    ended_by: datetime | None = None
    without_expired_holds: bool = False
    without_offers: bool = False
    live_only: bool = False
    practitioner_id: uuid.UUID | None = None
    client_id: uuid.UUID | None = None


@dataclass(frozen=True)
class BookingRow:
    """One line of a list of bookings; amounts in minor units, times in UTC with the zone of the agreement."""

    id: uuid.UUID
    reference: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    status: BookingStatus
    payment_status: PaymentStatus
    price_minor: int
    currency: str
    hold_expires_at: datetime | None
    client_id: uuid.UUID
    client_name: str
    practitioner_id: uuid.UUID
    practitioner_name: str
    service_id: uuid.UUID
    service_title: str


@dataclass(frozen=True)
class BookingDetail(BookingRow):
    """Everything about one booking; what is not for the actor is empty.

    How to reach the client is for staff, notes and commission for staff and practitioner. `offer_id` is the place in
    the waiting list of somebody to whom it is only offered so far. Whose practitioner is not to be seen, such as a
    suspended one for clients, takes no new times.
    """

    client_email: str
    client_phone: str
    duration_minutes: int
    commission_bps: int | None
    refunded_minor: int
    policy: CancellationPolicy
    buffer_before: int
    buffer_after: int
    created_at: datetime
    cancelled_at: datetime | None
    cancelled_by: CancelledBy | None
    cancellation_reason: str | None
    notes: str
    series_id: uuid.UUID | None
    offer_id: uuid.UUID | None
    is_practitioner_visible: bool
    practitioner_standing: VerificationStatus


def booking_filters(params: Mapping[str, str], zone: str) -> BookingFilters:
    """Return the filters that an address holds (`q`, `status`, `payment`, `view`, `when` or `from` and `to`, …).

    Raises:
        InvalidInput: A value is none of those there are.
    """
    span = span_or_side(params, zone)
    to_close, to_answer = params.get("when") == TO_CLOSE, params.get("when") == TO_ANSWER
    status = BookingStatus.CONFIRMED if to_close else BookingStatus.PENDING if to_answer else None
    return BookingFilters(
        search=params.get("q", ""),
        status=status or one_of(BookingStatus, params.get("status")),
        ended_by=clock.now() if to_close else None,
        payment_status=one_of(PaymentStatus, params.get("payment")),
        starts_from=clock.now() if to_answer else span.start,
        without_expired_holds=to_answer,
        without_offers=to_answer,
        starts_before=span.end,
        practitioner_id=key_of(params.get("practitioner")),
        client_id=key_of(params.get("client")),
    )


def each_booking(session: Session, actor: Actor, filters: BookingFilters, sort: str) -> Iterator[BookingRow]:
    """Yield every booking the filters leave, as the database sends them; for exports."""
    query = _ROWS.where(_listed(actor, filters).found(), *_conditions(actor, filters))
    ordered = query.order_by(*in_order(_SORTS, sort, Booking.id)).execution_options(yield_per=1000)
    return (_row(r) for r in session.execute(ordered))


def count_bookings(session: Session, actor: Actor, filters: BookingFilters) -> int:
    """Return how many bookings the filters leave, up to the counting limit."""
    return _listed(actor, filters).count(session)


def list_bookings(
    session: Session,
    actor: Actor,
    filters: BookingFilters,
    *,
    sort: str = "-starts_at",
    page: int = 1,
    size: int = 50,
) -> list[BookingRow]:
    """Return one page of bookings, newest first unless sorted otherwise.

    Raises:
        NotPermitted: The role sees no bookings.
        InvalidInput: The sort is not one of the list's.
    """
    ids = _listed(actor, filters).page(sort, page, size)
    found = session.execute(_ROWS.where(Booking.id.in_(ids)).order_by(*in_order(_SORTS, sort, Booking.id)))
    return [_row(r) for r in found]


def get_booking(session: Session, actor: Actor, booking_id: uuid.UUID) -> BookingDetail:
    """Return one booking with its people and its money.

    Raises:
        NotFound: There is none, or the actor may not see it.
    """
    query = _ROWS.add_columns(
        _client_user.email,
        _client_user.phone,
        Service.duration_minutes,
        Booking.commission_bps,
        Booking.refunded_minor,
        Booking.policy,
        Booking.buffer_before,
        Booking.buffer_after,
        Booking.created_at,
        Booking.cancelled_at,
        Booking.cancelled_by,
        Booking.cancellation_reason,
        Booking.notes,
        Booking.series_id,
        BookingWaitlist.id.label("offer_id"),
        visible_practitioners(actor).label("is_practitioner_visible"),
        Practitioner.verification_status.label("practitioner_standing"),
    ).outerjoin(
        BookingWaitlist,
        and_(BookingWaitlist.booking_id == Booking.id, BookingWaitlist.status == WaitlistStatus.OFFERED),
    )
    found = session.execute(query.where(Booking.id == booking_id, visible_bookings(actor))).one_or_none()
    if found is None:
        raise NotFound("There is no such booking, or it is not yours to see.")
    own = _row(found)
    r = found._mapping
    return BookingDetail(
        **{f: getattr(own, f) for f in BookingRow.__dataclass_fields__},
        client_email=r["email"] if actor.is_staff else "",
        client_phone=(r["phone"] or "") if actor.is_staff else "",
        duration_minutes=r["duration_minutes"],
        commission_bps=None if actor.role is Role.CLIENT else r["commission_bps"],
        refunded_minor=r["refunded_minor"],
        policy=CancellationPolicy(r["policy"]),
        buffer_before=r["buffer_before"],
        buffer_after=r["buffer_after"],
        created_at=r["created_at"],
        cancelled_at=r["cancelled_at"],
        cancelled_by=CancelledBy(r["cancelled_by"]) if r["cancelled_by"] else None,
        cancellation_reason=r["cancellation_reason"],
        notes="" if actor.role is Role.CLIENT else r["notes"],
        series_id=r["series_id"],
        offer_id=r["offer_id"],
        is_practitioner_visible=r["is_practitioner_visible"],
        practitioner_standing=VerificationStatus(r["practitioner_standing"]),
    )


def count_by_status(session: Session, actor: Actor, filters: BookingFilters) -> dict[BookingStatus, int]:
    """Return how many bookings of each status the filters leave (a status without any is missing)."""
    ids = _ids(actor, filters).add_columns(Booking.status).subquery()
    found = session.execute(select(ids.c.status, func.count()).group_by(ids.c.status))
    return {BookingStatus(status): n for status, n in found}


def _ids(actor: Actor, filters: BookingFilters) -> Select[Any]:
    return select(Booking.id).where(*_conditions(actor, filters))


def _listed(actor: Actor, f: BookingFilters) -> PeopleList:
    owners = [_CLIENT] if actor.role is Role.PRACTITIONER else [_CLIENT, _PRACTITIONER]
    sorts = _SORTS_SINCE if f.starts_from else _SORTS
    return PeopleList(actor, _ids(actor, f), f.search, sorts, lambda ref: Booking.reference == ref.upper(), *owners)


def _conditions(actor: Actor, f: BookingFilters) -> list[ColumnElement[bool]]:
    """Return the conditions of all filters but the search."""
    require(actor, Permission.BOOKING_VIEW)
    conditions: list[ColumnElement[bool]] = [visible_bookings(actor)]
    if f.status:
        conditions.append(Booking.status == f.status)
    if f.payment_status:
        conditions.append(Booking.payment_status == f.payment_status)
    if f.starts_from:
        conditions.append(Booking.starts_at >= f.starts_from)
    if f.starts_before:
        conditions.append(Booking.starts_at < f.starts_before)
    if f.ended_by:
        conditions.append(has_ended(f.ended_by))
    if f.live_only:
        conditions.append(Booking.status != BookingStatus.CANCELLED)
    if f.without_expired_holds:
        conditions.append(is_not_expired())
    if f.without_offers:
        conditions.append(~is_offer())
    if f.practitioner_id:
        conditions.append(Booking.practitioner_id == f.practitioner_id)
    if f.client_id:
        conditions.append(Booking.client_id == f.client_id)
    return conditions


def has_ended(at: datetime) -> ColumnElement[bool]:
    """Whether a booking is over at an instant; what is over has begun, and the indexes know only when that was."""
    return and_(Booking.ends_at <= at, Booking.starts_at < at)


def is_not_expired() -> ColumnElement[bool]:
    """Whether a booking keeps its time: a hold does until it runs out, and for good once it is paid (R-BOOK-09)."""
    return or_(
        Booking.hold_expires_at.is_(None),
        Booking.hold_expires_at > clock.now(),
        Booking.payment_status != PaymentStatus.UNPAID,
    )


def is_offer() -> ColumnElement[bool]:
    """Whether a booking is only offered so far, to somebody on the waiting list."""
    return exists().where(BookingWaitlist.booking_id == Booking.id, BookingWaitlist.status == WaitlistStatus.OFFERED)


def _row(found: Any) -> BookingRow:
    r = found._mapping
    return BookingRow(
        **{f: r[f] for f in BookingRow.__dataclass_fields__ if f not in ("status", "payment_status")},
        status=BookingStatus(r["status"]),
        payment_status=PaymentStatus(r["payment_status"]),
    )
