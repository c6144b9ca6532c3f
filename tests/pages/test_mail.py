"""The mails that were written and who was told what, clicked through by an admin and by support."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import BookingStatus, MailStatus, NoticeKind, Role
from avenrae.models import Booking, Client, Notification, OutboxMail, User
from avenrae.permissions import Actor
from avenrae.services.notices import SEND_MAIL
from avenrae.settings import settings
from tests import make
from tests.pages.test_store import button, said
from tests.pages.test_support import press
from tests.queries.test_outbox import mail_to

SYSTEM = Actor.system("Test")
HOSTILE = "<script>alert(1)</script> **[x](https://evil.example)** ![y](https://evil.example/p.png)"


@pytest.fixture
def mails(world) -> dict[str, str]:
    """A kept, a failed and a security mail to the client, and a sent one to the admin; their ids."""
    with transaction(SYSTEM, "prepare") as session:
        session.execute(text("DELETE FROM notifications"))
        session.execute(text("DELETE FROM outbox"))
        session.execute(text("DELETE FROM procrastinate_jobs"))
        client = session.scalars(select(User).where(User.role == Role.CLIENT)).one()
        admin = session.scalars(select(User).where(User.role == Role.ADMIN)).one()
        booking = uuid.UUID(world["care/booking"])
        hour = timedelta(hours=1)
        at = clock.now()
        made = {
            "kept": mail_to(session, client, record_id=booking, subject=HOSTILE, text=HOSTILE, status=MailStatus.KEPT),
            "failed": mail_to(
                session, client, subject="Failed", status=MailStatus.FAILED, error="550 No", created_at=at - hour
            ),
            "unknown": mail_to(
                session, client, subject="Unknown", status=MailStatus.FAILED, handed_over_at=at, created_at=at - hour
            ),
            "secret": mail_to(session, client, NoticeKind.SECURITY, subject="Code 123456"),
            "admin": mail_to(session, admin, subject="To the admin", status=MailStatus.SENT, sent_at=at),
        }
        session.execute(text("DELETE FROM procrastinate_jobs"))
        return {name: str(mail.id) for name, mail in made.items()}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail server that is set."""
    monkeypatch.setattr(settings(), "smtp_url", "smtp://me:pa55word@127.0.0.1:1")
    monkeypatch.setattr(settings(), "mail_from", "Avenrae <hello@avenrae.example>")


def jobs() -> int:
    """How many mails jobs were left for."""
    with read_session() as session:
        query = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = :task")
        return session.execute(query, {"task": SEND_MAIL}).scalar_one()


def texts(app) -> str:
    """All that is to be read."""
    parts = (app.title, app.markdown, app.caption, app.info, app.warning, app.text)
    return "\n".join(e.value for part in parts for e in part)


def test_without_a_server(console, people, mails) -> None:
    app = console(people[Role.ADMIN], "office/mail")
    assert "5 e-mails" in [c.value for c in app.caption]
    assert app.info[0].value.startswith("No mail server is set: e-mails are kept here, and nobody gets them.")
    for label in ("Send myself a test mail", "Send what was kept…"):
        assert (button(app, label).disabled, button(app, label).help) == (True, "No mail server is set.")
    app = console(people[Role.ADMIN], "office/mail", id=mails["kept"])
    assert button(app, "Send now…").disabled


def test_words_are_text(console, people, mails) -> None:
    """R-UI-02: nothing that stands in a mail is drawn as anything but its letters."""
    for script in ("office/mail", "office/told"):
        params = {"id": mails["kept"]} if script == "office/mail" else {"record": _reference()}
        app = console(people[Role.ADMIN], script, **params)
        assert not app.exception
        drawn = "\n".join(m.value for m in (*app.title, *app.markdown))
        assert "\\<script\\>" in drawn
        assert "<script>" not in drawn.replace("\\<script\\>", "")
        assert "](https" not in drawn.replace("\\]", "")
        assert not any(m.allow_html for m in app.markdown)
    assert app.title[0].value == "Who was told?"
    app = console(people[Role.ADMIN], "office/mail", id=mails["kept"])
    (as_sent,) = [t.value for t in app.text]
    assert as_sent.startswith(f"{HOSTILE}\n\n-- \nYou get this mail because it is about one of your sessions.")


def _reference() -> str:
    with read_session() as session:
        key = session.scalars(select(Notification.record_id).where(Notification.record_id.is_not(None))).one()
        return session.get_one(Booking, key).reference


def test_support_reads_and_sends_nothing(console, people, mails) -> None:
    """R-USR-01: no colleague's mail, no security mail's words, no button."""
    app = console(people[Role.SUPPORT], "office/mail")
    assert "4 e-mails" in [c.value for c in app.caption]
    assert not [b for b in app.button if b.label.startswith("Send")]
    app = console(people[Role.SUPPORT], "office/mail", id=mails["secret"])
    assert app.title[0].value == "About the security of the account"
    assert [i.value for i in app.info] == ["These words are for their reader alone."]
    assert "123456" not in texts(app)
    app = console(people[Role.SUPPORT], "office/mail", id=mails["failed"])
    assert not [b for b in app.button if b.label.startswith("Send")]
    assert "The mail server answered\\: “550 No”." in texts(app)
    app = console(people[Role.SUPPORT], "office/mail", id=mails["admin"])
    assert [i.value for i in app.info] == ["There is no such e-mail, or it is not yours to see."]


def test_send_again_says_what_it_means(console, people, mails, server) -> None:
    app = console(people[Role.ADMIN], "office/mail", id=mails["unknown"])
    assert "pa55word" not in texts(app)
    button(app, "Send again…").click().run()
    assert [w.value for w in app.warning] == ["It may have arrived the first time. Then the person gets it twice."]
    press(app, f"button:again-{mails['unknown']}").run()
    assert said(app) == ["The e-mail is on its way."]
    assert jobs() == 1
    app = console(people[Role.ADMIN], "office/mail", id=mails["unknown"])
    assert not [b for b in app.button if b.label.startswith("Send again")]


def test_send_what_was_kept(console, people, mails, server) -> None:
    with transaction(SYSTEM, "prepare") as session:
        client = session.scalars(select(Client)).one()
        begun = make.make_booking(
            session, client=client, starts_at=clock.now() - timedelta(hours=3), status=BookingStatus.CONFIRMED
        )
        reader = session.get_one(User, client.user_id)
        over = {"record_id": begun.id, "subject": "Reminder of B", "status": MailStatus.KEPT}
        mail_to(session, reader, NoticeKind.REMINDER, **over)
        session.execute(text("DELETE FROM procrastinate_jobs"))
    app = console(people[Role.ADMIN], "office/mail")
    assert "E-mails go out by 127.0.0.1, from hello@avenrae.example." in texts(app)
    button(app, "Send what was kept…").click().run()
    drawn = texts(app)
    assert "1 e-mail goes out now, to 1 person. The oldest was written 0 min ago" in drawn
    assert "1 e-mail stays, since what it is about is over:" in drawn
    assert "- Reminder of B" in drawn
    press(app, "button:send-kept-7").run()
    assert said(app) == ["1 e-mail is on the way."]
    assert jobs() == 1


def test_a_test_mail_to_oneself(console, people, mails, server) -> None:
    """R-UI-01: it opens the mail, which says what becomes of it."""
    app = console(people[Role.ADMIN], "office/mail")
    button(app, "Send myself a test mail").click().run()
    assert jobs() == 1
    with read_session() as session:
        mail = session.scalars(select(OutboxMail).where(OutboxMail.subject.like("A test mail%"))).one()
        assert session.get_one(User, mail.user_id).role == Role.ADMIN


def test_who_was_told(console, people, mails, world) -> None:
    app = console(people[Role.SUPPORT], "office/told")
    assert app.info[0].value.startswith("Choose a person, or give the reference")
    reference = _reference()
    app = console(people[Role.SUPPORT], "office/told", record=reference)
    drawn = texts(app)
    assert "1 notice, the newest first." in drawn
    assert "Shown, not read yet." in drawn
    assert "no mail server was set, so it went nowhere." in drawn
    with read_session() as session:
        practitioner = session.scalars(select(User).where(User.role == Role.PRACTITIONER)).one()
    app = console(people[Role.SUPPORT], "office/told", record=reference, person=str(practitioner.id))
    assert [i.value for i in app.info] == [f"Nothing about {reference} was meant for {practitioner.name}."]
    assert "Who was told of it" in [s.value for s in app.subheader]
    app = console(people[Role.SUPPORT], "office/told", person=str(practitioner.id))
    assert [i.value for i in app.info] == [f"{practitioner.name} was told nothing in this time."]
    app = console(people[Role.SUPPORT], "office/told", q=practitioner.last_name)
    assert "1 person" in [c.value for c in app.caption]
    for wrong in ({"record": "B-0"}, {"person": "zzz"}):
        app = console(people[Role.SUPPORT], "office/told", **wrong)
        assert not app.exception
        assert len(app.info) == 1
