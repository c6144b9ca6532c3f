"""Finding people by name or e-mail: what searches of bookings and orders and the pickers of forms stand on."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from avenrae.models import Client, Practitioner, User
from avenrae.permissions import Actor
from avenrae.queries.listing import name_matches
from avenrae.queries.scopes import visible_clients, visible_practitioners, visible_users

_MOST = 5_000
"""A search that fits more people than this is looked up for the first of them only."""


@dataclass(frozen=True)
class PeopleFound:
    """The keys of the clients and practitioners that a search fits."""

    clients: list[uuid.UUID]
    practitioners: list[uuid.UUID]


@dataclass(frozen=True)
class ClientChoice:
    """A client to choose from."""

    id: uuid.UUID
    name: str
    email: str
    time_zone: str


def is_named(search: str) -> ColumnElement[bool]:
    """Return the condition that a user's name (or, from three letters on, e-mail) fits."""
    return name_matches(User.name_folded if len(search.strip()) < 3 else User.search_folded, search)


def is_one_of(column: InstrumentedAttribute[Any], keys: list[uuid.UUID]) -> ColumnElement[bool]:
    """Return the condition that a column is among many keys, bound as one array."""
    return column == any_(literal(keys, ARRAY(Uuid)))


def people_named(session: Session, actor: Actor, search: str) -> PeopleFound:
    """Return the clients and practitioners the actor sees whose name (for staff also e-mail) fits."""
    fits = is_named(search) if actor.is_staff else name_matches(User.name_folded, search)
    clients = select(Client.id).join(User, User.id == Client.user_id).where(fits, visible_clients(actor))
    practitioners = (
        select(Practitioner.id).join(User, User.id == Practitioner.user_id).where(fits, visible_practitioners(actor))
    )
    return PeopleFound(list(session.scalars(clients.limit(_MOST))), list(session.scalars(practitioners.limit(_MOST))))


def name_of(session: Session, actor: Actor, *, client: uuid.UUID | None, practitioner: uuid.UUID | None) -> str:
    """Return the name of a client or practitioner that the actor sees, or nothing."""
    query = select(User.first_name + " " + User.last_name)
    if client:
        query = query.join(Client, Client.user_id == User.id).where(Client.id == client, visible_clients(actor))
    else:
        query = query.join(Practitioner, Practitioner.user_id == User.id).where(
            Practitioner.id == practitioner, visible_practitioners(actor)
        )
    return session.execute(query).scalar() or ""


def find_clients(session: Session, actor: Actor, search: str, *, limit: int = 20) -> list[ClientChoice]:
    """Return the clients whose name or e-mail fits, by name; with an empty search the first ones."""
    query = (
        select(Client.id, (User.first_name + " " + User.last_name), User.email, User.time_zone)
        .join(User, User.id == Client.user_id)
        .where(visible_clients(actor), User.is_active)
        .order_by(User.name_folded.collate("C"), User.id)
        .limit(limit)
    )
    if search.strip():
        query = query.where(is_named(search))
    return [ClientChoice(*row) for row in session.execute(query)]


def user_name_of(session: Session, actor: Actor, user_id: uuid.UUID | None) -> str:
    """Return the name of a user that the actor sees, or nothing."""
    query = select(User.first_name + " " + User.last_name).where(User.id == user_id, visible_users(actor))
    return session.execute(query).scalar() or ""
