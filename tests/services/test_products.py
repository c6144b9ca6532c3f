"""What changes products and their stock: each change of stock is one line of the ledger, and nothing else is."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import MovementReason, ProductType, Role
from avenrae.errors import Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.ids import uuid7
from avenrae.models import AuditEntry, Product, StockMovement
from avenrae.permissions import Actor
from avenrae.queries.products import stock_as_of
from avenrae.services.products import add_product, adjust_stock, count_stock, edit_product, receive_stock
from tests.conftest import NOON
from tests.make import make_actor, make_product

ADMIN = Actor.system("tests")
FACTS: dict[str, Any] = {
    "sku": "ROSE-1",
    "title": "Rose quartz",
    "product_type": ProductType.CRYSTAL,
    "price_minor": 12_050,
    "category": "Crystals",
    "description": "Pink.",
    "reorder_level": 3,
}


def movements(session: Session, product: Product) -> list[tuple[int, str, str, str]]:
    """The ledger of a product, oldest first."""
    query = select(StockMovement).where(StockMovement.product_id == product.id)
    found = session.execute(query.order_by(StockMovement.occurred_at, StockMovement.id)).scalars()
    return [(m.delta, m.reason, m.reference, m.note) for m in found]


def stock(session: Session, product: Product) -> tuple[int, int]:
    """On hand and allocated, as they are in the table."""
    query = text("SELECT on_hand, allocated FROM products WHERE id = :id")
    return tuple(session.execute(query, {"id": product.id}).one())


def allocate(session: Session, product: Product, quantity: int) -> None:
    """Promise some of a product to orders, as placing one does."""
    product.allocated += quantity
    session.flush()


def test_a_new_product_has_no_stock(session):
    """A product is added with its facts; stock comes only by the ledger (R-SHOP-04)."""
    product = add_product(session, ADMIN, **{**FACTS, "sku": " ROSE-1 ", "title": " Rose quartz "})
    session.refresh(product)
    assert (product.sku, product.title, product.price_minor, product.currency) == (
        "ROSE-1",
        "Rose quartz",
        12_050,
        "ZAR",
    )
    assert (product.is_active, product.on_hand, product.allocated) == (True, 0, 0)
    assert movements(session, product) == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"sku": "  "}, "A product's SKU must have 1 to 64 letters."),
        ({"sku": "X" * 65}, "A product's SKU must have 1 to 64 letters."),
        ({"title": " "}, "A product's title must have 1 to 200 letters."),
        ({"price_minor": -1}, "A price cannot be negative."),
        ({"reorder_level": -1}, "A reorder level is a number from 0 to 1\u00a0000\u00a0000."),
    ],
)
def test_facts_that_cannot_be_are_refused(session, changed, sentence):
    """R-UI-02: neither a new product nor a changed one takes them, and nothing changes."""
    product = make_product(session, sku="OLD")
    with pytest.raises(InvalidInput) as new:
        add_product(session, ADMIN, **{**FACTS, **changed})
    with pytest.raises(InvalidInput) as edited:
        edit_product(session, ADMIN, product.id, **{**FACTS, **changed}, is_active=True)
    assert (new.value.message, edited.value.message) == (sentence, sentence)
    session.expire_all()
    assert session.get_one(Product, product.id).sku == "OLD"
    assert session.execute(select(func.count()).select_from(Product)).scalar_one() == 1


def test_a_sku_is_taken_whatever_its_case(database):
    """R-UI-02: the index that keeps SKUs apart ends as a sentence."""
    with transaction(ADMIN, "add_product") as s:
        add_product(s, ADMIN, **FACTS)
    with (
        pytest.raises(Conflict, match="A product with this SKU exists already"),
        transaction(ADMIN, "add_product") as s,
    ):
        add_product(s, ADMIN, **{**FACTS, "sku": "rose-1"})
    with read_session() as s:
        assert s.execute(select(func.count()).select_from(Product)).scalar_one() == 1


def test_editing_leaves_the_stock_alone(session):
    """R-SHOP-04: what is said about a product changes without a movement."""
    product = make_product(session, stock=4)
    edit_product(session, ADMIN, product.id, **{**FACTS, "price_minor": 999}, is_active=False)
    session.refresh(product)
    assert (product.title, product.price_minor, product.is_active) == ("Rose quartz", 999, False)
    assert stock(session, product) == (4, 0)
    assert len(movements(session, product)) == 1


def test_each_change_of_stock_is_one_movement(session, noon):
    """R-SHOP-04: receiving, adjusting and counting write one line each, at the clock's time; the sum is the stock."""
    product = make_product(session)
    receive_stock(session, ADMIN, product.id, quantity=10, reference=" PO-7 ", note="Two boxes")
    adjust_stock(session, ADMIN, product.id, delta=-2, reason=MovementReason.DAMAGED, note="Dropped")
    adjust_stock(session, ADMIN, product.id, delta=1, reason=MovementReason.RETURNED, note="Came back")
    adjust_stock(session, ADMIN, product.id, delta=-1, reason=MovementReason.ADJUSTED, note="Booked twice")
    product = count_stock(session, ADMIN, product.id, counted=5, note="Stocktaking")
    assert movements(session, product) == [
        (10, "received", "PO-7", "Two boxes"),
        (-2, "damaged", "", "Dropped"),
        (1, "returned", "", "Came back"),
        (-1, "adjusted", "", "Booked twice"),
        (-3, "counted", "", "Stocktaking"),
    ]
    assert product.on_hand == 5
    assert stock(session, product) == (5, 0)
    assert session.execute(select(StockMovement.occurred_at).distinct()).scalars().all() == [noon]


def test_a_count_that_agrees_is_recorded(session):
    """R-SHOP-04: a count equal to the books leaves a line of zero that says it was counted."""
    product = make_product(session, stock=4)
    count_stock(session, ADMIN, product.id, counted=4)
    assert movements(session, product)[1:] == [(0, "counted", "", "")]
    assert stock(session, product) == (4, 0)


def test_a_count_waits_for_what_is_being_sold(database):
    """R-SHOP-04: the row is locked before the difference is taken, so the count is what is on the shelf after it."""
    with transaction(ADMIN, "make") as s:
        product = make_product(s, stock=10)
    counting = threading.Thread(target=_count_to_seven, args=(product.id,))
    with transaction(ADMIN, "receive_stock") as s:
        receive_stock(s, ADMIN, product.id, quantity=5)
        counting.start()
        counting.join(0.3)
        assert counting.is_alive()
    counting.join(5)
    with read_session() as s:
        assert stock(s, product) == (7, 0)
        assert [m[0] for m in movements(s, product)] == [10, 5, -8]


def _count_to_seven(product_id):
    with transaction(ADMIN, "count_stock") as s:
        count_stock(s, ADMIN, product_id, counted=7)


@pytest.mark.parametrize(
    ("delta", "reason", "note", "sentence"),
    [
        (0, MovementReason.ADJUSTED, "x", "Say by how many the stock changes; a minus takes away."),
        (1, MovementReason.DAMAGED, "x", "Damaged goods leave the stock: enter their number with a minus."),
        (
            -1,
            MovementReason.RETURNED,
            "x",
            "Goods that come back add to the stock: enter their number without a minus.",
        ),
        (1, MovementReason.ADJUSTED, " ", "Say in the note why the stock is adjusted."),
        (
            -1,
            MovementReason.SOLD,
            "x",
            "Stock is adjusted because it was damaged, came back or was wrong in the books.",
        ),
        (2_000_000, MovementReason.ADJUSTED, "x", "A quantity is a number from 1 to 1\u00a0000\u00a0000."),
    ],
)
def test_adjustments_that_say_nothing_are_refused(session, delta, reason, note, sentence):
    """R-UI-02: a difference needs a number, a fitting reason and a note; else nothing moves."""
    product = make_product(session, stock=4)
    with pytest.raises(InvalidInput) as refused:
        adjust_stock(session, ADMIN, product.id, delta=delta, reason=reason, note=note)
    assert refused.value.message == sentence
    assert stock(session, product) == (4, 0)
    assert len(movements(session, product)) == 1


@pytest.mark.parametrize("quantity", [0, -3])
def test_receiving_needs_a_number(session, quantity):
    """R-UI-02: receiving nothing is refused and moves nothing."""
    product = make_product(session, stock=4)
    with pytest.raises(InvalidInput, match="A quantity is a number from 1 to"):
        receive_stock(session, ADMIN, product.id, quantity=quantity)
    with pytest.raises(InvalidInput, match="A count is a number from 0 to"):
        count_stock(session, ADMIN, product.id, counted=-1)
    assert stock(session, product) == (4, 0)


def test_what_is_promised_stays(session):
    """R-SHOP-01: no adjustment and no count takes what orders were promised."""
    product = make_product(session, stock=4, title="Rose quartz")
    with pytest.raises(Conflict) as too_many:
        adjust_stock(session, ADMIN, product.id, delta=-5, reason=MovementReason.DAMAGED, note="Fire")
    assert too_many.value.message == "There are only 4 of “Rose quartz” in stock. Correct the number."
    allocate(session, product, 3)
    sentence = (
        "Only 2 would be left of “Rose quartz”, and 3 are promised to orders. Cancel an order first, or correct the"
        " number."
    )
    with pytest.raises(Conflict) as adjusted:
        adjust_stock(session, ADMIN, product.id, delta=-2, reason=MovementReason.DAMAGED, note="Fire")
    with pytest.raises(Conflict) as counted:
        count_stock(session, ADMIN, product.id, counted=2)
    assert (adjusted.value.message, counted.value.message) == (sentence, sentence)
    assert stock(session, product) == (4, 3)
    assert len(movements(session, product)) == 1
    adjust_stock(session, ADMIN, product.id, delta=-1, reason=MovementReason.DAMAGED, note="Fire")
    assert stock(session, product) == (3, 3)


@pytest.mark.parametrize("column", ["on_hand", "allocated"])
def test_the_database_holds_the_stock_by_itself(session, column):
    """R-SHOP-02: past the services, the CHECK and the ledger's guard still refuse."""
    product = make_product(session, stock=4)
    with pytest.raises(IntegrityError) as refused, session.begin_nested():
        session.execute(text(f"UPDATE products SET {column} = 5 WHERE id = :id"), {"id": product.id})
    name = refused.value.orig.diag.constraint_name
    assert name == {"on_hand": "products_stock_by_ledger", "allocated": "ck_products_stock"}[column]
    assert stock(session, product) == (4, 0)


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER, Role.SUPPORT])
def test_only_admins_change_products_and_stock(session, role):
    """R-USR-01: every other role is refused by each service, and nothing changed."""
    who = make_actor(session, role)
    product = make_product(session, stock=4)
    facts = {**FACTS, "is_active": True}
    # Support sees no products at all, so to support there is none.
    error = NotFound if role is Role.SUPPORT else NotPermitted
    sentence = "There is no such product" if role is Role.SUPPORT else "Your role .* does not allow this"
    for attempt in (
        lambda: edit_product(session, who, product.id, **facts),
        lambda: receive_stock(session, who, product.id, quantity=1),
        lambda: adjust_stock(session, who, product.id, delta=1, reason=MovementReason.ADJUSTED, note="x"),
        lambda: count_stock(session, who, product.id, counted=9),
    ):
        with pytest.raises(error, match=sentence):
            attempt()
    with pytest.raises(NotPermitted, match="Your role"):
        add_product(session, who, **FACTS)
    session.expire_all()
    assert stock(session, product) == (4, 0)
    assert len(movements(session, product)) == 1
    assert session.execute(select(Product.sku)).scalars().all() == [product.sku]


def test_a_product_that_is_not_there(session):
    """R-UI-02: an unknown product is a sentence."""
    with pytest.raises(NotFound, match="There is no such product, or it is not yours to see"):
        receive_stock(session, ADMIN, uuid7(), quantity=1)


def test_each_movement_is_in_the_trail(database):
    """R-AUD-01: one change of stock leaves one entry for the line and one for the product, with who did it."""
    with transaction(ADMIN, "make") as s:
        product = make_product(s)
        admin = make_actor(s, Role.ADMIN)
    with transaction(admin, "receive_stock") as s:
        receive_stock(s, admin, product.id, quantity=5)
    with read_session() as s:
        entries = s.execute(select(AuditEntry).where(AuditEntry.actor_id == admin.user_id)).scalars().all()
    assert [(e.table_name, e.operation, e.action) for e in sorted(entries, key=lambda e: e.table_name)] == [
        ("products", "update", "receive_stock"),
        ("stock_movements", "insert", "receive_stock"),
    ]
    assert [e.after for e in entries if e.table_name == "products"] == [{"on_hand": 5}]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(["receive", "adjust", "count"]), st.integers(-20, 20)), max_size=15))
def test_the_ledger_is_the_stock_at_every_instant(session, steps):
    """R-SHOP-04: whatever is received, adjusted and counted, the sum of the lines is the stock, then and now."""
    with session.begin_nested() as around:
        product = make_product(session)
        known = []
        for number, (step, n) in enumerate(steps):
            at = NOON + timedelta(hours=number)
            with clock.stopped(at):
                try:
                    if step == "receive":
                        receive_stock(session, ADMIN, product.id, quantity=n)
                    elif step == "count":
                        count_stock(session, ADMIN, product.id, counted=n)
                    else:
                        adjust_stock(session, ADMIN, product.id, delta=n, reason=MovementReason.ADJUSTED, note="x")
                except (InvalidInput, Conflict):
                    pass
            known.append((at, stock(session, product)[0]))
        for at, on_hand in known:
            assert stock_as_of(session, ADMIN, product.id, at) == on_hand
            assert stock_as_of(session, ADMIN, product.id, at + timedelta(minutes=59)) == on_hand
        assert stock_as_of(session, ADMIN, product.id, NOON - timedelta(seconds=1)) == 0
        assert stock_as_of(session, ADMIN, product.id, datetime.max.replace(tzinfo=UTC)) == stock(session, product)[0]
        around.rollback()
