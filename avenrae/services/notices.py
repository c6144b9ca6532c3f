"""Telling people: a line in the console and an e-mail, both written in the transaction of their cause."""

import json
import uuid

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import NoticeKind
from avenrae.models import Notification, OutboxMail, User

SEND_MAIL = "send_mail"
"""The task that sends one mail of the outbox, by its name in the queue."""

_DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('mail', :task, 0, NULL, NULL, CAST(:args AS jsonb), NULL)"
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
) -> None:
    """Tell a person something in the console and by e-mail; the same `once` a second time tells nothing (R-NOT-01).

    It is part of the transaction of its cause: rolled back, nobody was told and no mail goes out. `screen` and
    `record_id` are what it opens, such as `care/booking`; `reply_to` is where an answer by e-mail goes. Who is
    suspended or erased gets no e-mail.
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
            created_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(Notification.id)
    ).first()
    if told is None:
        return
    address = session.execute(
        select(User.email).where(User.id == user_id, User.is_active.is_(True), User.erased_at.is_(None))
    ).scalar()
    if address is None:
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
        session.execute(_DEFER, {"task": SEND_MAIL, "args": json.dumps({"mail_id": str(mail_id)})})
