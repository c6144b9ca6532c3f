"""How the database finds the rows of a list: by an index, without sorting everything, and never without a limit."""

import inspect
import json
import pkgutil
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from avenrae import clock, queries
from avenrae.db.transaction import read_session
from avenrae.enums import MailStatus, Role
from avenrae.permissions import Actor
from avenrae.queries import (
    bookings,
    busy_calendars,
    conversations,
    deliveries,
    desk_figures,
    directory,
    directory_filters,
    due,
    figures,
    home,
    incoming_mails,
    ledger,
    notifications,
    orders,
    outbox,
    practitioner_map,
    products,
    reported_messages,
    reviewable,
    reviews,
    tellings,
    ticket_messages,
    tickets,
    waiting_list,
)
from avenrae.queries.periods import Span, figure_period
from avenrae.services.reviews import due_reviews
from tests.bench.conftest import listening

pytestmark = pytest.mark.xdist_group("worlds")
ZONE = "Africa/Johannesburg"
BIG = {
    "audit_entries",
    "booking_waitlist",
    "bookings",
    "busy_times",
    "clients",
    "conversation_members",
    "conversations",
    "ledger_entries",
    "messages",
    "notifications",
    "order_items",
    "orders",
    "outbox",
    "products",
    "reviews",
    "stock_movements",
    "ticket_messages",
    "tickets",
    "transactions",
    "users",
}
MOST_SORTED = 7_500
"""A sort of more rows than this at 100 000 bookings is a sort of everything."""
ADMIN = Actor.system("Guard")

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


def _plan(session: Session, statement: str, parameters: Any) -> dict[str, Any]:
    found = session.connection().exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar_one()
    return (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)


def _faults(plan: dict[str, Any]) -> Iterator[str]:
    for node in _nodes(plan):
        table = node.get("Relation Name")
        if node["Node Type"] == "Seq Scan" and table in BIG and node["Actual Rows"] + _removed(node) > MOST_SORTED:
            yield f"a sequential scan of {table}"
        if node["Node Type"] == "Sort" and sum(_rows(n) for n in node["Plans"]) > MOST_SORTED:
            yield f"a sort of {sum(_rows(n) for n in node['Plans']):.0f} rows by {', '.join(node['Sort Key'])}"


def _rows(node: dict[str, Any]) -> float:
    return float(node["Actual Rows"] * node["Actual Loops"])


def _removed(node: dict[str, Any]) -> float:
    return float(node.get("Rows Removed by Filter", 0))


def _faults_of(engine: Engine, read: Callable[[Session], Any]) -> list[str]:
    with read_session() as session:
        with listening(engine) as heard:
            read(session)
        sent = [s for s in heard.statements if not s[0].startswith("EXPLAIN")]
        return [fault for one in sent for fault in _faults(_plan(session, *one))]


@pytest.mark.parametrize(("name", "params"), list(_views()))
def test_lists_walk_an_index(crowded: Engine, name: str, params: dict[str, str]) -> None:
    filters_of, list_rows, count_rows = READS[name]
    rest = {k: v for k, v in params.items() if k not in ("page", "sort")}
    filters = filters_of(rest, ZONE)
    how: dict[str, Any] = {"sort": params["sort"]} if "sort" in params else {}
    how |= {"page": int(params["page"])} if "page" in params else {}
    assert _faults_of(crowded, lambda s: list_rows(s, ADMIN, filters, **how)) == []
    counted = _faults_of(crowded, lambda s: count_rows(s, ADMIN, filters))
    assert [f for f in counted if "q" in rest or f.startswith("a sort")] == []


@pytest.mark.parametrize("sort", ["reference", "-reference"])
def test_what_is_to_come_is_sorted_among_itself(crowded: Engine, sort: str) -> None:
    """Walked in the order of references, all that was agreed before would be passed first."""
    filters = bookings.booking_filters({"view": "upcoming"}, ZONE)
    with read_session() as session, listening(crowded) as heard:
        bookings.list_bookings(session, ADMIN, filters, sort=sort)
    with read_session() as session:
        plans = [_plan(session, *sent) for sent in heard.statements]
    passed = [_removed(node) for plan in plans for node in _nodes(plan) if node.get("Relation Name") == "bookings"]
    assert passed
    assert max(passed) < MOST_SORTED


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.CLIENT])
def test_own_lists_walk_an_index(crowded: Engine, role: Role) -> None:
    """Also of the one who has most."""
    own = _busiest(crowded, role)
    for rest in ({}, {"status": "completed"}, {"payment": "unpaid"}, {"q": "dlamini"}, {"q": "zanele mkhize"}):
        filters = bookings.booking_filters(rest, ZONE)
        assert _faults_of(crowded, lambda s, f=filters: bookings.list_bookings(s, own, f)) == []
    assert _faults_of(crowded, lambda s: waiting_list.list_waiting(s, own, waiting_list.WaitFilters())) == []


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.CLIENT])
def test_conversations_walk_an_index(crowded: Engine, role: Role) -> None:
    """Of the one who has most, in every order; the newest messages of the longest, and those before."""
    column = "practitioner_user_id" if role is Role.PRACTITIONER else "client_user_id"
    with crowded.connect() as connection:
        user = connection.execute(
            text(f"SELECT {column} FROM conversations GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")
        ).scalar_one()
        longest, before = connection.execute(
            text(
                f"SELECT conversation_id, (array_agg(m.id ORDER BY m.created_at))[count(*) / 2] FROM messages m"
                f" JOIN conversations c ON c.id = m.conversation_id WHERE c.{column} = :user"
                " GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
            ),
            {"user": user},
        ).one()
    own = Actor(user, role, "Guard")
    for rest in ({}, {"show": "unread"}, {"q": "zanele"}):
        for sort in ("last", "-last"):
            filters = conversations.conversation_filters(rest)
            assert (
                _faults_of(crowded, lambda s, f=filters, o=sort: conversations.list_conversations(s, own, f, sort=o))
                == []
            )
            assert _faults_of(crowded, lambda s, f=filters: conversations.count_conversations(s, own, f)) == []
    for read in (
        lambda s: conversations.get_conversation(s, own, longest),
        lambda s: conversations.list_private_messages(s, own, longest),
        lambda s: conversations.list_private_messages(s, own, longest, before=before),
    ):
        assert _faults_of(crowded, read) == []


def test_the_desk_reads_little_of_conversations(crowded: Engine) -> None:
    with crowded.connect() as connection:
        ticket, talk, reader = connection.execute(
            text("SELECT ticket_id, conversation_id, reader_id FROM conversation_readings ORDER BY id LIMIT 1")
        ).one()
    agent = Actor(reader, Role.SUPPORT, "Guard")
    for show in reported_messages.Shown:
        filters = reported_messages.ReportFilters(show)
        for sort in ("reported", "-reported"):
            read = partial(reported_messages.list_reported, actor=agent, filters=filters, sort=sort)
            assert _faults_of(crowded, read) == []
        assert _faults_of(crowded, lambda s, f=filters: reported_messages.count_reported(s, agent, f)) == []
    for look in (
        lambda s: ticket_messages.get_ticket(s, agent, ticket),
        lambda s: conversations.get_conversation(s, agent, talk, ticket_id=ticket),
        lambda s: conversations.list_private_messages(s, agent, talk),
        lambda s: conversations.list_readings(s, agent, talk),
    ):
        assert _faults_of(crowded, look) == []


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.CLIENT])
def test_notices_walk_an_index(crowded: Engine, role: Role) -> None:
    """The count in the menu is read on every page."""
    own = _busiest(crowded, role)
    assert _faults_of(crowded, lambda s: notifications.count_unread(s, own)) == []
    assert _faults_of(crowded, lambda s: notifications.list_notifications(s, own)) == []


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPPORT])
def test_who_was_told_walks_an_index(crowded: Engine, role: Role) -> None:
    """Of a person, of a record, and of everybody; for support without its colleagues."""
    who = Actor(uuid.uuid4(), role, "Guard")
    busiest = _busiest(crowded, Role.CLIENT)
    with crowded.connect() as connection:
        told = text("SELECT b.reference FROM bookings b JOIN notifications n ON n.record_id = b.id LIMIT 1")
        reference = connection.execute(told).scalar_one()
    for params in ({"person": str(busiest.user_id)}, {"record": reference}, {}):

        def read(session: Session, params: dict[str, str] = params) -> None:
            asked = tellings.read_question(session, who, params, ZONE)
            assert (tellings.count_tellings(session, who, asked) > 0) is bool(
                tellings.list_tellings(session, who, asked)
            )
            if asked.subject:
                person = tellings.find_people(session, who, "zanele mkhize")[0]
                tellings.list_deeds(session, who, person, asked.subject)

        assert _faults_of(crowded, read) == []
    for mails in (outbox.OutboxFilters(), outbox.OutboxFilters(user_id=busiest.user_id)):
        assert _faults_of(crowded, lambda s, f=mails: outbox.list_outbox(s, who, f)) == []


def test_what_was_kept_is_counted_by_its_index(crowded: Engine) -> None:
    assert _faults_of(crowded, lambda s: outbox.count_kept(s, ADMIN)) == []


def test_background_work_reads_little(crowded: Engine) -> None:
    """What is looked for each minute."""
    with clock.stopped(clock.now() + timedelta(days=2)):
        assert _faults_of(crowded, lambda s: deliveries.list_due_readers(s, ADMIN)) == []
    for condition in (due.is_hold_over(), *map(due.is_reminder_due, due.REMINDERS), due.is_to_complete(48)):
        assert _faults_of(crowded, lambda s, c=condition: due.list_due(s, ADMIN, c)) == []


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.CLIENT])
def test_own_reviews_walk_an_index(crowded: Engine, role: Role) -> None:
    """Also of the one who has most, and what anybody reads about him."""
    own, busiest = _busiest(crowded, role), _busiest(crowded, Role.PRACTITIONER).practitioner_id
    for rest in ({}, {"show": "waiting"}, {"rating": "1"}, {"by": "client"}):
        filters = reviews.review_filters(rest, ZONE)
        assert _faults_of(crowded, lambda s, f=filters: reviews.list_reviews(s, own, f)) == []
        assert _faults_of(crowded, lambda s, f=filters: reviews.count_reviews(s, own, f)) == []
    for read in (
        lambda s: reviews.latest_reviews(s, own),
        lambda s: reviews.list_public_reviews(s, own, busiest),
        lambda s: reviews.rating_summary(s, own, busiest),
        lambda s: reviewable.list_reviewable(s, own),
    ):
        assert _faults_of(crowded, read) == []


def test_what_is_due_is_found_by_its_index(crowded: Engine) -> None:
    assert _faults_of(crowded, lambda s: s.execute(due_reviews(500))) == []


def test_deep_pages_of_what_is_on_sale_read_the_index_alone(crowded: Engine) -> None:
    """A client's page 150 walks over 7 500 products; it fetches only the fifty that it shows."""
    client = _busiest(crowded, Role.CLIENT)
    with read_session() as session:
        with listening(crowded) as heard:
            products.list_products(session, client, products.ProductFilters(), page=150)
        (plan,) = (_plan(session, *sent) for sent in heard.statements)
    walked = [n for n in _nodes(plan) if _rows(n) > MOST_SORTED / 2 and "Relation Name" in n]
    assert {n["Node Type"] for n in walked} == {"Index Only Scan"}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.PRACTITIONER, Role.CLIENT])
def test_home_reads_little(crowded: Engine, role: Role) -> None:
    who = ADMIN if role is Role.ADMIN else _busiest(crowded, role)
    assert _faults_of(crowded, lambda s: home.count_needs(s, who)) == []


def test_a_practitioners_day_reads_little(crowded: Engine) -> None:
    """Sessions, times away, busy times and hours; which calendars are due."""
    who = _busiest(crowded, Role.PRACTITIONER)
    start = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    assert _faults_of(crowded, lambda s: home.practitioner_day(s, who, start, start + timedelta(days=1))) == []
    assert _faults_of(crowded, lambda s: busy_calendars.list_busy_calendars(s, who, who.practitioner_id)) == []
    assert _faults_of(crowded, lambda s: busy_calendars.list_due_calendars(s, ADMIN, clock.now())) == []


@pytest.mark.parametrize("restated", [False, True])
def test_figures_read_no_table_as_a_whole(crowded: Engine, restated: bool) -> None:
    def read(session: Session) -> None:
        figures.list_currencies(session, ADMIN)
        figures.month_figures(session, ADMIN, "ZAR", Span(), ZONE, restated=restated)
        year = figure_period("12-months", ZONE, Span()).span
        figures.month_figures(session, ADMIN, "ZAR", year, ZONE, restated=restated)

    assert _faults_of(crowded, read) == []


def _busiest(engine: Engine, role: Role) -> Actor:
    column, table = ("practitioner_id", "practitioners") if role is Role.PRACTITIONER else ("client_id", "clients")
    with engine.connect() as connection:
        key, user = connection.execute(
            text(
                f"SELECT p.id, p.user_id FROM bookings b JOIN {table} p ON p.id = b.{column}"
                " GROUP BY 1, 2 ORDER BY count(*) DESC, 1 LIMIT 1"
            )
        ).one()
    return Actor(user, role, "Guard", **{column: key})


SHORT = {
    "list_currencies": "steps through the index, one row a currency",
    "list_demo_accounts": "one row for each role",
    "list_services": "what one practitioner offers",
    "list_returnable": "the products of one order",
    "list_sessions": "the devices of one person",
    "list_offers": "what one practitioner offers, withdrawn ones too",
    "list_slots": "the times of one practitioner on the days that are asked for",
    "list_escalations": "desks and their hours are few; of tickets it names a bounded number",
    "find_linked": "at most one of each kind",
    "list_away": "the times away of one practitioner in the days that are asked for",
    "list_busy_calendars": "ten of one practitioner at most",
    "list_reviewable": "the sessions of one person in two weeks, and none for staff",
    "list_open_offers": "what is offered to one client",
}
"""Lists whose length the world outside bounds, and why."""
ARGUMENTS: dict[str, Callable[[dict[str, uuid.UUID]], tuple[Any, ...]]] = {
    "list_bookings": lambda ids: (bookings.BookingFilters(),),
    "list_due": lambda ids: (due.is_hold_over(),),
    "list_due_readers": lambda ids: (),
    "list_notifications": lambda ids: (),
    "list_orders": lambda ids: (orders.OrderFilters(),),
    "list_products": lambda ids: (products.ProductFilters(),),
    "list_practitioners": lambda ids: (directory_filters.PractitionerFilters(),),
    "list_entries": lambda ids: (ledger.EntryFilters("ZAR"),),
    "list_movements": lambda ids: (ids["products"],),
    "find_ticket_ids": lambda ids: (tickets.TicketFilters(),),
    "list_reviews": lambda ids: (reviews.ReviewFilters(),),
    "list_public_reviews": lambda ids: (ids["practitioners"],),
    "list_changes": lambda ids: ("bookings", ids["bookings"]),
    "list_decided": lambda ids: (None,),
    "list_figure_tickets": lambda ids: (desk_figures.DeskFilters(),),
    "list_open_requests": lambda ids: (),
    "list_series": lambda ids: (ids["bookings"],),
    "list_waiting": lambda ids: (waiting_list.WaitFilters(),),
    "list_awaited": lambda ids: (),
    "map_view": lambda ids: (directory_filters.PractitionerFilters(),),
    "list_words": lambda ids: ("specialties",),
    "list_documents": lambda ids: (ids["practitioners"],),
    "list_ending": lambda ids: (ids["practitioners"],),
    "list_unwarned": lambda ids: (),
    "list_certificates": lambda ids: (ids["practitioners"],),
    "find_places": lambda ids: ("durban",),
    "find_clients": lambda ids: ("zulu",),
    "list_agents": lambda ids: (),
    "list_tags": lambda ids: (),
    "list_views": lambda ids: (),
    "find_requesters": lambda ids: ("zulu",),
    "list_outbox": lambda ids: (outbox.OutboxFilters(),),
    "list_tellings": lambda ids: (tellings.Asked(),),
    "find_people": lambda ids: ("zulu",),
    "list_deeds": lambda ids: _somebodys(ids),
    "list_mails": lambda ids: (incoming_mails.MailFilters(),),
    "list_tickets": lambda ids: (tickets.TicketFilters(),),
    "list_rows_of": lambda ids: ([ids["tickets"]],),
    "list_moves": lambda ids: (ids["tickets"],),
    "find_linkable": lambda ids: (_ticket(ids),),
    "find_mergeable": lambda ids: (_ticket(ids),),
    "list_conversations": lambda ids: (conversations.ConversationFilters(),),
    "list_private_messages": lambda ids: (ids["conversations"],),
    "list_readings": lambda ids: (ids["conversations"],),
    "list_reported": lambda ids: (reported_messages.ReportFilters(),),
    "list_due_calendars": lambda ids: (clock.now(),),
}
"""What else a bounded list is given beside the session and the actor."""


def _somebodys(ids: dict[str, uuid.UUID]) -> tuple[tellings.Somebody, tellings.Subject]:
    with read_session() as session:
        (person, *_) = tellings.find_people(session, ADMIN, "zulu")
        ticket = ticket_messages.get_ticket(session, ADMIN, ids["tickets"])
        subject = tellings.read_question(session, ADMIN, {"record": ticket.number}, ZONE).subject
        assert subject is not None
        return person, subject


def _ticket(ids: dict[str, uuid.UUID]) -> ticket_messages.TicketDetail:
    with read_session() as session:
        return ticket_messages.get_ticket(session, ADMIN, ids["tickets"])


MODULES = [import_module(m.name) for m in pkgutil.iter_modules(queries.__path__, f"{queries.__name__}.")]


def _lists() -> Iterator[Callable[..., Any]]:
    for module in MODULES:
        for name, found in inspect.getmembers(module, inspect.isfunction):
            several = str(inspect.signature(found).return_annotation).startswith("list[")
            listed = (name.startswith(("list_", "find_")) and several) or found is practitioner_map.map_view
            if listed and found.__module__ == module.__name__ and name not in SHORT:
                yield found


@pytest.mark.parametrize("listed", list(_lists()), ids=lambda f: f.__name__)
def test_no_list_is_unbounded(crowded: Engine, listed: Callable[..., Any]) -> None:
    """A new list is named in ARGUMENTS, or in SHORT with the reason why it cannot become long."""
    with crowded.connect() as connection:
        ids = {
            table: connection.execute(text(f"SELECT id FROM {table} LIMIT 1")).scalar_one()
            for table in ("bookings", "conversations", "products", "practitioners", "tickets")
        }
    with read_session() as session, listening(crowded) as heard:
        listed(session, ADMIN, *ARGUMENTS[listed.__name__](ids))
    unbounded = [s for s, _ in heard.statements if "LIMIT" not in s and " = %(" not in s]
    assert unbounded == []
    assert any("LIMIT" in s for s, _ in heard.statements)
