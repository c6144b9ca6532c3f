"""Working through lists: find, sort, page, share the address, take the rows along, with a mouse, keys or a phone."""

import csv
import io
import re
import uuid

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from avenrae.enums import Role
from tests.browser.chromium import Person

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def total(who: Person, noun: str) -> int:
    """Return the number in the count line."""
    line = who.page.get_by_test_id("stCaptionContainer").filter(has_text=re.compile(rf"^[\d\s]+\+? {noun}"))
    return int(re.sub(r"\D", "", line.first.inner_text()))


def test_find_bookings_and_send_the_address_to_a_colleague(person, world):
    """Filters stand in the address, and the address shows a colleague the same rows."""
    name = world.value(
        "SELECT u.last_name FROM bookings b JOIN clients c ON c.id = b.client_id JOIN users u ON u.id = c.user_id"
        " WHERE b.status = 'cancelled' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    )
    who = person(Role.ADMIN)
    page = who.open("/bookings?view=all")
    page.get_by_label("Search").fill(name)
    page.get_by_label("Search").press("Enter")
    page.wait_for_url(re.compile(r"[?&]q="))
    who.choose("Status", "Cancelled")
    page.wait_for_url(re.compile(r"[?&]status=cancelled"))
    expect(who.rows().first).to_contain_text("Cancelled")
    expect(page.locator(".records tbody tr").filter(has_text="Completed")).to_have_count(0)
    who.ready()
    seen = who.column(1)
    assert seen
    assert len(seen) == min(50, total(who, "booking"))
    colleague = person(Role.SUPPORT)
    colleague.open(page.url.removeprefix(who.url))
    expect(colleague.page.get_by_label("Search")).to_have_value(name)
    expect(colleague.rows()).to_have_count(len(seen))
    assert colleague.column(1) == seen


def test_sort_by_a_heading_and_turn_to_the_next_page(person, world):
    """The server sorts all rows, not only those on the screen; the next page goes on where the first ended."""
    who = person(Role.ADMIN)
    page = who.open("/bookings?view=all")
    expect(who.rows().first).to_be_visible()
    newest = who.column(1)
    heading = page.get_by_role("button", name="When", exact=True)
    heading.click()
    page.wait_for_url(re.compile(r"sort=starts_at"))
    oldest = world.rows("SELECT reference FROM bookings ORDER BY starts_at, id LIMIT 100")
    references = [r.reference for r in oldest]
    expect(who.rows().first).to_contain_text(references[0])
    assert who.column(1) == references[:50] != newest
    page.get_by_test_id("stPagination").get_by_text("2", exact=True).click()
    page.wait_for_url(re.compile(r"page=2"))
    expect(who.rows().first).to_contain_text(references[50])
    assert who.column(1) == references[50:]
    heading.click()
    page.wait_for_url(re.compile(r"sort=-starts_at"))
    expect(who.rows().first).to_contain_text(newest[0])
    assert who.column(1) == newest
    assert "page=2" not in page.evaluate("location.href")


def test_open_a_row_and_go_back_to_the_list_as_it_was(person):
    """Back leads from a record to its list with the filters, and forward to the record again."""
    who = person(Role.ADMIN)
    page = who.open("/bookings?status=completed&sort=starts_at")
    expect(who.rows().first).to_be_visible()
    seen = who.column(1)
    who.rows().first.locator("td").last.click()
    expect(page.get_by_role("heading", name=seen[0])).to_be_visible()
    expect(page).to_have_url(re.compile(r"/booking\?id="))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/bookings\?.*status=completed"))
    expect(page.get_by_role("heading", name="Bookings", exact=True)).to_be_visible()
    expect(who.rows()).to_have_count(len(seen))
    assert who.column(1) == seen
    page.go_forward()
    expect(page.get_by_role("heading", name=seen[0])).to_be_visible()


def test_open_a_row_with_the_keyboard(person):
    """Tab reaches the link of the first row, and Enter opens it."""
    who = person(Role.ADMIN)
    page = who.open("/bookings?status=completed")
    expect(who.rows().first).to_be_visible()
    first = who.column(1)[0]
    page.locator(".records thead button").last.focus()
    page.keyboard.press("Tab")
    assert (
        page.evaluate(
            "(() => {let a = document.activeElement;"
            " while (a.shadowRoot?.activeElement) a = a.shadowRoot.activeElement;"
            " return a.textContent})()"
        )
        == first
    )
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=first)).to_be_visible()


@pytest.mark.parametrize(
    ("path", "noun"),
    [("/bookings", "booking"), ("/practitioners", "practitioner"), ("/inventory", "product"), ("/orders", "order")],
)
def test_take_every_list_along_as_files(person, path, noun):
    """Each file has as many rows as the list says."""
    who = person(Role.ADMIN)
    page = who.open(path)
    expect(who.rows().first).to_be_visible()
    shown = total(who, noun)
    with page.expect_download() as started:
        page.get_by_role("link", name="Export CSV").click()
    assert len(read(started.value)) == shown
    with page.expect_download() as started:
        page.get_by_role("link", name="Export Excel").click()
    assert started.value.suggested_filename == f"{path[1:].replace('inventory', 'products')}.xlsx"
    assert load_workbook(io.BytesIO(started.value.path().read_bytes())).active.max_row == shown + 1


def test_take_filtered_rows_along_without_formulas(person, world):
    """R-IMP-02: the file holds exactly the rows of the filters, and no cell that a spreadsheet would run."""
    client = world.row(
        "SELECT u.id, u.first_name FROM bookings b JOIN clients c ON c.id = b.client_id"
        " JOIN users u ON u.id = c.user_id"
        " WHERE u.email NOT LIKE '%demo.avenrae%' GROUP BY u.id HAVING count(*) BETWEEN 3 AND 40 ORDER BY u.id LIMIT 1"
    )
    name = f"=HYPERLINK{uuid.uuid4().hex[:6]}"
    world.change("UPDATE users SET first_name = :name WHERE id = :id", name=name, id=client.id)
    try:
        who = person(Role.ADMIN)
        page = who.open(f"/bookings?q={name[1:]}")
        expect(who.rows().first).to_contain_text(name)
        shown = total(who, "booking")
        with page.expect_download() as started:
            page.get_by_role("link", name="Export CSV").click()
        rows = read(started.value)
        assert len(rows) == shown > 2
        assert sorted(r["reference"] for r in rows) == sorted(who.column(1))
        assert {r["client"].split()[0] for r in rows} == {f"'{name}"}
    finally:
        world.change("UPDATE users SET first_name = :name WHERE id = :id", name=client.first_name, id=client.id)


def read(download) -> list[dict[str, str]]:
    """Return the rows of a downloaded file."""
    return list(csv.DictReader(io.StringIO(download.path().read_text(encoding="utf-8-sig"))))


def test_look_a_booking_up_on_a_phone(person):
    """At 390 pixels the list and the booking need no sideways scrolling, and the menu opens."""
    who = person(Role.ADMIN, width=390, height=844)
    page = who.open("/bookings?status=confirmed")
    expect(who.rows().first).to_be_visible()
    assert wide(who) == []
    who.rows().first.locator(".open").click()
    expect(page.get_by_role("tab", name="History")).to_be_visible()
    who.ready()
    assert wide(who) == []
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(page.get_by_test_id("stSidebarNavLink").filter(has_text="Orders")).to_be_in_viewport()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Orders").click()
    expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()


def wide(who: Person) -> list[str]:
    """Return what scrolls sideways: the page itself or its main part."""
    return who.page.evaluate(
        "[document.scrollingElement, document.querySelector('[data-testid=stMain]')]"
        ".filter(e => e.scrollWidth > innerWidth).map(e => `${e.tagName} ${e.scrollWidth}`)"
    )
