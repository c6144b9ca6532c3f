"""Reads of orders: who sees which, what the filters leave, and what one order shows."""

from datetime import timedelta

import pytest

from avenrae import clock
from avenrae.enums import OrderKind, PaymentStatus, Role
from avenrae.errors import InvalidInput, NotFound, NotPermitted
from avenrae.ids import uuid7
from avenrae.models import Order
from avenrae.permissions import Actor
from avenrae.queries.orders import (
    OrderFilters,
    count_orders,
    each_order,
    get_order,
    list_orders,
    list_returnable,
    order_filters,
)
from avenrae.services.orders import cancel_order, fulfil_order, place_order, record_order_payment, refund_order
from tests.conftest import NOON
from tests.make import make_actor, make_client, make_product

ADMIN = Actor.system("tests")
ALL = OrderFilters()
ZONE = "Africa/Johannesburg"


@pytest.fixture
def orders(session):
    """Five orders under names: a pending, a paid and a sent one of Ana, a cancelled one of Bo, an imported note."""
    ana = make_client(session, user={"first_name": "Ana", "last_name": "Lúcia"})
    bo = make_client(session, user={"first_name": "Bo", "last_name": "Nkosi"})
    quartz = make_product(session, stock=50, title="Quartz", price_minor=1_000)
    deck = make_product(session, stock=50, title="Deck", price_minor=5_000)

    def placed(days, client, *lines):
        with clock.stopped(NOON - timedelta(days=days)):
            return place_order(session, ADMIN, client_id=client.id, lines=[(p.id, n) for p, n in lines])

    made = {
        "pending": placed(0, ana, (quartz, 1)),
        "paid": placed(3, ana, (quartz, 2), (deck, 1)),
        "sent": placed(20, ana, (deck, 2)),
        "cancelled": placed(400, bo, (quartz, 3)),
    }
    with clock.stopped(NOON):
        record_order_payment(session, ADMIN, made["paid"].id)
        record_order_payment(session, ADMIN, made["sent"].id)
        fulfil_order(session, ADMIN, made["sent"].id)
        cancel_order(session, ADMIN, made["cancelled"].id, "Lost")
    made["note"] = Order(
        reference="C536379",
        kind=OrderKind.CREDIT_NOTE,
        status="fulfilled",
        payment_status=PaymentStatus.REFUNDED,
        currency="GBP",
        items_minor=700,
        total_minor=700,
        refunded_minor=700,
        placed_at=NOON - timedelta(days=900),
        paid_at=NOON - timedelta(days=900),
    )
    session.add(made["note"])
    session.flush()
    return made | {"ana": ana, "bo": bo, "quartz": quartz, "deck": deck}


def named(orders, rows):
    """The fixture's names of rows."""
    names = {o.id: name for name, o in orders.items() if isinstance(o, Order)}
    return [names[row.id] for row in rows]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["pending", "paid", "sent", "cancelled", "note"]),
        ({"status": "paid"}, ["paid"]),
        ({"payment": "unpaid"}, ["pending", "cancelled"]),
        ({"kind": "credit_note"}, ["note"]),
        ({"q": "c536379"}, ["note"]),
        ({"q": "lucia"}, ["pending", "paid", "sent"]),
        ({"q": "nk"}, []),
        ({"q": "bo"}, ["cancelled"]),
        ({"when": "today"}, ["pending"]),
        ({"when": "past-7"}, ["paid"]),
        ({"from": "2026-02-24", "to": "2026-03-13"}, ["paid", "sent"]),
        ({"q": "lucia", "status": "fulfilled"}, ["sent"]),
    ],
)
def test_filters(session, noon, orders, params, found):
    """R-DIR-02 for orders: list, count and export of one filter are the same rows."""
    filters = order_filters(params, ZONE)
    assert named(orders, list_orders(session, ADMIN, filters)) == found
    assert count_orders(session, ADMIN, filters) == len(found)
    assert named(orders, each_order(session, ADMIN, filters, "-placed_at")) == found


def test_filters_by_client_and_product(session, orders):
    """R-AN-03: links of other pages narrow the list to one client or one product."""
    by_client = order_filters({"client": str(orders["bo"].id)}, ZONE)
    assert named(orders, list_orders(session, ADMIN, by_client)) == ["cancelled"]
    by_product = order_filters({"product": str(orders["deck"].id)}, ZONE)
    assert named(orders, list_orders(session, ADMIN, by_product)) == ["paid", "sent"]


@pytest.mark.parametrize("params", [{"status": "lost"}, {"payment": "x"}, {"kind": "x"}])
def test_filters_that_are_none(params):
    """R-UI-02: a word in the address that is no choice is answered with the choices."""
    with pytest.raises(InvalidInput, match="is not one of the choices: "):
        order_filters(params, ZONE)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("placed_at", ["note", "cancelled", "sent", "paid", "pending"]),
        ("-total", ["sent", "paid", "cancelled", "pending", "note"]),
        ("reference", ["note", "pending", "paid", "sent", "cancelled"]),
    ],
)
def test_sorts_change_the_order_only(session, orders, sort, order):
    """R-DIR-02 for orders: changing the sort never changes the set, on one page or page by page."""
    assert named(orders, list_orders(session, ADMIN, ALL, sort=sort)) == order
    paged = [r for page in (1, 2, 3) for r in list_orders(session, ADMIN, ALL, sort=sort, page=page, size=2)]
    assert named(orders, paged) == order
    with pytest.raises(InvalidInput, match="This list cannot be sorted like that"):
        list_orders(session, ADMIN, ALL, sort="notes")


def test_a_row(session, orders):
    """R-AN-02: a row has the order's own amounts, its client and its pieces; an imported one may have no client."""
    rows = dict(zip(named(orders, list_orders(session, ADMIN, ALL)), list_orders(session, ADMIN, ALL), strict=True))
    paid = rows["paid"]
    assert (paid.total_minor, paid.currency, paid.pieces, paid.client_name) == (7_000, "ZAR", 3, "Ana Lúcia")
    assert (paid.placed_at, paid.client_id) == (NOON - timedelta(days=3), orders["ana"].id)
    assert (rows["note"].client_name, rows["note"].pieces, rows["note"].currency) == (None, 0, "GBP")


@pytest.mark.parametrize("role", list(Role))
def test_who_sees_which_orders(session, orders, role):
    """R-USR-01: staff see all, a client his own, a practitioner none; by list, count, export and address."""
    who = make_actor(session, role)
    if role is Role.PRACTITIONER:
        for read in (list_orders, count_orders):
            with pytest.raises(NotPermitted, match="Your role"):
                read(session, who, ALL)
        with pytest.raises(NotPermitted, match="Your role"):
            each_order(session, who, ALL, "placed_at")
    else:
        seen = 5 if role in (Role.SUPPORT, Role.ADMIN) else 0
        assert len(list_orders(session, who, ALL)) == count_orders(session, who, ALL) == seen
        assert len(list(each_order(session, who, ALL, "placed_at"))) == seen
    if role in (Role.SUPPORT, Role.ADMIN):
        assert get_order(session, who, orders["paid"].id).reference == orders["paid"].reference
        assert len(list_returnable(session, who, orders["sent"].id)) == 1
        return
    with pytest.raises(NotFound, match="There is no such order, or it is not yours to see"):
        get_order(session, who, orders["paid"].id)
    assert list_returnable(session, who, orders["sent"].id) == []


def test_a_client_sees_and_searches_his_own(session, noon):
    """R-USR-01: a client's list is his own, and neither a filter nor a search widens it."""
    who, other = make_actor(session, Role.CLIENT), make_client(session)
    product = make_product(session, stock=9)
    own = place_order(session, who, client_id=who.client_id, lines=[(product.id, 1)])
    theirs = place_order(session, ADMIN, client_id=other.id, lines=[(product.id, 1)])
    assert [o.id for o in list_orders(session, who, ALL)] == [own.id]
    assert list_orders(session, who, OrderFilters(client_id=other.id)) == []
    assert list_orders(session, who, OrderFilters(search=theirs.reference)) == []
    assert [o.id for o in list_orders(session, who, OrderFilters(search=f" {own.reference.lower()} "))] == [own.id]
    record_order_payment(session, ADMIN, own.id)
    assert [p.kind for p in get_order(session, who, own.id).payments] == ["charge"]


def test_one_order(session, noon, orders):
    """R-PAY-03: an order shows its lines as they were, its money with the reasons, and what is kept of it."""
    refund_order(
        session, ADMIN, orders["sent"].id, amount_minor=2_500, reason="Chipped", restock=[(orders["deck"].id, 1)]
    )
    order = get_order(session, ADMIN, orders["sent"].id)
    assert [(x.title, x.quantity, x.unit_price_minor, x.line_total_minor) for x in order.lines] == [
        ("Deck", 2, 5_000, 10_000)
    ]
    assert [(p.kind, p.amount_minor, p.reason) for p in order.payments] == [
        ("charge", 10_000, ""),
        ("refund", 2_500, "Chipped"),
    ]
    assert (order.total_minor, order.refunded_minor, order.kept_minor) == (10_000, 2_500, 7_500)
    assert [(r.title, r.quantity) for r in order.returnable] == [("Deck", 1)]
    assert (order.paid_at, order.fulfilled_at, order.client_name) == (noon, noon, "Ana Lúcia")
    pending = get_order(session, ADMIN, orders["pending"].id)
    assert (pending.kept_minor, pending.payments, pending.returnable) == (0, (), ())
    assert get_order(session, ADMIN, orders["note"].id).returnable == ()
    with pytest.raises(NotFound, match="There is no such order, or it is not yours to see"):
        get_order(session, ADMIN, uuid7())
