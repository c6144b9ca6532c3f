"""An agent's morning in a browser, two agents on one ticket, and what people write that must not run."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from avenrae.enums import Role
from avenrae.permissions import Actor
from avenrae.services.tickets import open_ticket, tag_ticket, write_message

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
EVIL = (
    '<img src=x onerror="document.title=1"><script>window.ran=1</script>'
    " ![x](http://evil.example/x.png) [a](javascript:1)"
)


def opened(world, subject: str, *, body: str = "Please help.", requester: uuid.UUID | None = None) -> uuid.UUID:
    """A ticket of the demo client, or of somebody else."""
    who = Actor.system("Test")
    return world.do(
        open_ticket, actor=who, subject=subject, body=body, requester_id=requester or world.user(Role.CLIENT)
    ).id


def status(world, key: uuid.UUID) -> str:
    """What the database says of a ticket."""
    return world.value("SELECT status FROM tickets WHERE id = :id", id=key)


def test_a_morning_at_the_desk(person, world):
    """Next ticket, note, canned reply and waiting, assign by key, merge, undo, and several closed at once."""
    key = opened(world, "Aardwolf one")
    twin = opened(world, "Aardwolf two", body="I ask again.")
    who = person(Role.SUPPORT)
    page = who.open(f"/ticket?id={key}")
    main = page.get_by_test_id("stMain")

    page.get_by_label(re.compile("Your message in")).fill("He called twice.")
    page.get_by_role("button", name="Save as internal note").click()
    expect(page.get_by_text("Note saved. The client does not see it.")).to_be_visible()
    note = page.get_by_role("article", name=re.compile("^Internal note by"))
    expect(note).to_contain_text("never shown to the client")

    page.get_by_label(re.compile("Your message in")).fill("Good morning,")
    who.choose("Canned reply", "Thank you, we look into it")
    page.get_by_role("button", name="Put in").click()
    field = page.get_by_label(re.compile("Your message in"))
    expect(field).to_have_value(
        re.compile(r"^Good morning,\n\nHello Lerato,\n\nthank you for writing\. We look into T-\d+")
    )
    page.get_by_text("Wait on the client", exact=True).click()
    page.get_by_role("button", name="Reply publicly to Lerato").click()
    expect(page.get_by_role("article", name=re.compile("^Public reply by"))).to_be_visible()
    expect(main).to_contain_text("Standing still")
    assert status(world, key) == "waiting"
    assert world.value("SELECT count(*) FROM ticket_messages WHERE ticket_id = :id", id=key) == 3

    page.get_by_role("button", name="Merge…").click()
    into = world.value("SELECT number FROM tickets WHERE id = :id", id=twin)
    page.get_by_role("dialog").get_by_role("combobox").click()
    page.get_by_role("option", name=re.compile(f"^{into} ")).click()
    page.get_by_role("dialog").get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("Aardwolf two"))).to_be_visible()
    assert status(world, key) == "closed"
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()
    assert (status(world, key), world.value("SELECT count(*) FROM ticket_messages WHERE ticket_id = :id", id=key)) == (
        "waiting",
        3,
    )

    page.locator("h1").click()
    page.keyboard.press("a")
    expect(page.get_by_text("It is yours.")).to_be_visible()
    page.keyboard.press("r")
    page.keyboard.type("a e j k ?")
    expect(page.get_by_label(re.compile("Your message in"))).to_have_value("a e j k ?")
    assert world.value("SELECT u.email FROM tickets t JOIN users u ON u.id = t.assignee_id WHERE t.id = :id", id=twin)
    page.get_by_label(re.compile("Your message in")).fill("")
    page.locator("h1").click()
    page.keyboard.press("k")
    page.wait_for_url("**/tickets*")
    who.ready()

    page = who.open("/tickets?view=all&q=Aardwolf")
    expect(who.rows()).to_have_count(2)
    for row in who.rows().all():
        row.get_by_role("checkbox").check()
        page.wait_for_timeout(400)
    page.get_by_role("button", name="Change the 2 ticked…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Close them").click()
    expect(dialog).to_contain_text("→ Closed")
    dialog.get_by_role("button", name="Change 2 tickets").click()
    expect(page.get_by_text("2 tickets changed.")).to_be_visible()
    assert (status(world, key), status(world, twin)) == ("closed", "closed")


def test_two_agents_see_each_other_and_keep_what_they_type(person, world):
    """R-TCK-01: who writes is seen by the other; news come in by themselves and leave what is typed alone."""
    key = opened(world, "Two of us")
    first, second = person(Role.SUPPORT), person(Role.ADMIN)
    page = first.open(f"/ticket?id={key}")
    typed = page.get_by_label(re.compile("Your message in"))
    typed.press_sequentially("I am on it")
    other = second.open(f"/ticket?id={key}")
    expect(other.get_by_text("Pieter van Wyk is writing in this ticket now.")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Amahle Naidoo has this ticket open.")).to_be_visible(timeout=30_000)
    world.do(write_message, key, "By the way, it is urgent.", actor=world.client())
    expect(page.get_by_text("By the way, it is urgent.")).to_be_visible(timeout=30_000)
    expect(typed).to_have_value("I am on it")
    typed.press_sequentially(", give me a minute")
    page.get_by_role("button", name="Reply publicly to Lerato").click()
    expect(page.get_by_test_id("stAlertContentError")).to_contain_text("Somebody wrote here since you began.")
    expect(typed).to_have_value("I am on it, give me a minute")
    page.get_by_role("button", name="Reply publicly to Lerato").click()
    expect(page.get_by_role("article", name=re.compile("^Public reply by Pieter"))).to_be_visible()
    assert world.value("SELECT count(*) FROM ticket_messages WHERE ticket_id = :id", id=key) == 3


def test_the_queue_brings_news_and_keeps_what_is_typed(person, world):
    """A search that is being typed is not lost when the queue asks for news by itself."""
    who = person(Role.SUPPORT)
    page = who.open("/tickets?sort=-last")
    search = page.get_by_role("searchbox").or_(page.get_by_label("Search")).first
    search.press_sequentially("quar")
    opened(world, "Brand new matter")
    expect(page.get_by_text("Brand new matter")).to_be_visible(timeout=45_000)
    expect(search).to_have_value("quar")
    page.locator("h1").click()
    who.ready()
    page.keyboard.press("j")
    page.wait_for_function("document.activeElement.shadowRoot !== null || document.activeElement.tagName === 'A'")


def test_nothing_that_people_write_runs(person, world):
    """Stored XSS: subject, message, name of a file, tag, canned title; no script runs and no request leaves."""
    from avenrae.services.ticket_files import NewFile

    key = opened(world, EVIL[:200], body=EVIL)
    world.do(tag_ticket, key, ["img src-x"])
    files = [NewFile('"><img src=x onerror=window.ran=1>.txt', b"<script>window.ran=1</script>")]
    world.do(write_message, key, EVIL, files=files, is_internal=True)
    world.change("INSERT INTO canned_replies (title, body) VALUES (:t, :b)", t=EVIL[:100], b=EVIL)
    for role in (Role.SUPPORT, Role.CLIENT):
        who = person(role)
        for path in (f"/ticket?id={key}", "/tickets?view=all" if role is Role.SUPPORT else "/my-tickets"):
            page = who.open(path)
            expect(page.get_by_text("<img src=x").first).to_be_visible()
            assert page.evaluate("window.ran === undefined && document.title !== '1'")
            assert page.locator("img[src='x'], img[src*=evil], a[href^=javascript]").count() == 0
    page = person(Role.SUPPORT).open(f"/ticket?id={key}")
    with page.expect_download() as saved:
        page.get_by_role("link", name=re.compile("img src=x")).click()
    assert saved.value.suggested_filename.endswith(".txt")
    world.change("DELETE FROM canned_replies WHERE title = :t", t=EVIL[:100])
