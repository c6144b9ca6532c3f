"""Writes of a practitioner's private calendar feed: a new address, or none."""

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae.errors import NotFound
from avenrae.models import Practitioner
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.sessions import token_hash


def rotate_feed(session: Session, actor: Actor) -> str:
    """Give the actor's own feed a new secret and return it, the only time it is known; the old address ends.

    Raises:
        NotPermitted: The role has no calendar.
        NotFound: The actor is no practitioner himself.
    """
    practitioner = _own(session, actor)
    token = secrets.token_urlsafe(32)
    practitioner.feed_token_hash = token_hash(token)
    session.flush()
    return token


def stop_feed(session: Session, actor: Actor) -> None:
    """End the actor's own feed: its address answers nobody any more.

    Raises:
        NotPermitted: The role has no calendar.
        NotFound: The actor is no practitioner himself.
    """
    _own(session, actor).feed_token_hash = None
    session.flush()


def _own(session: Session, actor: Actor) -> Practitioner:
    require(actor, Permission.PRACTITIONER_EDIT)
    query = select(Practitioner).where(Practitioner.id == actor.practitioner_id).with_for_update(key_share=True)
    found = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if found is None:
        raise NotFound("Only a practitioner has a calendar feed.")
    return found
