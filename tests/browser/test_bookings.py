"""A day with bookings: answer requests, agree sessions, call them off; once each, whatever the mouse does."""

import itertools
import re
import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from avenrae.enums import Role
from avenrae.queries.diaries import list_slots
from avenrae.services.bookings import create_booking
from avenrae.services.money import record_payment
from tests.browser.conftest import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_days = itertools.count()


def ask(world: World) -> uuid.UUID:
    """Let the demo client ask the demo practitioner for a session; returns the booking that waits for an answer."""
    service = world.value(
        "SELECT s.id FROM services s JOIN practitioners p ON p.id = s.practitioner_id WHERE p.user_id = :me"
        " AND s.is_available AND s.price_minor > 0 ORDER BY s.id LIMIT 1",
        me=world.user(Role.PRACTITIONER),
    )
    client = world.client()
    made = world.do(
        create_booking,
        actor=client,
        client_id=client.client_id,
        service_id=service,
        starts_at=free_time(world, service),
    )
    return made.id


def free_time(world: World, service: uuid.UUID) -> datetime:
    """Return a time that the service still offers, after those that the demo world has filled."""
    since = datetime.now(UTC) + timedelta(days=30 + next(_days))
    return world.do(list_slots, service, since, since + timedelta(days=14))[0]


def paid(world: World) -> uuid.UUID:
    """Let the demo client have a paid session ahead."""
    booking_id = ask(world)

    def confirm_and_pay(session, actor):
        from avenrae.models import Booking
        from avenrae.services.bookings import confirm_booking

        booking = confirm_booking(session, actor, booking_id)
        record_payment(session, booking, booking.price_minor)
        return session.get_one(Booking, booking_id)

    world.do(confirm_and_pay)
    return booking_id


def status(world: World, booking_id: uuid.UUID) -> str:
    """Return a booking's status as the database has it."""
    return world.value("SELECT status FROM bookings WHERE id = :id", id=booking_id)


def test_answer_a_request_that_a_colleague_is_looking_at(person, world):
    """A request confirmed in one browser is confirmed in the other at its next look, with its history."""
    booking_id = ask(world)
    colleague = person(Role.PRACTITIONER)
    colleague.open(f"/booking?id={booking_id}")
    expect(colleague.page.get_by_test_id("stMain")).to_contain_text("Pending")
    who = person(Role.ADMIN)
    page = who.open(f"/booking?id={booking_id}")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Booking confirmed.")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm")).to_be_disabled()
    colleague.page.reload()
    expect(colleague.page.get_by_test_id("stMain")).to_contain_text("Confirmed")
    colleague.page.get_by_role("tab", name="History").click()
    expect(colleague.page.get_by_test_id("stMain")).to_contain_text("Amahle Naidoo (admin): confirm booking")


def test_answer_a_request_that_a_colleague_answered_meanwhile(person, world):
    """R-UI-02: the second answer is refused in a sentence, and the page shows what is the case."""
    booking_id = ask(world)
    first, second = person(Role.ADMIN), person(Role.PRACTITIONER)
    for one in (first, second):
        one.open(f"/booking?id={booking_id}")
    first.page.get_by_role("button", name="Confirm").click()
    expect(first.page.get_by_text("Booking confirmed.")).to_be_visible()
    second.page.get_by_role("button", name="Confirm").click()
    expect(second.page.get_by_text("it is confirmed already")).to_be_visible()
    expect(second.page.get_by_role("button", name="Confirm")).to_be_disabled()
    assert world.audited("confirm_booking", booking_id) == 1


def test_double_click_on_confirm(person, world):
    """R-UI-01: a double click confirms once, and nobody is told off for it."""
    booking_id = ask(world)
    who = person(Role.PRACTITIONER)
    page = who.open(f"/booking?id={booking_id}")
    page.get_by_role("button", name="Confirm").dblclick()
    expect(page.get_by_text("Booking confirmed.")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm")).to_be_disabled()
    who.ready()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    assert world.audited("confirm_booking", booking_id) == 1


def test_click_confirm_and_something_else_at_once(person, world):
    """R-UI-01: a second control touched while the first still works loses nothing."""
    booking_id = ask(world)
    who = person(Role.ADMIN)
    page = who.open(f"/booking?id={booking_id}")
    page.evaluate(
        "[...document.querySelectorAll('button')]"
        ".filter(b => /^(check)?\\s*Confirm$|Cancel…$/.test(b.innerText.trim()))"
        ".forEach(b => b.click())"
    )
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("dialog")).to_contain_text("becomes free again")
    assert status(world, booking_id) == "confirmed"


def test_click_two_buttons_in_a_row(person, world):
    """R-UI-01: two requests answered faster than the page redraws are both answered."""
    ask(world)
    ask(world)
    world.change("UPDATE bookings SET hold_expires_at = now() + interval '1 hour' WHERE status = 'pending'")
    who = person(Role.PRACTITIONER)
    page = who.open("/")
    buttons = page.get_by_role("button", name="Confirm")
    expect(buttons.nth(1)).to_be_visible()
    found = page.evaluate(
        "[...document.querySelectorAll('[class*=home-confirm-]')].slice(0, 2).map(e => {"
        "const id = /home-confirm-([0-9a-f-]{36})/.exec(e.className)[1]; e.querySelector('button').click(); return id})"
    )
    for booking_id in found:
        expect(page.locator(f"[class*='home-confirm-{booking_id}']")).to_have_count(0)
    assert [status(world, booking_id) for booking_id in found] == ["confirmed", "confirmed"]


def test_agree_a_session_on_the_telephone(person, world):
    """R-UI-01: staff finds client, practitioner and service and books a free time; a double click books once."""
    name = world.row("SELECT first_name, last_name FROM users WHERE id = :id", id=world.user(Role.CLIENT))
    worker = world.user(Role.PRACTITIONER)
    service = world.value(
        "SELECT s.id FROM services s JOIN practitioners p ON p.id = s.practitioner_id WHERE p.user_id = :me"
        ' AND s.is_available ORDER BY f_fold(s.title) COLLATE "C" LIMIT 1',
        me=worker,
    )
    at = free_time(world, service).astimezone(ZoneInfo("Africa/Johannesburg"))
    before = world.value("SELECT count(*) FROM bookings")
    who = person(Role.SUPPORT)
    page = who.open("/bookings")
    page.get_by_role("link", name="New booking").click()
    expect(page.get_by_role("heading", name="New booking")).to_be_visible()
    fill_in(page, f"{name.first_name} {name.last_name}", at)
    page.locator('[data-testid="stMain"]').get_by_text(f"{at:%H:%M}", exact=True).first.click()
    expect(page.get_by_text("Choose a time to book.")).to_have_count(0)
    page.get_by_label("Notes for practitioner and staff").fill("Asked by telephone")
    page.get_by_role("button", name="Book this session").dblclick()
    expect(page).to_have_url(re.compile(r"/booking\?id="))
    expect(page.get_by_role("heading", name=re.compile(r"^B-\d+$"))).to_be_visible()
    expect(page.get_by_text("is booked and confirmed.")).to_be_visible()
    assert world.value("SELECT count(*) FROM bookings") == before + 1
    made = world.row(
        "SELECT b.status, b.notes, b.starts_at AT TIME ZONE b.time_zone AS local, p.user_id FROM bookings b"
        " JOIN practitioners p ON p.id = b.practitioner_id ORDER BY b.created_at DESC LIMIT 1"
    )
    assert (made.status, made.notes, made.user_id) == ("confirmed", "Asked by telephone", worker)
    assert f"{made.local:%Y-%m-%d %H:%M}" == f"{at:%Y-%m-%d %H:%M}"


def test_agree_a_session_at_a_taken_time(person, world):
    """R-UI-02: a taken time is refused in a sentence, with everything that was typed kept; another time then works."""
    booking_id = ask(world)
    at = world.value("SELECT starts_at AT TIME ZONE time_zone FROM bookings WHERE id = :id", id=booking_id)
    name = world.row("SELECT first_name, last_name FROM users WHERE id = :id", id=world.user(Role.CLIENT))
    before = world.value("SELECT count(*) FROM bookings")
    who = person(Role.ADMIN)
    page = who.open("/new-booking")
    fill_in(page, f"{name.first_name} {name.last_name}", at)
    page.get_by_text("Another time, outside the offered ones").click()
    type_time(page, f"{at:%H%M}")
    page.get_by_label("Notes for practitioner and staff").fill("Twice the same time")
    page.get_by_role("button", name="Book this session").click()
    expect(page.get_by_test_id("stAlertContentError")).to_be_visible()
    expect(page.get_by_test_id("stAlertContentError")).to_contain_text(re.compile("taken|booked|overlap"))
    expect(page.get_by_label("Notes for practitioner and staff")).to_have_value("Twice the same time")
    assert world.value("SELECT count(*) FROM bookings") == before
    type_time(page, "2200")
    page.get_by_role("button", name="Book this session").click()
    expect(page).to_have_url(re.compile(r"/booking\?id="))
    assert world.value("SELECT count(*) FROM bookings") == before + 1


def fill_in(page: Page, client: str, day: datetime) -> None:
    """Choose a client, the demo practitioner, a service and a day on the page of a new booking."""
    page.get_by_label("Find the client").fill(client)
    page.get_by_label("Find the client").press("Enter")
    expect(page.get_by_role("button", name="Choose another client")).to_be_visible()
    page.get_by_label("Find the practitioner").fill("Thandeka Mokoena")
    page.get_by_label("Find the practitioner").press("Enter")
    expect(page.get_by_role("button", name="Choose another practitioner")).to_be_visible()
    service = page.get_by_test_id("stSelectbox").filter(has_text="Service")
    service.get_by_role("combobox").click()
    page.get_by_role("option").first.click()
    expect(page.get_by_text("Another time, outside the offered ones")).to_be_visible()
    page.get_by_role("spinbutton", name="year").click()
    page.keyboard.type(f"{day:%Y%m%d}")
    page.keyboard.press("Escape")
    expect(page.get_by_text(f"Booked on {day:%a} {day.day} {day:%b}")).to_be_visible()


def type_time(page: Page, digits: str) -> None:
    """Type a time of day, such as `1430`."""
    page.get_by_role("spinbutton", name="hour").click()
    page.keyboard.type(digits)


def test_call_a_paid_session_off(person, world):
    """What goes back is said before the click; the reason stays with the booking; a double click pays back once."""
    booking_id = paid(world)
    booking = world.row("SELECT reference, price_minor FROM bookings WHERE id = :id", id=booking_id)
    who = person(Role.ADMIN)
    page = who.open(f"/booking?id={booking_id}")
    page.get_by_role("button", name="Cancel…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("goes back to the client")
    amount = f"{booking.price_minor // 100:,}".replace(",", "\u00a0")
    assert amount in dialog.inner_text()
    assert status(world, booking_id) == "confirmed"
    dialog.get_by_label("Reason").fill("The practitioner is ill")
    dialog.get_by_role("button", name="Cancel booking").dblclick()
    expect(page.get_by_text("Booking cancelled.")).to_be_visible()
    expect(dialog).to_have_count(0)
    expect(page.get_by_test_id("stMain")).to_contain_text("The practitioner is ill")
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    row = world.row("SELECT status, refunded_minor, payment_status FROM bookings WHERE id = :id", id=booking_id)
    assert tuple(row) == ("cancelled", booking.price_minor, "refunded")
    assert (
        world.value("SELECT count(*) FROM transactions WHERE booking_id = :id AND kind = 'refund'", id=booking_id) == 1
    )


def test_call_off_without_a_reason(person, world):
    """R-UI-02: what is missing is said in the dialog, which stays open; nothing is changed."""
    booking_id = paid(world)
    who = person(Role.CLIENT)
    page = who.open(f"/booking?id={booking_id}")
    page.get_by_role("button", name="Cancel…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("goes back")
    dialog.get_by_role("button", name="Cancel booking").click()
    expect(dialog.get_by_test_id("stAlert")).to_be_visible()
    assert status(world, booking_id) == "confirmed"
    dialog.get_by_label("Reason").fill("I am away")
    dialog.get_by_role("button", name="Cancel booking").click()
    expect(page.get_by_text("Booking cancelled.")).to_be_visible()
    assert status(world, booking_id) == "cancelled"
