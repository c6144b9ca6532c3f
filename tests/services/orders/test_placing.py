"""Orders: what an order sets aside, what it copies, and which orders are refused."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from avenrae.enums import Role
from avenrae.errors import Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.ids import uuid7
from avenrae.models import Client, OrderItem
from avenrae.services.orders import place_order, record_order_payment
from avenrae.services.products import edit_product
from tests.make import make_actor, make_client, make_product
from tests.services.orders.states import ADMIN, booked, money_of, ordered, refused, stock


def test_an_order_sets_its_goods_aside(session, noon):
    """R-SHOP-01: what is ordered is allocated, so less is available; on hand stays until it is sent."""
    quartz = make_product(session, stock=5, title="Quartz", price_minor=1_001)
    deck = make_product(session, stock=2, title="Deck", price_minor=30_000)
    order = ordered(session, [(quartz, 3), (deck, 2)], shipping_minor=9_900, country="ZA", notes=" Ring twice ")
    assert order.reference.startswith("O-")
    assert (order.kind, order.status, order.payment_status) == ("sale", "pending", "unpaid")
    assert (order.items_minor, order.shipping_minor, order.total_minor) == (63_003, 9_900, 72_903)
    assert (order.currency, order.country, order.notes, order.placed_at) == ("ZAR", "ZA", "Ring twice", noon)
    assert (stock(session, quartz), stock(session, deck)) == ((5, 3), (2, 2))
    items = session.execute(select(OrderItem).where(OrderItem.order_id == order.id).order_by(OrderItem.id)).scalars()
    assert [(i.title, i.quantity, i.unit_price_minor, i.line_total_minor) for i in items] == [
        ("Quartz", 3, 1_001, 3_003),
        ("Deck", 2, 30_000, 60_000),
    ]
    assert money_of(session, order) == []
    assert booked(session, order) == []


def test_lines_of_one_product_are_summed_before_the_check(session):
    """R-SHOP-01: 3 + 3 of 5 are too many, though each line alone is not; 3 + 2 are one line of 5."""
    product = make_product(session, stock=5, title="Quartz")
    client = make_client(session)
    refused(
        session,
        Conflict,
        "There is not enough of “Quartz” in stock: 5 left.",
        lambda: place_order(session, ADMIN, client_id=client.id, lines=[(product.id, 3), (product.id, 3)]),
    )
    ordered(session, [(product, 3), (product, 2)])
    assert stock(session, product) == (5, 5)
    assert session.execute(select(OrderItem.quantity)).scalars().all() == [5]


def test_available_is_on_hand_less_allocated(session):
    """R-SHOP-01: what another order set aside cannot be ordered, though it is still on hand."""
    product = make_product(session, stock=5, title="Quartz")
    ordered(session, [(product, 4)])
    refused(
        session,
        Conflict,
        "There is not enough of “Quartz” in stock: 1 left.",
        lambda: ordered(session, [(product, 2)], client=session.execute(select(Client)).scalars().first()),
    )


def test_an_order_is_all_or_nothing(session):
    """R-SHOP-01: one product too few and none is set aside."""
    enough, short = make_product(session, stock=5), make_product(session, stock=1, title="Short")
    client = make_client(session)
    refused(
        session,
        Conflict,
        "There is not enough of “Short” in stock: 1 left.",
        lambda: ordered(session, [(enough, 5), (short, 2)], client=client),
    )
    assert stock(session, enough) == (5, 0)


def test_orders_that_cannot_be_are_refused(session):
    """R-UI-02: each has its sentence, and nothing is set aside."""
    client = make_client(session)
    product = make_product(session, stock=5, title="Quartz")
    gone = make_product(session, stock=5, title="Old deck", is_active=False)
    abroad = make_product(session, stock=5, currency="EUR")

    def attempt(*lines: tuple[Any, int], **kw: Any) -> Callable[[], object]:
        return lambda: place_order(session, ADMIN, **{"client_id": client.id, "lines": lines, **kw})

    refused(session, InvalidInput, "An order needs at least one product.", attempt())
    number = "A quantity is a number from 1 to 1\u00a0000\u00a0000."
    refused(session, InvalidInput, number, attempt((product.id, 0)))
    refused(session, InvalidInput, number, attempt((product.id, 3), (product.id, -1)))
    refused(
        session,
        InvalidInput,
        "Shipping cannot cost less than nothing.",
        attempt((product.id, 1), shipping_minor=-1),
    )
    refused(
        session,
        InvalidInput,
        "“Old deck” is not on sale at the moment. Take it off the order.",
        attempt((product.id, 1), (gone.id, 1)),
    )
    refused(
        session,
        InvalidInput,
        "An order has one currency. Order the products in EUR and ZAR separately.",
        attempt((product.id, 1), (abroad.id, 1)),
    )
    refused(session, NotFound, "There is no such product.", attempt((uuid7(), 1)))
    refused(session, NotFound, "There is no such client.", attempt((product.id, 1), client_id=uuid7()))


def test_later_prices_do_not_change_an_order(session):
    """R-BOOK-10 for orders: title and price are those of the day it was placed."""
    product = make_product(session, stock=5, title="Quartz", price_minor=1_000)
    order = ordered(session, [(product, 2)])
    facts = {"sku": product.sku, "title": "Gold", "product_type": "crystal", "category": "", "description": ""}
    edit_product(session, ADMIN, product.id, **facts, price_minor=9_999, reorder_level=0, is_active=False)
    record_order_payment(session, ADMIN, order.id)
    item = session.execute(select(OrderItem)).scalar_one()
    assert (item.title, item.unit_price_minor, order.total_minor) == ("Quartz", 1_000, 2_000)
    assert money_of(session, order) == [("charge", 2_000)]


def test_a_client_orders_for_himself_only(session):
    """R-USR-01: a client orders for himself; to him, other clients are not there."""
    product = make_product(session, stock=5)
    who, other = make_actor(session, Role.CLIENT), make_client(session)
    order = place_order(session, who, client_id=who.client_id, lines=[(product.id, 1)])
    assert order.client_id == who.client_id
    refused(
        session,
        NotFound,
        "There is no such client.",
        lambda: place_order(session, who, client_id=other.id, lines=[(product.id, 1)]),
    )


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.SUPPORT])
def test_who_may_not_order(session, role):
    """R-USR-01: practitioners and support place no orders."""
    who, client, product = make_actor(session, role), make_client(session), make_product(session, stock=1)
    sentence = f"Your role ({role.value}) does not allow this. An admin can do it or change your role."
    refused(
        session,
        NotPermitted,
        sentence,
        lambda: place_order(session, who, client_id=client.id, lines=[(product.id, 1)]),
    )
