"""A practitioner sets up when she works: week, holidays, another calendar, a Saturday a month, a feed; each once."""

import re
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from avenrae.demo import PASSWORD
from tests import make
from tests.browser.chromium import Person
from tests.browser.conftest import World
from tests.browser.test_people import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
PAST_ECHO = 1000
"""What stands where a button stood takes a press that follows at once for the second of a double click."""


@dataclass
class Newcomer:
    """A practitioner without hours, with one session agreed by hand on Monday in two weeks, 10:00 UTC."""

    id: uuid.UUID
    email: str
    session_at: datetime
    reference: str


@pytest.fixture
def newcomer(world: World) -> Newcomer:
    today = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)
    at = today + timedelta(days=14 - today.weekday())

    def arrive(session, actor):
        email = f"hours-{uuid.uuid4().hex[:8]}@browser.avenrae.example"
        user = {"email": email, "password": PASSWORD, "first_name": "Neo", "time_zone": "Europe/London"}
        practitioner = make.make_practitioner(
            session, is_open=False, time_zone="Europe/London", country_code="GB", user=user
        )
        booking = make.make_booking(session, practitioner=practitioner, starts_at=at, status="confirmed")
        return Newcomer(practitioner.id, email, at, booking.reference)

    return world.do(arrive)


def open_tab(who: Person, newcomer: Newcomer, tab: str) -> Page:
    """Sign in at a tab of the availability page."""
    sign_in(who, newcomer.email, f"/availability?show={tab.replace(' ', '+')}")
    expect(who.page.get_by_role("tab", name=tab, selected=True)).to_be_visible()
    return who.page


def twice(button: Locator) -> None:
    """Press a button as somebody does who double-clicks everything."""
    expect(button).to_be_enabled()
    button.dblclick()


def test_build_the_week(person, world, newcomer):
    """R-UI-01: hours for Monday, copied to Tuesday, previewed and saved once."""
    who = person()
    page = open_tab(who, newcomer, "Week")
    page.get_by_role("button", name="Add hours").first.click()
    page.get_by_role("button", name="Copy to…").first.click()
    page.get_by_role("button", name="Tue", exact=True).click()
    page.get_by_role("button", name="Copy", exact=True).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Preview and save…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("No booked session is affected.")).to_be_visible()
    expect(dialog.get_by_role("group", name="The next four weeks")).to_contain_text("09:00–17:00")
    twice(dialog.get_by_role("button", name="Save this week"))
    expect(page.get_by_text("Week saved.")).to_be_visible()
    expect(dialog).to_have_count(0)
    kept = "SELECT weekday, starts_local::text FROM availability_rules WHERE practitioner_id = :p ORDER BY 1"
    assert [tuple(r) for r in world.rows(kept, p=newcomer.id)] == [(0, "09:00:00"), (1, "09:00:00")]


def test_block_a_holiday_and_undo_it(person, world, newcomer):
    """One click, however often it is pressed; the same place undoes it."""
    count = "SELECT count(*) FROM blocked_periods WHERE practitioner_id = :p"
    who = person()
    page = open_tab(who, newcomer, "Time away")
    twice(page.get_by_role("button", name="Block this day").first)
    expect(page.get_by_text(re.compile("is blocked"))).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(1)
    assert world.value(count, p=newcomer.id) == 1
    page.wait_for_timeout(PAST_ECHO)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    assert world.value(count, p=newcomer.id) == 0
    page.get_by_role("button", name=re.compile("^Block all")).click()
    twice(page.get_by_role("dialog").get_by_role("button", name=re.compile(r"^Block \d+ days$")))
    expect(page.get_by_text(re.compile(r"days blocked\."))).to_be_visible()
    days = world.value(count, p=newcomer.id)
    assert days >= 6
    assert days == world.value(f"{count} AND ends_at - starts_at BETWEEN '23 h' AND '25 h'", p=newcomer.id)


def test_import_a_calendar_that_collides(person, world, newcomer, tmp_path):
    """R-BOOK-05, R-BOOK-13: the session that collides is named and stays; the new block is explained."""
    file = tmp_path / "family.ics"
    at = newcomer.session_at
    file.write_text(
        f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Root canal\r\nDTSTART:{at:%Y%m%dT%H%M%SZ}\r\n"
        "DURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\n"
        f"DTSTART:{at:%Y%m%dT%H%M%SZ}\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    who = person()
    page = open_tab(who, newcomer, "Calendars")
    page.get_by_role("button", name="Add a calendar…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What you call it").fill("Family")
    dialog.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(file)
    expect(dialog.get_by_text("3 busy times")).to_be_visible()
    expect(dialog.get_by_text("Left out: 1 event")).to_be_visible()
    expect(dialog.get_by_role("link", name=newcomer.reference)).to_be_visible()
    twice(dialog.get_by_role("button", name="Add this calendar"))
    expect(page.get_by_text("Booked in its times: 1 session.")).to_be_visible()
    expect(page.get_by_text("3 busy times until")).to_be_visible()
    assert "Root canal" not in who.texts()
    assert world.value("SELECT count(*) FROM busy_calendars WHERE practitioner_id = :p", p=newcomer.id) == 1
    assert world.value("SELECT status FROM bookings WHERE reference = :r", r=newcomer.reference) == "confirmed"
    twice(page.get_by_role("button", name="Pause"))
    expect(page.get_by_text("Paused: blocks nothing")).to_be_visible()
    page.wait_for_timeout(PAST_ECHO)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Paused: blocks nothing")).to_have_count(0)


def test_open_on_the_first_saturday_of_each_month(person, world, newcomer):
    """Without a rule to be known: what it means and its next dates are shown before it is added once."""
    who = person()
    page = open_tab(who, newcomer, "Week")
    page.get_by_role("button", name="Add repeating hours…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile("^Every month on the first Saturday"))).to_be_visible()
    expect(dialog.get_by_text(re.compile(r"^Next: (Sat \d+ \w{3} \d{4}(, )?){5}\.$"))).to_be_visible()
    twice(dialog.get_by_role("button", name="Add these hours"))
    expect(page.get_by_text("Hours added.")).to_be_visible()
    rules = "SELECT rrule FROM availability_rules WHERE practitioner_id = :p"
    assert [r.rrule for r in world.rows(rules, p=newcomer.id)] == ["FREQ=MONTHLY;BYDAY=1SA"]
    page.get_by_role("button", name="Remove…").click()
    twice(page.get_by_role("dialog").get_by_role("button", name="Remove these hours"))
    expect(page.get_by_text("Removed.")).to_be_visible()
    assert world.rows(rules, p=newcomer.id) == []


def test_give_the_feed_a_new_address(person, world, newcomer):
    """The address is shown once; a new one ends the old, and stopping ends it all."""
    who = person()
    page = open_tab(who, newcomer, "Calendars")

    def make_address(opener: str, label: str) -> str:
        page.get_by_role("button", name=opener).click()
        twice(page.get_by_role("dialog").get_by_role("button", name=label))
        shown = page.get_by_role("dialog").get_by_test_id("stCode")
        expect(shown).to_contain_text("/feed/")
        address = shown.inner_text().strip()
        page.get_by_role("button", name="Done").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert address not in who.texts()
        return address

    first = make_address("Make a private address…", "Make the address")
    assert first.startswith(who.url)
    assert "Healing session for" in answer(first)[1]
    page.get_by_role("button", name="Change the address…").click()
    expect(page.get_by_text("stops working at once")).to_be_visible()
    page.keyboard.press("Escape")
    second = make_address("Change the address…", "Change the address")
    assert (answer(first)[0], answer(second)[0]) == (404, 200)
    page.get_by_role("button", name="Stop…").click()
    twice(page.get_by_role("dialog").get_by_role("button", name="Stop the feed"))
    expect(page.get_by_text("The feed is stopped.")).to_be_visible()
    assert answer(second)[0] == 404


def answer(address: str) -> tuple[int, str]:
    """Ask for a feed as another calendar does: without a sign-in."""
    try:
        with urllib.request.urlopen(address) as found:  # noqa: S310
            return found.status, found.read().decode()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, ""


def test_ask_why_a_time_is_not_offered(person, world, newcomer):
    """R-BOOK-13: from the calendar, on a phone, with the way to the booking that is in the way."""
    who = person()
    sign_in(who, newcomer.email, f"/calendar?date={newcomer.session_at:%Y-%m-%d}")
    page = who.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Why is a time not offered…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile("is outside the hours: that day has none"))).to_be_visible()
    dialog.get_by_role("link", name="See the week's hours").click()
    expect(page).to_have_url(re.compile(r"/availability"))
    expect(page.get_by_role("tab", name="Week", selected=True)).to_be_visible()
    page.get_by_role("tab", name="Dates").click()
    page.get_by_role("button", name="Why is a time not offered…").click()
    dialog.get_by_role("button", name="See the week's hours").click()
    expect(page.get_by_role("tab", name="Week", selected=True)).to_be_visible()


def test_the_practitioners_day_starts_at_home(person, world, newcomer):
    """Two clicks from home to a decision: a request is declined in place, another confirmed."""

    def ask(session, actor):
        from avenrae.models import Practitioner

        practitioner = session.get_one(Practitioner, newcomer.id)
        return [
            make.make_booking(session, practitioner=practitioner, starts_at=newcomer.session_at + timedelta(days=n)).id
            for n in (1, 2)
        ]

    one, two = world.do(ask)
    who = person()
    sign_in(who, newcomer.email, "/")
    page = who.page
    expect(page.get_by_text("No free gap")).to_be_visible()
    twice(page.locator(f"[class*='home-confirm-{one}'] button"))
    expect(page.get_by_text("Booking confirmed.")).to_be_visible()
    page.locator(f"[class*='home-Decline-{two}'] button").first.click()
    page.get_by_role("dialog").get_by_label("Reason").fill("Away that day")
    twice(page.get_by_role("dialog").get_by_role("button", name="Decline request"))
    expect(page.get_by_text("Request declined.")).to_be_visible()
    assert [world.value("SELECT status FROM bookings WHERE id = :id", id=b) for b in (one, two)] == [
        "confirmed",
        "cancelled",
    ]
