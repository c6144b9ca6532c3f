"""“I got no mail”: support finds out why, and an admin who has set a mail server sends it again, once."""

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from avenrae.enums import MailStatus, NoticeKind, Role
from avenrae.services.notices import Notice, notify
from tests.browser.conftest import Serving
from tests.jobs.mail_server import Mailbox
from tests.jobs.mail_server import serving as serving_mail
from tests.process.console import Console

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
EVIL = "<img src=x onerror=alert(1)> **bold** [a](javascript:1)"


def told(world, subject: str, kind: NoticeKind = NoticeKind.BOOKING, **mail: str) -> uuid.UUID:
    """Tell the demo client something about a booking of his own; returns the mail."""
    booking = world.value("SELECT id FROM bookings WHERE client_id = :id LIMIT 1", id=world.client().client_id)

    def tell(session, actor) -> None:
        notify(
            session,
            Notice(
                world.user(Role.CLIENT),
                kind,
                title=subject,
                body=f"It begins at nine. {EVIL}",
                screen="care/booking",
                record_id=booking,
                once=subject,
            ),
        )

    world.do(tell)
    mail_id = world.value("SELECT id FROM outbox WHERE subject = :subject", subject=subject)
    values = {"status": MailStatus.KEPT, "error": "", **mail}
    world.change("DELETE FROM procrastinate_jobs WHERE args ->> 'mail_id' = :id", id=str(mail_id))
    world.change("UPDATE outbox SET status = :status, error = :error WHERE id = :id", id=mail_id, **values)
    return mail_id


def test_support_finds_out_why_somebody_got_no_mail(person, world):
    """From the client's panel to the mail, to who was told of the booking, and to somebody who was told nothing."""
    told(world, "Quagga refused", status=MailStatus.FAILED, error="550 5.1.1 No such mailbox")
    told(world, "Your code is 987654", NoticeKind.SECURITY)
    who = person(Role.SUPPORT)
    page = who.open(f"/client?id={world.client().client_id}")
    page.get_by_role("link", name="Mails to this person").click()
    page.wait_for_url(re.compile(r"/mail\?person="))
    who.choose("Status", "Failed")
    page.wait_for_url(re.compile("status=failed"))
    expect(who.rows().filter(has_text="Quagga refused")).to_have_count(1)
    who.rows().filter(has_text="Quagga refused").locator("a.open").click()
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text("The mail server answered: “550 5.1.1 No such mailbox”.")
    expect(main).to_contain_text(EVIL)
    expect(page.get_by_role("button", name=re.compile("^Send"))).to_have_count(0)
    page.get_by_role("link", name="What this person was told").click()
    expect(page.get_by_role("heading", name="Who was told?")).to_be_visible()
    expect(main).to_contain_text("About the security of the account")
    assert "987654" not in who.texts()
    page.get_by_role("link", name="What it is about").nth(1).click()
    page.wait_for_url(re.compile(r"/booking\?id="))
    page.get_by_role("link", name="Who was told?", exact=True).nth(1).click()
    page.wait_for_url(re.compile(r"/told\?record=B-"))
    expect(main).to_contain_text("Quagga refused")
    other = world.row(
        "SELECT id, first_name FROM users WHERE role = 'client' AND id <> :id LIMIT 1", id=world.user(Role.CLIENT)
    )
    page.goto(f"{page.url}&person={other.id}")
    expect(main).to_contain_text(f"was meant for {other.first_name}")
    expect(main).to_contain_text("is not a party of B-")
    expect(main).to_contain_text("Who was told of it")


@pytest.fixture
def with_server(serving: Serving, world) -> Iterator[Mailbox]:
    """The console with a mail server; the mails that would go out by themselves are out of the way."""
    box = Mailbox()
    serving.stop()
    with serving_mail(box) as server:
        serving.console = Console(
            DATABASE_URL=serving.database,
            AVENRAE_PORT=serving.console.port,
            AVENRAE_SMTP_URL=f"smtp://{server}",
            AVENRAE_MAIL_FROM="Avenrae <hello@avenrae.example>",
        )
        try:
            serving.console.wait_until_ready()
            yield box
        finally:
            serving.stop()
            serving.start()


def test_an_admin_sends_again_what_was_kept(with_server, person, world):
    """R-UI-01, R-NOT-01: pressed twice, it goes once; a test to oneself; the rest in bulk, with its number before."""
    mail_id = told(world, "Quagga kept")
    who = person(Role.ADMIN)
    page = who.open("/mail")
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text("E-mails go out by 127.0.0.1, from hello@avenrae.example.")
    page.get_by_role("button", name="Send myself a test mail").click()
    expect(page.get_by_role("heading", name="A test mail of Avenrae Console")).to_be_visible()
    who.open(f"/mail?id={mail_id}")
    page.get_by_role("button", name="Send now…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("in the words of then")
    dialog.get_by_role("button", name="Send now").dblclick()
    expect(page.get_by_text("The e-mail is on its way.")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    who.open("/mail")
    left = world.value("SELECT count(*) FROM outbox WHERE status = 'kept'")
    assert left > 0
    page.get_by_role("button", name="Send what was kept…").click()
    expect(dialog).to_contain_text(re.compile(r"\d+ e-mails? go(es)? out now, to \d+ (person|people)\."))
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text(re.compile(r"\d+ e-mails? (is|are) on the way\."))).to_be_visible()
    for _ in range(100):
        if not world.value("SELECT count(*) FROM outbox WHERE status = 'waiting'"):
            break
        page.wait_for_timeout(200)
    subjects = [m["Subject"] for m in with_server.letters]
    assert (subjects.count("Quagga kept"), subjects.count("A test mail of Avenrae Console")) == (1, 1)
    assert world.value("SELECT status FROM outbox WHERE id = :id", id=mail_id) == "sent"
    assert len(subjects) == len({m["Message-ID"] for m in with_server.letters})
