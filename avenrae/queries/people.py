"""Finding people by name or e-mail: what searches of bookings and orders and the pickers of forms stand on."""

import uuid
from collections.abc import Callable, Mapping
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
from avenrae.queries.listing import count_of, in_order, limit_of, name_matches, page_of
from avenrae.queries.scopes import visible_clients, visible_practitioners, visible_users

Owner = tuple[InstrumentedAttribute[Any], type[Client] | type[Practitioner] | type[User]]
"""The column that says whose a row is, and what it is a key of."""
_COMMON, _MANY, _FEW = 1_000, 500, 5_000
"""A name is common if more people have it and more rows are theirs: walking the list soon finds a page of them.

Rows that are so few are walked to their end for any name that so many people have.
"""


@dataclass(frozen=True)
class ClientChoice:
    """A client to choose from."""

    id: uuid.UUID
    name: str
    email: str
    time_zone: str


def is_named(search: str, *, by_email: bool = True) -> ColumnElement[bool]:
    """Return the condition that a user's name (or, from three letters on, e-mail) fits."""
    fits = name_matches(_names(search, by_email=by_email), search)
    if by_email or len(search.strip()) < 3:
        return fits
    # Names begin what is searched with e-mail, and that alone has an index of its letters.
    return and_(name_matches(User.search_folded, search), fits)


def _names(search: str, *, by_email: bool) -> InstrumentedAttribute[str]:
    return User.search_folded if by_email and len(search.strip()) >= 3 else User.name_folded


class PeopleList:
    """A list whose rows belong to people: all that its filters leave, or those of them that fit a search.

    A search is by the names of the owners (for staff also e-mail) or by reference. The rows of a rare name are few and
    looked up from its people; those of a common one are many, and the list is walked in its order until the page is
    full; one that narrow filters leave short is walked to its end. The database decides by counting some of each,
    within one statement. Somebody's own list is short: its rows are compared with the keys of all people who fit.
    """

    def __init__(
        self,
        actor: Actor,
        ids: Select[Any],
        search: str,
        sorts: Mapping[str, Any],
        has_reference: Callable[[str], ColumnElement[bool]],
        *owners: Owner,
    ):
        """`ids` selects the key of every row that the other filters leave; without owners, rows have a reference."""
        self._ids, self._sorts, self._owners = ids, sorts, owners
        self._key, self._limit = ids.selected_columns[0], limit_of(search)
        words = search.replace("\0", "").strip()
        self._is_looked_up = bool(words) and actor.is_staff
        self._fits: ColumnElement[bool] = true()
        if not words:
            return
        self._reference = has_reference(words)
        if not self._is_looked_up:
            named = is_named(words, by_email=False)
            theirs = ((key, _owner_of(model, model.id).where(named)) for key, model in owners)
            self._fits = or_(self._reference, *(key.in_(who) for key, who in theirs))
            self._ids = ids.where(self._fits)
            return
        self._fits = or_(self._reference, *(_fits(words, *owner) for owner in owners))
        self._people = select(User.id).where(is_named(words)).cte("people")
        # Rows are counted only if the people are many, and theirs only if the list is not short.
        self._is_not_rare = _more_than(_COMMON, select(self._people.c.id))
        self._is_short = _once("short", and_(self._is_not_rare, not_(_more_than(_FEW, self._ids))))

    def count(self, session: Session) -> int:
        """Return how many there are, up to the counting limit: that of searches where one is made."""
        rows = self._all(self._limit + 1) if self._is_looked_up else self._ids
        return count_of(session, rows, limit=self._limit)

    def page(self, sort: str, number: int, size: int) -> Select[Any]:
        """Return the keys that a page shows.

        Raises:
            InvalidInput: The sort is not one of the list's.
        """
        order = in_order(self._sorts, sort, self._key)
        if not self._is_looked_up:
            return select(page_of(self._ids.order_by(*order), number, size).subquery().c.id)
        by = sort.removeprefix("-")
        theirs = select(self._looked_up(self._ids.limit(_MANY + 1)).subquery().c.id)
        is_common = _once("common", and_(self._is_not_rare, or_(self._is_short, _more_than(_MANY, theirs))))
        walked = self._ids.where(is_common, self._fits).order_by(*order)
        rows = self._ids.add_columns(self._sorts[by].label("sorted_by")).order_by(*order)
        found = self._looked_up(rows.limit(max(1, number) * size)).subquery()
        looked_up = select(found.c.id).where(not_(is_common))
        looked_up = looked_up.order_by(*in_order({by: found.c.sorted_by}, sort, found.c.id))
        return select(union_all(page_of(walked, number, size), page_of(looked_up, number, size)).subquery().c.id)

    def found(self) -> ColumnElement[bool]:
        """Return the condition that a row fits the search; for reads of all of them, which repeat the other filters."""
        return self._key.in_(self._all()) if self._is_looked_up else self._fits

    def _all(self, upto: int | None = None) -> Select[Any]:
        """Return every key that fits, each once and in no order; no more than `upto` are asked for."""
        walked = self._ids.where(self._is_short, self._fits)
        looked_up = self._looked_up(self._ids.limit(upto)).subquery()
        both = union_all(walked, select(looked_up.c.id).where(not_(self._is_short))).subquery()
        return select(both.c.id).limit(upto)

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


def _owner_of(model: Any, column: Any) -> Select[Any]:
    """Return a column of the owners, or of their accounts."""
    return select(column) if model is User else select(column).join(model, model.user_id == User.id)


def _fits(words: str, key: InstrumentedAttribute[Any], model: Any) -> ColumnElement[bool]:
    """Return the condition that a row's owner fits; the names are read row by row, by their keys."""
    name = _owner_of(model, _names(words, by_email=True)).where(model.id == key)
    return name_matches(name.correlate(key.class_).scalar_subquery(), words)


def _more_than(n: int, rows: Select[Any]) -> ColumnElement[bool]:
    """Return the condition that a query has more rows, of which no more than that are read."""
    return select(func.count() > n).select_from(rows.limit(n + 1).subquery()).scalar_subquery()


def _once(name: str, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition that is answered once, however often a statement asks."""
    return select(select(condition.label("yes")).cte(name).c.yes).scalar_subquery()


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
