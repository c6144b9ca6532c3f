"""Searches by people: one result, whether the name is rare or common, as a list, a count and a file."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from avenrae.enums import Role
from avenrae.models import Order, User
from avenrae.permissions import Actor
from avenrae.queries import listing, people
from avenrae.queries.bookings import BookingFilters, count_bookings, each_booking, list_bookings
from avenrae.queries.orders import OrderFilters, count_orders, each_order, list_orders
from tests import make

SYSTEM = Actor.system("Test")


@pytest.fixture(params=[(1_000, 500, 5_000), (0, 0, 0), (0, 500, 5_000)], ids=["rare", "common", "short"])
def common(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes a name common, or a list short: the same search is answered in every way."""
    for name, number in zip(("_COMMON", "_MANY", "_FEW"), request.param, strict=True):
        monkeypatch.setattr(people, name, number)


@pytest.fixture
def named(session: Session, noon: datetime) -> list[str]:
    """Bookings of Zolile Óbi as a client, as a practitioner and as both, latest first; and some of others."""
    as_client = make.make_client(session, user={"first_name": "Zolile", "last_name": "Óbi"})
    as_practitioner = make.make_practitioner(session, user={"first_name": "Zolile", "last_name": "Óbi"})
    own = [
        make.make_booking(session, client=as_client, starts_at=noon + timedelta(days=1)),
        make.make_booking(session, practitioner=as_practitioner, starts_at=noon + timedelta(days=3)),
        make.make_booking(session, client=as_client, practitioner=as_practitioner, starts_at=noon + timedelta(days=2)),
    ]
    make.make_booking(session, starts_at=noon + timedelta(days=4))
    return [own[1].reference, own[2].reference, own[0].reference]


def _of(session: Session, who: Actor, search: str, *, sort: str = "-starts_at") -> list[str]:
    """The references that list, pages of one, count and file agree on."""
    wanted = BookingFilters(search=search)
    found = [b.reference for b in list_bookings(session, who, wanted, sort=sort)]
    pages = [b.reference for n in (1, 2, 3, 4) for b in list_bookings(session, who, wanted, sort=sort, page=n, size=1)]
    assert found == pages == [b.reference for b in each_booking(session, who, wanted, sort)]
    assert count_bookings(session, who, wanted) == len(found)
    return found


def test_bookings_by_client_and_practitioner(session: Session, named: list[str], common: None) -> None:
    """A booking whose client and practitioner both fit is one booking."""
    assert _of(session, SYSTEM, "zolile obi") == named
    assert _of(session, SYSTEM, "ZO") == named
    assert _of(session, SYSTEM, "zolile", sort="starts_at") == named[::-1]
    assert _of(session, SYSTEM, "zolile", sort="reference") == sorted(named)
    assert _of(session, SYSTEM, named[0].lower()) == [named[0]]
    assert _of(session, SYSTEM, "zolile%") == []


def test_filters_narrow_a_search(session: Session, named: list[str], common: None, noon: datetime) -> None:
    wanted = BookingFilters(search="zolile", starts_before=noon + timedelta(days=2, hours=12))
    assert [b.reference for b in list_bookings(session, SYSTEM, wanted)] == named[1:]
    assert count_bookings(session, SYSTEM, wanted) == 2


def test_own_bookings_are_searched_by_name(session: Session, noon: datetime, common: None) -> None:
    """R-USR-01: a practitioner finds his clients by name, a client both; neither finds anybody else's."""
    practitioner = make.make_practitioner(session, user={"first_name": "Thandi", "last_name": "Moyo"})
    client = make.make_client(session, user={"first_name": "Thandi", "last_name": "Zulu", "email": "lotus@example.com"})
    own = make.make_booking(session, client=client, practitioner=practitioner)
    make.make_booking(session, client=client)
    as_practitioner = make.actor_of(session.get_one(User, practitioner.user_id), practitioner=practitioner)
    assert _of(session, as_practitioner, "zulu") == [own.reference]
    assert _of(session, as_practitioner, "thandi zu") == [own.reference]
    assert _of(session, as_practitioner, "th") == [own.reference]
    assert _of(session, as_practitioner, "moyo") == _of(session, as_practitioner, "lotus@") == []
    assert len(_of(session, SYSTEM, "lotus@")) == 2
    as_client = make.actor_of(session.get_one(User, client.user_id), client=client)
    assert _of(session, as_client, "moyo") == [own.reference]
    assert _of(session, as_client, own.reference) == [own.reference]


def test_counting_stops_where_a_search_finds_many(
    session: Session, named: list[str], common: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages go on beyond it."""
    monkeypatch.setattr(listing, "SEARCH_LIMIT", 1)
    wanted = BookingFilters(search="zolile")
    assert count_bookings(session, SYSTEM, wanted) == 2
    assert [b.reference for b in list_bookings(session, SYSTEM, wanted, page=3, size=1)] == named[2:]
    assert count_bookings(session, SYSTEM, BookingFilters()) == 4


def test_orders_by_client(session: Session, noon: datetime, common: None) -> None:
    """Orders without a client are found by their reference."""
    client = make.make_client(session, user={"first_name": "Zolile", "last_name": "Óbi"})
    for n, owner in enumerate((client.id, client.id, None)):
        session.add(
            Order(
                client_id=owner,
                currency="ZAR",
                items_minor=100 * (n + 1),
                total_minor=100 * (n + 1),
                placed_at=noon + timedelta(hours=n),
            )
        )
    session.flush()
    rows = list_orders(session, SYSTEM, OrderFilters())
    for search, wanted in (("zolile", rows[1:]), (rows[0].reference, rows[:1])):
        filters = OrderFilters(search=search)
        assert list_orders(session, SYSTEM, filters) == wanted
        assert list(each_order(session, SYSTEM, filters, "-placed_at")) == wanted
        assert count_orders(session, SYSTEM, filters) == len(wanted)
    by_total = list_orders(session, SYSTEM, OrderFilters(search="obi"), sort="total")
    assert [o.total_minor for o in by_total] == [100, 200]
    assert list_orders(session, make.make_actor(session, Role.CLIENT), OrderFilters(search="zolile")) == []
