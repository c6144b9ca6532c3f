"""Which rows an actor sees: nobody's key owns nothing, and columns that are not for a role stay in the data layer."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus, Role
from avenrae.models import Booking, Client, LedgerEntry, Order, Practitioner, Transaction, User
from avenrae.permissions import Actor
from avenrae.queries.bookings import BookingFilters, booking_filters, count_bookings, get_booking, list_bookings
from avenrae.queries.figures import month_figures, total_of
from avenrae.queries.history import list_changes
from avenrae.queries.home import count_needs
from avenrae.queries.ledger import count_entries, entry_filters, list_entries
from avenrae.queries.periods import Span
from avenrae.queries.scopes import (
    visible_bookings,
    visible_clients,
    visible_ledger,
    visible_orders,
    visible_practitioners,
    visible_transactions,
)
from avenrae.services.bookings import edit_booking_notes
from avenrae.services.orders import place_order, record_order_payment
from tests import make

SYSTEM = Actor.system("Test")


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.CLIENT])
def test_without_a_profile_nothing_is_ones_own(session: Session, noon: datetime, role: Role) -> None:
    """R-USR-01: rows without an owner (a guest's order, its entry in the books) belong to nobody."""
    product = make.make_product(session, stock=5)
    order = place_order(session, SYSTEM, client_id=make.make_client(session).id, lines=[(product.id, 1)])
    record_order_payment(session, SYSTEM, order.id)
    order.client_id = None
    make.make_booking(session)
    session.flush()
    nobody = make.actor_of(make.make_user(session, role=role))
    for model, visible in (
        (Booking, visible_bookings),
        (Order, visible_orders),
        (LedgerEntry, visible_ledger),
        (Transaction, visible_transactions),
        (Client, visible_clients),
    ):
        assert session.scalars(select(model.id).where(visible(nobody))).all() == [], visible.__name__
    if role is Role.PRACTITIONER:
        assert session.scalars(select(Practitioner.id).where(visible_practitioners(nobody))).all() == []


def test_what_is_not_for_a_client_stays_inside(session: Session, noon: datetime) -> None:
    """R-USR-01: notes and commission are for practitioner and staff, contact is for staff, also in the history."""
    client, practitioner = make.make_client(session, user={"phone": "+27 82 555 0100"}), make.make_practitioner(session)
    booking = make.make_booking(session, client=client, practitioner=practitioner)
    edit_booking_notes(session, SYSTEM, booking.id, "Arrives late")
    as_client = make.actor_of(session.get_one(User, client.user_id), client=client)
    as_practitioner = make.actor_of(session.get_one(User, practitioner.user_id), practitioner=practitioner)
    seen = {a.role: get_booking(session, a, booking.id) for a in (as_client, as_practitioner, SYSTEM)}
    assert {r: (b.notes, b.commission_bps, b.client_phone) for r, b in seen.items()} == {
        Role.CLIENT: ("", None, ""),
        Role.PRACTITIONER: ("Arrives late", 1500, ""),
        Role.ADMIN: ("Arrives late", 1500, "+27 82 555 0100"),
    }
    assert "Arrives late" not in str(list_changes(session, as_client, "bookings", booking.id))
    assert "Arrives late" in str(list_changes(session, as_practitioner, "bookings", booking.id))


def test_a_search_does_not_tell_addresses(session: Session, noon: datetime) -> None:
    """R-USR-01: a practitioner finds his clients by name, staff also by e-mail."""
    practitioner = make.make_practitioner(session)
    client = make.make_client(session, user={"email": "secret.name@example.org", "first_name": "Lindiwe"})
    make.make_booking(session, client=client, practitioner=practitioner)
    me = make.actor_of(session.get_one(User, practitioner.user_id), practitioner=practitioner)
    assert [count_bookings(session, me, BookingFilters(search=s)) for s in ("lindi", "secret.name")] == [1, 0]
    assert count_bookings(session, SYSTEM, BookingFilters(search="secret.name")) == 1


def test_home_counts_what_its_links_show(session: Session, noon: datetime) -> None:
    """A card's number is the number of rows behind it."""
    admin = make.make_actor(session, Role.ADMIN)
    hour = timedelta(hours=1)
    make.make_booking(session, starts_at=noon - 2 * hour, status=BookingStatus.CONFIRMED)
    make.make_booking(session, starts_at=noon - hour / 2, status=BookingStatus.CONFIRMED)
    make.make_booking(session, starts_at=noon + 480 * hour, status=BookingStatus.CONFIRMED)
    make.make_booking(session, hold_expires_at=noon)
    make.make_booking(session, hold_expires_at=noon + hour)
    make.make_booking(session)
    needs = count_needs(session, admin)
    assert (needs.to_close, needs.requests) == (1, 2)
    over = booking_filters({"when": "to-close"}, "UTC")
    assert count_bookings(session, admin, over) == len(list_bookings(session, admin, over)) == 1
    waiting = BookingFilters(status=BookingStatus.PENDING, starts_from=clock.now(), without_expired_holds=True)
    assert count_bookings(session, admin, waiting) == 2


def test_restated_figures_and_the_entries_behind_them(session: Session) -> None:
    """R-AN-03: the rows behind a figure are those it counts, also when refunds are restated."""
    sold, returned = datetime(2026, 1, 10, tzinfo=clock.now().tzinfo), datetime(2026, 2, 3, tzinfo=clock.now().tzinfo)
    row = {"source": "order", "currency": "ZAR", "sale_at": sold}
    session.execute(
        insert(LedgerEntry),
        [
            {**row, "kind": "sale", "occurred_at": sold, "gross_minor": 50_000},
            {**row, "kind": "refund", "occurred_at": returned, "gross_minor": -15_000},
        ],
    )
    january = {"currency": "ZAR", "zone": "UTC", "from": "2026-01-01", "to": "2026-01-31"}
    for restated, refunds, kinds in (("", 0, {"sale"}), ("yes", 15_000, {"sale", "refund"})):
        filters = entry_filters({**january, "restated": restated}, "UTC")
        figures = total_of(
            month_figures(session, SYSTEM, "ZAR", Span(filters.start, filters.end), "UTC", restated=bool(restated))
        )
        entries = list_entries(session, SYSTEM, filters)
        assert (figures.gmv, figures.refunds) == (50_000, refunds)
        assert {e.kind.value for e in entries} == kinds
        assert sum(e.gross_minor for e in entries) == figures.net
        assert count_entries(session, SYSTEM, filters) == len(entries)
