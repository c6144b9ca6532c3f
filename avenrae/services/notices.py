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
from avenrae.models import Notification, OutboxMail
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.deliveries import find_recipient, find_useless_at
from avenrae.queries.scopes import visible_notifications
from avenrae.scheduling.delivery import Plan, is_shown, plan_mail

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
    names what happened, as the catalogue of texts does.

    The notice is always written, with what becomes of it: the reader chose whether he sees it in the console and when
    its mail comes (`scheduling/delivery.py`). What waits is sent by `deliver_due`.
    """
    session.flush()
    recipient = find_recipient(session, user_id)
    address = recipient.address_for(kind) if recipient else None
    plan, useless_at = Plan(MailRoute.NO_ADDRESS), None
    if recipient and address:
        plan = plan_mail(kind, recipient.wishes, clock.now())
        if plan.due_at:
            useless_at = find_useless_at(session, kind, record_id)
            plan = plan_mail(kind, recipient.wishes, clock.now(), useless_at=useless_at)
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
            is_shown=recipient is None or is_shown(kind, recipient.wishes),
            route=plan.route,
            due_at=plan.due_at,
            reply_to=reply_to,
            useless_at=useless_at,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(Notification.id)
    ).first()
    if told is None or address is None or plan.route is not MailRoute.NOW:
        return
    mail_id = write_mail(session, user_id, kind, address, subject=subject, text=text, once=once, reply_to=reply_to)
    session.execute(update(Notification).where(Notification.id == told.id).values(mail_id=mail_id))


def write_mail(
    session: Session,
    user_id: uuid.UUID,
    kind: NoticeKind,
    address: str,
    *,
    subject: str,
    text: str,
    once: str,
    reply_to: str = "",
) -> uuid.UUID | None:
    """Put a mail into the outbox, to be sent at once; None where there is one of this `once` to that person already."""
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
        defer_job(session, SEND_MAIL, {"mail_id": str(mail_id)}, queue="mail")
    return mail_id


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
