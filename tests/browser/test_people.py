"""People and their accounts: the map, one's own clock, and who is signed in where."""

import re
import time

import pytest
from playwright.sync_api import expect

from avenrae.demo import PASSWORD
from avenrae.enums import Role
from avenrae.services.users import add_user, suspend_user
from tests.browser.chromium import Person
from tests.browser.conftest import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SIGNED_OUT_WITHIN = 2_000


def colleague(person, world: World, name: str) -> Person:
    """Return a new support agent, signed in by the form, whom a test may throw out."""
    email = f"{name.lower()}@browser.avenrae.example"
    world.do(add_user, email=email, first_name=name, last_name="Browser", role=Role.SUPPORT, password=PASSWORD)
    who = person()
    sign_in(who, email)
    expect(who.rows().first).to_be_visible()
    return who


def sign_in(who: Person, email: str, path: str = "/bookings") -> None:
    """Sign a person in that is not one of the demo accounts."""
    who.open(path, ready=False)
    who.page.get_by_label("E-mail").fill(email)
    who.page.get_by_label("Password").fill(PASSWORD)
    who.page.get_by_role("button", name="Sign in").click()
    who.ready()


def test_find_practitioners_near_a_place_on_the_map(person, watch, world):
    """The map is drawn from this host alone; the circle narrows count, list and legend together."""
    who = person(Role.SUPPORT)
    page = who.open("/map")
    canvas = page.get_by_test_id("stDeckGlJsonChart").locator("canvas").first
    expect(canvas).to_be_visible()
    everybody = world.value("SELECT count(*) FROM practitioners")
    without = world.value("SELECT count(*) FROM practitioners WHERE latitude IS NULL")
    expect(page.get_by_text(f"{everybody} practitioners, {without} without a location")).to_be_visible()
    legend = page.get_by_text(re.compile(r"^(He)?\s*Healer \(\d+\)$"))
    healers = world.value("SELECT count(*) FROM practitioners WHERE kind = 'healer' AND latitude IS NOT NULL")
    expect(legend.first).to_contain_text(f"({healers})")
    for file in ("map/light.json", "markers-light.png"):
        until = time.monotonic() + 15
        while not any(
            file in name for name in page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
        ):
            assert time.monotonic() < until, file
            page.wait_for_timeout(100)
    assert watch.hosts == {"127.0.0.1"}
    page.get_by_role("textbox", name="Around a place").fill("-33.92, 18.42")
    page.get_by_role("textbox", name="Around a place").press("Enter")
    page.wait_for_url(re.compile(r"place="))
    near = world.value(
        "SELECT count(*) FROM practitioners WHERE latitude IS NOT NULL"
        " AND 6371 * acos(least(1, sin(radians(latitude)) * sin(radians(-33.92))"
        " + cos(radians(latitude)) * cos(radians(-33.92)) * cos(radians(longitude - 18.42)))) <= 50"
    )
    expect(page.get_by_text(re.compile(rf"^{near} practitioners?, 0 without a location$"))).to_be_visible()
    expect(who.rows()).to_have_count(min(25, near))
    assert 0 < near < everybody
    expect(page.locator("th").filter(has_text="Away")).to_be_visible()
    who.rows().first.locator(".open").click()
    expect(page).to_have_url(re.compile(r"/practitioner\?id="))
    expect(page.get_by_role("tab", name="Services")).to_be_visible()


def test_move_to_another_time_zone(person, world):
    """Times follow the clock of the account at once; agreed sessions keep theirs."""
    who = colleague(person, world, "Travelling")
    page = who.open("/account")
    _zone(page, "Asia/Tokyo")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Your account is saved.")).to_be_visible()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Home").click()
    expect(page.get_by_role("heading", name=re.compile("^Good"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"^\w{3} \d+ \w{3} \d{4}, \d\d:\d\d JST$"))).to_be_visible()
    assert world.value("SELECT time_zone FROM users WHERE first_name = 'Travelling'") == "Asia/Tokyo"


def _zone(page, name: str) -> None:
    box = page.get_by_test_id("stSelectbox").filter(has_text="Time zone").get_by_role("combobox")
    box.click()
    page.keyboard.type(name)
    page.get_by_role("option", name=name, exact=True).click()


def test_sign_out_in_one_tab(person, world):
    """Signing out ends the other tabs of the browser too, and the way back needs the password."""
    who = colleague(person, world, "Leaving")
    other = who.tab()
    other.open("/orders")
    who.page.get_by_role("button", name="Sign out").click()
    for page in (who.page, other.page):
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=SIGNED_OUT_WITHIN * 2)
    other.page.goto(f"{who.url}/bookings")
    expect(other.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_sign_out_the_laptop_that_was_left_somewhere(person, world):
    """A device that is signed out under “Signed-in devices” shows the sign-in within two seconds."""
    left = colleague(person, world, "Forgetful")
    left.open("/orders?status=paid")
    who = person()
    sign_in(who, "forgetful@browser.avenrae.example", "/account")
    page = who.page
    page.get_by_role("tab", name="Signed-in devices").click()
    others = page.get_by_role("tabpanel").get_by_role("button", name="Sign out", exact=True)
    expect(others).to_have_count(2)
    others.and_(page.locator(":enabled")).click()
    expect(page.get_by_text("That device is signed out.")).to_be_visible()
    expect(left.page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=SIGNED_OUT_WITHIN)
    expect(left.page).to_have_url(re.compile(r"/sign-in\?next=(/|%2F)orders"))
    expect(page.get_by_role("tabpanel").get_by_role("button", name="Sign out", exact=True)).to_have_count(1)


def test_suspend_somebody_who_is_at_work(person, world):
    """R-USR-02: a suspension reaches open pages, and the password no longer opens anything."""
    who = colleague(person, world, "Suspended")
    world.do(suspend_user, world.value("SELECT id FROM users WHERE first_name = 'Suspended'"))
    expect(who.page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=SIGNED_OUT_WITHIN)
    who.watch.allow("401")
    who.page.get_by_label("E-mail").fill("suspended@browser.avenrae.example")
    who.page.get_by_label("Password").fill(PASSWORD)
    who.page.get_by_role("button", name="Sign in").click()
    expect(who.page.get_by_role("alert")).to_be_visible()


def test_take_somebodys_role_away_while_he_works(person, world):
    """R-USR-02: another role counts at the next interaction: the menu changes and the old screens are gone."""
    who = colleague(person, world, "Changing")
    page = who.page
    expect(page.get_by_test_id("stSidebarNavLink").filter(has_text="Orders")).to_be_visible()
    world.change("UPDATE users SET role = 'practitioner' WHERE first_name = 'Changing'")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Home").click()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("Practitioner")
    expect(page.get_by_test_id("stSidebarNavLink").filter(has_text="Orders")).to_have_count(0)
