"""Reads of one practitioner: the profile and what is offered.

Clients see coarse positions (`positions.py`); the address leaves only to staff and to the practitioner himself.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, null, select
from sqlalchemy.orm import Session

from avenrae.enums import CancellationPolicy, Delivery, Role
from avenrae.errors import NotFound
from avenrae.models import Practitioner, Service, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.directory import PractitionerRow, row_columns, row_of
from avenrae.queries.positions import sees_everything
from avenrae.queries.scopes import visible_practitioners, visible_services


@dataclass(frozen=True, kw_only=True)
class PractitionerDetail(PractitionerRow):
    """One profile; address, e-mail, phone, commission and the reason of the last verdict are empty for clients.

    Their position is not exact.
    """

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
    verification_note: str


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


def get_practitioner(session: Session, actor: Actor, practitioner_id: uuid.UUID) -> PractitionerDetail:
    """Return one profile.

    Raises:
        NotFound: There is none, or the actor may not see it.
    """
    require(actor, Permission.PRACTITIONER_VIEW)
    everything = sees_everything(actor)
    ids = (
        select(Practitioner.id)
        .join(User, User.id == Practitioner.user_id)
        .where(Practitioner.id == practitioner_id, User.role == Role.PRACTITIONER, visible_practitioners(actor))
    )
    found = session.execute(
        row_columns(ids, actor, null()).add_columns(
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
            case((everything, Practitioner.verification_note), else_="").label("verification_note"),
        )
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such practitioner, or the profile is not yours to see.")
    own, r = row_of(found, actor), found._mapping
    fields = PractitionerDetail.__dataclass_fields__.keys() - PractitionerRow.__dataclass_fields__.keys()
    return PractitionerDetail(**vars(own), **{f: r[f] for f in fields})


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
