"""Orders: several deeds at the same time, with real threads and connections."""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
from sqlalchemy import func, select

from avenrae.db.engine import make_engine
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import LedgerKind, MovementReason, OrderStatus
from avenrae.models import LedgerEntry, Order, OrderItem, Product, Transaction
from avenrae.queries.products import stock_as_of
from avenrae.services.orders import cancel_order, fulfil_order, place_order, record_order_payment, refund_order
from avenrae.services.products import adjust_stock, count_stock, receive_stock
from tests.make import make_client, make_product
from tests.services.orders.states import ADMIN, booked, fulfilled, paid, stock
from tests.threads import answers, at_once, click, timed, told_at_once


def test_two_refunds_at_once(database):
    """R-PAY-03: eight refunds of a half at once give back the charge and no more."""
    with transaction(ADMIN, "make") as s:
        order = fulfilled(s, [(make_product(s, stock=1, price_minor=1_000), 1)])
    refused = "This order cannot be refunded: nothing of what was paid is left."
    told = told_at_once(ADMIN, [lambda s: refund_order(s, ADMIN, order.id, amount_minor=500, reason="Late")] * 8)
    assert sorted(told) == [*[refused] * 6, "done", "done"]
    with read_session() as s:
        assert s.get_one(Order, order.id).refunded_minor == 1_000
        assert booked(s, order) == [("sale", 1_000), ("refund", -500), ("refund", -500)]


@pytest.fixture
def fifty(database, monkeypatch) -> Iterator[str]:
    """The database, with a pool of fifty connections that are open already."""
    engine = make_engine(database, pool_size=50)
    with ExitStack() as all_open:
        for _ in range(50):
            all_open.enter_context(engine.connect())
    monkeypatch.setattr("avenrae.db.transaction.engine", lambda: engine)
    yield database
    engine.dispose()


def test_the_last_unit_is_sold_once(fifty):
    """R-SHOP-02: of 50 orders at once for the last unit one succeeds, 49 get one sentence, nobody waits a second."""
    with transaction(ADMIN, "make") as s:
        product = make_product(s, stock=1, title="Quartz")
        clients = [make_client(s).id for _ in range(50)]

    deeds = [lambda s, c=c: place_order(s, ADMIN, client_id=c, lines=[(product.id, 1)]) for c in clients]
    seconds: list[float] = []
    told = answers(at_once([timed(click(ADMIN, deed), seconds) for deed in deeds]))
    assert sorted(told) == [*["There is not enough of “Quartz” in stock: 0 left."] * 49, "done"]
    assert max(seconds) < 1
    with read_session() as s:
        assert stock(s, product) == (1, 1)
        assert s.execute(select(func.count()).select_from(Order)).scalar_one() == 1


def test_an_order_is_fulfilled_once(fifty):
    """R-SHOP-03: of 20 clicks on “fulfil” at once one sends the goods; the others hear that they are sent."""
    with transaction(ADMIN, "make") as s:
        product = make_product(s, stock=5)
        order = paid(s, [(product, 2)])

    refused = "This order cannot be fulfilled: it is fulfilled already."
    told = told_at_once(ADMIN, [lambda s: fulfil_order(s, ADMIN, order.id)] * 20)
    assert sorted(told) == [*[refused] * 19, "done"]
    with read_session() as s:
        assert stock(s, product) == (3, 0)


def test_no_order_of_products_ends_in_a_deadlock(fifty, noon):
    """R-SHOP-02, R-SHOP-04: threads that order, send, cancel, refund, count and receive random products in any order
    never deadlock, and in the end stock, ledger and open orders agree."""
    with transaction(ADMIN, "make") as s:
        products = [make_product(s, stock=1_000, price_minor=100).id for _ in range(8)]
        clients = [make_client(s).id for _ in range(20)]

    def life(number: int) -> None:
        chance = random.Random(number)
        for _ in range(6):
            lines = [(p, chance.randint(1, 3)) for p in chance.sample(products, 5)]
            with transaction(ADMIN, "place_order") as s:
                order = place_order(s, ADMIN, client_id=clients[number], lines=lines)
            with transaction(ADMIN, "record_order_payment") as s:
                record_order_payment(s, ADMIN, order.id)
            match chance.randrange(3):
                case 0:
                    with transaction(ADMIN, "cancel_order") as s:
                        cancel_order(s, ADMIN, order.id, "x")
                case 1:
                    with transaction(ADMIN, "fulfil_order") as s:
                        fulfil_order(s, ADMIN, order.id)
                    with transaction(ADMIN, "refund_order") as s:
                        back = list(reversed(lines))
                        refund_order(s, ADMIN, order.id, amount_minor=100, reason="x", restock=back)
            with transaction(ADMIN, "receive_stock") as s:
                receive_stock(s, ADMIN, chance.choice(products), quantity=2)
            with transaction(ADMIN, "count_stock") as s:
                count_stock(s, ADMIN, chance.choice(products), counted=990)
            with transaction(ADMIN, "adjust_stock") as s:
                adjust_stock(s, ADMIN, chance.choice(products), delta=-1, reason=MovementReason.DAMAGED, note="Dropped")

    assert answers(at_once([partial(life, number) for number in range(20)])) == ["done"] * 20
    with read_session() as s:
        for key in products:
            product = s.get_one(Product, key)
            assert stock_as_of(s, ADMIN, key, noon) == product.on_hand
            promised = (
                select(func.coalesce(func.sum(OrderItem.quantity), 0))
                .join(Order)
                .where(OrderItem.product_id == key, Order.status == OrderStatus.PAID)
            )
            assert s.execute(promised).scalar_one() == product.allocated
        sums = select(LedgerEntry.kind, func.sum(LedgerEntry.gross_minor)).group_by(LedgerEntry.kind)
        books = dict(s.execute(sums).all())
        sums = select(Transaction.kind, func.sum(Transaction.amount_minor)).group_by(Transaction.kind)
        money = dict(s.execute(sums).all())
        assert books[LedgerKind.SALE] == money["charge"]
        assert books[LedgerKind.REFUND] == -money["refund"]
