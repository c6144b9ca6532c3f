"""Mails of the outbox against a real mail server: each goes once, and its row says what became of it."""

import uuid
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select, update

from avenrae.db.transaction import read_session, transaction
from avenrae.enums import MailStatus, NoticeKind
from avenrae.errors import StartError
from avenrae.integrations.mail import Delayed, Letter, Refused, compose
from avenrae.jobs.mail import send_one
from avenrae.models import Notification, OutboxMail
from avenrae.services.notices import Notice, notify
from avenrae.services.outbox import UNKNOWN, hand_over, next_letter
from avenrae.settings import Settings, settings
from avenrae.ui.navigation import address_of
from tests import make
from tests.jobs.conftest import SYSTEM
from tests.jobs.mail_server import Mailbox, certificate, serving

SENDER = "Avenrae <hello@avenrae.example>"


@pytest.fixture
def mail_id(database: str, noon: datetime) -> uuid.UUID:
    """A mail that waits, to Zoë."""
    return write_to("zoe@example.org")


def write_to(address: str, once: str = "one", subject: str = "Läuft") -> uuid.UUID:
    """Put a mail into the outbox."""
    with transaction(SYSTEM, "cause") as session:
        user = make.make_user(session, email=address)
        notify(
            session,
            Notice(
                user.id,
                NoticeKind.BOOKING,
                title=subject,
                body="Your session begins at 12:00 SAST.\n.\nÀ bientôt",
                screen="care/booking",
                record_id=None,
                once=once,
            ),
        )
        return session.scalars(select(OutboxMail.id).where(OutboxMail.user_id == user.id)).one()


def row(mail_id: uuid.UUID) -> tuple:
    """What the outbox says of a mail: its status, how often it was tried, and the error."""
    with read_session() as session:
        mail = session.get_one(OutboxMail, mail_id)
        return mail.status, mail.attempts, mail.error


def test_a_letter_arrives_once(mail_id: uuid.UUID, set_up: Callable[..., None]) -> None:
    """R-NOT-01: whoever runs the job again sends nothing."""
    box = Mailbox()
    with serving(box) as server:
        set_up(smtp_url=f"smtp://{server}", mail_from=SENDER)
        send_one(SYSTEM, mail_id)
        send_one(SYSTEM, mail_id)
    (letter,) = box.letters
    assert letter["To"] == "zoe@example.org"
    assert letter["From"] == SENDER
    assert letter["Subject"] == "Läuft"
    assert letter["Date"].datetime.isoformat() == "2026-03-16T10:00:00+00:00"
    assert letter["Message-ID"] == f"<{mail_id}@avenrae.example>"
    plain = letter.get_body(("plain",)).get_content().splitlines()
    assert plain[:3] == ["Your session begins at 12:00 SAST.", ".", "À bientôt"]
    assert row(mail_id) == (MailStatus.SENT, 1, "")


def test_a_refused_recipient_is_not_tried_again(database: str, noon: datetime, set_up: Callable[..., None]) -> None:
    box = Mailbox()
    mail_id = write_to("nobody@example.org")
    with serving(box) as server:
        set_up(smtp_url=f"smtp://{server}", mail_from=SENDER)
        send_one(SYSTEM, mail_id)
        send_one(SYSTEM, mail_id)
    assert row(mail_id) == (MailStatus.FAILED, 1, "550 5.1.1 No such mailbox")
    assert box.letters == []


def test_a_refused_text_is_not_tried_again(mail_id: uuid.UUID, set_up: Callable[..., None]) -> None:
    with serving(Mailbox("554 5.7.1 Looks like spam")) as server:
        set_up(smtp_url=f"smtp://{server}", mail_from=SENDER)
        send_one(SYSTEM, mail_id)
    assert row(mail_id) == (MailStatus.FAILED, 1, "554 5.7.1 Looks like spam")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("451 4.3.0 Come back later", "451 4.3.0 Come back later"), ("drop", "The mail server hung up.")],
)
def test_a_busy_server_is_tried_again(
    mail_id: uuid.UUID, set_up: Callable[..., None], answer: str, reason: str
) -> None:
    """R-NOT-01: 4xx or a dropped connection, then one letter."""
    box = Mailbox(answer)
    with serving(box) as server:
        set_up(smtp_url=f"smtp://{server}", mail_from=SENDER)
        with pytest.raises(Delayed):
            send_one(SYSTEM, mail_id)
        assert row(mail_id) == (MailStatus.WAITING, 1, reason)
        send_one(SYSTEM, mail_id)
    assert len(box.letters) == 1
    assert row(mail_id) == (MailStatus.SENT, 2, "")


def test_the_last_try_says_why(mail_id: uuid.UUID, set_up: Callable[..., None]) -> None:
    with serving(Mailbox("451 Busy")) as server:
        set_up(smtp_url=f"smtp://{server}", mail_from=SENDER)
        send_one(SYSTEM, mail_id, is_last=True)
    assert row(mail_id) == (MailStatus.FAILED, 1, "451 Busy")


def test_nobody_listens(mail_id: uuid.UUID, set_up: Callable[..., None]) -> None:
    with serving(Mailbox()) as server:
        pass
    set_up(smtp_url=f"smtp://{server}", mail_from=SENDER)
    with pytest.raises(Delayed, match=r"^The mail server cannot be reached \(.*refused\)\.$"):
        send_one(SYSTEM, mail_id)


def test_a_certificate_that_nobody_signed(mail_id, set_up, tmp_path) -> None:
    box = Mailbox()
    tls, _ = certificate(tmp_path)
    with serving(box, tls=tls) as server:
        set_up(smtp_url=f"smtp://{server}", mail_from=SENDER)
        with pytest.raises(Delayed, match=r"^The mail server's certificate cannot be trusted \(self.signed"):
            send_one(SYSTEM, mail_id)
    assert box.letters == []
    assert row(mail_id)[0] == MailStatus.WAITING


def test_signed_in_over_tls(mail_id, set_up, tmp_path, monkeypatch) -> None:
    box = Mailbox()
    tls, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with serving(box, tls=tls, password="p@ss") as server:
        set_up(smtp_url=f"smtp://me:wrong@{server}", mail_from=SENDER)
        with pytest.raises(Delayed, match=r"^The mail server does not take the user and password \(.*\)\.$"):
            send_one(SYSTEM, mail_id)
        set_up(smtp_url=f"smtp://me:p%40ss@{server}", mail_from=SENDER)
        send_one(SYSTEM, mail_id)
    assert len(box.letters) == 1
    assert row(mail_id) == (MailStatus.SENT, 2, "")


def test_without_a_server_mails_are_kept(mail_id: uuid.UUID, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="avenrae.jobs"):
        send_one(SYSTEM, mail_id)
        send_one(SYSTEM, mail_id)
    assert [r.getMessage() for r in caplog.records] == [f"e-mail {mail_id} kept: no server is set"]
    assert row(mail_id) == (MailStatus.KEPT, 1, "")


def test_a_worker_that_died_while_sending(mail_id: uuid.UUID, set_up: Callable[..., None]) -> None:
    """R-NOT-01: what may have arrived is not sent a second time; the row says so."""
    with transaction(SYSTEM, "first worker") as session:
        assert next_letter(session, SYSTEM, mail_id) is not None
        assert hand_over(session, SYSTEM, mail_id)
    box = Mailbox()
    with serving(box) as server:
        set_up(smtp_url=f"smtp://{server}", mail_from=SENDER)
        send_one(SYSTEM, mail_id)
    assert box.letters == []
    assert row(mail_id) == (MailStatus.FAILED, 1, UNKNOWN)


def test_two_workers_with_one_letter(mail_id: uuid.UUID) -> None:
    """R-NOT-01: only one of them may hand it over."""
    with transaction(SYSTEM, "first") as session:
        assert hand_over(session, SYSTEM, mail_id)
    with transaction(SYSTEM, "second") as session:
        assert not hand_over(session, SYSTEM, mail_id)


def letter(**kw: object) -> Letter:
    """A letter for its headers."""
    plain = {
        "key": "1",
        "to": "a@b.org",
        "subject": "Hi",
        "text": "",
        "html": "",
        "written_at": datetime.fromisoformat("2026-01-01T00:00Z"),
    }
    return Letter(**{**plain, **kw})


def test_a_subject_adds_no_header() -> None:
    message = compose(SENDER, letter(subject="Hi\r\nBcc: all@example.org\n\nText"))
    assert message["Subject"] == "Hi Bcc: all@example.org Text"
    assert message["Bcc"] is None
    assert b"\nBcc" not in message.as_bytes()


def test_both_parts_arrive(database: str, noon: datetime, set_up: Callable[..., None]) -> None:
    """Plain text first, then HTML of the same words, with a button to the record and a place for answers."""
    evil = "<b>Zoë</b> & “שלום” 👋"
    with transaction(SYSTEM, "cause") as session:
        user = make.make_user(session, email="zoe@example.org")
        notify(
            session,
            Notice(
                user.id,
                NoticeKind.TICKET,
                title=f"Reply to T-1, {evil}\r\nBcc: all@example.org",
                body=f"{evil}\nSecond line\n\n{'long' * 500}",
                screen="support/ticket",
                record_id=user.id,
                once="one",
                reply_to="support+t-1.0123@example.org",
            ),
        )
        mail_id = session.scalars(select(OutboxMail.id)).one()
    box = Mailbox()
    with serving(box) as server:
        url = "https://console.example.com/desk"
        set_up(smtp_url=f"smtp://{server}", mail_from=SENDER, public_url=url)
        send_one(SYSTEM, mail_id)
    (letter,) = box.letters
    assert letter.defects == []
    assert letter.get_content_type() == "multipart/alternative"
    plain, html = letter.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert (letter["Reply-To"], letter["Bcc"]) == ("support+t-1.0123@example.org", None)
    assert letter["Subject"] == f"Reply to T-1, {evil} Bcc: all@example.org"
    link = f"{url}/ticket?id={user.id}"
    lines = plain.get_content().splitlines()
    assert lines[:4] == [evil, "Second line", "", "long" * 500]
    assert lines[4:6] == ["", f"Open it in the console: {link}"]
    page = html.get_content()
    assert "&lt;b&gt;Zoë&lt;/b&gt; &amp; “שלום” 👋<br>" in page
    assert f'<a href="{link}"' in page
    assert "<b>" not in page


def test_a_mail_of_several_notices_opens_the_list(mail_id, set_up) -> None:
    """A digest carries several; each has its own record."""
    with transaction(SYSTEM, "digest") as session:
        mail = session.get_one(OutboxMail, mail_id)
        notify(session, Notice(mail.user_id, mail.kind, title="B", body="b", screen="", record_id=None, once="two"))
        session.execute(update(Notification).values(mail_id=mail_id))
        set_up(public_url="https://console.example.com")
        letter = next_letter(session, SYSTEM, mail_id, address_of)
    assert letter is not None
    assert "Open it in the console: https://console.example.com/notifications\n" in letter.text


@pytest.mark.parametrize("to", ["a@b.org, c@d.org", "a@b.org>", "a@b@c", "<a@b.org>", "a\x01@b.org", "@", ""])
def test_one_letter_goes_to_one_mailbox(to: str) -> None:
    with pytest.raises(Refused, match=r"^This is not an e-mail address\.$"):
        compose(SENDER, letter(to=to))


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"SMTP_URL": "http://mail"}, "must be an address like smtp://user:password@host:587"),
        ({"SMTP_URL": "smtp://mail:port"}, "must be an address like smtp://user:password@host:587"),
        ({"PUBLIC_URL": "console.example.com"}, "must be an address like https://console.example.com"),
        ({"PUBLIC_URL": "https://a b"}, "must be an address like https://console.example.com"),
        ({"PUBLIC_URL": "javascript://x"}, "must be an address like https://console.example.com"),
        ({"MAIL_FROM": "somebody"}, "must be an address like Avenrae <hello@example.com>"),
        ({"SMTP_URL": "smtp://mail"}, "AVENRAE_SMTP_URL is set without AVENRAE_MAIL_FROM"),
    ],
)
def test_settings_of_mail(monkeypatch: pytest.MonkeyPatch, env: dict[str, str], sentence: str) -> None:
    for name, value in env.items():
        monkeypatch.setenv(f"AVENRAE_{name}", value)
    settings.cache_clear()
    with pytest.raises(StartError, match=sentence):
        settings()
    monkeypatch.undo()
    settings.cache_clear()


def test_the_password_is_not_shown() -> None:
    assert "p%40ss" not in repr(Settings(smtp_url="smtp://me:p%40ss@mail"))
