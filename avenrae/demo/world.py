"""The demo world: what an empty development database is filled with, once, in one transaction."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select, text, update
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.demo.books import settle
from avenrae.demo.conversations import write_to_one_another
from avenrae.demo.desk import open_desk
from avenrae.demo.hours import diaries
from avenrae.demo.notices import calm_down
from avenrae.demo.people import DEMO_ACCOUNTS, People
from avenrae.demo.present import (
    DEMO,
    live_calendar,
    live_notices,
    live_requests,
    live_reviews,
    live_series,
    live_shop,
    live_stock,
    live_today,
    live_waiting_list,
)
from avenrae.demo.requests import ask_and_note
from avenrae.demo.reviews import write_reviews
from avenrae.demo.rows import Frame, Tables
from avenrae.demo.sessions import Agenda, booking_rows
from avenrae.demo.shop import Shop
from avenrae.demo.wishes import say_wishes
from avenrae.errors import Conflict, StartError
from avenrae.models import (
    AvailabilityOverride,
    AvailabilityRule,
    Base,
    BlockedPeriod,
    Booking,
    Client,
    DocumentFile,
    Favourite,
    LedgerEntry,
    Order,
    OrderItem,
    Practitioner,
    PractitionerDocument,
    Product,
    Review,
    Service,
    StockMovement,
    Transaction,
    User,
)
from avenrae.settings import settings

__all__ = ["DEMO_ACCOUNTS", "is_empty", "load_world"]

_LOCK = 1685286511
_PATIENCE = (
    "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
)


def is_empty() -> bool:
    """Return whether nobody is in the database: no users at all."""
    with read_session() as session:
        return _nobody(session)


def load_world(*, on_progress: Callable[[str], None] = lambda sentence: None) -> None:
    """Fill an empty database with a believable marketplace, the same one for the same moment.

    It is one transaction under an advisory lock: it is there as a whole or not at all, and of several instances
    that start on one empty database, one loads it while the others wait and find it done.

    Raises:
        StartError: This is production.
        Conflict: Somebody is in the database already.
    """
    if settings().is_production:
        raise StartError("The demo world is never loaded in production. Create the first admin instead.")
    if not is_empty():
        raise Conflict("The demo world goes only into an empty database, and this one has people in it.")
    with transaction(DEMO, "load_demo") as session:
        session.execute(text(_PATIENCE))
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if _nobody(session):
            _load(session, Frame(clock.now(), ZoneInfo(settings().time_zone)), on_progress)


def _nobody(session: Session) -> bool:
    return not session.execute(select(exists().select_from(User))).scalar_one()


def _load(session: Session, frame: Frame, say: Callable[[str], None]) -> None:
    tables = Tables()
    say("Making practitioners, clients and their team…")
    people = People(frame, tables)
    people.staff()
    workers, customers = people.practitioners(), people.clients()
    agenda = Agenda(frame, list(diaries(frame, tables, workers)), customers)
    tables.write(
        session,
        User,
        Practitioner,
        PractitionerDocument,
        DocumentFile,
        Client,
        Service,
        AvailabilityRule,
        AvailabilityOverride,
        BlockedPeriod,
    )
    say("Holding eighteen months of sessions…")
    agenda.fill()
    booking_rows(tables, agenda.visits)
    settle(frame, tables, agenda.visits)
    write_reviews(frame, tables, agenda.visits)
    people.favourites(customers, workers)
    tables.write(session, Booking, Transaction, LedgerEntry, Review, Favourite)
    say("Running the shop…")
    shop = Shop(frame, tables, customers, session.execute(text("SELECT nextval('order_numbers')")).scalar_one())
    shop.tell()
    session.execute(text("SELECT setval('order_numbers', :last)"), {"last": shop.number - 1})
    tables.write(session, Product, StockMovement, Order, OrderItem, Transaction, LedgerEntry)
    aside = [{"id": shelf.id, "allocated": shelf.allocated} for shelf in shop.shelves if shelf.allocated]
    session.execute(update(Product), aside)
    say("Opening today…")
    live_today(session, frame, agenda)
    live_requests(session, agenda)
    live_series(session, agenda)
    live_waiting_list(session, agenda)
    live_calendar(session, frame, agenda)
    live_reviews(session, agenda)
    live_stock(session, frame, shop)
    live_shop(session, frame, shop, customers)
    say("Answering the post of half a year…")
    open_desk(session, frame, tables, agenda)
    say_wishes(session)
    ask_and_note(session, frame)
    write_to_one_another(session, frame, tables, agenda)
    calm_down(session)
    live_notices(session, frame, agenda)
    session.flush()
    session.execute(text(f"ANALYZE {', '.join(table.name for table in Base.metadata.sorted_tables)}"))
