"""The pages of the shop, clicked through: what a click writes, what it says, what is refused before it."""

import pytest
from sqlalchemy import select

from avenrae.db.transaction import read_session, transaction
from avenrae.enums import MovementReason, Role
from avenrae.models import Order, Product, StockMovement
from avenrae.permissions import Actor
from avenrae.services.orders import fulfil_order, record_order_payment

SYSTEM = Actor.system("Test")


def button(app, label):
    """The button with this label."""
    return next(b for b in app.button if b.label == label)


def field(widgets, label):
    """The field with this label."""
    return next(w for w in widgets if w.label.startswith(label))


def said(app) -> list[str]:
    """What the last click said."""
    return [t.value for t in app.toast]


def open_dialog(app, label):
    """Press the button that opens a dialog."""
    return button(app, f"{label}…").click().run()


def again(app, label):
    """Keep a dialog open in the next run: a browser reruns the dialog alone, this test the whole page."""
    button(app, f"{label}…").click()
    return app


def test_the_whole_way_of_an_order(console, people, world) -> None:
    """R-SHOP-03: paid, sent and refunded with goods coming back, from the buttons of the page."""
    app = console(people[Role.ADMIN], "store/order", id=world["store/order"])
    refused = {b.label: b.help for b in app.button if b.disabled}
    assert refused == {
        "Fulfil…": "Not possible now: the order is pending.",
        "Refund…": "Not possible now: the order is pending.",
    }
    open_dialog(app, "Record payment")
    button(app, "Record payment").click().run()
    assert said(app) == ["Payment recorded."]
    open_dialog(app, "Fulfil")
    button(app, "Fulfil order").click().run()
    assert said(app) == ["Order fulfilled."]
    open_dialog(app, "Refund")
    assert any("Up to R\u00a0300.00 can go back to the client." in m.value for m in app.markdown)
    app.segmented_control[0].set_value("Some")
    again(app, "Refund").run()
    field(app.number_input, "Rose quartz").set_value(1)
    field(app.text_input, "Amount").set_value("nothing")
    field(app.text_area, "Reason").set_value("Chipped")
    button(again(app, "Refund"), "Refund").click().run()
    assert [e.value for e in app.error] == ["“nothing” is not an amount; write it like 1250.50."]
    assert field(app.text_area, "Reason").value == "Chipped"
    field(app.text_input, "Amount").set_value("150,00")
    button(app, "Refund").click().run()
    assert said(app) == ["Refunded. R\u00a0150.00 went back in all."]
    with read_session() as session:
        order = session.execute(select(Order)).scalar_one()
        assert (order.status, order.payment_status, order.refunded_minor) == ("fulfilled", "partially_refunded", 15_000)
        product = session.execute(select(Product)).scalar_one()
        assert (product.on_hand, product.allocated) == (9, 0)


def test_cancelling_asks_for_a_reason(console, people, world) -> None:
    """R-UI-02: a refusal stands where it was clicked; with a reason the order is cancelled."""
    app = console(people[Role.SUPPORT], "store/order", id=world["store/order"])
    open_dialog(app, "Cancel")
    button(again(app, "Cancel"), "Cancel order").click().run()
    assert [e.value for e in app.error] == ["Say why, so that everybody concerned can be told."]
    field(app.text_area, "Reason").set_value("Out of print")
    button(app, "Cancel order").click().run()
    assert said(app) == ["Order cancelled."]
    with read_session() as session:
        assert session.execute(select(Order.status)).scalar_one() == "cancelled"


def test_support_hears_its_limit(console, people, world) -> None:
    """R-USR-01: the limit is said before the click and holds at it."""
    with transaction(SYSTEM, "prepare") as session:
        order = session.execute(select(Order)).scalar_one()
        order.shipping_minor, order.total_minor = 300_000, 330_000
        record_order_payment(session, SYSTEM, order.id)
        fulfil_order(session, SYSTEM, order.id)
    app = console(people[Role.SUPPORT], "store/order", id=world["store/order"])
    open_dialog(app, "Refund")
    assert (
        "You can give back up to R\u00a02\u00a0000.00 of one booking or order in all; an admin can give back more."
        in [c.value for c in app.caption]
    )
    assert {b.label for b in app.button} > {"Ask an admin"}
    app.segmented_control[0].set_value("Give it back now")
    again(app, "Refund").run()
    field(app.text_area, "Reason").set_value("Late")
    button(again(app, "Refund"), "Refund").click().run()
    assert [e.value for e in app.error] == [
        "A support agent can refund up to R\u00a02\u00a0000.00 in all. Ask an admin for more."
    ]


def test_stock_changes_by_three_forms(console, people, world) -> None:
    """R-SHOP-04: receive, adjust and count from the page are one movement each."""
    app = console(people[Role.ADMIN], "store/product", id=world["store/product"])
    assert [m.value for m in app.metric] == ["10", "2", "8"]
    field(app.number_input, "Pieces received").set_value(5)
    button(app, "Receive").click().run()
    assert said(app) == ["Received. 15 on hand."]
    field(app.selectbox, "Why").set_value(MovementReason.DAMAGED)
    field(app.number_input, "Change").set_value(-1)
    button(app, "Adjust").click().run()
    assert [e.value for e in app.error] == ["Say in the note why the stock is adjusted."]
    assert field(app.number_input, "Change").value == -1
    field(app.text_input, "What happened").set_value("Dropped")
    button(app, "Adjust").click().run()
    assert said(app) == ["Adjusted. 14 on hand."]
    button(app, "Save count").click().run()
    assert [e.value for e in app.error] == ["Enter a number, at most 1\u00a0000\u00a0000."]
    field(app.number_input, "Pieces counted").set_value(1)
    button(app, "Save count").click().run()
    assert "2 are promised to orders." in app.error[0].value
    field(app.number_input, "Pieces counted").set_value(12)
    button(app, "Save count").click().run()
    assert said(app) == ["Counted. 12 on hand."]
    with read_session() as session:
        query = select(StockMovement.delta).order_by(StockMovement.id)
        assert session.execute(query).scalars().all() == [10, 5, -1, -2]


def test_an_admin_adds_and_changes_a_product(console, people, world) -> None:
    """R-UI-02: what was typed is kept after a refusal; the SKU of another product is one."""
    app = console(people[Role.ADMIN], "store/inventory")
    open_dialog(app, "New product")
    with read_session() as session:
        taken = session.execute(select(Product.sku)).scalar_one()
    for label, value in (("Title", "Sage bundle"), ("SKU", taken.lower()), ("Price", "49,90")):
        field(app.text_input, label).set_value(value)
    button(again(app, "New product"), "Add product").click().run()
    assert [e.value for e in app.error] == ["A product with this SKU exists already."]
    assert field(app.text_input, "Title").value == "Sage bundle"
    field(app.text_input, "SKU").set_value("SAGE-1")
    button(app, "Add product").click().run()
    assert said(app) == ["Product added."]
    with read_session() as session:
        product = session.execute(select(Product).where(Product.sku == "SAGE-1")).scalar_one()
        assert (product.title, product.price_minor, product.on_hand) == ("Sage bundle", 4_990, 0)
    app = console(people[Role.ADMIN], "store/product", id=str(product.id))
    assert field(app.text_input, "Price").value == "49.90"
    field(app.text_input, "Price").set_value("59.90")
    button(app, "Save product").click().run()
    assert said(app) == ["Product saved."]
    with read_session() as session:
        assert session.get_one(Product, product.id).price_minor == 5_990


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER])
def test_others_read_only(console, people, world, role) -> None:
    """R-USR-01: clients and practitioners see price and whether it is in stock, with nothing to press."""
    app = console(people[role], "store/product", id=world["store/product"])
    assert [m.value for m in app.metric] == []
    assert {b.label for b in app.button} == {"Sign out"}
    assert any("In stock" in m.value for m in app.markdown)
    app = console(people[role], "store/inventory")
    assert {b.label for b in app.button} == {"Sign out"}
    if role is Role.CLIENT:
        app = console(people[role], "store/order", id=world["store/order"])
        assert {b.label for b in app.button} == {"Sign out"}
