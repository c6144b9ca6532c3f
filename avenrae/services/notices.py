"""Telling people: a line in the console and an e-mail, both written in the transaction of their cause."""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import MailRoute, NoticeKind
from avenrae.errors import NotFound
from avenrae.models import Notification, OutboxMail, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import visible_notifications

SEND_MAIL = "send_mail"
"""The task that sends one mail of the outbox, by its name in the queue."""

_DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(:queue, :task, 0, NULL, NULL, CAST(:args AS jsonb), NULL)"
    "::procrastinate_job_to_defer_v1])"
)


def notify(
    session: Session,
    user_id: uuid.UUID,
    kind: NoticeKind,
    *,
    subject: str,
    text: str,
    screen: str,
    record_id: uuid.UUID | None,
    once: str,
    reply_to: str = "",
    event: str = "",
) -> None:
    """Tell a person something in the console and by e-mail; the same `once` a second time tells nothing (R-NOT-01).

    It is part of the transaction of its cause: rolled back, nobody was told and no mail goes out. `screen` and
    `record_id` are what it opens, such as `care/booking`; `reply_to` is where an answer by e-mail goes; `event`
    names what happened, as the catalogue of texts does. Who is suspended or erased gets no e-mail.
    """
    session.flush()
    told = session.execute(
        insert(Notification)
        .values(
            user_id=user_id,
            kind=kind,
            title=subject,
            body=text,
            screen=screen,
            record_id=record_id,
            once=once,
            event=event,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(Notification.id)
    ).first()
    if told is None:
        return
    notice = update(Notification).where(Notification.id == told.id)
    address = session.execute(
        select(User.email).where(User.id == user_id, User.is_active.is_(True), User.erased_at.is_(None))
    ).scalar()
    if address is None:
        session.execute(notice.values(route=MailRoute.NO_ADDRESS))
        return
    mail_id = session.execute(
        insert(OutboxMail)
        .values(
            user_id=user_id,
            to_address=address,
            reply_to=reply_to,
            kind=kind,
            subject=subject,
            body=text,
            once=once,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(OutboxMail.id)
    ).scalar()
    if mail_id is not None:
        session.execute(notice.values(mail_id=mail_id))
        defer_job(session, SEND_MAIL, {"mail_id": str(mail_id)}, queue="mail")


def defer_job(session: Session, task: str, args: Mapping[str, str], *, queue: str = "default") -> None:
    """Leave work to the background, in the transaction of its cause: rolled back, there is no job."""
    session.execute(_DEFER, {"queue": queue, "task": task, "args": json.dumps(dict(args))})


def mark_read(session: Session, actor: Actor, notification_id: uuid.UUID) -> None:
    """Say that the actor has read one of the notices to him; a second time changes nothing.

    Raises:
        NotFound: There is no such notice to him.
    """
    require(actor, Permission.NOTIFICATION_READ)
    found = session.scalars(
        select(Notification).where(Notification.id == notification_id, visible_notifications(actor)).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such notice, or it is not to you.")
    found.read_at = found.read_at or clock.now()
    session.flush()


def mark_all_read(session: Session, actor: Actor, *, told_until: datetime) -> int:
    """Say that the actor has read everything that he was told until then; returns how many that were."""
    require(actor, Permission.NOTIFICATION_READ)
    unread = (visible_notifications(actor), Notification.read_at.is_(None), Notification.created_at <= told_until)
    marked = session.execute(update(Notification).where(*unread).values(read_at=clock.now()).returning(Notification.id))
    return len(marked.all())
