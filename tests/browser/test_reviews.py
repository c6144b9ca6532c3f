"""A session and what both sides say of it: written once, answered, flagged, hidden and shown again."""

import uuid

import pytest
from playwright.sync_api import Page, expect

from avenrae.enums import Role
from avenrae.services.reviews import write_review
from tests.browser.conftest import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

WORDS = "Warm, **really**. See http://elsewhere.example and <img src=x onerror=alert(1)>\n# not a heading"


def completed(world: World) -> uuid.UUID:
    """Make a session of the demo client with the demo practitioner that has just been completed."""

    def make(session, actor):
        from avenrae import clock
        from avenrae.models import Practitioner
        from tests.make import make_service, make_session

        client = world.client()
        practitioner = session.query(Practitioner).filter_by(user_id=world.user(Role.PRACTITIONER)).one()
        service = make_service(session, practitioner, title="Reading", price_minor=0, is_available=False)
        return make_session(
            session,
            practitioner=practitioner,
            client=type("Demo", (), {"id": client.client_id})(),
            service=service,
            completed_at=clock.now(),
        ).id

    return world.do(make)


def give_reason(page: Page, opens: str, reason: str, sends: str) -> None:
    """Open a dialog, say why, and send it with a double click."""
    page.get_by_role("button", name=opens).click()
    page.get_by_role("dialog").get_by_label("Reason").fill(reason)
    page.get_by_role("dialog").get_by_role("button", name=sends).dblclick()


def test_write_answer_flag_hide_and_restore(person, world):
    """R-REV, R-UI-01: each step once, however it is clicked; nobody reads what is not out."""
    booking = completed(world)
    client, worker, support = person(Role.CLIENT), person(Role.PRACTITIONER), person(Role.SUPPORT)
    page = client.open("/reviews")
    page.locator(f"a[href*='{booking}']").click()
    send = page.get_by_role("button", name="Send review")
    send.click()
    expect(page.get_by_text("Choose 1 to 5 stars.")).to_be_visible()
    page.get_by_text("2 · Poor").click()
    page.get_by_label("In your words").fill(WORDS)
    send.dblclick()
    expect(page.get_by_text("Only you and support see this. It is shown once both have written")).to_be_visible()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    review = world.value("SELECT id FROM reviews WHERE booking_id = :b AND written_by = 'client'", b=booking)

    worker.open(f"/review?id={review}")
    expect(worker.page.get_by_text("There is no such review, or it is not yours to see.")).to_be_visible()
    worker.open(f"/booking?id={booking}&tab=Review")
    worker.page.get_by_text("5 · Excellent").click()
    worker.page.get_by_role("button", name="Send review").dblclick()
    expect(worker.page.get_by_text("2 of 5")).to_be_visible()
    assert world.audited("write_review", review) == 2
    assert world.value("SELECT count(*) FROM reviews WHERE booking_id = :b AND status = 'published'", b=booking) == 2

    page = worker.open(f"/review?id={review}")
    expect(page.get_by_text("See http://elsewhere.example and <img")).to_be_visible()
    assert page.get_by_test_id("stMain").locator("a[href*='elsewhere'], img[src='x']").count() == 0
    page.get_by_role("button", name="Answer…").click()
    page.get_by_label("Your answer").fill("I am sorry")
    page.get_by_role("button", name="Publish answer").dblclick()
    expect(page.get_by_text("I am sorry")).to_be_visible()
    give_reason(page, "Flag…", "It links elsewhere", "Send to support")
    expect(page.get_by_role("button", name="Flag…")).to_be_disabled()

    page = support.open("/reviews")
    page.get_by_role("link", name="2 of 5").first.click()
    support.open(f"/review?id={review}")
    give_reason(page, "Hide…", "Advertising", "Hide review")
    expect(page.get_by_role("button", name="Hide…")).to_be_disabled()
    client.open(f"/review?id={review}")
    expect(client.page.get_by_text("Hidden by support: “Advertising”")).to_be_visible()
    worker.open(f"/review?id={review}")
    expect(worker.page.get_by_text("There is no such review, or it is not yours to see.")).to_be_visible()
    give_reason(page, "Restore…", "It is his own", "Restore review")
    expect(page.get_by_role("button", name="Restore…")).to_be_disabled()
    assert [world.audited(f"{deed}_review", review) for deed in ("respond", "flag", "hide", "restore")] == [1] * 4
    assert world.value("SELECT status FROM reviews WHERE id = :id", id=review) == "published"


def test_change_what_nobody_has_read(person, world):
    booking = completed(world)
    own = world.client()
    review = world.do(write_review, booking, rating=1, comment="First thought", actor=own)
    client = person(Role.CLIENT, width=390, height=844)
    page = client.open(f"/booking?id={booking}&tab=Review")
    page.get_by_text("Change what you wrote").click()
    page.get_by_text("3 · All right").click()
    page.get_by_label("In your words").fill("Second thought")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Changed. Nobody else has read it yet.")).to_be_visible()
    assert world.row("SELECT rating, comment FROM reviews WHERE id = :id", id=review.id) == (3, "Second thought")
