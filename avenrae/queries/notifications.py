"""What a person was told: unread first, the newest first, a page at a time."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from avenrae.enums import NoticeKind
from avenrae.models import Notification
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.listing import count_of, page_of
from avenrae.queries.scopes import visible_notifications

PAGE = 20
MOST_UNREAD = 99
"""The count in the menu stops here."""


@dataclass(frozen=True)
class NotificationRow:
    """One thing that the reader was told, and the record it opens."""

    id: uuid.UUID
    kind: NoticeKind
    title: str
    body: str
    screen: str
    record_id: uuid.UUID | None
    told_at: datetime
    is_read: bool


def count_notifications(session: Session, actor: Actor, *, unread_only: bool = False) -> int:
    """Return how many there are; counting stops as in every list."""
    require(actor, Permission.NOTIFICATION_READ)
    return count_of(session, select(Notification.id).where(*_conditions(actor, unread_only)))


def list_notifications(
    session: Session, actor: Actor, *, unread_only: bool = False, page: int = 1
) -> list[NotificationRow]:
    """Return one page of what the actor was told."""
    require(actor, Permission.NOTIFICATION_READ)
    ordered = (
        select(Notification)
        .where(*_conditions(actor, unread_only))
        .order_by(Notification.read_at.is_(None).desc(), Notification.created_at.desc(), Notification.id.desc())
    )
    return [
        NotificationRow(
            id=n.id,
            kind=NoticeKind(n.kind),
            title=n.title,
            body=n.body,
            screen=n.screen,
            record_id=n.record_id,
            told_at=n.created_at,
            is_read=n.read_at is not None,
        )
        for n in session.scalars(page_of(ordered, page, PAGE))
    ]


def count_unread(session: Session, actor: Actor) -> int:
    """Return how many the actor has not read, at most one more than `MOST_UNREAD`."""
    bounded = select(Notification.id).where(*_conditions(actor, True)).limit(MOST_UNREAD + 1).subquery()
    return session.execute(select(func.count()).select_from(bounded)).scalar_one()


def _conditions(actor: Actor, unread_only: bool) -> list[ColumnElement[bool]]:
    return [visible_notifications(actor), *([Notification.read_at.is_(None)] if unread_only else [])]
