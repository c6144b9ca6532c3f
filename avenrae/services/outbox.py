"""What becomes of a mail of the outbox.

A mail is sent once: its row says so before its text goes out (`hand_over`) and after the server took it
(`mark_sent`). Where the worker dies between the two, nobody can know whether the server took it: SMTP has no
question for that. Such a mail is not sent a second time but kept as failed, with that reason. A server that hangs up
or answers 4xx has not taken it, and it is tried again under the same Message-ID.
"""

import uuid
from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import MailStatus, NoticeKind
from avenrae.integrations.mail import Letter
from avenrae.letters.frame import framed
from avenrae.models import Notification, OutboxMail
from avenrae.permissions import Actor

AddressOf = Callable[[str, uuid.UUID | None], str]
"""Gives the address of a screen and its record, or nothing where the console has none that people can reach."""
_ALL = "office/notifications"
UNKNOWN = "The worker ended while the server was taking it; it may have arrived, so it is not sent again."


def next_letter(
    session: Session, actor: Actor, mail_id: uuid.UUID, address_of: AddressOf = lambda screen, record_id: ""
) -> Letter | None:
    """Return what to send, or None where there is nothing (more) to do about this mail.

    One that was under way when its worker died is given up (see above). Its text is put into the frame here, with a
    link to what it is about, of which `address_of` knows the address.
    """
    mail = session.scalars(
        select(OutboxMail).where(OutboxMail.id == mail_id, OutboxMail.status == MailStatus.WAITING).with_for_update()
    ).one_or_none()
    if mail is None:
        return None
    if mail.handed_over_at is not None:
        mail.status, mail.error = MailStatus.FAILED, UNKNOWN
        return None
    mail.attempts += 1
    carried = select(Notification.screen, Notification.record_id).where(Notification.mail_id == mail.id).limit(2)
    about = session.execute(carried).all()
    link = address_of(*(about[0] if len(about) == 1 else (_ALL, None)))
    text, html = framed(mail.subject, mail.body, NoticeKind(mail.kind), link)
    return Letter(str(mail.id), mail.to_address, mail.subject, text, html, mail.created_at, mail.reply_to)


def hand_over(session: Session, actor: Actor, mail_id: uuid.UUID) -> bool:
    """Say that the text goes out now; False where another worker has said so already."""
    taken = session.execute(
        update(OutboxMail)
        .where(OutboxMail.id == mail_id, OutboxMail.status == MailStatus.WAITING, OutboxMail.handed_over_at.is_(None))
        .values(handed_over_at=clock.now())
        .returning(OutboxMail.id)
    )
    return taken.first() is not None


def mark_sent(session: Session, actor: Actor, mail_id: uuid.UUID) -> None:
    """Say that the server took it."""
    _set(session, mail_id, status=MailStatus.SENT, sent_at=clock.now(), error="")


def mark_kept(session: Session, actor: Actor, mail_id: uuid.UUID) -> None:
    """Say that there is no server to send it by."""
    _set(session, mail_id, status=MailStatus.KEPT)


def mark_delayed(session: Session, actor: Actor, mail_id: uuid.UUID, reason: str) -> None:
    """Say why the server has not taken it yet."""
    _set(session, mail_id, handed_over_at=None, error=reason)


def mark_failed(session: Session, actor: Actor, mail_id: uuid.UUID, reason: str) -> None:
    """Say why it is not sent."""
    _set(session, mail_id, status=MailStatus.FAILED, handed_over_at=None, error=reason)


def _set(session: Session, mail_id: uuid.UUID, **values: object) -> None:
    waiting = (OutboxMail.id == mail_id, OutboxMail.status == MailStatus.WAITING)
    session.execute(update(OutboxMail).where(*waiting).values(**values))
