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
    who.press("a")
    expect(page.get_by_text("It is yours.")).to_be_visible()
    who.press("r")
    page.keyboard.type("a e j k ?")
    expect(page.get_by_label(re.compile("Your message in"))).to_have_value("a e j k ?")
    assert world.value("SELECT u.email FROM tickets t JOIN users u ON u.id = t.assignee_id WHERE t.id = :id", id=twin)
    page.get_by_label(re.compile("Your message in")).fill("")
    page.locator("h1").click()
    who.press("k")
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


def test_a_morning_of_twenty_tickets(person, world):
    """By the keys from ticket to ticket: each is answered or noted once, in the ticket that was on the screen.

    Where an answer moves a ticket in the order, one that was only noted, and breaks soonest still, does not come again.
    """
    # Only these are open to this agent: what else there is waits, and comes back afterwards.
    world.change("UPDATE tickets SET snoozed_until = now() + interval '1 day' WHERE snoozed_until IS NULL")
    keys = [opened(world, f"Morning {n}", body=f"Matter {n}") for n in range(20)]
    who = person(Role.SUPPORT)
    page = who.open(f"/ticket?id={keys[0]}")
    seen = set()
    for turn in range(20):
        number = page.locator("h1").inner_text().split(" ")[0]
        assert number not in seen
        seen.add(number)
        who.press("r")
        typed = page.get_by_label(re.compile(f"Your message in {number}$"))
        expect(typed).to_be_focused()
        typed.fill(f"About {number}")
        only_noted = turn % 4 == 3
        if not only_noted:
            after = page.get_by_role("radiogroup", name="Afterwards")
            after.get_by_text("Resolved" if turn % 2 else "Wait on the client", exact=True).click()
        how = "Save as internal note" if only_noted else re.compile("^Reply publicly to")
        page.get_by_role("button", name=how).click()
        expect(page.get_by_role("article").filter(has_text=f"About {number}")).to_have_count(1)
        who.ready()
        if turn < 19:
            page.locator("h1").click()
            who.press("j")
            expect(page.locator("h1")).not_to_contain_text(f"{number} ")
            who.ready()
    written = "SELECT count(*) FROM ticket_messages m JOIN tickets t ON t.id = m.ticket_id"
    assert world.value(f"{written} WHERE m.body = 'About ' || t.number AND t.id = ANY (:keys)", keys=keys) == 20
    assert world.value(f"{written} WHERE m.is_internal AND t.id = ANY (:keys)", keys=keys) == 5
    world.change("UPDATE tickets SET snoozed_until = NULL WHERE snoozed_until > now()")


def test_earlier_messages_and_a_link_to_one(person, world):
    """The newest hundred first, then what came before; a link shows its message, and what is typed stays."""
    key = opened(world, "A long story", body="Part 0")
    world.change(
        "INSERT INTO ticket_messages (ticket_id, body, is_internal, from_staff, created_at)"
        " SELECT :id, 'Part ' || n || ' of it', true, true, now() + n * interval '1 ms'"
        " FROM generate_series(1, 229) n",
        id=key,
    )
    who = person(Role.SUPPORT)
    page = who.open(f"/ticket?id={key}")
    parts = page.get_by_role("article")
    expect(parts).to_have_count(100)
    page.get_by_label(re.compile("Your message in")).fill("Half a thought")
    page.get_by_role("button", name="Earlier messages").click()
    expect(parts.last).to_contain_text("Part 129 of it")
    expect(parts.last).to_be_in_viewport()
    page.get_by_role("button", name="Earlier messages").click()
    expect(parts.first).to_contain_text("Part 0")
    expect(page.get_by_role("button", name="Earlier messages")).to_have_count(0)
    expect(page.get_by_label(re.compile("Your message in"))).to_have_value("Half a thought")
    page.get_by_role("button", name="Newest messages").click()
    expect(parts.last).to_contain_text("Part 229 of it")
    one = world.value("SELECT id FROM ticket_messages WHERE ticket_id = :id AND body = 'Part 77 of it'", id=key)
    page = who.open(f"/ticket?id={key}&message={one}")
    named = page.locator(f"#message-{one}")
    expect(named).to_be_in_viewport()
    expect(named).to_have_class(re.compile("named"))
    page.get_by_label(re.compile("Your message in")).fill("An answer from here")
    page.get_by_role("button", name="Save as internal note").click()
    expect(parts.last).to_contain_text("An answer from here")


def test_a_hit_opens_at_its_message(person, world):
    """From the queue: a search leads to the message that holds the words; a row shows its tags."""
    key = opened(world, "Nothing of it here", body="Hello.")
    hit = world.do(write_message, key, "The platypus is late", actor=world.client()).id
    world.do(write_message, key, "Thank you", actor=world.client())
    world.do(tag_ticket, key, ["monotreme"], actor=Actor.system("Test"))
    opened(world, "Another platypus")
    who = person(Role.SUPPORT)
    page = who.open("/tickets?view=all&q=platypus")
    expect(who.rows()).to_have_count(2)
    expect(who.rows().filter(has_text="#monotreme")).to_have_count(1)
    page.get_by_role("link", name="Nothing of it here").click()
    expect(page.locator(f"#message-{hit}")).to_be_in_viewport()


def test_the_desk_mends_whose_ticket_it_is(person, world):
    """What was noted for the wrong person is given to the right one, once it was said what that does."""
    agent = Actor(world.user(Role.SUPPORT), Role.SUPPORT, "Pieter van Wyk")
    key = world.do(
        open_ticket, actor=agent, subject="A caler", body="She called.", requester_id=world.user(Role.CLIENT)
    ).id
    who = person(Role.SUPPORT)
    page = who.open(f"/ticket?id={key}")
    page.get_by_role("button", name="Correct…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Is it somebody else's?").fill("naidoo")
    dialog.get_by_label("Is it somebody else's?").press("Enter")
    expect(dialog).to_contain_text("reads everything public in")
    dialog.get_by_role("combobox").click()
    page.get_by_role("option").first.click()
    dialog.get_by_label("Subject").fill("A caller")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("A caller$"))).to_be_visible()
    assert world.value("SELECT requester_id FROM tickets WHERE id = :id", id=key) != world.user(Role.CLIENT)


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
    search.fill("")
    search.press("Enter")
    who.ready()
    page.locator("h1").click()
    who.press("j")
    expect(page.locator(".records tbody .open").first).to_be_focused()


def test_nothing_that_people_write_runs(person, world):
    """Stored XSS: subject, message, name of a file, tag, canned title; no script runs and no request leaves."""
    from avenrae.services.ticket_files import NewFile

    key = opened(world, EVIL[:200], body=EVIL)
    world.do(tag_ticket, key, ["img src-x"])
    files = [NewFile('"><img src=x onerror=window.ran=1>.txt', b"<script>window.ran=1</script>")]
    world.do(write_message, key, EVIL, files=files, is_internal=True)
    world.change("INSERT INTO canned_replies (title, body) VALUES (:t, :b)", t=EVIL[:100], b=EVIL)
    number = world.value("SELECT number FROM tickets WHERE id = :id", id=key)
    for role, listed in {Role.SUPPORT: f"/tickets?view=all&q={number}", Role.CLIENT: "/my-tickets"}.items():
        who = person(role)
        for path in (f"/ticket?id={key}", listed):
            page = who.open(path)
            expect(page.get_by_text("<img src=x").first).to_be_visible()
            assert page.evaluate("window.ran === undefined && document.title !== '1'")
            assert page.locator("img[src='x'], img[src*=evil], a[href^=javascript]").count() == 0
    who = person(Role.SUPPORT)
    page = who.open(f"/ticket?id={key}")
    who.choose("Canned reply", EVIL[:100])
    page.get_by_role("button", name="Put in").click()
    expect(page.get_by_label(re.compile("Your message in"))).to_have_value(EVIL)
    page.get_by_role("button", name=re.compile("^Reply publicly to")).click()
    expect(page.get_by_role("article", name=re.compile("^Public reply by"))).to_contain_text("<img src=x")
    assert page.evaluate("window.ran === undefined && document.title !== '1'")
    with page.expect_download() as saved:
        page.get_by_role("link", name=re.compile("img src=x")).click()
    assert saved.value.suggested_filename.endswith(".txt")
    world.change("DELETE FROM canned_replies WHERE title = :t", t=EVIL[:100])
