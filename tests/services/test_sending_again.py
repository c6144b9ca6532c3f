"""Mails that go out once more: each once, to the address that is right now, and nothing where there is no server."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from avenrae.db.transaction import read_session, transaction
from avenrae.enums import MailStatus, NoticeKind, Role
from avenrae.errors import Conflict, NotFound, NotPermitted
from avenrae.integrations.mail import Delayed
from avenrae.jobs.mail import send_one
from avenrae.models import Notification, OutboxMail, User
from avenrae.permissions import Actor
from avenrae.services import sending_again
from avenrae.services.notices import SEND_MAIL
from avenrae.services.outbox import UNKNOWN, hand_over, next_letter
from avenrae.services.sending_again import send_again, send_kept, send_test_mail
from avenrae.settings import settings
from tests import make
from tests.jobs.mail_server import Mailbox, serving
from tests.queries.test_outbox import mail_to
from tests.threads import told_at_once

SYSTEM = Actor.system("Test")
SENDER = "Avenrae <hello@avenrae.example>"
JOBS = text("SELECT args ->> 'mail_id' FROM procrastinate_jobs WHERE task_name = :task ORDER BY id")


@pytest.fixture
def set_up(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Set a mail server for this test."""

    def change(server: str) -> None:
        monkeypatch.setattr(settings(), "smtp_url", f"smtp://{server}")
        monkeypatch.setattr(settings(), "mail_from", SENDER)

    return change


@pytest.fixture
def server(set_up: Callable[[str], None]) -> None:
    """A server that is set, and that nobody talks to."""
    set_up("127.0.0.1:1")


def jobs(session: Session) -> list[str]:
    """The mails that jobs were left for."""
    return list(session.scalars(JOBS, {"task": SEND_MAIL}))


def waiting(session: Session, **kw) -> OutboxMail:
    """A mail to a client whose first job is done."""
    mail = mail_to(session, make.make_user(session, role=Role.CLIENT, email="now@example.org"), **kw)
    session.execute(text("DELETE FROM procrastinate_jobs"))
    return mail


@pytest.mark.parametrize("status", [MailStatus.FAILED, MailStatus.KEPT])
def test_one_goes_to_the_address_of_now(session: Session, noon: datetime, server: None, status: MailStatus) -> None:
    mail = waiting(session, status=status, error="550 No such mailbox", to_address="before@example.org")
    mail.attempts = 1
    send_again(session, SYSTEM, mail.id)
    assert (mail.status, mail.error, mail.to_address) == (MailStatus.WAITING, "", "now@example.org")
    assert mail.attempts == (0 if status is MailStatus.KEPT else 1)
    assert jobs(session) == [str(mail.id)]


def test_security_goes_where_it_was_meant_to_go(session: Session, noon: datetime, server: None) -> None:
    """Who took over an account and its address does not get what was written to the owner."""
    mail = waiting(session, kind=NoticeKind.SECURITY, status=MailStatus.FAILED, to_address="before@example.org")
    kept = mail_to(
        session,
        session.get_one(User, mail.user_id),
        NoticeKind.SECURITY,
        subject="Two",
        status=MailStatus.KEPT,
        to_address="before@example.org",
    )
    send_again(session, SYSTEM, mail.id)
    send_kept(session, SYSTEM, written_from=None)
    session.refresh(kept)
    assert (mail.to_address, kept.to_address, kept.status) == (
        "before@example.org",
        "before@example.org",
        MailStatus.WAITING,
    )


@pytest.mark.parametrize("status", [MailStatus.WAITING, MailStatus.SENT])
def test_what_is_gone_or_on_its_way_is_left(session: Session, noon: datetime, server: None, status: MailStatus) -> None:
    mail = waiting(session, status=status, sent_at=noon if status is MailStatus.SENT else None)
    with pytest.raises(Conflict, match=r"^This e-mail has gone out or is on its way\."):
        send_again(session, SYSTEM, mail.id)
    assert (mail.status, jobs(session)) == (status, [])


def test_without_a_server_nothing_is_sent(session: Session, noon: datetime) -> None:
    admin = make.make_actor(session, Role.ADMIN)
    mail = waiting(session, status=MailStatus.KEPT)
    for click in (
        lambda: send_again(session, admin, mail.id),
        lambda: send_kept(session, admin, written_from=None),
        lambda: send_test_mail(session, admin),
    ):
        with pytest.raises(Conflict, match=r"^No mail server is set, so nothing can be sent\."):
            click()
    assert (mail.status, jobs(session), session.query(OutboxMail).count()) == (MailStatus.KEPT, [], 1)


def test_nobody_who_is_shut_out_gets_one(session: Session, noon: datetime, server: None) -> None:
    mail = waiting(session, status=MailStatus.KEPT)
    session.get_one(User, mail.user_id).is_active = False
    session.flush()
    with pytest.raises(Conflict, match=r"^No mail goes to this person"):
        send_again(session, SYSTEM, mail.id)
    with pytest.raises(Conflict, match=r"^There is nothing to send"):
        send_kept(session, SYSTEM, written_from=None)
    assert (mail.status, jobs(session)) == (MailStatus.KEPT, [])


def test_who_is_suspended_still_hears_of_the_safety_of_the_account(
    session: Session, noon: datetime, server: None
) -> None:
    mail = waiting(session, kind=NoticeKind.SECURITY, status=MailStatus.KEPT)
    session.get_one(User, mail.user_id).is_active = False
    session.flush()
    assert send_kept(session, SYSTEM, written_from=None) == 1
    assert jobs(session) == [str(mail.id)]


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER, Role.SUPPORT])
def test_only_admins_send(session: Session, noon: datetime, server: None, role: Role) -> None:
    """R-USR-01"""
    who = make.make_actor(session, role)
    mail = waiting(session, status=MailStatus.FAILED)
    for click in (
        lambda: send_again(session, who, mail.id),
        lambda: send_kept(session, who, written_from=None),
        lambda: send_test_mail(session, who),
    ):
        with pytest.raises(NotPermitted, match=rf"^Your role \({role}\) does not allow this\."):
            click()
    assert (mail.status, jobs(session), session.query(OutboxMail).count()) == (MailStatus.FAILED, [], 1)


def test_there_is_no_such_mail(session: Session, server: None) -> None:
    with pytest.raises(NotFound, match=r"^There is no such e-mail"):
        send_again(session, SYSTEM, uuid.uuid4())


def test_what_was_kept_goes_oldest_first_as_far_as_was_counted(
    session: Session, noon: datetime, server: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending_again, "MOST_AT_ONCE", 2)
    user = make.make_user(session, role=Role.CLIENT)
    hour = timedelta(hours=1)
    mails = [
        mail_to(session, user, created_at=noon - n * hour, status=MailStatus.KEPT, subject=str(n)) for n in range(5)
    ]
    session.execute(text("DELETE FROM procrastinate_jobs"))
    seen = {"written_from": noon - 3 * hour, "written_until": noon - hour}
    assert send_kept(session, SYSTEM, **seen) == 2
    assert sorted(jobs(session)) == sorted([str(mails[3].id), str(mails[2].id)])
    assert send_kept(session, SYSTEM, **seen) == 1
    with pytest.raises(Conflict, match=r"^There is nothing to send of what was kept in this time\.$"):
        send_kept(session, SYSTEM, **seen)
    for mail in mails:
        session.refresh(mail)
    assert [str(m.status) for m in mails] == ["kept", "waiting", "waiting", "waiting", "kept"]
    assert len(jobs(session)) == 3


def test_two_admins_at_once_send_it_once(database: str, noon: datetime, server: None) -> None:
    """R-UI-01: by two connections at the same moment; one of them is told."""
    with transaction(SYSTEM, "prepare") as session:
        mail_id = waiting(session, status=MailStatus.FAILED).id
    told = told_at_once(SYSTEM, [lambda s: send_again(s, SYSTEM, mail_id)] * 2)
    assert sorted(told) == ["This e-mail has gone out or is on its way. Look at it again in a moment.", "done"]
    with read_session() as session:
        assert jobs(session) == [str(mail_id)]


def test_one_that_may_have_arrived_goes_once_more_when_asked(
    database: str, noon: datetime, set_up: Callable[[str], None]
) -> None:
    """R-NOT-01: by itself it is not sent a second time; a person may."""
    box = Mailbox()
    with transaction(SYSTEM, "prepare") as session:
        mail_id = waiting(session).id
    for step in (next_letter, hand_over, next_letter):
        with transaction(SYSTEM, "step") as session:
            step(session, SYSTEM, mail_id)
    with serving(box) as server:
        set_up(server)
        send_one(SYSTEM, mail_id)
        with read_session() as session:
            assert session.get_one(OutboxMail, mail_id).error == UNKNOWN
        assert box.letters == []
        with transaction(SYSTEM, "send_again") as session:
            send_again(session, SYSTEM, mail_id)
        send_one(SYSTEM, mail_id)
        send_one(SYSTEM, mail_id)
    assert len(box.letters) == 1
    assert str(mail_id) in box.letters[0]["Message-ID"]
    with read_session() as session:
        assert session.get_one(OutboxMail, mail_id).status == MailStatus.SENT


def test_a_test_mail_arrives(database: str, noon: datetime, set_up: Callable[[str], None]) -> None:
    """It goes to who asked for it, and stands in nobody's notifications."""
    box = Mailbox()
    with serving(box) as server:
        set_up(server)
        with transaction(SYSTEM, "test") as session:
            admin = make.make_actor(session, Role.ADMIN, email="me@example.org")
            mail_id = send_test_mail(session, admin).id
        send_one(SYSTEM, mail_id)
    assert [(m["To"], m["Subject"]) for m in box.letters] == [("me@example.org", "A test mail of Avenrae Console")]
    with read_session() as session:
        assert session.scalars(select(Notification.id)).all() == []
        assert jobs(session) == [str(mail_id)]


def test_what_a_server_says_names_nobody(
    database: str, noon: datetime, set_up: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    """R-AUD-03: servers repeat the address; neither the log nor what is kept of it names the person."""
    answers = ("554 5.7.1 <now@example.org>: Recipient refused", "451 Mailbox now@example.org is busy")
    with transaction(SYSTEM, "prepare") as session:
        mails = [waiting(session).id, mail_to(session, session.query(User).one(), subject="Two").id]
    with serving(Mailbox(*answers)) as server:
        set_up(server)
        send_one(SYSTEM, mails[0])
        with pytest.raises(Delayed, match=r"^451 Mailbox …@example\.org is busy$"):
            send_one(SYSTEM, mails[1])
    assert "now@" not in caplog.text
    with read_session() as session:
        assert session.get_one(OutboxMail, mails[0]).error == "554 5.7.1 <…@example.org>: Recipient refused"
