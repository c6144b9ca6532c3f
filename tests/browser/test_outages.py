"""When something goes away under an open page: the database's connections, the whole console."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import make_url

from avenrae.enums import Role
from tests.browser.test_bookings import ask, status

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_go_on_after_the_database_dropped_every_connection(person, serving, world):
    """The next click works, also one that writes; nobody sees an error."""
    booking_id = ask(world)
    who = person(Role.ADMIN)
    page = who.open(f"/booking?id={booking_id}")
    terminate(world, serving.database)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Booking confirmed.")).to_be_visible()
    assert status(world, booking_id) == "confirmed"
    terminate(world, serving.database)
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Orders").click()
    expect(who.rows().first).to_be_visible()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def terminate(world, database: str) -> None:
    """End every connection to the console's database but the one that asks."""
    ended = world.value(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :name"
        " AND pid <> pg_backend_pid()",
        name=make_url(database).database,
    )
    assert ended > 0


def test_go_on_after_the_console_was_started_anew(person, serving, world, watch):
    """The open page finds the new process by itself, the sign-in is kept, and the next click works."""
    watch.allow(r"ERR_CONNECTION_|WebSocket|Client Error in reaching server|server is not responding")
    booking_id = ask(world)
    who = person(Role.ADMIN)
    page = who.open(f"/booking?id={booking_id}")
    reader = person(Role.SUPPORT)
    reader.open("/bookings?status=confirmed")
    expect(reader.rows().first).to_be_visible()
    serving.stop()
    serving.start()
    page.wait_for_selector('[data-test-connection-state="CONNECTED"]', timeout=30_000)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Booking confirmed.")).to_be_visible()
    assert status(world, booking_id) == "confirmed"
    reader.page.wait_for_selector('[data-test-connection-state="CONNECTED"]', timeout=30_000)
    reader.page.get_by_test_id("stSidebarNavLink").filter(has_text="Orders").click()
    expect(reader.page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
    expect(reader.rows().first).to_be_visible()


def test_the_first_filter_after_a_restart_counts(person, serving, watch):
    """On a page that the process before has drawn the choice that is changed first keeps its change."""
    watch.allow(r"ERR_CONNECTION_|WebSocket|Client Error in reaching server|server is not responding")
    who = person(Role.SUPPORT)
    page = who.open("/bookings")
    expect(who.rows().first).to_be_visible()
    anew(serving, page)
    who.choose("Status", "Cancelled")
    expect(page).to_have_url(re.compile(r"/bookings\?(view=upcoming&)?status=cancelled"))
    expect(who.rows().first).to_contain_text("Cancelled")
    anew(serving, page)
    page.get_by_role("radio", name="Before today").click()
    expect(page).to_have_url(re.compile(r"view=past"))
    expect(page.get_by_role("radio", name="Before today")).to_be_checked()


def anew(serving, page) -> None:
    """Start the console anew under an open page."""
    serving.stop()
    serving.start()
    page.wait_for_selector('[data-test-connection-state="CONNECTED"]', timeout=30_000)
