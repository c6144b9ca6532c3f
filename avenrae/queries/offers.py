"""Reads of what a practitioner offers, for whoever keeps it: retired services and the terms behind them included."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus, CancellationPolicy, Delivery
from avenrae.errors import NotFound
from avenrae.models import Booking, Practitioner, Service, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.bookings import is_not_expired
from avenrae.queries.scopes import visible_bookings, visible_practitioners, visible_services


@dataclass(frozen=True)
class OfferRow:
    """One service as its owner sees it; a buffer of None is the practitioner's own, `ahead` its sessions to come."""

    id: uuid.UUID
    practitioner_id: uuid.UUID
    practitioner_name: str
    title: str
    description: str
    category: str
    duration_minutes: int
    price_minor: int
    currency: str
    delivery: Delivery
    buffer_before: int | None
    buffer_after: int | None
    own_before: int
    own_after: int
    policy: CancellationPolicy
    is_available: bool
    ahead: int


@dataclass(frozen=True)
class Offerer:
    """The practitioner whose services a page shows."""

    id: uuid.UUID
    name: str
    currency: str
    buffer_before: int
    buffer_after: int


def get_offerer(session: Session, actor: Actor, practitioner_id: uuid.UUID) -> Offerer:
    """Return whose services are kept here.

    Raises:
        NotFound: There is no such practitioner for this actor.
        NotPermitted: The role keeps no services.
    """
    require(actor, Permission.SERVICE_EDIT)
    found = session.execute(
        select(
            Practitioner.id,
            User.first_name.concat(" ").concat(User.last_name),
            Practitioner.currency,
            Practitioner.buffer_before,
            Practitioner.buffer_after,
        )
        .join(User, User.id == Practitioner.user_id)
        .where(Practitioner.id == practitioner_id, visible_practitioners(actor))
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such practitioner, or the profile is not yours to see.")
    return Offerer(*found)


def list_offers(session: Session, actor: Actor, practitioner_id: uuid.UUID) -> list[OfferRow]:
    """Return all services of a practitioner, those on offer first, by title."""
    require(actor, Permission.SERVICE_EDIT)
    query = _rows(actor).where(Service.practitioner_id == practitioner_id)
    ordered = query.order_by(Service.is_available.desc(), func.f_fold(Service.title).collate("C"), Service.id)
    return [_row(r) for r in session.execute(ordered)]


def get_offer(session: Session, actor: Actor, service_id: uuid.UUID) -> OfferRow:
    """Return one service.

    Raises:
        NotFound: There is none, or it is not the actor's to keep.
    """
    require(actor, Permission.SERVICE_EDIT)
    found = session.execute(_rows(actor).where(Service.id == service_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such service, or it is not yours to see.")
    return _row(found)


def _rows(actor: Actor) -> Select[*tuple[Any, ...]]:
    ahead = (
        select(func.count())
        .where(
            Booking.service_id == Service.id,
            Booking.status.in_([BookingStatus.PENDING, BookingStatus.CONFIRMED]),
            Booking.starts_at > clock.now(),
            is_not_expired(),
            visible_bookings(actor),
        )
        .scalar_subquery()
    )
    of_others = ("practitioner_name", "own_before", "own_after", "ahead")
    return (
        select(
            *(getattr(Service, f) for f in OfferRow.__dataclass_fields__ if f not in of_others),
            User.first_name.concat(" ").concat(User.last_name).label("practitioner_name"),
            Practitioner.buffer_before.label("own_before"),
            Practitioner.buffer_after.label("own_after"),
            ahead.label("ahead"),
        )
        .join(Practitioner, Practitioner.id == Service.practitioner_id)
        .join(User, User.id == Practitioner.user_id)
        .where(visible_services(actor))
    )


def _row(found: Any) -> OfferRow:
    r = found._mapping
    return OfferRow(**{**r, "delivery": Delivery(r["delivery"]), "policy": CancellationPolicy(r["policy"])})
