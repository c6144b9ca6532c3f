"""Notices and mails that are old and done with: removed some at a time, so that nobody waits for it."""

from datetime import datetime

from sqlalchemy import case, delete, not_, select, text, update
from sqlalchemy.orm import Session

from avenrae.enums import MailRoute, MailStatus
from avenrae.models import Notification, OutboxMail
from avenrae.models.operations import DONE_WITH, WAITING
from avenrae.permissions import Actor, Permission, require

AT_ONCE = 1000
_TOLD_BY = ("document:", "escalation-")
"""Keys that are looked for before something is told; forgotten, it would be told again."""


def forget_mails(session: Session, actor: Actor, before: datetime) -> int:
    """Remove mails written before an instant that are sent, kept or given up, at most `AT_ONCE`; returns how many.

    A notice that is still unread stays, without its mail.
    """
    require(actor, Permission.DATA_IMPORT)
    m, n = OutboxMail, Notification
    old = select(m.id).where(m.status != MailStatus.WAITING, m.created_at < before).order_by(m.created_at)
    ids = session.scalars(old.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    # Held without a mail would mean that it waits.
    went = case((n.route.in_([MailRoute.HELD, MailRoute.DIGEST]), MailRoute.NOW.value), else_=n.route)
    carried = update(n).where(n.mail_id.in_(ids)).values(mail_id=None, due_at=None, route=went)
    session.execute(carried.execution_options(synchronize_session=False))
    session.execute(delete(m).where(m.id.in_(ids), m.status != MailStatus.WAITING))
    return len(ids)


def forget_notices(session: Session, actor: Actor, before: datetime) -> int:
    """Remove notices of before an instant that were read or never shown, at most `AT_ONCE`; returns how many.

    What waits for its mail stays, and what says that something was told which would be told again without it.
    """
    require(actor, Permission.DATA_IMPORT)
    n = Notification
    told = [not_(n.once.startswith(key)) for key in _TOLD_BY]
    old = select(n.id).where(text(f"({DONE_WITH})"), n.created_at < before, text(f"NOT ({WAITING})"), *told)
    ids = session.scalars(old.order_by(n.created_at).limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    session.execute(delete(n).where(n.id.in_(ids)))
    return len(ids)
