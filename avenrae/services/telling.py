"""Telling people of an event of the catalogue: the words are there; who hears of it, and when, the services say."""

import uuid
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae.enums import Role
from avenrae.letters.event import Event
from avenrae.models import User
from avenrae.permissions import Actor
from avenrae.services.notices import Notice, notify

_MOST_ADMINS = 100


class News(NamedTuple):
    """What one person is told of an event; `about` is the record that it opens, `words` fill in its blanks."""

    user_id: uuid.UUID
    event: Event
    about: uuid.UUID | None
    once: str
    words: Mapping[str, str]
    reply_to: str = ""


def tell_all(session: Session, actor: Actor, news: Iterable[News]) -> None:
    """Tell each his news, unless he did it himself; the same `once` a second time tells nothing (R-NOT-01).

    It comes last in a transaction, after the rows that it is about are locked, and goes out together: however many
    are told, the database is asked as often as for one.
    """
    notify(session, *(_notice(one) for one in news if one.user_id != actor.user_id or one.event.to_doer))


def tell(
    session: Session,
    actor: Actor,
    user_id: uuid.UUID,
    event: Event,
    *,
    about: uuid.UUID | None,
    once: str,
    reply_to: str = "",
    **words: str,
) -> None:
    """Tell one person of an event."""
    tell_all(session, actor, [News(user_id, event, about, once, words, reply_to)])


def tell_admins(
    session: Session, actor: Actor, event: Event, *, about: uuid.UUID | None, once: str, **words: str
) -> None:
    """Tell every active admin."""
    admins = select(User.id).where(User.role == Role.ADMIN, User.is_active).order_by(User.id).limit(_MOST_ADMINS)
    tell_all(session, actor, [News(user_id, event, about, once, words) for user_id in session.scalars(admins)])


def _notice(news: News) -> Notice:
    event = news.event
    subject, text = event.written(**news.words)
    return Notice(
        news.user_id, event.kind, subject, text, event.screen, news.about, news.once, news.reply_to, event.name
    )
