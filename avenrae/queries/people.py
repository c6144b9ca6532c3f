"""Finding people by name or e-mail: what searches of bookings and orders and the pickers of forms stand on."""

import uuid
from dataclasses import dataclass

from sqlalchemy import Text, func, literal_column, select
from sqlalchemy.orm import Session

from avenrae.enums import Role
from avenrae.models import Client, Practitioner, User
from avenrae.permissions import Actor
from avenrae.queries.listing import name_matches
from avenrae.queries.scopes import visible_clients

# Written out, not bound: the indexes stand on these very expressions.
_SPACE = literal_column("' '", Text)
_NAME = func.f_fold(User.first_name.concat(_SPACE).concat(User.last_name))
_NAME_AND_EMAIL = func.f_fold(User.first_name.concat(_SPACE).concat(User.last_name).concat(_SPACE).concat(User.email))
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


def people_named(session: Session, search: str) -> PeopleFound:
    """Return the clients and practitioners whose name or e-mail fits (the caller's scope still applies)."""
    name = _NAME if len(search.strip()) < 3 else _NAME_AND_EMAIL
    found = session.execute(
        select(Client.id, Practitioner.id)
        .select_from(User)
        .outerjoin(Client, Client.user_id == User.id)
        .outerjoin(Practitioner, Practitioner.user_id == User.id)
        .where(name_matches(name, search), User.role.in_([Role.CLIENT, Role.PRACTITIONER]))
        .limit(_MOST)
    ).all()
    return PeopleFound([c for c, _ in found if c], [p for _, p in found if p])


def find_clients(session: Session, actor: Actor, search: str, *, limit: int = 20) -> list[ClientChoice]:
    """Return the clients whose name or e-mail fits, by name; with an empty search the first ones."""
    name = _NAME if len(search.strip()) < 3 else _NAME_AND_EMAIL
    query = (
        select(Client.id, (User.first_name + " " + User.last_name), User.email, User.time_zone)
        .join(User, User.id == Client.user_id)
        .where(visible_clients(actor), User.is_active)
        .order_by(_NAME.collate("C"), User.id)
        .limit(limit)
    )
    if search.strip():
        query = query.where(name_matches(name, search))
    return [ClientChoice(*row) for row in session.execute(query)]
