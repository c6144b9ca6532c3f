"""What the owner of an account is told about its safety."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.ids import uuid7
from avenrae.letters.event import Event
from avenrae.models import User
from avenrae.permissions import Actor
from avenrae.scheduling.zones import on_clocks
from avenrae.services.telling import tell
from avenrae.settings import settings

ALWAYS = frozenset({"when", "by"})
"""What can be said of anything that was done to an account."""


def tell_owner(session: Session, actor: Actor, user_id: uuid.UUID, event: Event, **said: str) -> None:
    """Tell the owner of an account what was done to it, by whom, and when, on his clock and the platform's."""
    zone = session.scalars(select(User.time_zone).where(User.id == user_id)).one()
    staff = f"{actor.name} ({actor.role.value})" if actor.user_id else actor.name
    words = {
        "when": on_clocks(clock.now(), zone, settings().time_zone),
        "by": "You" if actor.user_id == user_id else staff,
    }
    told = {name: value for name, value in words.items() if name in event.blanks}
    tell(session, actor, user_id, event, about=None, once=f"{event.name}:{uuid7()}", **told, **said)
