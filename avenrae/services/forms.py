"""Form tokens: each can be spent once, so a form that arrives twice counts once; and what is forgotten in time."""

from datetime import timedelta

from sqlalchemy import delete, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.models import FormToken, SignInAttempt, SignInSession


def spend_token(session: Session, token: str) -> bool:
    """Spend a form's token; returns False when it was spent before and the form must be ignored."""
    spent = session.execute(
        insert(FormToken).values(token=token, spent_at=clock.now()).on_conflict_do_nothing().returning(FormToken.token)
    )
    return spent.first() is not None


def forget_what_is_over(session: Session) -> None:
    """Delete tokens of forms that nobody can still have open, and old tries to sign in and sessions that ended."""
    month_ago = clock.now() - timedelta(days=30)
    session.execute(delete(FormToken).where(FormToken.spent_at < clock.now() - timedelta(days=2)))
    session.execute(delete(SignInAttempt).where(SignInAttempt.occurred_at < month_ago))
    session.execute(
        delete(SignInSession).where(or_(SignInSession.expires_at < month_ago, SignInSession.revoked_at < month_ago))
    )
