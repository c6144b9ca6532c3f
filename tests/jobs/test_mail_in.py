"""Mails that come in: each is filed once, in the right ticket or in none, whatever stands in it."""

import asyncio
import mailbox
import os
import smtplib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from avenrae.db import engine as db
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import MailVerdict, Role, TicketStatus
from avenrae.errors import Conflict, NotPermitted
from avenrae.integrations.incoming import LARGEST, read_mail, text_of_html, without_quotes
from avenrae.jobs.mail_in import door, file_mail, read_maildir
from avenrae.models import AuditEntry, IncomingMailRow, Ticket, TicketAttachment, TicketMessage, User
from avenrae.permissions import Actor
from avenrae.queries.incoming_mails import MailFilters, count_mails, get_mail, list_mails
from avenrae.reply_address import reply_address
from avenrae.services.incoming_mail import MOST_AN_HOUR, file_mail_for, put_mail_away
from avenrae.services.tickets import change_ticket
from avenrae.settings import ROOT, settings
from tests import make

SYSTEM = Actor.system("Test")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 50


@pytest.fixture
def support(database: str, noon, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict]:
    """A desk with a support address, a client and his open ticket."""
    monkeypatch.setenv("AVENRAE_SUPPORT_ADDRESS", "help@avenrae.example")
    monkeypatch.setenv("AVENRAE_MAIL_SECRET", "a secret of enough letters")
    settings.cache_clear()
    with transaction(SYSTEM, "prepare") as session:
        make.make_desk(session)
        ticket = make.make_ticket(session)
        client = session.get_one(User, ticket.requester_id)
        agent = make.make_user(session, role=Role.SUPPORT)
        found = {"ticket": ticket, "client": client, "agent": agent}
    yield found
    settings.cache_clear()


def mail(sender: str, to: str, text: str = "It still does not work.", *, key: str = "<1@mail.example>", **headers: str):
    """A mail as a person's program sends it."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, "Re: The session did not start"
    message["Message-ID"] = key
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def reply_to(support: dict, who: str = "client") -> str:
    """The address in the mail that this person got about the ticket."""
    return reply_address(support["ticket"].number, support["ticket"].id, support[who].id)


def messages() -> list[tuple[str, bool, bool, str]]:
    """Every message after the first: words, internal, from staff, channel."""
    with read_session() as session:
        query = select(
            TicketMessage.body, TicketMessage.is_internal, TicketMessage.from_staff, TicketMessage.channel
        ).order_by(TicketMessage.id)
        return [tuple(row) for row in session.execute(query)][1:]


def verdicts() -> list[tuple[str, str]]:
    """What became of each mail, in order."""
    with read_session() as session:
        query = select(IncomingMailRow.verdict, IncomingMailRow.reason).order_by(IncomingMailRow.id)
        return [tuple(row) for row in session.execute(query)]


def count(model) -> int:
    """How many rows a table has."""
    with read_session() as session:
        return session.execute(select(func.count()).select_from(model)).scalar_one()


def test_a_reply_lands_in_its_ticket(support: dict) -> None:
    text = "It still does not work.\n\nOn Mon, 16 Mar 2026 at 12:00, Avenrae wrote:\n> Does it work?\n"
    file_mail(mail(support["client"].email.upper(), reply_to(support), text).as_bytes())
    assert messages() == [("It still does not work.", False, False, "email")]
    assert verdicts() == [("replied", "")]


def test_the_address_counts_for_its_reader_only(support: dict) -> None:
    """A reply forwarded or stolen opens a ticket of its sender's own, and shows him nothing of the other."""
    with transaction(SYSTEM, "prepare") as session:
        other = make.make_user(session, role=Role.CLIENT).email
    file_mail(mail(other, reply_to(support)).as_bytes())
    assert verdicts() == [("opened", "")]
    assert count(Ticket) == 2
    with read_session() as session:
        assert session.scalars(select(TicketMessage.ticket_id)).all().count(support["ticket"].id) == 1


@pytest.mark.parametrize("spoiled", ["t-1.00000000000000000000", "t-9999999.ffffffffffffffffffff", "t-1"])
def test_a_made_up_signature_opens_a_ticket(support: dict, spoiled: str) -> None:
    file_mail(mail(support["client"].email, f"help+{spoiled}@avenrae.example").as_bytes())
    assert (verdicts(), messages()[0][0]) == ([("opened", "")], "It still does not work.")


def test_what_staff_send_is_an_internal_note(support: dict) -> None:
    """The From of a mail proves nobody's identity: nothing reaches a client by it."""
    file_mail(mail(support["agent"].email, reply_to(support, "agent"), "I asked the practitioner.").as_bytes())
    assert messages() == [("I asked the practitioner.", True, True, "email")]


def test_the_same_mail_twice_counts_once(support: dict) -> None:
    raw = mail(support["client"].email, reply_to(support)).as_bytes()
    together = [threading.Thread(target=file_mail, args=(raw,)) for _ in range(8)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert file_mail(raw) == "came before"
    assert (len(messages()), count(IncomingMailRow)) == (1, 1)


def test_a_mail_without_an_id_counts_once_too(support: dict) -> None:
    message = mail(support["client"].email, reply_to(support))
    del message["Message-ID"]
    assert [file_mail(message.as_bytes()), file_mail(message.as_bytes())] == ["replied", "came before"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"List_Id": "<news.example.org>"},
        {"Return_Path": "<>"},
    ],
)
def test_machines_are_not_answered(support: dict, headers: dict[str, str]) -> None:
    """An out-of-office reply to our mail must not reopen the ticket, nor two machines write to one another."""
    file_mail(mail(support["client"].email, reply_to(support), **headers).as_bytes())
    assert messages() == []
    assert [v for v, _ in verdicts()] == [MailVerdict.IGNORED]


def test_our_own_mail_coming_back_is_ignored(support: dict) -> None:
    file_mail(mail("help@avenrae.example", reply_to(support)).as_bytes())
    assert verdicts() == [("ignored", "It came from our own address.")]


def test_a_stranger_is_set_aside_with_his_words(support: dict) -> None:
    file_mail(mail("stranger@elsewhere.example", "help@avenrae.example", "Let me in").as_bytes())
    assert verdicts() == [("set_aside", "Nobody we know has this address.")]
    with read_session() as session:
        assert session.scalars(select(IncomingMailRow.body)).all() == ["Let me in"]
    assert count(Ticket) == 1


def test_a_closed_ticket_makes_a_new_one(support: dict) -> None:
    with transaction(SYSTEM, "prepare") as session:
        change_ticket(session, SYSTEM, support["ticket"].id, status=TicketStatus.CLOSED)
    file_mail(mail(support["client"].email, reply_to(support)).as_bytes())
    assert verdicts() == [("opened", "")]
    assert count(Ticket) == 2


def test_files_that_are_not_taken_are_named(support: dict) -> None:
    message = mail(support["client"].email, reply_to(support))
    message.add_attachment(PNG, maintype="image", subtype="png", filename="screen.png")
    message.add_attachment(b"MZ....", maintype="application", subtype="octet-stream", filename="../../run.exe")
    message.add_attachment(b"<script>", maintype="text", subtype="html", filename="page.html")
    file_mail(message.as_bytes())
    assert messages()[0][0] == "It still does not work.\n\n(Not taken from the mail: run.exe, page.html.)"
    with read_session() as session:
        assert session.scalars(select(TicketAttachment.name)).all() == ["screen.png"]


def test_a_bomb_of_a_thousand_mails_fills_no_queue(support: dict) -> None:
    """A list of what was set aside grows, the ticket gets its share and nothing more."""
    for n in range(1000):
        file_mail(mail(support["client"].email, reply_to(support), f"Boom {n}", key=f"<{n}@bomb.example>").as_bytes())
    assert len(messages()) == MOST_AN_HOUR
    assert [v for v, _ in verdicts()].count("set_aside") == 1000 - MOST_AN_HOUR


def test_html_is_read_as_text() -> None:
    html = "<html><head><title>x</title><style>p{}</style></head><p>Hello&nbsp;<b>you</b></p><script>alert(1)</script>"
    assert text_of_html(f"{html}<div>Second<br>line &lt;img&gt;</div>") == "Hello you\nSecond\nline <img>"


def test_quotes_and_signatures_are_cut() -> None:
    assert without_quotes("Yes.\n\n> no?\n> really?\n\n") == "Yes."
    assert without_quotes("> you asked\nYes.\n-- \nJane\n") == "> you asked\nYes."
    assert without_quotes("Yes.\r\n-----Original Message-----\r\nFrom: us") == "Yes."


@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_nothing_in_a_mail_breaks_the_reader(raw: bytes) -> None:
    head = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\nSubject: =?utf-8?q?=ff=?=\r\n"
    for whole in (raw, head + raw, head + b"\r\n--x\r\n" + raw):
        mail = read_mail(whole)
        assert "\0" not in mail.text
        assert len(mail.key) <= 500


@pytest.fixture
def smtp_port(support: dict) -> Iterator[int]:
    """The bridge's SMTP server on a free port."""
    loop, listens = asyncio.new_event_loop(), threading.Event()
    server = door("127.0.0.1", 0, loop)

    def serve() -> None:
        server.begin()
        listens.set()
        loop.run_forever()

    # In a thread of its own: this one may hold the loop of the browser's driver.
    thread = threading.Thread(target=serve)
    thread.start()
    assert listens.wait(10)
    yield server.server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    ended = threading.Thread(target=server.end)
    ended.start()
    ended.join()
    loop.close()


def test_by_smtp(support: dict, smtp_port: int) -> None:
    """Only our address is taken, what is giant is refused, and what was taken is in the database."""
    client = support["client"].email
    with smtplib.SMTP("127.0.0.1", smtp_port) as server:
        server.send_message(mail(client, reply_to(support)))
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            server.send_message(mail(client, "somebody@else.example"))
    with smtplib.SMTP("127.0.0.1", smtp_port) as server, pytest.raises(smtplib.SMTPSenderRefused) as refused:
        server.send_message(mail(client, reply_to(support), "x" * 16_000_000, key="<giant@mail.example>"))
    assert refused.value.smtp_code == 552
    assert (len(messages()), verdicts()) == (1, [("replied", "")])


def test_by_maildir(support: dict, tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "mail")
    box.add(mail(support["client"].email, reply_to(support)))
    (tmp_path / "mail" / "new" / "giant").write_bytes(b"x" * (LARGEST + 1))
    assert (read_maildir(tmp_path / "mail"), read_maildir(tmp_path / "mail")) == (1, 0)
    assert len(messages()) == 1
    assert [m.get_subdir() for m in mailbox.Maildir(tmp_path / "mail")] == ["cur", "cur"]


def test_the_log_names_nobody(support: dict) -> None:
    """R-AUD-03: neither who wrote nor the signed address stands in what the command logs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "avenrae", "mail-in", "--smtp", f"127.0.0.1:{port}"]
    env = {**os.environ, "DATABASE_URL": db.engine().url.render_as_string(hide_password=False)}
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "mails for help@avenrae.example are taken" in process.stderr.readline()
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.send_message(mail(support["client"].email, reply_to(support)))
        process.terminate()
        logged = process.stderr.read()
        assert process.wait(10) == 0
    assert "mail replied" in logged
    assert support["client"].email not in logged
    assert reply_to(support) not in logged


def set_aside() -> IncomingMailRow:
    """A stranger's mail."""
    file_mail(mail("stranger@elsewhere.example", "help@avenrae.example", "Let me in").as_bytes())
    with read_session() as session:
        return session.scalars(select(IncomingMailRow)).one()


def test_what_was_set_aside_becomes_a_ticket_of_somebodys(support: dict) -> None:
    """R-UI-01: once, however often it is asked; the words move into the ticket."""
    row = set_aside()
    with transaction(make.actor_of(support["agent"]), "file") as session:
        agent = make.actor_of(support["agent"])
        file_mail_for(session, agent, row.id, requester_id=support["client"].id, subject=row.subject)
    with (
        pytest.raises(Conflict, match=r"^Somebody has seen to this mail already\.$"),
        transaction(SYSTEM, "again") as session,
    ):
        file_mail_for(session, SYSTEM, row.id, requester_id=support["client"].id, subject=row.subject)
    assert (verdicts()[0][0], messages()) == (
        "opened",
        [("From stranger@elsewhere.example:\n\nLet me in", False, False, "email")],
    )
    with read_session() as session:
        assert session.scalars(select(IncomingMailRow.body)).all() == [""]


def test_what_was_put_away_is_forgotten(support: dict) -> None:
    row = set_aside()
    with transaction(SYSTEM, "away") as session:
        put_mail_away(session, SYSTEM, row.id)
    assert verdicts()[0][0] == "ignored"
    with read_session() as session:
        assert session.scalars(select(IncomingMailRow.body)).all() == [""]
        trail = session.scalars(select(AuditEntry).where(AuditEntry.table_name == "incoming_mails")).all()
        assert len(trail) >= 2
        assert "Let me in" not in str([(entry.before, entry.after) for entry in trail])


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER])
def test_mails_are_for_the_desk(support: dict, role: Role) -> None:
    """R-USR-01: neither read nor seen to by anybody else, also where they are his own."""
    row = set_aside()
    with transaction(SYSTEM, "prepare") as session:
        actor = make.make_actor(session, role)
    for attempt in (
        lambda s: get_mail(s, actor, row.id),
        lambda s: count_mails(s, actor, MailFilters()),
        lambda s: list_mails(s, actor, MailFilters()),
        lambda s: put_mail_away(s, actor, row.id),
        lambda s: file_mail_for(s, actor, row.id, requester_id=actor.user_id, subject="Mine"),
    ):
        with pytest.raises(NotPermitted), transaction(SYSTEM, "try") as session:
            attempt(session)
    assert verdicts()[0][0] == "set_aside"
    assert count(Ticket) == 1
