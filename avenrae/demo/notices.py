"""What the making of the demo world told people: mostly read by now, and mailed to nobody."""

from sqlalchemy import column, delete, func, select, table, update
from sqlalchemy.orm import Session

from avenrae.enums import MailStatus
from avenrae.models import Notification, OutboxMail
from avenrae.services.notices import SEND_MAIL

_UNREAD = 4
"""So many of the newest each reader still has before him."""


def calm_down(session: Session) -> None:
    """Let people have read all but the newest notices, and keep every mail: nobody of this world has a mailbox."""
    place = func.row_number().over(
        partition_by=Notification.user_id, order_by=(Notification.created_at.desc(), Notification.id.desc())
    )
    newest = select(Notification.id, place.label("place")).subquery()
    older = select(newest.c.id).where(newest.c.place > _UNREAD)
    session.execute(update(Notification).where(Notification.id.in_(older)).values(read_at=Notification.created_at))
    session.execute(update(OutboxMail).where(OutboxMail.status == MailStatus.WAITING).values(status=MailStatus.KEPT))
    jobs = table("procrastinate_jobs", column("task_name"))
    session.execute(delete(jobs).where(jobs.c.task_name == SEND_MAIL))
