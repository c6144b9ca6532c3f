"""Telling people of an event of the catalogue: the words are there; who hears of it, and when, the services say."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae.enums import Role
from avenrae.letters.event import Event
from avenrae.models import User
from avenrae.permissions import Actor
from avenrae.services.notices import notify

_MOST_ADMINS = 100


def tell(
    session: Session,
    actor: Actor,
    user_id: uuid.UUID,
    event: Event,
    *,
    about: uuid.UUID | None,
    once: str,
    reply_to: str = "",
    **values: str,
) -> None:
    """Tell a person of an event, unless he did it himself; the same `once` a second time tells nothing (R-NOT-01).

    `about` is the record that it opens. It comes last in a transaction, after the rows that it is about are locked.
    """
    if user_id == actor.user_id and not event.to_doer:
        return
    subject, text = event.written(**values)
    notify(
        session,
        user_id,
        event.kind,
        subject=subject,
        text=text,
        screen=event.screen,
        record_id=about,
        once=once,
        reply_to=reply_to,
        event=event.name,
    )


def tell_admins(
    session: Session, actor: Actor, event: Event, *, about: uuid.UUID | None, once: str, **values: str
) -> None:
    """Tell every active admin."""
    admins = select(User.id).where(User.role == Role.ADMIN, User.is_active).order_by(User.id).limit(_MOST_ADMINS)
    for user_id in session.scalars(admins).all():
        tell(session, actor, user_id, event, about=about, once=once, **values)
