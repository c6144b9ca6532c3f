"""Telling people: a line in the console and an e-mail, both written in the transaction of their cause."""

import json
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import MailRoute, NoticeKind
from avenrae.errors import NotFound
from avenrae.models import Notification
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.deliveries import Recipient, find_recipients, find_useless_at
from avenrae.queries.scopes import visible_notifications
from avenrae.scheduling.delivery import Plan, is_shown, plan_mail

SEND_MAIL = "send_mail"
"""The task that sends one mail of the outbox, by its name in the queue."""

_DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', :task, 0, NULL, NULL, CAST(:args AS jsonb), NULL)"
    "::procrastinate_job_to_defer_v1])"
)
_JOBS = """procrastinate_defer_jobs_v1(array_agg(ROW('mail', CAST(:task AS varchar), 0, NULL, NULL,
    jsonb_build_object('mail_id', id), NULL)::procrastinate_job_to_defer_v1 ORDER BY id))"""
_DEFER_MAILS = text(f"SELECT {_JOBS} FROM unnest(CAST(:ids AS uuid[])) id")
_MAIL_NOTICES = text(f"""
    WITH mails AS (
        INSERT INTO outbox (user_id, to_address, reply_to, kind, subject, body, once, created_at)
        SELECT n.user_id, u.email, n.reply_to, n.kind, n.title, n.body, n.once, :now
        FROM notifications n JOIN users u ON u.id = n.user_id WHERE n.id = ANY(:notices)
        ORDER BY n.created_at, n.id
        ON CONFLICT DO NOTHING RETURNING id, user_id, once
    ), carried AS (
        UPDATE notifications n SET mail_id = m.id FROM mails m
        WHERE n.id = ANY(:notices) AND n.user_id = m.user_id AND n.once = m.once
    )
    SELECT count(*), {_JOBS} FROM mails
""")
"""The mails of notices, what carries each of these, and the jobs that send them."""


@dataclass(frozen=True)
class Notice:
    """Something that one person is told; the same `once` a second time tells him nothing.

    `screen` and `record_id` are what it opens, such as `care/booking`; `reply_to` is where an answer by e-mail goes;
    `event` names what happened, as the catalogue of texts does.
    """

    user_id: uuid.UUID
    kind: NoticeKind
    title: str
    body: str
    screen: str
    record_id: uuid.UUID | None
    once: str
    reply_to: str = ""
    event: str = ""


def notify(session: Session, *notices: Notice) -> None:
    """Tell people something in the console and by e-mail: as many statements for all of them as for one (R-NOT-01).

    It is part of the transaction of its cause: rolled back, nobody was told and no mail goes out.

    A notice is always written, with what becomes of it: the reader chose whether he sees it in the console and when
    its mail comes (`scheduling/delivery.py`). What waits is sent by `deliver_due`.
    """
    if not notices:
        return
    recipients = find_recipients(session, {notice.user_id for notice in notices})
    useless_at = cache(partial(find_useless_at, session))
    rows = [_row(notice, recipients.get(notice.user_id), useless_at) for notice in notices]
    new = insert(Notification).on_conflict_do_nothing().returning(Notification.id, Notification.route)
    told = session.execute(new.execution_options(render_nulls=True), rows).all()
    mail_notices(session, [key for key, route in told if route == MailRoute.NOW])


def _row(
    notice: Notice,
    recipient: Recipient | None,
    find_useless: Callable[[NoticeKind, uuid.UUID | None], datetime | None],
) -> dict[str, Any]:
    plan, useless_at = Plan(MailRoute.NO_ADDRESS), None
    if recipient and recipient.address_for(notice.kind):
        plan = plan_mail(notice.kind, recipient.wishes, clock.now())
        if plan.due_at:
            useless_at = find_useless(notice.kind, notice.record_id)
            plan = plan_mail(notice.kind, recipient.wishes, clock.now(), useless_at=useless_at)
    return {
        **vars(notice),
        "is_shown": recipient is None or is_shown(notice.kind, recipient.wishes),
        "route": plan.route,
        "due_at": plan.due_at,
        "useless_at": useless_at,
        "created_at": clock.now(),
    }


def mail_notices(session: Session, notice_ids: Sequence[uuid.UUID]) -> int:
    """Write the mails of notices, each to the address that its reader has now, to be sent at once; returns how many.

    None is written where there is one of this `once` to that person already.
    """
    if not notice_ids:
        return 0
    values = {"notices": notice_ids, "now": clock.now(), "task": SEND_MAIL}
    return int(session.execute(_MAIL_NOTICES, values).one()[0])


def defer_mails(session: Session, mail_ids: Collection[uuid.UUID]) -> None:
    """Leave mails of the outbox to the background, in the transaction of their cause."""
    session.execute(_DEFER_MAILS, {"task": SEND_MAIL, "ids": list(mail_ids)})


def defer_job(session: Session, task: str, args: Mapping[str, str]) -> None:
    """Leave work to the background, in the transaction of its cause: rolled back, there is no job."""
    session.execute(_DEFER, {"task": task, "args": json.dumps(dict(args))})


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


def settle(session: Session, once: str) -> None:
    """Take what was told under this name for read: somebody has done what it asked for, whoever was told of it."""
    asked = update(Notification).where(Notification.once == once, Notification.read_at.is_(None))
    session.execute(asked.values(read_at=clock.now()))


def mark_all_read(session: Session, actor: Actor, *, told_until: datetime) -> int:
    """Say that the actor has read everything that he was told until then; returns how many that were."""
    require(actor, Permission.NOTIFICATION_READ)
    unread = (visible_notifications(actor), Notification.read_at.is_(None), Notification.created_at <= told_until)
    marked = session.execute(update(Notification).where(*unread).values(read_at=clock.now()).returning(Notification.id))
    return len(marked.all())
