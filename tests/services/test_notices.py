"""Notices: told once, in the transaction of their cause, to those who can be reached."""

from datetime import datetime, time
from pathlib import Path

import procrastinate
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from avenrae.db import engine as db
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import MailRoute, MailStatus, NoticeChannel, NoticeChoice, NoticeKind
from avenrae.models import AuditEntry, NoticePreference, Notification, OutboxMail, User
from avenrae.permissions import Actor
from avenrae.services.notices import SEND_MAIL, Notice, notify
from avenrae.settings import ROOT
from tests import make
from tests.bench.conftest import listening

SYSTEM = Actor.system("Test")
JOBS = text("SELECT task_name, args FROM procrastinate_jobs ORDER BY id")


def tell(session: Session, user_id, once: str = "one", subject: str = "A review") -> None:
    """Tell somebody of a review."""
    notify(
        session,
        Notice(
            user_id,
            NoticeKind.REVIEW,
            title=subject,
            body="Somebody wrote to you.",
            screen="care/booking",
            record_id=None,
            once=once,
        ),
    )


def test_a_notice_a_mail_and_a_job(session: Session, noon: datetime) -> None:
    user = make.make_user(session, email="someone@example.org")
    tell(session, user.id)
    notice = session.scalars(select(Notification)).one()
    mail = session.scalars(select(OutboxMail)).one()
    assert (notice.title, notice.body, notice.screen, notice.read_at, notice.created_at) == (
        "A review",
        "Somebody wrote to you.",
        "care/booking",
        None,
        noon,
    )
    assert (mail.to_address, mail.subject, mail.status, mail.attempts) == (
        "someone@example.org",
        "A review",
        MailStatus.WAITING,
        0,
    )
    assert session.execute(JOBS).all() == [(SEND_MAIL, {"mail_id": str(mail.id)})]


def test_the_same_thing_is_told_once_to_each(session: Session, noon: datetime) -> None:
    """R-NOT-01: whatever is run again tells nothing again; another person is told the same thing."""
    first, second = make.make_user(session), make.make_user(session)
    for user in (first, first, second):
        tell(session, user.id)
    assert sorted(session.scalars(select(Notification.user_id))) == sorted([first.id, second.id])
    assert session.scalar(select(func.count()).select_from(OutboxMail)) == 2
    assert len(session.execute(JOBS).all()) == 2


def test_a_cause_that_is_rolled_back_tells_nobody(database: str) -> None:
    """R-NOT-01: neither notice nor mail nor job."""
    with transaction(SYSTEM, "prepare") as session:
        user = make.make_user(session)

    def fail() -> None:
        with transaction(SYSTEM, "cause") as session:
            tell(session, user.id)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with read_session() as session:
        for table in ("notifications", "outbox", "procrastinate_jobs"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table


@pytest.mark.parametrize("gone", [{"is_active": False}, {"erased_at": datetime.fromisoformat("2026-01-01T00:00Z")}])
def test_no_mail_to_who_is_gone(session: Session, noon: datetime, gone: dict) -> None:
    user = make.make_user(session, **gone)
    tell(session, user.id)
    assert session.scalar(select(func.count()).select_from(Notification)) == 1
    assert session.scalar(select(func.count()).select_from(OutboxMail)) == 0


def reader(session: Session, mail: NoticeChoice | None = None, **kw) -> User:
    """Somebody, with what he chose for mails about reviews."""
    user = make.make_user(session, **kw)
    if mail:
        chosen = {"kind": NoticeKind.REVIEW, "channel": NoticeChannel.EMAIL, "choice": mail}
        session.add(NoticePreference(user_id=user.id, **chosen))
        session.flush()
    return user


def test_more_readers_ask_no_more_of_the_database(session: Session, noon: datetime) -> None:
    """R-NOT-01: whatever each of them wishes; each has what he wished for, and who was told already is told nothing."""
    sent = []
    for many in (1, 7):
        everybody = [
            (reader(session, *mail, **kw), route)
            for mail, kw, route in (
                ((), {}, MailRoute.NOW),
                ((NoticeChoice.DIGEST,), {}, MailRoute.DIGEST),
                ((NoticeChoice.OFF,), {}, MailRoute.OFF),
                ((), {"quiet_from": time(11), "quiet_until": time(13)}, MailRoute.HELD),
                ((), {"quiet_from": time(11), "quiet_until": time(13), "time_zone": "Europe/Lisbon"}, MailRoute.NOW),
                ((), {"is_active": False}, MailRoute.NO_ADDRESS),
            )
            for _ in range(many)
        ]
        knows, _ = everybody[0]
        tell(session, knows.id, subject="Told before")
        news = [Notice(user.id, NoticeKind.REVIEW, "A review", "Words.", "", None, "one") for user, _ in everybody]
        with listening(db.engine()) as heard:
            notify(session, *news, news[-1])
        sent.append(len(heard.statements))
        told = session.execute(
            select(Notification.user_id, Notification.title, Notification.route, OutboxMail.user_id)
            .outerjoin(OutboxMail)
            .where(Notification.user_id.in_([user.id for user, _ in everybody]))
        )
        assert {tuple(row) for row in told} == {
            (
                user.id,
                "Told before" if user is knows else "A review",
                route,
                user.id if route is MailRoute.NOW else None,
            )
            for user, route in everybody
        }
    assert sent == [3, 3]
    mails = sorted(str(key) for key in session.scalars(select(OutboxMail.id)))
    assert sorted(args["mail_id"] for _, args in session.execute(JOBS)) == mails


def test_letters_are_not_in_the_trail(session: Session, noon: datetime) -> None:
    """R-AUD-03: what is written to people stands in one place."""
    user = make.make_user(session)
    tell(session, user.id)
    entries = session.scalars(select(AuditEntry))
    assert not [e for e in entries if e.table_name in ("notifications", "outbox") or "wrote to you" in str(e.after)]


def test_the_queue_s_schema_is_that_of_the_installed_library() -> None:
    """An upgrade of Procrastinate brings a revision with its own migrations."""
    ours = ROOT / "migrations" / "versions" / "20261120_02_jobs" / "functions.sql"
    theirs = Path(procrastinate.__file__).parent / "sql" / "schema.sql"
    assert ours.read_text() == theirs.read_text()
