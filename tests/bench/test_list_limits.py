"""No list is read without a limit."""

import inspect
import pkgutil
import uuid
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import Engine, text

from avenrae import clock, queries
from avenrae.db.transaction import read_session
from avenrae.queries import (
    bookings,
    conversations,
    desk_figures,
    directory_filters,
    due,
    incoming_mails,
    ledger,
    orders,
    outbox,
    practitioner_map,
    products,
    reported_messages,
    reviews,
    tellings,
    ticket_messages,
    tickets,
    waiting_list,
)
from tests.bench.conftest import listening
from tests.bench.plans import ADMIN, ZONE

pytestmark = pytest.mark.xdist_group("worlds")


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
