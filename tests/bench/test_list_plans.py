"""How the database finds the rows of a list: by an index, and without sorting everything."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from avenrae.db.transaction import read_session
from avenrae.enums import MailStatus, Role
from avenrae.queries import (
    bookings,
    directory,
    directory_filters,
    ledger,
    orders,
    outbox,
    products,
    reviews,
    tickets,
    waiting_list,
)
from tests.bench.conftest import listening
from tests.bench.plans import ADMIN, MOST_SORTED, ZONE, faults_of, nodes, plan_of, removed, rows_of, who_has_most

pytestmark = pytest.mark.xdist_group("worlds")


NEAR = {"lat": "-33.92", "lon": "18.42", "km": "50"}
VIEWS: dict[str, list[dict[str, str]]] = {
    "bookings": [
        {},
        {"page": "500"},
        {"view": "upcoming", "sort": "starts_at"},
        {"view": "upcoming", "sort": "starts_at", "page": "20"},
        {"view": "upcoming", "sort": "starts_at", "status": "cancelled"},
        {"view": "upcoming", "sort": "starts_at", "payment": "unpaid"},
        {"view": "upcoming", "q": "dlamini"},
        {"view": "past"},
        {"view": "upcoming", "when": "to-answer", "sort": "starts_at"},
        {"status": "pending"},
        {"status": "completed", "when": "past-30"},
        {"payment": "unpaid"},
        {"q": "dlamini"},
        {"q": "dlamini", "status": "pending"},
        {"q": "zanele"},
        {"q": "zanele mkhize"},
        {"q": "gmail"},
        {"q": "zu"},
        {"q": "B-12345"},
        *({"sort": f"{sign}{name}"} for name in bookings._SORTS for sign in ("", "-")),
    ],
    "orders": [
        {},
        {"page": "300"},
        {"status": "paid"},
        {"payment": "refunded"},
        {"kind": "credit_note"},
        {"when": "past-30"},
        {"q": "dlamini"},
        {"q": "zanele mkhize"},
        {"q": "gmail"},
        {"q": "O-12345"},
        *({"sort": f"{sign}{name}"} for name in orders._SORTS for sign in ("", "-")),
    ],
    "products": [
        {},
        {"page": "150"},
        {"stock": "low"},
        {"stock": "out"},
        {"type": "book"},
        {"active": "no"},
        {"q": "rose quartz"},
        {"q": "AV-001234"},
        *({"sort": f"{sign}{name}"} for name in products._SORTS for sign in ("", "-")),
    ],
    "practitioners": [
        {},
        {"page": "15"},
        {"kind": "healer"},
        {"status": "submitted"},
        {"city": "Durban"},
        {"specialty": "grief", "language": "isiZulu"},
        {"price_to": "600", "rating": "4"},
        {"delivery": "online"},
        {"documents": "expiring"},
        {"box": "-35,18,-33,19"},
        {"q": "dream"},
        {**NEAR, "sort": "distance"},
        *(
            {"sort": f"{sign}{name}"}
            for name in ("name", "rating", "price", "bookings", "newest")
            for sign in ("", "-")
        ),
    ],
    "tickets": [
        *({"view": view.value} for view in tickets.View),
        {"view": "all", "page": "200"},
        {"view": "all", "priority": "urgent"},
        {"view": "all", "status": "closed", "category": "order"},
        {"view": "all", "assignee": "nobody"},
        {"view": "all", "tag": "vip"},
        {"view": "all", "q": "quetzal"},
        {"view": "all", "q": "session"},
        {"view": "open", "q": "session"},
        {"view": "all", "q": "dlamini"},
        {"view": "all", "q": "T-1234"},
        *(
            {"view": view, "sort": f"{sign}{name}"}
            for view in ("open", "all")
            for name in tickets._SORTS
            for sign in ("", "-")
        ),
    ],
    "reviews": [
        {},
        {"page": "300"},
        {"show": "flagged"},
        {"show": "waiting"},
        {"show": "hidden"},
        {"rating": "1"},
        {"by": "practitioner"},
        {"q": "zanele mkhize"},
        {"q": "B-12345"},
        *({"sort": f"{sign}{name}"} for name in reviews._SORTS for sign in ("", "-")),
    ],
    "mails": [
        {},
        {"page": "80"},
        *({"status": status.value} for status in MailStatus),
        {"kind": "reminder"},
        {"kind": "refund"},
        {"from": "2026-01-01", "to": "2026-01-02"},
        {"q": "dlamini"},
        {"q": "zanele mkhize"},
        {"q": "gmail"},
        {"q": "somebody@example.org"},
        *({"sort": f"{sign}{name}"} for name in outbox._SORTS for sign in ("", "-")),
    ],
    "waiting": [
        {},
        {"page": "100"},
        {"status": "waiting"},
        {"view": "open", "sort": "on_date"},
        {"view": "over"},
        # Not searched: at this size reading the table once (8 ms) is cheaper than the keys of a page by index.
        *({"sort": f"{sign}{name}"} for name in waiting_list._SORTS for sign in ("", "-")),
    ],
    "entries": [{}, {"kind": "refund"}, {"source": "order"}, *({"sort": f"{s}occurred_at"} for s in ("", "-"))],
}
"""What each list is asked for; `page` and `sort` beside the filters of its address."""
READS: dict[str, tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]] = {
    "bookings": (bookings.booking_filters, bookings.list_bookings, bookings.count_bookings),
    "orders": (orders.order_filters, orders.list_orders, orders.count_orders),
    "products": (products.product_filters, products.list_products, products.count_products),
    "practitioners": (
        directory_filters.practitioner_filters,
        directory.list_practitioners,
        directory.count_practitioners,
    ),
    "tickets": (tickets.ticket_filters, tickets.list_tickets, tickets.count_tickets),
    "reviews": (reviews.review_filters, reviews.list_reviews, reviews.count_reviews),
    "entries": (ledger.entry_filters, ledger.list_entries, ledger.count_entries),
    "mails": (outbox.outbox_filters, outbox.list_outbox, outbox.count_outbox),
    "waiting": (waiting_list.wait_filters, waiting_list.list_waiting, waiting_list.count_waiting),
}


def _views() -> Iterator[Any]:
    for name, views in VIEWS.items():
        for params in views:
            view = "&".join(f"{k}={v}" for k, v in params.items()) or "first"
            yield pytest.param(name, params, id=f"{name}-{view}")


@pytest.mark.parametrize(("name", "params"), list(_views()))
def test_lists_walk_an_index(crowded: Engine, name: str, params: dict[str, str]) -> None:
    filters_of, list_rows, count_rows = READS[name]
    rest = {k: v for k, v in params.items() if k not in ("page", "sort")}
    filters = filters_of(rest, ZONE)
    how: dict[str, Any] = {"sort": params["sort"]} if "sort" in params else {}
    how |= {"page": int(params["page"])} if "page" in params else {}
    assert faults_of(crowded, lambda s: list_rows(s, ADMIN, filters, **how)) == []
    counted = faults_of(crowded, lambda s: count_rows(s, ADMIN, filters))
    assert [f for f in counted if "q" in rest or f.startswith("a sort")] == []


@pytest.mark.parametrize("sort", ["reference", "-reference"])
def test_what_is_to_come_is_sorted_among_itself(crowded: Engine, sort: str) -> None:
    """Walked in the order of references, all that was agreed before would be passed first."""
    filters = bookings.booking_filters({"view": "upcoming"}, ZONE)
    with read_session() as session, listening(crowded) as heard:
        bookings.list_bookings(session, ADMIN, filters, sort=sort)
    with read_session() as session:
        plans = [plan_of(session, *sent) for sent in heard.statements]
    passed = [removed(node) for plan in plans for node in nodes(plan) if node.get("Relation Name") == "bookings"]
    assert passed
    assert max(passed) < MOST_SORTED


def test_deep_pages_of_what_is_on_sale_read_the_index_alone(crowded: Engine) -> None:
    """A client's page 150 walks over 7 500 products; it fetches only the fifty that it shows."""
    client = who_has_most(crowded, Role.CLIENT)
    with read_session() as session:
        with listening(crowded) as heard:
            products.list_products(session, client, products.ProductFilters(), page=150)
        (plan,) = (plan_of(session, *sent) for sent in heard.statements)
    walked = [n for n in nodes(plan) if rows_of(n) > MOST_SORTED / 2 and "Relation Name" in n]
    assert {n["Node Type"] for n in walked} == {"Index Only Scan"}
