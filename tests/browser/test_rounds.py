"""Coming in: signing in as each role, every screen of the menu, addresses that were sent by mail."""

import re

import pytest
from playwright.sync_api import expect

from avenrae.enums import Role
from avenrae.permissions import Actor
from avenrae.ui.navigation import screens_of
from tests.browser.chromium import no_fault
from tests.process.console import Console

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

OF_RECORDS = {
    "booking": "SELECT b.id FROM bookings b JOIN practitioners p ON p.id = b.practitioner_id"
    " JOIN clients c ON c.id = b.client_id WHERE {mine} ORDER BY b.starts_at DESC LIMIT 1",
    "practitioner": "SELECT id FROM practitioners WHERE verification_status = 'approved' ORDER BY id LIMIT 1",
    "product": "SELECT id FROM products WHERE is_active ORDER BY title LIMIT 1",
    "ticket": "SELECT t.id FROM tickets t LEFT JOIN clients c ON c.user_id = t.requester_id"
    " LEFT JOIN practitioners p ON p.user_id = t.requester_id WHERE {mine} ORDER BY t.created_at DESC LIMIT 1",
    "review": "SELECT r.id FROM reviews r JOIN clients c ON c.id = r.client_id"
    " JOIN practitioners p ON p.id = r.practitioner_id WHERE {mine} AND r.status = 'published' LIMIT 1",
    "client": "SELECT user_id FROM clients ORDER BY id LIMIT 1",
    "order": "SELECT o.id FROM orders o LEFT JOIN clients c ON c.id = o.client_id WHERE {mine}"
    " ORDER BY o.placed_at DESC LIMIT 1",
    "conversation": "SELECT v.id || coalesce('&ticket=' || t.id, '') FROM conversations v"
    " JOIN clients c ON c.user_id = v.client_user_id JOIN practitioners p ON p.user_id = v.practitioner_user_id"
    " LEFT JOIN tickets t ON t.conversation_id = v.id WHERE {mine} ORDER BY t.id, v.id LIMIT 1",
}
COUNTED = re.compile(r" \(\d+\)$")
"""How many notifications are unread stands after the name in the menu."""
MINE = {Role.CLIENT: "c.user_id = :me", Role.PRACTITIONER: "p.user_id = :me"}


@pytest.mark.parametrize("role", Role)
def test_go_once_round_every_screen_of_the_role(person, world, role):
    """R-UI-02: each role signs in by the form, and no screen of its menu, nor a record behind it, shows an error."""
    who = person()
    who.open("/", ready=False)
    who.sign_in(role)
    who.ready()
    expect(who.page.get_by_test_id("stSidebar")).to_contain_text(role.value.capitalize())
    screens = list(screens_of(Actor(None, role, "Round")))
    menu = who.page.get_by_test_id("stSidebarNavLink")
    names = [COUNTED.sub("", name) for name in menu.locator("p").all_inner_texts()]
    assert sorted(names) == sorted(s.title_for(role) for s in screens if s.is_in_menu_of(role))
    for screen in screens:
        if screen.is_in_menu_of(role):
            named = re.compile(rf"^{re.escape(screen.title_for(role))}( \(\d+\))?$")
            menu.filter(has=who.page.get_by_text(named)).click()
            who.page.wait_for_url(f"{who.url}/{screen.url_path}*")
            who.page.wait_for_timeout(150)
            who.ready()
        elif screen.url_path in OF_RECORDS:
            question = OF_RECORDS[screen.url_path].format(mine=MINE.get(role, "TRUE"))
            found = world.value(question, **({"me": world.user(role)} if ":me" in question else {}))
            who.open(f"/{screen.url_path}?id={found}")
        else:
            who.open(f"/{screen.url_path}")
        expect(who.page.get_by_test_id("stHeading").first).to_be_visible()
        no_fault(who.page, alerts=True)


def test_open_an_address_from_a_mail_and_sign_in_on_the_way(person, world):
    """Who is not signed in comes to the page that was asked for, filters and all, by way of the sign-in."""
    reference = world.value("SELECT reference FROM bookings WHERE status = 'completed' LIMIT 1")
    who = person()
    who.open(f"/bookings?q={reference}&status=completed", ready=False)
    expect(who.page.get_by_role("heading", name="Sign in")).to_be_visible()
    who.sign_in(Role.SUPPORT)
    who.ready()
    expect(who.page).to_have_url(re.compile(rf"/bookings\?q={reference}&status=completed$"))
    expect(who.rows()).to_have_count(1)
    expect(who.rows()).to_contain_text(reference)


def test_see_why_a_wrong_password_is_refused(person):
    """R-UI-02: a wrong password is told in a sentence, and the e-mail stays as typed."""
    who = person()
    who.open("/bookings", ready=False)
    who.page.get_by_label("E-mail").fill("nobody@demo.avenrae.example")
    who.page.get_by_label("Password").fill("wrong")
    who.watch.allow("401")
    who.page.get_by_role("button", name="Sign in").click()
    expect(who.page.get_by_role("alert")).to_be_visible()
    expect(who.page.get_by_label("E-mail")).to_have_value("nobody@demo.avenrae.example")


def test_open_a_deep_address_first_of_all_on_a_new_server(person, serving):
    """The very first page that a new process serves may be any: nobody sees “Page not found” flash by."""
    second = Console(DATABASE_URL=serving.database)
    try:
        second.wait_until_ready()
        who = person(Role.ADMIN)
        who.page.add_init_script(
            "addEventListener('DOMContentLoaded', () => new MutationObserver(() => {"
            "if (document.body.innerText.includes('Page not found')) window.notFound = true"
            "}).observe(document.body, {childList: true, subtree: true, characterData: true}))"
        )
        who.page.goto(f"{second.url}/orders?status=paid")
        who.ready()
        expect(who.page.get_by_role("heading", name="Orders")).to_be_visible()
        assert who.page.evaluate("window.notFound") is None
        who.page.close()
    finally:
        second.stop()
