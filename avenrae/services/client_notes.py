"""What the desk writes down about a person."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.errors import NotFound
from avenrae.models import ClientNote, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import visible_users
from avenrae.services.edits import written


def add_note(session: Session, actor: Actor, user_id: uuid.UUID, body: str) -> ClientNote:
    """Keep a note about a person, for everybody of the desk to read.

    Raises:
        NotFound: There is no such person for this actor.
        InvalidInput: There is nothing in it.
    """
    require(actor, Permission.TICKET_WORK)
    if session.scalar(select(User.id).where(User.id == user_id, visible_users(actor))) is None:
        raise NotFound("There is no such person.")
    said = written(body, "Write something first.")
    note = ClientNote(user_id=user_id, author_id=actor.user_id, body=said, created_at=clock.now())
    session.add(note)
    session.flush()
    return note
