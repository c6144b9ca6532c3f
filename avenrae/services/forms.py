"""Form tokens: each can be spent once, so a form that arrives twice counts once; and what is forgotten in time."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.models import FormToken, SignInAttempt


def spend_token(session: Session, token: str) -> bool:
    """Spend a form's token; returns False when it was spent before and the form must be ignored."""
    spent = session.execute(
        insert(FormToken).values(token=token, spent_at=clock.now()).on_conflict_do_nothing().returning(FormToken.token)
    )
    return spent.first() is not None


def forget_what_is_over(session: Session) -> None:
    """Delete tokens of forms that nobody can still have open, and tries to sign in that slow nobody down any more."""
    session.execute(delete(FormToken).where(FormToken.spent_at < clock.now() - timedelta(days=2)))
    session.execute(delete(SignInAttempt).where(SignInAttempt.occurred_at < clock.now() - timedelta(days=30)))
