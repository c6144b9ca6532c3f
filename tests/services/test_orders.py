"""What happens to an order, to the stock behind it and to the money for it."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from avenrae.db.engine import make_engine
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import LedgerKind, MovementReason, OrderKind, OrderStatus, PaymentStatus, Role
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.ids import uuid7
from avenrae.models import Client, LedgerEntry, Order, OrderItem, Product, StockMovement, Transaction
from avenrae.permissions import Actor
from avenrae.queries.products import stock_as_of
from avenrae.services.orders import cancel_order, fulfil_order, place_order, record_order_payment, refund_order
from avenrae.services.products import adjust_stock, count_stock, edit_product, receive_stock
from tests.make import make_actor, make_client, make_product

ADMIN = Actor.system("tests")


def stock(session: Session, product: Product) -> tuple[int, int]:
    """On hand and allocated, as they are in the table."""
    query = text("SELECT on_hand, allocated FROM products WHERE id = :id")
    return tuple(session.execute(query, {"id": product.id}).one())


def counted(session: Session) -> tuple[int, ...]:
    """How many rows there are of everything that an order can write."""
    tables = (Order, OrderItem, StockMovement, Transaction, LedgerEntry)
    return tuple(session.execute(select(func.count()).select_from(t)).scalar_one() for t in tables)


def moved(session: Session, order: Order) -> list[tuple[str, int]]:
    """The order's lines in the stock ledger, in the order in which they were written."""
    query = select(StockMovement).where(StockMovement.reference == order.reference).order_by(StockMovement.id)
    return [(m.reason, m.delta) for m in session.execute(query).scalars()]


def money_of(session: Session, order: Order) -> list[tuple[str, int]]:
    """The order's movements of money."""
    query = select(Transaction).where(Transaction.order_id == order.id).order_by(Transaction.id)
    return [(t.kind, t.amount_minor) for t in session.execute(query).scalars()]


def booked(session: Session, order: Order) -> list[tuple[str, int]]:
    """The order's lines in the books."""
    query = select(LedgerEntry).where(LedgerEntry.source_id == order.id).order_by(LedgerEntry.id)
    return [(e.kind, e.gross_minor) for e in session.execute(query).scalars()]


def ordered(session: Session, lines: Sequence[tuple[Product, int]], client: Client | None = None, **kw: Any) -> Order:
    """An order of these products, waiting for its payment."""
    client = client or make_client(session)
    return place_order(session, ADMIN, client_id=client.id, lines=[(p.id, n) for p, n in lines], **kw)


def paid(session: Session, lines: Sequence[tuple[Product, int]], **kw: Any) -> Order:
    """An order of these products that was paid."""
    return record_order_payment(session, ADMIN, ordered(session, lines, **kw).id)


def fulfilled(session: Session, lines: Sequence[tuple[Product, int]], **kw: Any) -> Order:
    """An order of these products that was paid and sent."""
    return fulfil_order(session, ADMIN, paid(session, lines, **kw).id)


def refused(session: Session, error: type[AvenraeError], sentence: str, attempt: Callable[[], object]) -> None:
    """Assert that an attempt is refused with this sentence and that nothing changed, not even unsaved."""
    before, products = counted(session), session.execute(select(Product.on_hand, Product.allocated)).all()
    orders = session.execute(select(Order.status, Order.payment_status, Order.refunded_minor)).all()
    with pytest.raises(error) as e:
        attempt()
    assert e.value.message == sentence
    session.flush()
    session.expire_all()
    assert counted(session) == before
    assert session.execute(select(Product.on_hand, Product.allocated)).all() == products
    assert session.execute(select(Order.status, Order.payment_status, Order.refunded_minor)).all() == orders


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


def test_a_payment_is_money_and_a_sale(session, noon):
    """R-PAY-03: a payment is one charge and one sale of the whole total, on the day it was paid."""
    order = paid(session, [(make_product(session, stock=2, price_minor=5_000), 2)], shipping_minor=100)
    assert (order.status, order.payment_status, order.paid_at) == ("paid", "paid", noon)
    assert money_of(session, order) == [("charge", 10_100)]
    sale = session.execute(select(LedgerEntry)).scalar_one()
    assert (sale.kind, sale.source, sale.gross_minor, sale.commission_minor) == ("sale", "order", 10_100, 0)
    assert (sale.occurred_at, sale.client_id) == (noon, order.client_id)


def test_an_order_that_costs_nothing(session):
    """R-PAY-03: no money moves for a total of zero, on the way there and on the way back."""
    product = make_product(session, stock=2, price_minor=0)
    order = paid(session, [(product, 1)])
    refused(
        session,
        Conflict,
        "This order cannot be refunded: nothing of what was paid is left.",
        lambda: refund_order(session, ADMIN, order.id, amount_minor=1, reason="x"),
    )
    cancel_order(session, ADMIN, order.id, "No longer wanted")
    assert (order.status, order.payment_status) == ("cancelled", "refunded")
    assert (money_of(session, order), booked(session, order)) == ([], [("sale", 0)])
    assert stock(session, product) == (2, 0)


def test_fulfilling_takes_both_down(session, noon):
    """R-SHOP-03: allocated and on hand fall by the same number, even the last one, with a line in the ledger."""
    quartz, deck = make_product(session, stock=3), make_product(session, stock=9)
    order = paid(session, [(deck, 4), (quartz, 3)])
    fulfil_order(session, ADMIN, order.id)
    assert (order.status, order.fulfilled_at) == ("fulfilled", noon)
    assert (stock(session, quartz), stock(session, deck)) == ((0, 0), (5, 0))
    in_key_order = [("sold", -3), ("sold", -4)] if quartz.id < deck.id else [("sold", -4), ("sold", -3)]
    assert moved(session, order) == in_key_order


def test_cancelling_frees_the_goods(session, noon):
    """R-SHOP-03: a cancelled order allocates nothing; on hand and the ledger stay as they were."""
    product = make_product(session, stock=3)
    order = ordered(session, [(product, 3)])
    cancel_order(session, ADMIN, order.id, " Changed her mind ")
    assert (order.status, order.payment_status, order.cancelled_at) == ("cancelled", "unpaid", noon)
    assert order.cancellation_reason == "Changed her mind"
    assert stock(session, product) == (3, 0)
    assert (moved(session, order), money_of(session, order), booked(session, order)) == ([], [], [])


def test_cancelling_gives_everything_back(session):
    """R-PAY-03: what is left of a payment goes back when an order is cancelled, and the books come to zero."""
    product = make_product(session, stock=3, price_minor=3_333)
    order = paid(session, [(product, 3)])
    refund_order(session, ADMIN, order.id, amount_minor=1_000, reason="Late")
    cancel_order(session, ADMIN, order.id, "Lost")
    assert (order.status, order.payment_status, order.refunded_minor) == ("cancelled", "refunded", 9_999)
    assert money_of(session, order) == [("charge", 9_999), ("refund", 1_000), ("refund", 8_999)]
    assert booked(session, order) == [("sale", 9_999), ("refund", -1_000), ("refund", -8_999)]
    assert stock(session, product) == (3, 0)


def test_a_cancelled_order_that_was_refunded_before(session):
    """R-PAY-03: nothing goes back twice; only the goods are freed."""
    product = make_product(session, stock=3, price_minor=1_000)
    order = paid(session, [(product, 1)])
    refund_order(session, ADMIN, order.id, amount_minor=1_000, reason="Late")
    refused(
        session,
        Conflict,
        "This order cannot be fulfilled: it has been refunded in full. Cancel it to free its goods.",
        lambda: fulfil_order(session, ADMIN, order.id),
    )
    cancel_order(session, ADMIN, order.id, "Lost")
    assert money_of(session, order) == [("charge", 1_000), ("refund", 1_000)]
    assert stock(session, product) == (3, 0)


def test_refunds_sum_to_the_charge_and_no_further(session):
    """R-PAY-03: 33.33 three times on 99.99 is exact; a cent more is refused."""
    order = fulfilled(session, [(make_product(session, stock=1, price_minor=9_999), 1)])
    refund_order(session, ADMIN, order.id, amount_minor=3_333, reason="Chipped")
    assert order.payment_status == PaymentStatus.PARTIALLY_REFUNDED
    refund_order(session, ADMIN, order.id, amount_minor=3_333, reason="Chipped")
    sentence = "The refund must be more than zero and at most R\u00a033.33."
    for amount in (3_334, 0, -1):
        refused(
            session,
            InvalidInput,
            sentence,
            lambda amount=amount: refund_order(session, ADMIN, order.id, amount_minor=amount, reason="x"),
        )
    refund_order(session, ADMIN, order.id, amount_minor=3_333, reason="Chipped")
    assert (order.status, order.payment_status, order.refunded_minor) == ("fulfilled", "refunded", 9_999)
    assert sum(gross for _, gross in booked(session, order)) == 0
    assert {t.details.get("reason") for t in session.execute(select(Transaction)).scalars()} == {None, "Chipped"}
    refused(
        session,
        Conflict,
        "This order cannot be refunded: nothing of what was paid is left.",
        lambda: refund_order(session, ADMIN, order.id, amount_minor=1, reason="x"),
    )


def test_two_refunds_at_once(database):
    """R-PAY-03: eight refunds of a half at once give back the charge and no more."""
    with transaction(ADMIN, "make") as s:
        order = fulfilled(s, [(make_product(s, stock=1, price_minor=1_000), 1)])
    answers = at_once(8, lambda _: _refund_half(order))
    assert sorted(a or "done" for a, _ in answers) == [
        *["This order cannot be refunded: nothing of what was paid is left."] * 6,
        "done",
        "done",
    ]
    with read_session() as s:
        assert s.get_one(Order, order.id).refunded_minor == 1_000
        assert booked(s, order) == [("sale", 1_000), ("refund", -500), ("refund", -500)]


def _refund_half(order: Order) -> None:
    with transaction(ADMIN, "refund_order") as s:
        refund_order(s, ADMIN, order.id, amount_minor=500, reason="Late")


def test_a_refund_asks_what_came_back(session):
    """R-SHOP-03: goods come back into stock only as far as they were sent and have not come back before."""
    quartz = make_product(session, stock=5, title="Quartz", price_minor=1_000)
    deck = make_product(session, stock=5, title="Deck", price_minor=1_000)
    order = fulfilled(session, [(quartz, 3), (deck, 1)])
    refund_order(session, ADMIN, order.id, amount_minor=100, reason="Late")
    assert (stock(session, quartz), stock(session, deck)) == ((2, 0), (4, 0))
    refund_order(session, ADMIN, order.id, amount_minor=1_000, reason="Chipped", restock=[(quartz.id, 1)])
    assert (stock(session, quartz), stock(session, deck)) == ((3, 0), (4, 0))
    refused(
        session,
        InvalidInput,
        "At most 2 of “Quartz” can come back.",
        lambda: refund_order(session, ADMIN, order.id, amount_minor=1, reason="x", restock=[(quartz.id, 3)]),
    )
    refused(
        session,
        InvalidInput,
        "A product that is not in this order, or has come back before, cannot come back.",
        lambda: refund_order(session, ADMIN, order.id, amount_minor=1, reason="x", restock=[(uuid7(), 1)]),
    )
    refund_order(session, ADMIN, order.id, amount_minor=500, reason="All back", restock=True)
    assert (stock(session, quartz), stock(session, deck)) == ((5, 0), (5, 0))
    refund_order(session, ADMIN, order.id, amount_minor=500, reason="Again", restock=True)
    assert (stock(session, quartz), stock(session, deck)) == ((5, 0), (5, 0))
    assert sorted(moved(session, order)) == [
        ("returned", 1),
        ("returned", 1),
        ("returned", 2),
        ("sold", -3),
        ("sold", -1),
    ]


def test_goods_that_were_not_sent_cannot_come_back(session):
    """R-SHOP-03: before it is fulfilled an order is cancelled to free its goods, not restocked."""
    product = make_product(session, stock=5)
    order = paid(session, [(product, 1)])
    refused(
        session,
        InvalidInput,
        "The goods of this order have not left the stock. Cancel it to free them.",
        lambda: refund_order(session, ADMIN, order.id, amount_minor=1, reason="x", restock=True),
    )


ATTEMPTS: dict[str, Callable[[Session, Actor, Order], object]] = {
    "paid": lambda s, who, o: record_order_payment(s, who, o.id),
    "fulfilled": lambda s, who, o: fulfil_order(s, who, o.id),
    "cancelled": lambda s, who, o: cancel_order(s, who, o.id, "x"),
    "refunded": lambda s, who, o: refund_order(s, who, o.id, amount_minor=1, reason="x"),
}
ALLOWED = {
    "paid": {"pending"},
    "fulfilled": {"paid"},
    "cancelled": {"pending", "paid"},
    "refunded": {"paid", "fulfilled"},
}
WORDS = {"pending": "not paid yet", "paid": "paid already", "fulfilled": "fulfilled already", "cancelled": "cancelled"}


@pytest.mark.parametrize(("deed", "status"), [*itertools.product(ATTEMPTS, OrderStatus)])
def test_each_state_allows_what_it_allows(session, deed, status):
    """R-SHOP-03: every action × every state either happens or is refused with the state in the sentence."""
    order = ordered(session, [(make_product(session, stock=1), 1)])
    if status in ("paid", "fulfilled"):
        record_order_payment(session, ADMIN, order.id)
    if status == "fulfilled":
        fulfil_order(session, ADMIN, order.id)
    if status == "cancelled":
        cancel_order(session, ADMIN, order.id, "x")
    if status in ALLOWED[deed]:
        ATTEMPTS[deed](session, ADMIN, order)
        return
    instead = " Refund it instead." if (deed, status) == ("cancelled", "fulfilled") else ""
    sentence = f"This order cannot be {deed}: it is {WORDS[status]}.{instead}"
    refused(session, Conflict, sentence, lambda: ATTEMPTS[deed](session, ADMIN, order))


@pytest.mark.parametrize("deed", list(ATTEMPTS))
def test_nothing_is_done_with_a_credit_note(session, deed):
    """R-IMP-01: a credit note stands as its books had it."""
    order = paid(session, [(make_product(session, stock=1), 1)])
    order.kind = OrderKind.CREDIT_NOTE
    session.flush()
    refused(
        session,
        Conflict,
        "This is a credit note from books that were imported; nothing can be done with it.",
        lambda: ATTEMPTS[deed](session, ADMIN, order),
    )


def test_cancelling_and_refunding_need_a_reason(session):
    """R-UI-02: without a reason nothing happens."""
    order = paid(session, [(make_product(session, stock=1), 1)])
    sentence = "Say why, so that everybody concerned can be told."
    refused(session, InvalidInput, sentence, lambda: cancel_order(session, ADMIN, order.id, "  "))
    refused(session, InvalidInput, sentence, lambda: refund_order(session, ADMIN, order.id, amount_minor=1, reason=""))


def test_support_refunds_up_to_its_limit(session):
    """R-USR-01: a support agent gives back R 2 000 of an order in all, by refunds and by cancelling; an admin more."""
    agent = make_actor(session, Role.SUPPORT)
    product = make_product(session, stock=9, price_minor=250_000)
    order = paid(session, [(product, 1)])
    refund_order(session, agent, order.id, amount_minor=150_000, reason="x")
    sentence = "A support agent can refund up to R\u00a02\u00a0000.00 in all. Ask an admin for more."
    refused(
        session,
        NotPermitted,
        sentence,
        lambda: refund_order(session, agent, order.id, amount_minor=50_001, reason="x"),
    )
    refused(session, NotPermitted, sentence, lambda: cancel_order(session, agent, order.id, "x"))
    refund_order(session, agent, order.id, amount_minor=50_000, reason="x")
    refund_order(session, ADMIN, order.id, amount_minor=50_000, reason="x")
    assert order.payment_status == PaymentStatus.REFUNDED


@pytest.mark.parametrize(("role", "deed"), [*itertools.product(Role, ATTEMPTS)])
def test_each_role_does_what_it_may(session, role, deed):
    """R-USR-01: role × action on somebody's order; who may not is refused at the service, and nothing changed."""
    order = ordered(session, [(make_product(session, stock=1), 1)])
    if deed in ("fulfilled", "refunded"):
        record_order_payment(session, ADMIN, order.id)
    who = make_actor(session, role)
    may = {Role.ADMIN: set(ATTEMPTS), Role.SUPPORT: {"fulfilled", "cancelled", "refunded"}}.get(role, set())
    if deed in may:
        ATTEMPTS[deed](session, who, order)
    elif role is Role.SUPPORT:
        sentence = "Your role (support) does not allow this. An admin can do it or change your role."
        refused(session, NotPermitted, sentence, lambda: ATTEMPTS[deed](session, who, order))
    else:
        sentence = "There is no such order, or it is not yours to see."
        refused(session, NotFound, sentence, lambda: ATTEMPTS[deed](session, who, order))


@pytest.mark.parametrize("deed", list(ATTEMPTS))
def test_a_client_does_nothing_more_to_his_own_order(session, deed):
    """R-USR-01: his own order a client sees and no more; refused, and nothing changed."""
    who = make_actor(session, Role.CLIENT)
    order = place_order(session, who, client_id=who.client_id, lines=[(make_product(session, stock=1).id, 1)])
    sentence = "Your role (client) does not allow this. An admin can do it or change your role."
    refused(session, NotPermitted, sentence, lambda: ATTEMPTS[deed](session, who, order))


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


# With real threads and connections ------------------------------------------------------------------------------------


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


def at_once(n: int, deed: Callable[[int], object]) -> list[tuple[str, float]]:
    """Do something in n threads from one start; returns the sentence (or nothing) and the seconds of each."""
    start = threading.Barrier(n)
    answers: list[tuple[str, float]] = []

    def run(number: int) -> None:
        start.wait()
        began = time.monotonic()
        try:
            deed(number)
            sentence = ""
        except AvenraeError as e:
            sentence = e.message
        except Exception as e:
            sentence = repr(e)
        answers.append((sentence, time.monotonic() - began))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_the_last_unit_is_sold_once(fifty):
    """R-SHOP-02: of 50 orders at once for the last unit one succeeds, 49 get one sentence, nobody waits a second."""
    with transaction(ADMIN, "make") as s:
        product = make_product(s, stock=1, title="Quartz")
        clients = [make_client(s).id for _ in range(50)]

    def order(number: int) -> None:
        with transaction(ADMIN, "place_order") as s:
            place_order(s, ADMIN, client_id=clients[number], lines=[(product.id, 1)])

    answers = at_once(50, order)
    sentences = [sentence for sentence, _ in answers]
    assert sentences.count("") == 1
    assert sentences.count("There is not enough of “Quartz” in stock: 0 left.") == 49
    assert max(seconds for _, seconds in answers) < 1
    with read_session() as s:
        assert stock(s, product) == (1, 1)
        assert s.execute(select(func.count()).select_from(Order)).scalar_one() == 1


def test_an_order_is_fulfilled_once(fifty):
    """R-SHOP-03: of 20 clicks on “fulfil” at once one sends the goods; the others hear that they are sent."""
    with transaction(ADMIN, "make") as s:
        product = make_product(s, stock=5)
        order = paid(s, [(product, 2)])

    def fulfil(_: int) -> None:
        with transaction(ADMIN, "fulfil_order") as s:
            fulfil_order(s, ADMIN, order.id)

    sentences = sorted(sentence for sentence, _ in at_once(20, fulfil))
    assert sentences == ["", *["This order cannot be fulfilled: it is fulfilled already."] * 19]
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

    answers = at_once(20, life)
    assert {sentence for sentence, _ in answers} == {""}
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
