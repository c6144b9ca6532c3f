"""Orders: every action in every state and by every role."""

import itertools
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from avenrae.enums import OrderKind, OrderStatus, Role
from avenrae.errors import Conflict, NotFound, NotPermitted
from avenrae.models import Order
from avenrae.permissions import Actor
from avenrae.services.orders import cancel_order, fulfil_order, place_order, record_order_payment, refund_order
from tests.make import make_actor, make_product
from tests.services.orders.states import ADMIN, ordered, paid, refused

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
