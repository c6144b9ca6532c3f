"""How the background work stands: what waits, what failed, which e-mails did not go out."""

from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from avenrae.enums import MailStatus
from avenrae.models import OutboxMail
from avenrae.permissions import Actor, Permission, require

_MOST = 20
_JOBS = text("SELECT task_name, status::text, count(*) FROM procrastinate_jobs GROUP BY 1, 2 ORDER BY 1, 2")
_WORKERS = text("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds'")


@dataclass(frozen=True)
class QueueState:
    """Live workers; jobs by task and status; e-mails that were not sent by status, and why the last ones failed."""

    workers: int
    jobs: tuple[tuple[str, str, int], ...]
    mails: dict[MailStatus, int]
    failures: tuple[tuple[str, str], ...]


def read_queue(session: Session, actor: Actor) -> QueueState:
    """Return how the background work stands; for whoever keeps the system.

    Raises:
        NotPermitted: The actor is no admin.
    """
    require(actor, Permission.DATA_IMPORT)
    unsent = select(OutboxMail.status, func.count()).where(OutboxMail.status != MailStatus.SENT)
    failed = select(OutboxMail.subject, OutboxMail.error).where(OutboxMail.status == MailStatus.FAILED)
    return QueueState(
        workers=session.execute(_WORKERS).scalar_one(),
        jobs=tuple((task, status, count) for task, status, count in session.execute(_JOBS)),
        mails={MailStatus(s): n for s, n in session.execute(unsent.group_by(OutboxMail.status))},
        failures=tuple(
            (subject, error)
            for subject, error in session.execute(failed.order_by(OutboxMail.created_at.desc()).limit(_MOST))
        ),
    )
