"""Asking for a session, agreeing a whole series, and waiting for a place: as people do it, with a mouse."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from avenrae.enums import Role
from avenrae.queries.diaries import list_slots
from avenrae.queries.series import plan_series
from avenrae.services.availability import add_override
from avenrae.services.bookings import cancel_booking, create_booking
from avenrae.services.waiting_list import join_waiting_list
from tests.browser.conftest import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
WEEK = timedelta(weeks=1)


def a_service(world: World, number: int = 0) -> tuple[uuid.UUID, uuid.UUID, ZoneInfo]:
    """Return a practitioner who is not the demo one, his longest service and his zone."""
    row = world.rows(
        "SELECT p.id, p.time_zone, (SELECT s.id FROM services s WHERE s.practitioner_id = p.id AND s.is_available"
        " AND s.price_minor > 0 ORDER BY s.duration_minutes DESC, s.id LIMIT 1) AS service FROM practitioners p"
        " WHERE p.verification_status = 'approved' AND p.user_id <> :demo AND p.time_zone = 'Africa/Johannesburg'"
        " ORDER BY p.booking_count DESC, p.id",
        demo=world.user(Role.PRACTITIONER),
    )[number]
    return row.id, row.service, ZoneInfo(row.time_zone)


def slot(world: World, service: uuid.UUID, days: int) -> datetime:
    """Return a time that is offered some days ahead or soon after."""
    since = datetime.now(UTC) + timedelta(days=days)
    return world.do(list_slots, service, since, since + timedelta(days=14))[0]


def pick(page: Page, at: datetime, zone: ZoneInfo) -> None:
    """Choose an offered time."""
    page.get_by_test_id("stButtonGroup").filter(has_text="Start,").get_by_text(
        f"{at.astimezone(zone):%H:%M}", exact=True
    ).click()


def test_a_client_asks_and_sees_the_time_run(person, world):
    """R-BOOK-09, R-UI-01: a double click asks once; the hold counts down, and at zero the page says so by itself."""
    practitioner, service, zone = a_service(world)
    at = slot(world, service, 20)
    who = person(Role.CLIENT)
    page = who.open(f"/new-booking?practitioner={practitioner}&service={service}&day={at.astimezone(zone):%Y-%m-%d}")
    expect(page.get_by_text("yourself")).to_be_visible()
    pick(page, at, zone)
    page.get_by_label("What should the practitioner know?").fill("My first time")
    before = world.value("SELECT count(*) FROM bookings")
    page.get_by_role("button", name="Ask for this session").dblclick()
    expect(page).to_have_url(re.compile(r"/booking\?id="))
    timer = page.get_by_role("timer")
    expect(timer).to_contain_text(re.compile(r"Held for another 1[45]:\d\d"))
    first = timer.inner_text()
    expect(timer).not_to_have_text(first)
    assert world.value("SELECT count(*) FROM bookings") == before + 1
    made = re.search(r"id=([0-9a-f-]+)", page.url)[1]
    row = world.row("SELECT status, notes, starts_at FROM bookings WHERE id = :id", id=made)
    assert tuple(row) == ("pending", "My first time", at)
    world.change("UPDATE bookings SET hold_expires_at = now() + interval '6 seconds' WHERE id = :id", id=made)
    page.reload()
    expect(page.get_by_text("The hold on this time has run out. It may still be free.")).to_be_visible()
    page.get_by_role("link", name="Book again").click()
    expect(page.get_by_role("heading", name="3 When")).to_be_visible()
    assert f"day={at.astimezone(zone):%Y-%m-%d}" in page.url


def test_staff_agrees_a_series_around_two_conflicts(person, world):
    """R-BOOK-08, R-BOOK-13, R-UI-01: each conflict says why; the rest is agreed, once."""
    practitioner, service, zone = a_service(world, 1)
    client = world.client()
    first = (slot(world, service, days) for days in range(3, 30))
    at = next(at for at in first if all(p.is_free for p in world.do(plan_series, service, at, 5, 1)))
    taken = world.do(create_booking, client_id=client.client_id, service_id=service, starts_at=at + WEEK)
    world.do(add_override, practitioner, on_date=(at + 3 * WEEK).astimezone(zone).date())
    reference = world.value("SELECT reference FROM bookings WHERE id = :id", id=taken.id)
    who = person(Role.SUPPORT)
    page = who.open(
        f"/new-booking?client={client.client_id}&practitioner={practitioner}&service={service}"
        f"&day={at.astimezone(zone):%Y-%m-%d}"
    )
    pick(page, at, zone)
    page.get_by_text("Repeat it, week by week").click()
    page.get_by_label("How many sessions").fill("5")
    page.get_by_label("How many sessions").press("Enter")
    expect(page.get_by_text("3 dates of 5 are free")).to_be_visible()
    expect(page.get_by_text(f"Booking {reference} occupies")).to_be_visible()
    expect(page.get_by_text("is closed, other than usual")).to_be_visible()
    before = world.value("SELECT count(*) FROM bookings")
    page.get_by_role("button", name="Book all ticked dates").dblclick()
    expect(page.get_by_text("1 of 3 in a series")).to_be_visible()
    assert world.value("SELECT count(*) FROM bookings") == before + 3
    page.get_by_role("tab", name="Series").click()
    expect(who.rows("sessions of the series")).to_have_count(3)
    who.rows("sessions of the series").nth(1).click()
    expect(page.get_by_text("2 of 3 in a series")).to_be_visible()
    page.get_by_role("button", name="Cancel this and all following…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 sessions of this series will be cancelled. Nothing goes back.")
    dialog.get_by_label("Reason").fill("Moving away")
    dialog.get_by_role("button", name="Cancel 2 sessions").dblclick()
    expect(page.get_by_text("2 sessions cancelled.")).to_be_visible()
    states = world.rows(
        "SELECT status FROM bookings WHERE series_id IS NOT NULL AND practitioner_id = :id ORDER BY starts_at",
        id=practitioner,
    )
    assert [row.status for row in states] == ["confirmed", "cancelled", "cancelled"]


def full_day(world: World, practitioner: uuid.UUID, service: uuid.UUID, zone: ZoneInfo) -> tuple[datetime, uuid.UUID]:
    """Make a day on which the one time that is offered is taken; returns that time and its booking."""
    at = slot(world, service, 24)
    local = at.astimezone(zone)
    minutes = world.value("SELECT duration_minutes FROM services WHERE id = :id", id=service)
    hours = [(local.time(), (local + timedelta(minutes=minutes)).time())]
    world.do(add_override, practitioner, on_date=local.date(), hours=hours)
    other = world.value(
        "SELECT c.id FROM clients c JOIN users u ON u.id = c.user_id WHERE u.password_hash IS NULL LIMIT 1"
    )
    made = world.do(create_booking, client_id=other, service_id=service, starts_at=at)
    return at, made.id


def test_wait_for_a_full_day_and_take_the_place(person, world):
    """A client waits, a place frees while he is away, he finds the offer and accepts it; the practitioner confirms."""
    practitioner, service, zone = a_service(world, 2)
    at, booking_id = full_day(world, practitioner, service, zone)
    who = person(Role.CLIENT, width=390)
    page = who.open(f"/new-booking?practitioner={practitioner}&service={service}&day={at.astimezone(zone):%Y-%m-%d}")
    page.get_by_role("button", name="Tell me when a place frees").dblclick()
    expect(page.get_by_text("first in line")).to_be_visible()
    line = "FROM booking_waitlist w WHERE w.practitioner_id = :id AND w.client_id = :client"
    mine = {"id": practitioner, "client": world.client().client_id}
    assert world.value(f"SELECT count(*) {line}", **mine) == 1
    world.do(cancel_booking, booking_id, "Ill")
    page = who.open("/waiting-list?status=offered")
    who.rows().filter(has_text=f"{at.astimezone(zone):%H:%M}–").first.click()
    expect(page.get_by_role("timer")).to_contain_text(re.compile(r"Held for another (59:\d\d|1:00:00)"))
    page.get_by_role("button", name="Accept").dblclick()
    expect(page).to_have_url(re.compile(r"/booking\?id="))
    expect(page.get_by_role("timer")).to_contain_text(re.compile(r"Held for another 1[45]:\d\d"))
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    row = world.row(
        "SELECT w.status, b.status AS booked, b.starts_at"
        f" FROM bookings b, (SELECT * {line}) w WHERE b.id = w.booking_id",
        **mine,
    )
    assert tuple(row) == ("booked", "pending", at)


def test_what_one_declines_the_next_is_offered(person, world):
    practitioner, service, zone = a_service(world, 3)
    at, booking_id = full_day(world, practitioner, service, zone)
    me = world.client()
    other = world.value(
        "SELECT c.id FROM clients c JOIN users u ON u.id = c.user_id WHERE u.is_active AND c.id <> :me LIMIT 1",
        me=me.client_id,
    )
    for client in (me.client_id, other):
        world.do(join_waiting_list, client_id=client, service_id=service, on_date=at.astimezone(zone).date())
    world.do(cancel_booking, booking_id, "Ill")
    who = person(Role.CLIENT)
    page = who.open("/")
    card = (
        page.get_by_test_id("stVerticalBlock")
        .filter(has_text=f"{at.astimezone(zone):%H:%M}–")
        .filter(has=page.get_by_role("button", name="Decline"))
    )
    card.last.get_by_role("button", name="Decline").dblclick()
    expect(page.get_by_text("Declined; the next person gets it.")).to_be_visible()
    states = world.rows(
        "SELECT w.client_id, w.status FROM booking_waitlist w WHERE w.practitioner_id = :id ORDER BY w.joined_at",
        id=practitioner,
    )
    assert [tuple(row) for row in states] == [(me.client_id, "left"), (other, "offered")]


def test_somebody_at_the_door(person, world):
    """Who is a client already is offered; somebody new is taken in, and his session begins now; once."""
    practitioner, service, _ = a_service(world, 4)
    world.change(
        "UPDATE bookings SET status = 'cancelled', cancelled_at = now(), cancelled_by = 'staff', hold_expires_at = NULL"
        " WHERE practitioner_id = :id AND status IN ('pending', 'confirmed') AND starts_at < now() + interval '1 day'",
        id=practitioner,
    )
    known = world.value("SELECT email FROM users WHERE id = :id", id=world.user(Role.CLIENT))
    who = person(Role.SUPPORT)
    page = who.open(f"/new-booking?practitioner={practitioner}&service={service}")
    page.get_by_text("Somebody new").click()
    page.get_by_label("First name").fill("Naledi")
    page.get_by_label("Last name").fill("Atthedoor")
    page.get_by_label("E-mail").fill(known)
    page.get_by_label("E-mail").press("Enter")
    expect(page.get_by_text("is a client with this address already")).to_be_visible()
    page.get_by_label("E-mail").fill("naledi.atthedoor@example.org")
    page.get_by_label("E-mail").press("Enter")
    page.get_by_text("Now", exact=True).click()
    page.get_by_role("button", name="Book this session").dblclick()
    expect(page.get_by_text("is booked and confirmed.")).to_be_visible()
    made = world.rows(
        "SELECT b.status, b.starts_at, u.password_hash FROM users u JOIN clients c ON c.user_id = u.id"
        " JOIN bookings b ON b.client_id = c.id WHERE u.email = 'naledi.atthedoor@example.org'"
    )
    assert [(row.status, row.password_hash) for row in made] == [("confirmed", None)]
    assert timedelta(0) <= datetime.now(UTC) - made[0].starts_at < timedelta(minutes=5)
