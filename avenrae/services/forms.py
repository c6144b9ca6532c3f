"""Form tokens: each can be spent once, so a form that arrives twice counts once."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.models import FormToken


def spend_token(session: Session, token: str) -> bool:
    """Spend a form's token; returns False when it was spent before and the form must be ignored."""
    spent = session.execute(
        insert(FormToken).values(token=token, spent_at=clock.now()).on_conflict_do_nothing().returning(FormToken.token)
    )
    return spent.first() is not None


def forget_old_tokens(session: Session) -> int:
    """Delete the tokens of forms that nobody can still have open; returns how many."""
    limit = clock.now() - timedelta(days=2)
    deleted = session.execute(delete(FormToken).where(FormToken.spent_at < limit).returning(FormToken.token))
    return len(deleted.all())
