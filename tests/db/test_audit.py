"""The audit trail: nothing escapes it, and it keeps no secrets."""

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from avenrae.db import engine as db
from avenrae.db.transaction import transaction
from avenrae.enums import Role
from avenrae.models import AuditEntry, Base, LedgerEntry, Product, User
from avenrae.permissions import Actor
from avenrae.services.bookings import confirm_booking
from tests import make

ADMIN = Actor.system("Nightly job")


def entries(session: Session, table: str) -> list[tuple]:
    """The trail of a table: who, action, operation, before, after."""
    found = session.scalars(select(AuditEntry).where(AuditEntry.table_name == table).order_by(AuditEntry.id))
    return [(e.actor_name, e.action, e.operation, e.before, e.after) for e in found]


def test_a_service_leaves_actor_action_and_change(database: str) -> None:
    """R-AUD-01"""
    with transaction(ADMIN, "prepare") as session:
        booking = make.make_booking(session)
        support = make.make_actor(session, Role.SUPPORT)
    with transaction(support, "confirm_booking", "ABCD-EFGH") as session:
        confirm_booking(session, support, booking.id)
    with transaction(ADMIN, "check") as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "confirm_booking")).one()
        assert entry.actor_id == support.user_id
        assert entry.actor_name == f"{support.name} (support)"
        assert (entry.table_name, entry.row_id, entry.request) == ("bookings", str(booking.id), "ABCD-EFGH")
        assert entry.before == {"status": "pending", "confirmed_at": None}
        assert entry.after["status"] == "confirmed"
        assert set(entry.after) == {"status", "confirmed_at"}


def test_bulk_sql_and_copy_leave_one_entry_per_row(database: str) -> None:
    """R-AUD-01: insert, update and delete, by SQL and by COPY."""
    with transaction(ADMIN, "bulk") as session:
        session.execute(
            text(
                "INSERT INTO products (sku, title, product_type, price_minor, currency)"
                " SELECT 'S-' || n, 'T' || n, 'book', n, 'ZAR' FROM generate_series(1, 100) n"
            )
        )
        driver = session.connection().connection.driver_connection
        with driver.cursor().copy("COPY products (sku, title, product_type, price_minor, currency) FROM STDIN") as copy:
            for n in range(50):
                copy.write_row((f"C-{n}", "Copied", "tool", n, "ZAR"))
        session.execute(update(Product).values(price_minor=Product.price_minor + 1))
        session.execute(text("DELETE FROM products"))
    with transaction(ADMIN, "check") as session:
        counted = dict(
            session.execute(
                select(AuditEntry.operation, func.count())
                .where(AuditEntry.table_name == "products", AuditEntry.actor_name == "Nightly job")
                .group_by(AuditEntry.operation)
            ).all()
        )
        assert counted == {"insert": 150, "update": 150, "delete": 150}


def test_a_rolled_back_write_leaves_nothing(database: str) -> None:
    def fail() -> None:
        with transaction(ADMIN, "fails") as session:
            make.make_product(session)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with transaction(ADMIN, "check") as session:
        assert entries(session, "products") == []


def test_no_secret_in_the_trail(session: Session) -> None:
    """R-AUD-03: hashes and tokens are masked, in inserts and in updates."""
    user = make.make_user(session, password="correct horse battery")
    user.password_hash = "another-hash"
    user.totp_secret = "JBSWY3DP"
    session.flush()
    trail = entries(session, "users")
    assert [t[2] for t in trail] == ["insert", "update"]
    assert trail[1][4] == {"password_hash": "•••", "totp_secret": "•••"}
    assert trail[1][3] == {"password_hash": "•••", "totp_secret": None}
    assert "$2b$" not in str(trail)
    assert "JBSWY3DP" not in str(trail)


def test_every_business_table_is_in_the_trail(database: str) -> None:
    """R-AUD-01: a new table must say that it keeps a history, or stand here with a reason."""
    without = {
        "audit_entries",  # the trail itself
        "ledger_hours",  # sums of entries that are in the trail
        "ledger_days",
        "form_tokens",  # used up in the transaction of what they guard
        "sign_in_attempts",  # a log of its own
        "document_files",  # bytes; the row of the document, with their size, is in the trail
        "places",  # the gazetteer, the same in every database
        "place_names",
        "geocoded",  # answers of the geocoder, which is asked again without them
        "geocoder_turns",
        "busy_times",  # a copy of a calendar elsewhere; that it was read anew is in the trail
        "notifications",  # what somebody was told and when it was read: a log of its own
        "outbox",  # the same for e-mails, with what became of each
        "import_rows",  # rows that were refused; the batch is in the trail
        "ticket_backlog",  # derived from the status changes by a trigger
        "clock_runs",  # how far a recomputation has come
        "ticket_presence",  # who has a page open this minute
        "ticket_files",  # bytes; the attachment is in the trail
        "ticket_status_changes",  # a history of its own; the ticket is in the trail
        "ticket_move_messages",  # fixed once made; the move is in the trail
        "conversation_members",  # how far somebody has read
    }
    with db.engine().connect() as connection:
        found = set(
            connection.execute(
                text("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit_update'")
            ).scalars()
        )
    assert found == set(Base.metadata.tables) - without


@pytest.mark.parametrize("statement", ["UPDATE {} SET note = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["ledger_entries", "stock_movements"])
def test_books_are_append_only(database: str, table: str, statement: str) -> None:
    with transaction(ADMIN, "prepare") as session:
        make.make_product(session, stock=3)
        session.add(
            LedgerEntry(occurred_at=func.now(), kind="adjustment", source="order", gross_minor=1, currency="ZAR")
        )
    with db.engine().connect() as connection, pytest.raises(IntegrityError, match="append-only"):
        connection.execute(text(statement.format(table)))


def test_trail_is_append_only(database: str) -> None:
    with transaction(ADMIN, "prepare") as session:
        make.make_product(session)
    for statement in ("UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"):
        with db.engine().connect() as connection, pytest.raises(IntegrityError, match="append-only"):
            connection.execute(text(statement))


def test_nothing_is_truncated_past_the_trail(database: str) -> None:
    """R-AUD-01: TRUNCATE leaves no entry per row, so it is refused."""
    with db.engine().connect() as connection, pytest.raises(IntegrityError, match="append-only"):
        connection.execute(text("TRUNCATE favourites"))


@pytest.mark.parametrize(
    "statement",
    ["UPDATE ledger_hours SET entries = 2", "DELETE FROM ledger_hours", "UPDATE ledger_days SET entries = 2"],
)
def test_sums_of_the_books_are_not_changed_by_hand(session: Session, statement: str) -> None:
    with pytest.raises(IntegrityError, match="kept by triggers"):
        session.execute(text(statement))


def test_stock_changes_only_through_its_ledger(session: Session) -> None:
    """R-SHOP-04"""
    product = make.make_product(session, stock=5)
    assert product.on_hand == 5
    with pytest.raises(IntegrityError, match="stock changes only through stock_movements"), session.begin_nested():
        session.execute(update(Product).values(on_hand=6))
    assert session.scalar(select(func.count()).select_from(User)) == 0
