"""Finding people by name or e-mail: what searches of bookings and orders and the pickers of forms stand on."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    func,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from avenrae.models import Client, Practitioner, User
from avenrae.permissions import Actor
from avenrae.queries.listing import in_order, name_matches, page_of
from avenrae.queries.scopes import visible_clients, visible_practitioners, visible_users

Owner = tuple[InstrumentedAttribute[Any], type[Client] | type[Practitioner] | type[User]]
"""The column that says whose a row is, and what it is a key of."""
_COMMON, _MANY = 1_000, 500
"""A name is common if more people have it and more rows are theirs: walking the list soon finds a page of them."""


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


def of_named(actor: Actor, search: str, *owners: Owner) -> ColumnElement[bool]:
    """Return the condition that a row belongs to somebody whose name (for staff also e-mail) fits.

    The names are read row by row, by their keys: for rows that are few, or walked in order until a page is full.
    """
    return or_(*(_fits(actor, search, *owner) for owner in owners))


def _fits(actor: Actor, search: str, key: InstrumentedAttribute[Any], model: Any) -> ColumnElement[bool]:
    names = User.search_folded if actor.is_staff and len(search.strip()) >= 3 else User.name_folded
    name = select(names) if model is User else select(names).join(model, model.user_id == User.id)
    return name_matches(name.where(model.id == key).correlate(key.class_).scalar_subquery(), search)


class PeopleSearch:
    """What a search of staff leaves of a list whose rows belong to people, or have the reference that it says.

    The rows of a rare name are few and looked up from its people; those of a common one are many, and the list is
    walked in its order until the page is full. The database decides by counting some of both, within one statement.
    """

    def __init__(self, actor: Actor, search: str, ids: Select[Any], reference: ColumnElement[bool], *owners: Owner):
        """`ids` selects the key of every row that the other filters leave."""
        self._ids, self._reference, self._owners = ids, reference, owners
        self._fits = [_fits(actor, search, *owner) for owner in owners]
        self._people = select(User.id).where(is_named(search)).cte("people")
        people, rows = select(self._people.c.id).limit(_COMMON + 1).subquery(), self.all(upto=_MANY + 1).subquery()
        # The rows are counted only if the people are many.
        self._is_common = and_(
            select(func.count() > _COMMON).select_from(people).scalar_subquery(),
            select(func.count() > _MANY).select_from(rows).scalar_subquery(),
        )

    def page(self, sorts: Mapping[str, Any], sort: str, number: int, size: int) -> Select[Any]:
        """Return the keys that a page shows."""
        key, by = self._ids.selected_columns[0], sort.removeprefix("-")
        order = in_order(sorts, sort, key)
        walked = self._ids.where(self._is_common, or_(self._reference, *self._fits)).order_by(*order)
        rows = self._ids.add_columns(sorts[by].label("sorted_by")).order_by(*order).limit(max(1, number) * size)
        found = self._looked_up(rows).subquery()
        looked_up = select(found.c.id).where(not_(self._is_common))
        looked_up = looked_up.order_by(*in_order({by: found.c.sorted_by}, sort, found.c.id))
        return select(union_all(page_of(walked, number, size), page_of(looked_up, number, size)).subquery().c.id)

    def all(self, *, upto: int | None = None) -> Select[Any]:
        """Return every key, each once and in no order; no more than `upto` are asked for."""
        return select(self._looked_up(self._ids.limit(upto)).subquery().c.id).limit(upto)

    def _looked_up(self, rows: Select[Any]) -> CompoundSelect[Any]:
        """Return rows from the people, each in the first part that finds it, so that none waits for all the others."""
        parts, before = [rows.where(self._reference)], [self._reference]
        for key, model in self._owners:
            # The limits keep the planner to these steps, by index, however many people it expects.
            one = select(model.id).where(_account_of(model) == self._people.c.id).limit(1).lateral()
            owners = select(one.c.id).select_from(self._people.join(one, true())).cte()
            own = rows.where(key == owners.c.id, *(found.is_not(True) for found in before)).lateral()
            parts.append(select(*own.c).select_from(owners.join(own, true())))
            before.append(key.in_(select(owners.c.id)))
        return union_all(*parts)


def _account_of(model: Any) -> InstrumentedAttribute[uuid.UUID]:
    account: InstrumentedAttribute[uuid.UUID] = model.id if model is User else model.user_id
    return account


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


def find_by_email(session: Session, actor: Actor, email: str) -> ClientChoice | None:
    """Return the client who has exactly this e-mail address, whatever its case."""
    row = session.execute(
        select(Client.id, (User.first_name + " " + User.last_name), User.email, User.time_zone)
        .join(User, User.id == Client.user_id)
        .where(
            visible_clients(actor),
            User.is_active,
            func.lower(User.email) == func.lower(email.replace("\0", "").strip()),
        )
    ).one_or_none()
    return ClientChoice(*row) if row else None
