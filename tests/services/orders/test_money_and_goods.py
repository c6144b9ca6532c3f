"""Orders that are paid, sent, cancelled and refunded: the stock behind them and the money for them."""

from sqlalchemy import select

from avenrae.enums import PaymentStatus, Role
from avenrae.errors import Conflict, InvalidInput, NotPermitted
from avenrae.ids import uuid7
from avenrae.models import LedgerEntry, Transaction
from avenrae.services.orders import cancel_order, fulfil_order, refund_order
from tests.make import make_actor, make_product
from tests.services.orders.states import ADMIN, booked, fulfilled, money_of, moved, ordered, paid, refused, stock


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
