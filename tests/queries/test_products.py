"""Reads of products and of the stock ledger: who sees what, what the filters leave, what was in stock when."""

from datetime import timedelta

import pytest

from avenrae import clock
from avenrae.enums import MovementReason, ProductType, Role
from avenrae.errors import InvalidInput, NotFound, NotPermitted
from avenrae.ids import uuid7
from avenrae.permissions import Actor
from avenrae.queries.products import (
    OnSale,
    ProductFilters,
    count_movements,
    count_products,
    each_product,
    get_product,
    list_movements,
    list_products,
    product_filters,
    stock_as_of,
)
from avenrae.services.orders import place_order
from avenrae.services.products import adjust_stock, receive_stock
from tests.conftest import NOON
from tests.make import make_actor, make_client, make_product

ADMIN = Actor.system("tests")
ALL = ProductFilters()


def skus(session, actor=ADMIN, filters=ALL, **kw):
    """The SKUs of a list."""
    return [p.sku for p in list_products(session, actor, filters, **kw)]


@pytest.fixture
def shop(session):
    """Four products: plenty, low, out because all of it is promised, and withdrawn."""
    many = make_product(session, sku="MANY", title="Amethyst", stock=20, reorder_level=5, price_minor=300)
    low = make_product(session, sku="LOW", title="Émerald", stock=7, reorder_level=5, price_minor=100)
    out = make_product(
        session,
        sku="OUT",
        title="Tarot_deck",
        stock=2,
        reorder_level=1,
        price_minor=200,
        product_type=ProductType.TOOL,
        currency="ZAR",
    )
    make_product(session, sku="GONE", title="Zodiac book", is_active=False, product_type=ProductType.BOOK)
    place_order(session, ADMIN, client_id=make_client(session).id, lines=[(low.id, 2), (out.id, 2), (many.id, 1)])
    return {"MANY": many, "LOW": low, "OUT": out}


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["MANY", "LOW", "OUT", "GONE"]),
        ({"type": "tool"}, ["OUT"]),
        ({"stock": "low"}, ["LOW", "OUT"]),
        ({"stock": "out"}, ["OUT", "GONE"]),
        ({"stock": "in"}, ["MANY", "LOW"]),
        ({"active": "yes"}, ["MANY", "LOW", "OUT"]),
        ({"active": "no"}, ["GONE"]),
        ({"q": "emer"}, ["LOW"]),
        ({"q": "MERAL"}, ["LOW"]),
        ({"q": "man"}, ["MANY"]),
        ({"q": "any ame"}, ["MANY"]),
        ({"q": "é"}, ["LOW"]),
        ({"q": "st"}, []),
        ({"q": "t_d"}, ["OUT"]),
        ({"q": "%"}, []),
        ({"q": "book", "active": "yes"}, []),
    ],
)
def test_filters(session, shop, params, found):
    """R-DIR-02 for products: list, count and export of one filter are the same rows; low is at or under the level."""
    filters = product_filters(params, "UTC")
    assert skus(session, filters=filters) == found
    assert count_products(session, ADMIN, filters) == len(found)
    assert [p.sku for p in each_product(session, ADMIN, filters, "title")] == found


@pytest.mark.parametrize("params", [{"type": "car"}, {"stock": "some"}, {"active": "1"}])
def test_filters_that_are_none(params):
    """R-UI-02: a word in the address that is no choice is answered with the choices."""
    with pytest.raises(InvalidInput, match="is not one of the choices: "):
        product_filters(params)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("title", ["MANY", "LOW", "OUT"]),
        ("-title", ["OUT", "LOW", "MANY"]),
        ("sku", ["LOW", "MANY", "OUT"]),
        ("price", ["LOW", "OUT", "MANY"]),
    ],
)
def test_sorts_change_the_order_only(session, shop, sort, order):
    """R-DIR-02 for products: changing the sort never changes the set, on one page or page by page."""
    on_sale = ProductFilters(on_sale=OnSale.YES)
    assert skus(session, filters=on_sale, sort=sort) == order
    paged = [skus(session, filters=on_sale, sort=sort, page=n, size=2) for n in (1, 2, 3)]
    assert paged == [order[:2], order[2:], []]
    with pytest.raises(InvalidInput, match="This list cannot be sorted like that"):
        skus(session, sort="description")


def test_available_is_on_hand_less_allocated(session, shop):
    """R-SHOP-01: what orders promised is on hand and not available."""
    rows = {p.sku: p for p in list_products(session, ADMIN, ALL)}
    assert {k: (p.on_hand, p.allocated, p.available, p.in_stock, p.is_low) for k, p in rows.items()} == {
        "MANY": (20, 1, 19, True, False),
        "LOW": (7, 2, 5, True, True),
        "OUT": (2, 2, 0, False, True),
        "GONE": (0, 0, 0, False, False),
    }


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER])
def test_others_see_what_is_on_sale_without_numbers(session, shop, role):
    """R-USR-01: price and whether it is in stock, and neither numbers nor the ledger nor what is withdrawn."""
    who = make_actor(session, role)
    rows = list_products(session, who, ALL)
    assert [(p.sku, p.in_stock) for p in rows] == [("MANY", True), ("LOW", True), ("OUT", False)]
    detail = get_product(session, who, shop["LOW"].id)
    for p in (*rows, detail, *each_product(session, who, ALL, "title")):
        assert (p.on_hand, p.allocated, p.available, p.reorder_level, p.is_low) == (None, None, None, None, False)
    shop["LOW"].is_active = False
    session.flush()
    with pytest.raises(NotFound, match="There is no such product, or it is not yours to see"):
        get_product(session, who, shop["LOW"].id)
    for read in (list_movements, count_movements):
        with pytest.raises(NotPermitted, match="Your role"):
            read(session, who, shop["MANY"].id)
    with pytest.raises(NotPermitted, match="Your role"):
        stock_as_of(session, who, shop["MANY"].id, NOON)


def test_support_sees_no_products(session, shop):
    """R-USR-01: the matrix gives support orders, not products."""
    who = make_actor(session, Role.SUPPORT)
    for read in (list_products, count_products):
        with pytest.raises(NotPermitted, match="Your role"):
            read(session, who, ALL)
    with pytest.raises(NotPermitted, match="Your role"):
        each_product(session, who, ALL, "title")
    with pytest.raises(NotFound):
        get_product(session, who, shop["MANY"].id)


def test_the_ledger_shows_the_balance_after_each_line(session):
    """R-SHOP-04: newest first, each line with the stock after it, the same whatever page it is on."""
    with clock.stopped(NOON):
        product = make_product(session, stock=10)
    other = make_product(session, stock=99)
    deltas = [5, -3, -2, 7]
    for hours, delta in enumerate(deltas, 1):
        with clock.stopped(NOON + timedelta(hours=hours)):
            adjust_stock(session, ADMIN, product.id, delta=delta, reason=MovementReason.ADJUSTED, note=f"no {hours}")
    rows = list_movements(session, ADMIN, product.id)
    assert [(m.delta, m.balance) for m in rows] == [(7, 17), (-2, 10), (-3, 12), (5, 15), (10, 10)]
    assert (rows[0].reason, rows[0].note, rows[0].occurred_at) == ("adjusted", "no 4", NOON + timedelta(hours=4))
    paged = [m for page in (1, 2, 3, 4) for m in list_movements(session, ADMIN, product.id, page=page, size=2)]
    assert paged == rows
    assert count_movements(session, ADMIN, product.id) == 5
    assert list_movements(session, ADMIN, other.id)[0].balance == 99


def test_stock_as_of_any_instant(session):
    """R-SHOP-04: the sum of the movements up to an instant, that instant included."""
    product = make_product(session)
    make_product(session, stock=50)
    for hours, quantity in ((0, 4), (2, 3)):
        with clock.stopped(NOON + timedelta(hours=hours)):
            receive_stock(session, ADMIN, product.id, quantity=quantity)
    tick = timedelta(microseconds=1)
    as_of = {at: stock_as_of(session, ADMIN, product.id, NOON + at) for at in (-tick, 0 * tick, timedelta(hours=2))}
    assert list(as_of.values()) == [0, 4, 7]
    assert stock_as_of(session, ADMIN, product.id, NOON + timedelta(hours=2) - tick) == 4
    assert (
        stock_as_of(session, ADMIN, product.id, NOON + timedelta(days=9))
        == get_product(session, ADMIN, product.id).on_hand
    )
    with pytest.raises(NotFound, match="There is no such product"):
        stock_as_of(session, ADMIN, uuid7(), NOON)
