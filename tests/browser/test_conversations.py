"""A client and a practitioner write to one another; a message is reported, read through its ticket and hidden."""

import re

import pytest
from playwright.sync_api import expect

from avenrae.enums import Role

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
EVIL = '<img src=x onerror="window.ran=1"><script>window.ran=1</script> [a](javascript:1) \u202eevil\u202c שלום'


def demo_practitioner(world):
    """The demo practitioner by the key of the profile."""
    return world.value("SELECT id FROM practitioners WHERE user_id = :user", user=world.user(Role.PRACTITIONER))


def test_write_answer_report_read_and_hide(person, world):
    """R-UI-01: each click once, also on a phone; nothing that is written runs; no word is read without a line."""
    client, worker, agent = person(Role.CLIENT), person(Role.PRACTITIONER, width=390, height=844), person(Role.SUPPORT)
    page = client.open(f"/practitioner?id={demo_practitioner(world)}")
    page.get_by_role("link", name=re.compile("^Write to ")).click()
    page.wait_for_url("**/conversation**")
    client.ready()
    page.get_by_role("textbox", name=re.compile("essage to ")).fill(f"An aardvark question. {EVIL}")
    page.get_by_role("button", name="Send").dblclick()
    expect(page.get_by_role("article", name=re.compile("^Message of You")).last).to_contain_text(
        "An aardvark question."
    )
    talk = world.value("SELECT conversation_id FROM messages WHERE body LIKE 'An aardvark%'")
    assert world.value("SELECT count(*) FROM messages WHERE body LIKE 'An aardvark%'") == 1

    phone = worker.open("/messages")
    name = world.value("SELECT first_name || ' ' || last_name FROM users WHERE id = :id", id=world.user(Role.CLIENT))
    row = phone.get_by_role("link", name=name)
    expect(phone.locator(".records")).to_contain_text("1 new")
    row.click()
    phone.wait_for_url("**/conversation**")
    worker.ready()
    expect(phone.get_by_role("article").last).to_contain_text("<img src=x")
    assert phone.evaluate("window.ran === undefined")
    assert phone.get_by_test_id("stMain").locator("img[src='x'], a[href^=javascript]").count() == 0
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_role("textbox", name=re.compile("Your message to")).fill("Aardvarks are for fools.")
    phone.get_by_role("button", name="Send").dblclick()
    expect(phone.get_by_role("article").last).to_contain_text("Aardvarks are for fools.")
    assert world.value("SELECT count(*) FROM messages WHERE body LIKE 'Aardvarks are%'") == 1

    # The client's page, open all the while, brings the answer by itself and keeps what is being typed.
    page.get_by_role("textbox", name=re.compile("Your message to")).press_sequentially("I was ab")
    expect(page.get_by_role("article").last).to_contain_text("Aardvarks are for fools.", timeout=30_000)
    expect(page.get_by_role("textbox", name=re.compile("Your message to"))).to_have_value("I was ab")

    page.get_by_role("button", name="Report a message…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What is wrong with it?").fill("He insults me")
    dialog.get_by_role("button", name="Report to the desk").dblclick()
    page.wait_for_url("**/ticket**")
    client.ready()
    ticket = world.value("SELECT ticket_id FROM messages WHERE body LIKE 'Aardvarks are%'")
    assert world.value("SELECT count(*) FROM tickets WHERE conversation_id = :c", c=talk) == 1

    desk = agent.open("/reported-messages")
    expect(desk.locator(".records")).to_contain_text("Aardvarks are for fools.")
    agent.open(f"/conversation?id={talk}")
    expect(desk.get_by_text("There is no such conversation, or it is not yours to see.")).to_be_visible()
    agent.open(f"/ticket?id={ticket}")
    desk.get_by_role("button", name="Read the whole conversation").dblclick()
    desk.wait_for_url("**/conversation**")
    agent.ready()
    expect(desk.get_by_role("article").first).to_be_visible()
    expect(desk.get_by_text("An aardvark question.")).to_be_visible()
    expect(desk.get_by_text(re.compile(r"^Pieter van Wyk on .*, through T-"))).to_be_visible()
    assert world.value("SELECT count(*) FROM conversation_readings WHERE conversation_id = :c", c=talk) == 1
    assert desk.evaluate("window.ran === undefined")

    agent.open(f"/ticket?id={ticket}")
    desk.get_by_role("button", name="Hide…").click()
    desk.get_by_role("dialog").get_by_label("Reason").fill("An insult")
    desk.get_by_role("dialog").get_by_role("button", name="Hide message").dblclick()
    expect(desk.get_by_text("Message hidden.")).to_be_visible()
    assert world.audited("hide_message", world.value("SELECT id FROM messages WHERE ticket_id = :t", t=ticket)) == 1

    client.open(f"/conversation?id={talk}")
    expect(page.get_by_role("article").last).to_contain_text("Hidden by our desk. Why: An insult")
    expect(page.get_by_text("Aardvarks are for fools.")).to_have_count(0)
    worker.open(f"/conversation?id={talk}")
    expect(phone.get_by_role("article").last).to_contain_text("only you still read it")
