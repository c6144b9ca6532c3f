"""Mails that waited: what quiet hours held goes by itself, what waited for the digest by one mail a day (R-NOT-01).

A notice waits until a mail carries it. Whose mails are sent is locked meanwhile, and mail, job and what the mail
carries are written in one transaction: several workers, or one after a worker that was killed, send everything once.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import MailRoute, NoticeKind
from avenrae.models import Notification, OutboxMail
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.deliveries import MOST, Recipient, is_waiting, lock_recipient
from avenrae.scheduling.delivery import Plan, Reader, next_digest, plan_mail, quiet_end
from avenrae.scheduling.zones import local_day
from avenrae.services.digests import digest_letter
from avenrae.services.notices import defer_mails, mail_notices
from avenrae.services.outbox import AddressOf


def deliver_due(
    session: Session, actor: Actor, user_id: uuid.UUID, address_of: AddressOf = lambda screen, record_id: ""
) -> int:
    """Send a person what has waited long enough; returns by how many mails.

    It goes to the address that he has now, and to none where he is suspended or erased. What quiet hours changed
    since, or a worker that was away, would let come in quiet hours waits for their end.
    """
    require(actor, Permission.DATA_IMPORT)
    recipient = lock_recipient(session, user_id)
    if recipient is None:
        return 0
    due = _waiting(session, user_id, is_due=True)
    reached = [notice for notice in due if _is_reached(recipient, notice)]
    held = [notice for notice in reached if notice.route == MailRoute.HELD]
    carried = [notice for notice in reached if notice.route == MailRoute.DIGEST]
    sent = _send_held(session, recipient, held)
    if carried:
        sent += _send_digest(session, recipient, carried, address_of)
    session.flush()
    return sent


def plan_anew(session: Session, user_id: uuid.UUID, wishes: Reader) -> None:
    """Let what waits for a person, who is locked, follow his new wishes; what may come at once comes in a minute."""
    for notice in _waiting(session, user_id, is_due=False):
        plan = plan_mail(NoticeKind(notice.kind), wishes, clock.now(), useless_at=notice.useless_at)
        _put(notice, Plan(MailRoute.HELD, clock.now()) if plan.route is MailRoute.NOW else plan)
    session.flush()


def _waiting(session: Session, user_id: uuid.UUID, *, is_due: bool) -> Sequence[Notification]:
    found = select(Notification).where(Notification.user_id == user_id, is_waiting())
    if is_due:
        found = found.where(Notification.due_at <= clock.now())
    locked = (
        found.order_by(Notification.created_at, Notification.id)
        .limit(MOST)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(locked).all()


def _is_reached(recipient: Recipient, notice: Notification) -> bool:
    if recipient.address_for(NoticeKind(notice.kind)):
        return True
    _put(notice, Plan(MailRoute.NO_ADDRESS))
    return False


def _send_held(session: Session, recipient: Recipient, held: Sequence[Notification]) -> int:
    """Send each of them by itself; what is of use after quiet hours waits for their end."""
    now, end = clock.now(), quiet_end(recipient.wishes, clock.now())
    to_send = []
    for notice in held:
        if end > now and (notice.useless_at is None or end < notice.useless_at):
            _put(notice, Plan(MailRoute.HELD, end))
        else:
            to_send.append(notice.id)
    return mail_notices(session, to_send)


def _send_digest(session: Session, recipient: Recipient, notices: Sequence[Notification], address_of: AddressOf) -> int:
    """Send one mail of all of them; where one of this day has gone out, they wait for the next."""
    wishes, now = recipient.wishes, clock.now()
    if wishes.is_quiet(now):
        later = quiet_end(wishes, now)
    else:
        day = local_day(max(notice.due_at for notice in notices if notice.due_at), wishes.zone)
        subject, text = digest_letter(notices, wishes.zone, day, address_of)
        mail_id = session.scalar(
            insert(OutboxMail)
            .values(
                user_id=notices[0].user_id,
                to_address=recipient.address,
                kind=NoticeKind.DIGEST,
                subject=subject,
                body=text,
                once=f"digest:{day}",
                created_at=now,
            )
            .on_conflict_do_nothing()
            .returning(OutboxMail.id)
        )
        if mail_id is not None:
            defer_mails(session, [mail_id])
            for notice in notices:
                notice.mail_id = mail_id
            return 1
        later = next_digest(wishes, now)
    for notice in notices:
        _put(notice, Plan(MailRoute.DIGEST, later))
    return 0


def _put(notice: Notification, plan: Plan) -> None:
    notice.route, notice.due_at = plan.route, plan.due_at
