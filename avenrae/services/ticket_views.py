"""The queue's filters that somebody keeps under a name of his own."""

import uuid
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae.errors import InvalidInput, NotFound
from avenrae.models import TicketView
from avenrae.permissions import Actor, Permission, require

MOST_VIEWS = 30
_KEPT = ("view", "q", "status", "priority", "category", "assignee", "tag", "requester", "sort")


def save_view(session: Session, actor: Actor, name: str, query: str) -> TicketView:
    """Keep the filters of an address under a name.

    Raises:
        InvalidInput: The name is missing, or there are too many views.
        Conflict: There is one of this name.
    """
    require(actor, Permission.TICKET_WORK)
    held = select(func.count()).select_from(TicketView).where(TicketView.user_id == actor.user_id)
    if (session.scalar(held) or 0) >= MOST_VIEWS:
        raise InvalidInput(f"You have {MOST_VIEWS} views already. Delete one first.")
    view = TicketView(user_id=actor.user_id, name=_name(name), query=kept_query(query))
    session.add(view)
    session.flush()
    return view


def rename_view(session: Session, actor: Actor, view_id: uuid.UUID, name: str) -> TicketView:
    """Give an own view another name.

    Raises:
        NotFound: The actor has no such view.
        Conflict: There is one of this name.
    """
    view = _own(session, actor, view_id)
    view.name = _name(name)
    session.flush()
    return view


def delete_view(session: Session, actor: Actor, view_id: uuid.UUID) -> None:
    """Take an own view away.

    Raises:
        NotFound: The actor has no such view.
    """
    session.delete(_own(session, actor, view_id))
    session.flush()


def kept_query(query: str) -> str:
    """Return what of an address is a filter of the queue."""
    return urlencode([(key, value) for key, value in parse_qsl(query[:2000]) if key in _KEPT and value])


def _name(name: str) -> str:
    if not (short := " ".join(name.split())):
        raise InvalidInput("Give the view a name.")
    return short


def _own(session: Session, actor: Actor, view_id: uuid.UUID) -> TicketView:
    require(actor, Permission.TICKET_WORK)
    found = session.scalar(
        select(TicketView).where(TicketView.id == view_id, TicketView.user_id == actor.user_id).with_for_update()
    )
    if found is None:
        raise NotFound("You have no such view.")
    return found
