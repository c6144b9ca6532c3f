"""A day in the store: parcels come, orders go, money goes back; once each."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from avenrae.enums import Role
from avenrae.services.orders import fulfil_order, place_order, record_order_payment
from tests.browser.conftest import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def product(world: World) -> uuid.UUID:
    """Return a product of which some can be sold."""
    return world.value("SELECT id FROM products WHERE is_active AND on_hand - allocated > 5 ORDER BY random() LIMIT 1")


def order(world: World, pieces: int = 2, *, fulfilled: bool = False) -> uuid.UUID:
    """Return a paid order of the demo client."""
    made = world.do(place_order, client_id=world.client().client_id, lines=[(product(world), pieces)])
    world.do(record_order_payment, made.id)
    if fulfilled:
        world.do(fulfil_order, made.id)
    return made.id


def number(shown: str) -> int:
    """Return a number as the screen writes it."""
    return int(re.sub(r"[^\d-]", "", shown))


def test_receive_a_parcel_with_a_double_click(person, world):
    """R-UI-01: a parcel is received once, the form is empty afterwards and the next parcel counts again."""
    product_id = product(world)
    on_hand = world.value("SELECT on_hand FROM products WHERE id = :id", id=product_id)
    who = person(Role.ADMIN)
    page = who.open(f"/product?id={product_id}")
    note = f"GRN {uuid.uuid4().hex[:8]}"
    page.get_by_label("Pieces received").fill("7")
    page.get_by_label("Delivery note or purchase order").fill(note)
    page.get_by_role("button", name="Receive", exact=True).dblclick()
    expect(page.get_by_text(f"Received. {on_hand + 7} on hand.")).to_be_visible()
    who.ready()  # until then the fields of before stand beside the new ones
    expect(page.get_by_label("Pieces received")).to_have_value("")
    expect(page.get_by_test_id("stMetric").filter(has_text="On hand")).to_contain_text(str(on_hand + 7))
    who.ready()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    moved = "SELECT count(*) FROM stock_movements WHERE product_id = :id AND reference = :note"
    assert world.value(moved, id=product_id, note=note) == 1
    page.wait_for_timeout(800)  # sooner, a press still belongs to the double click
    page.get_by_label("Pieces received").fill("1")
    page.get_by_label("Delivery note or purchase order").fill(note)
    page.get_by_role("button", name="Receive", exact=True).click()
    expect(page.get_by_text(f"Received. {on_hand + 8} on hand.")).to_be_visible()
    assert world.value(moved, id=product_id, note=note) == 2
    page.get_by_role("tab", name="Movements").click()
    expect(page.get_by_role("row").filter(has_text=note)).to_have_count(2)


def test_forget_the_number_of_pieces(person, world):
    """R-UI-02: what is missing is said in the form, and what was typed stays."""
    who = person(Role.ADMIN)
    page = who.open(f"/product?id={product(world)}")
    page.get_by_label("Delivery note or purchase order").fill("GRN without number")
    page.get_by_role("button", name="Receive", exact=True).click()
    expect(page.get_by_text("Enter a number, at most")).to_be_visible()
    expect(page.get_by_label("Delivery note or purchase order")).to_have_value("GRN without number")


def test_count_a_shelf(person, world):
    """The books are set to what was counted, with one line in the ledger."""
    product_id = product(world)
    on_hand = world.value("SELECT on_hand FROM products WHERE id = :id", id=product_id)
    who = person(Role.ADMIN)
    page = who.open(f"/product?id={product_id}")
    page.get_by_role("tab", name="Count", exact=True).click()
    page.get_by_label("Pieces counted").fill(str(on_hand - 1))
    page.get_by_role("button", name="Save count").dblclick()
    expect(page.get_by_text(f"Counted. {on_hand - 1} on hand.")).to_be_visible()
    assert world.value("SELECT on_hand FROM products WHERE id = :id", id=product_id) == on_hand - 1
    last = world.rows(
        "SELECT delta, reason FROM stock_movements WHERE product_id = :id AND created_at > now() - interval '20 s'"
        " AND reason = 'counted'",
        id=product_id,
    )
    assert [tuple(row) for row in last] == [(-1, "counted")]


def test_send_an_order(person, world):
    """The dialog says what leaves the stock; sent once, the order is fulfilled for everybody."""
    order_id = order(world, 3)
    line = world.row("SELECT product_id FROM order_items WHERE order_id = :id", id=order_id)
    on_hand = world.value("SELECT on_hand FROM products WHERE id = :id", id=line.product_id)
    who = person(Role.SUPPORT)
    page = who.open(f"/order?id={order_id}")
    page.get_by_role("button", name="Fulfil…").click()
    expect(page.get_by_role("dialog")).to_contain_text("3 pieces will leave the stock")
    page.get_by_role("dialog").get_by_role("button", name="Fulfil order").dblclick()
    expect(page.get_by_text("Order fulfilled.")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Fulfil…")).to_be_disabled()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    assert world.value("SELECT on_hand FROM products WHERE id = :id", id=line.product_id) == on_hand - 3
    client = person(Role.CLIENT)
    client.open(f"/order?id={order_id}")
    expect(client.page.get_by_test_id("stMain")).to_contain_text("Fulfilled")


def test_give_money_back_for_goods_that_came_back(person, world):
    """A refund with goods: the amount is what was typed, the pieces are in stock again, a double click counts once."""
    order_id = order(world, 2, fulfilled=True)
    item = world.row("SELECT product_id, unit_price_minor FROM order_items WHERE order_id = :id", id=order_id)
    on_hand = world.value("SELECT on_hand FROM products WHERE id = :id", id=item.product_id)
    who = person(Role.ADMIN)
    page = who.open(f"/order?id={order_id}")
    page.get_by_role("button", name="Refund…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("can go back to the client")
    dialog.get_by_text("All of them").click()
    dialog.get_by_label("Amount (ZAR)").fill("12,50")
    dialog.get_by_label("Reason").fill("Sent back unopened")
    dialog.get_by_role("button", name="Refund", exact=True).dblclick()
    expect(page.get_by_text("went back in all.")).to_be_visible()
    expect(dialog).to_have_count(0)
    expect(page.get_by_test_id("stMain")).to_contain_text("Partially refunded")
    assert world.value("SELECT refunded_minor FROM orders WHERE id = :id", id=order_id) == 1250
    assert world.value("SELECT on_hand FROM products WHERE id = :id", id=item.product_id) == on_hand + 2
    page.get_by_role("tab", name="Payments").click()
    expect(page.get_by_role("row").filter(has_text="Sent back unopened")).to_have_count(1)


def test_give_back_more_than_was_paid(person, world):
    """R-UI-02: too high an amount is refused in a sentence, with the dialog and the input kept."""
    order_id = order(world)
    who = person(Role.ADMIN)
    page = who.open(f"/order?id={order_id}")
    page.get_by_role("button", name="Refund…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Amount (ZAR)").fill("999999")
    dialog.get_by_label("Reason").fill("Too much")
    dialog.get_by_role("button", name="Refund", exact=True).click()
    expect(dialog.get_by_test_id("stAlert")).to_be_visible()
    expect(dialog.get_by_label("Amount (ZAR)")).to_have_value("999999")
    assert world.value("SELECT refunded_minor FROM orders WHERE id = :id", id=order_id) == 0
