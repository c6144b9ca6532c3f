"""Mails that go out once more: one that failed or was kept, what was kept while no server was set, a test."""

import uuid
from datetime import datetime

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import MailStatus, NoticeKind
from avenrae.errors import Conflict, NotFound
from avenrae.ids import uuid7
from avenrae.models import OutboxMail, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.deliveries import find_recipient
from avenrae.queries.outbox import is_sendable
from avenrae.queries.scopes import visible_mails
from avenrae.services.notices import defer_mails
from avenrae.settings import settings

MOST_AT_ONCE = 1_000
"""So many of the kept mails go out with one click: a server takes them for spam otherwise, and locks stay short."""
_NO_SERVER = "No mail server is set, so nothing can be sent. Set AVENRAE_SMTP_URL and AVENRAE_MAIL_FROM first."


def send_again(session: Session, actor: Actor, mail_id: uuid.UUID) -> OutboxMail:
    """Send a mail that failed or was kept, to the address that its reader has now.

    What concerns the security of an account goes only where it was meant to go when it was written.

    Raises:
        Conflict: It has gone or is on its way, no server is set, or the reader gets no mail.
    """
    require(actor, Permission.MAIL_SEND)
    mail = session.scalars(
        select(OutboxMail).where(OutboxMail.id == mail_id, visible_mails(actor)).with_for_update()
    ).one_or_none()
    if mail is None:
        raise NotFound("There is no such e-mail, or it is not yours to see.")
    if mail.status not in (MailStatus.FAILED, MailStatus.KEPT):
        raise Conflict("This e-mail has gone out or is on its way. Look at it again in a moment.")
    _need_server()
    reader = find_recipient(session, mail.user_id)
    address = reader.address_for(NoticeKind(mail.kind)) if reader else None
    if address is None:
        raise Conflict("No mail goes to this person: the account is suspended or erased.")
    if mail.kind != NoticeKind.SECURITY:
        mail.to_address = address
    if mail.status == MailStatus.KEPT:
        # It was looked at once, but nothing was tried.
        mail.attempts = 0
    mail.status, mail.error, mail.handed_over_at = MailStatus.WAITING, "", None
    session.flush()
    defer_mails(session, [mail.id])
    return mail


def send_kept(
    session: Session, actor: Actor, *, written_from: datetime | None, written_until: datetime | None = None
) -> int:
    """Send what was kept and is not over, the oldest first, at most `MOST_AT_ONCE`; returns how many go out.

    `written_until` is what the person has seen counted: what is kept later waits for the next click.

    Raises:
        Conflict: No server is set, or there is nothing to send.
    """
    require(actor, Permission.MAIL_SEND)
    _need_server()
    chosen = (
        select(OutboxMail.id)
        .where(visible_mails(actor), *is_sendable(written_from, written_until))
        .order_by(OutboxMail.created_at, OutboxMail.id)
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    ids = list(session.scalars(chosen))
    if not ids:
        raise Conflict("There is nothing to send of what was kept in this time.")
    address_now = select(User.email).where(User.id == OutboxMail.user_id).scalar_subquery()
    address = case((OutboxMail.kind == NoticeKind.SECURITY, OutboxMail.to_address), else_=address_now)
    again = (
        update(OutboxMail)
        .where(OutboxMail.id.in_(ids))
        .values(status=MailStatus.WAITING, to_address=address, attempts=0)
    )
    session.execute(again.execution_options(synchronize_session=False))
    defer_mails(session, ids)
    return len(ids)


def send_test_mail(session: Session, actor: Actor) -> OutboxMail:
    """Write the actor a mail that says only that mail arrives; it waits for no quiet hours and stands in no notice.

    Raises:
        Conflict: No server is set.
    """
    require(actor, Permission.MAIL_SEND)
    _need_server()
    reader = session.get_one(User, actor.user_id)
    mail = OutboxMail(
        user_id=reader.id,
        to_address=reader.email,
        kind=NoticeKind.SECURITY,
        subject="A test mail of Avenrae Console",
        body="You asked for this mail to see whether mails arrive. They do.",
        once=f"test:{uuid7()}",
        created_at=clock.now(),
    )
    session.add(mail)
    session.flush()
    defer_mails(session, [mail.id])
    return mail


def _need_server() -> None:
    if not settings().smtp_url:
        raise Conflict(_NO_SERVER)
