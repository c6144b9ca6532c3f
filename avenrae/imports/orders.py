"""Write the orders of a shop's file: all of it in one transaction by COPY, or nothing.

What becomes of which row is decided in `docs/decisions/0003-retail-import.md`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, cast

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from avenrae.db.transaction import transaction
from avenrae.enums import ImportStatus
from avenrae.errors import Conflict, InvalidInput
from avenrae.ids import uuid7
from avenrae.imports.books import Books, gather
from avenrae.imports.retail import CURRENCY, TIME_ZONE, Line, LineKind, Problem, examine, read_lines
from avenrae.models.operations import ImportBatch
from avenrae.permissions import Actor

Progress = Callable[[int, int], None]
Row = tuple[object, ...]

_KIND = "orders"
_LOCK = 1835624307
# Small enough that a COPY's audit entries are written while the next rows are read, and that progress is seen.
_ROWS_A_COPY = 20_000
_EVERY = 5_000
_ONCE = {"uq_orders_reference", "uq_transactions_provider_provider_transaction_id"}
_TABLES = "users, clients, products, orders, order_items, transactions, ledger_entries, stock_movements, audit_entries"


@dataclass(frozen=True)
class ImportSummary:
    """What an import brought; money in minor units of `currency`, refunds negative, adjustments with their sign."""

    rows_read: int
    rows_skipped: int
    products: int
    clients: int
    orders: int
    credit_notes: int
    order_items: int
    adjustments: int
    stock_movements: int
    sales_minor: int
    refunds_minor: int
    adjustments_minor: int
    currency: str
    first_at: datetime | None
    last_at: datetime | None
    problems: tuple[Problem, ...]


def import_orders(path: Path, *, skip_bad: bool, on_progress: Progress) -> ImportSummary:
    """Import a file of order lines (CSV, packed with gzip or not): all of it or, on an error, nothing.

    The file is read twice, to check it and to write it; `on_progress` gets the lines done and the total of both.

    Raises:
        InvalidInput: The file cannot be read, or a line cannot be booked and `skip_bad` is off.
        Conflict: The file, or an invoice in it, has been imported already.
    """
    source = examine(path)
    steps = _Steps(source.lines * 2, on_progress)
    books = gather(steps.count(read_lines(source)), skip_bad=skip_bad)
    if books.first_at is None:
        raise InvalidInput(f"The file {path.name} has no line that can be imported. Nothing was imported.")
    with transaction(Actor.system("import"), "import_orders") as session:
        _wait_as_long_as_it_takes(session)
        batch = ImportBatch(
            kind=_KIND, file_name=path.name, fingerprint=source.fingerprint, status=ImportStatus.RUNNING
        )
        session.add(batch)
        session.flush()
        _refuse_repeats(session, books)
        products = _write_products(session, books)
        clients = _write_clients(session, books)
        _write_orders(session, books)
        try:
            _write_items(session, books, steps.count(read_lines(source)))
        except KeyError:
            raise _changed() from None
        if examine(path) != source:
            raise _changed()
        _write_money(session, books)
        movements = _write_stock(session, books)
        summary = _summary(books, products, clients, movements)
        _copy(
            session,
            "import_rows (id, batch_id, line, reason, content)",
            ((uuid7(), batch.id, p.number, p.reason, p.content) for p in books.problems),
        )
        batch.status = ImportStatus.DONE
        batch.rows_read, batch.rows_skipped = summary.rows_read, summary.rows_skipped
        batch.summary = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in asdict(summary).items()
            if name != "problems"
        }
        session.flush()
        session.execute(text(f"ANALYZE {_TABLES}"))
    steps.finish()
    return summary


def _wait_as_long_as_it_takes(session: Session) -> None:
    """Lift the limits of a click, and let imports go one after the other: the second one sees what the first wrote."""
    session.execute(
        text(
            "SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true),"
            " set_config('idle_in_transaction_session_timeout', '0', true)"
        )
    )
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _refuse_repeats(session: Session, books: Books) -> None:
    """Refuse a longer or shorter version of an imported file by what no constraint of the database guards.

    Sales and credit notes are unique by their reference; the corrections and adjustments of a shop are known by
    their invoice and time.
    """
    known = (
        session.execute(
            text(
                "SELECT reference FROM stock_movements m JOIN"
                " unnest(CAST(:invoices AS text[]), CAST(:times AS timestamptz[])) f(invoice, at)"
                " ON m.reference = f.invoice AND m.occurred_at = f.at LIMIT 1"
            ),
            {"invoices": [c.invoice for c in books.corrections], "times": [c.at for c in books.corrections]},
        ).scalar()
        or session.execute(
            text(
                "SELECT f.invoice FROM ledger_entries e JOIN"
                " unnest(CAST(:notes AS text[]), CAST(:invoices AS text[]), CAST(:times AS timestamptz[]))"
                " f(note, invoice, at) ON e.kind = 'adjustment' AND e.note = f.note AND e.occurred_at = f.at LIMIT 1"
            ),
            {
                "notes": [_note(a) for a in books.adjustments],
                "invoices": [a.invoice for a in books.adjustments],
                "times": [a.at for a in books.adjustments],
            },
        ).scalar()
    )
    if known:
        raise _imported_already(known)


def _write_products(session: Session, books: Books) -> int:
    """Write the products that are not there yet; the others keep their name and price. Returns how many are new."""
    found = session.execute(
        text("SELECT upper(sku) AS sku, id FROM products WHERE upper(sku) = ANY(:skus)"), {"skus": list(books.products)}
    ).all()
    known = {row.sku: row.id for row in found}
    for sku, key in known.items():
        books.products[sku].id = key
    new = [p for sku, p in books.products.items() if sku not in known]
    _copy(
        session,
        "products (id, sku, title, product_type, price_minor, currency, is_active)",
        ((p.id, p.sku, p.title, "other", p.price_minor or 0, CURRENCY, bool(p.price_minor)) for p in new),
    )
    return len(new)


def _write_clients(session: Session, books: Books) -> int:
    """Write the customers who are not there yet, each a user without a password. Returns how many are new."""
    addresses = {_address(number): client for number, client in books.clients.items()}
    found = session.execute(
        text(
            "SELECT lower(u.email), u.id, c.id FROM users u LEFT JOIN clients c ON c.user_id = u.id"
            " WHERE lower(u.email) = ANY(:addresses)"
        ),
        {"addresses": list(addresses)},
    ).all()
    users, known = set(), set()
    for address, user_id, client_id in found:
        client = addresses[address]
        client.user_id = user_id
        users.add(client.number)
        if client_id:
            client.id = client_id
            known.add(client.number)
    _copy(
        session,
        "users (id, email, first_name, last_name, role, time_zone, locale)",
        (
            (c.user_id, address, "Customer", c.number, "client", TIME_ZONE, "en-GB")
            for address, c in addresses.items()
            if c.number not in users
        ),
    )
    new = [c for c in books.clients.values() if c.number not in known]
    _copy(session, "clients (id, user_id, country)", ((c.id, c.user_id, c.country or None) for c in new))
    return len(new)


def _write_orders(session: Session, books: Books) -> None:
    def rows() -> Iterator[Row]:
        for o in books.orders.values():
            sale = o.kind is LineKind.SALE
            client = books.clients[o.customer].id if o.customer else None
            yield (
                *(o.id, o.reference, "sale" if sale else "credit_note", client, "fulfilled"),
                *("paid" if sale else "refunded", CURRENCY, o.total_minor, o.total_minor, 0 if sale else o.total_minor),
                *(o.at, o.at, o.at, o.country or None),
            )

    _copy(
        session,
        "orders (id, reference, kind, client_id, status, payment_status, currency, items_minor, total_minor,"
        " refunded_minor, placed_at, paid_at, fulfilled_at, country)",
        rows(),
    )


def _write_items(session: Session, books: Books, lines: Iterable[Line | Problem]) -> None:
    bad = {p.number for p in books.problems}
    orders = {reference: str(o.id) for reference, o in books.orders.items()}
    products = {sku: (str(p.id), p.title) for sku, p in books.products.items()}

    def rows() -> Iterator[Row]:
        for line in lines:
            if isinstance(line, Problem) or line.number in bad or line.kind not in (LineKind.SALE, LineKind.CREDIT):
                continue
            product, title = products[line.sku.upper()]
            yield (
                *(str(uuid7()), orders[line.invoice], product, line.title or title),
                *(abs(line.quantity), line.price_minor, abs(line.total_minor)),
            )

    _copy(
        session, "order_items (id, order_id, product_id, title, quantity, unit_price_minor, line_total_minor)", rows()
    )


def _write_money(session: Session, books: Books) -> None:
    """Write one movement of money and one line of the books for each order, and the adjustments.

    An order that came to nothing moved no money; the file does not say which sale a credit note takes back, so a
    refund's sale date is its own.
    """
    payments = {reference: uuid7() for reference, o in books.orders.items() if o.total_minor}

    def transactions() -> Iterator[Row]:
        for reference, key in payments.items():
            o = books.orders[reference]
            kind = "charge" if o.kind is LineKind.SALE else "refund"
            user = books.clients[o.customer].user_id if o.customer else None
            yield key, user, o.total_minor, CURRENCY, kind, "succeeded", "manual", f"uci:{reference}", o.id, o.at

    def entries() -> Iterator[Row]:
        for reference, o in books.orders.items():
            kind, sign = ("sale", 1) if o.kind is LineKind.SALE else ("refund", -1)
            client = books.clients[o.customer].id if o.customer else None
            payment = payments.get(reference)
            yield uuid7(), o.at, kind, "order", o.id, o.at, client, sign * o.total_minor, CURRENCY, payment, ""
        for a in books.adjustments:
            client = books.clients[a.customer].id if a.customer else None
            yield uuid7(), a.at, "adjustment", "order", None, a.at, client, a.total_minor, CURRENCY, None, _note(a)

    _copy(
        session,
        "transactions (id, user_id, amount_minor, currency, kind, status, provider, provider_transaction_id, order_id,"
        " occurred_at)",
        transactions(),
    )
    _copy(
        session,
        "ledger_entries (id, occurred_at, kind, source, source_id, sale_at, client_id, gross_minor, currency,"
        " transaction_id, note)",
        entries(),
    )


def _write_stock(session: Session, books: Books) -> int:
    """Write the stock ledger in its order, so that no product is ever below zero on the way. Returns its length."""
    movements = list(books.movements())
    _copy(
        session,
        "stock_movements (id, product_id, delta, reason, reference, note, occurred_at)",
        ((uuid7(), m.product_id, m.delta, m.reason, m.reference, m.note, m.at) for m in movements),
    )
    return len(movements)


def _summary(books: Books, products: int, clients: int, movements: int) -> ImportSummary:
    kinds = [o.kind for o in books.orders.values()]
    return ImportSummary(
        rows_read=books.rows,
        rows_skipped=len(books.problems),
        products=products,
        clients=clients,
        orders=kinds.count(LineKind.SALE),
        credit_notes=kinds.count(LineKind.CREDIT),
        order_items=books.items,
        adjustments=len(books.adjustments),
        stock_movements=movements,
        sales_minor=books.total(LineKind.SALE),
        refunds_minor=-books.total(LineKind.CREDIT),
        adjustments_minor=sum(a.total_minor for a in books.adjustments),
        currency=CURRENCY,
        first_at=books.first_at,
        last_at=books.last_at,
        problems=tuple(books.problems),
    )


def _copy(session: Session, target: str, rows: Iterable[Row]) -> None:
    """Stream rows into `table (columns)`.

    Raises:
        Conflict: An invoice among them has been imported already.
    """
    connection = cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)
    statement = f"COPY {target} FROM STDIN"
    rest = iter(rows)
    try:
        while part := list(islice(rest, _ROWS_A_COPY)):
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                for row in part:
                    copy.write_row(row)
    except psycopg.Error as e:
        invoice = re.search(r"=\((?:manual, uci:)?([^)]*)\)", e.diag.message_detail or "")
        if invoice and e.diag.constraint_name in _ONCE:
            raise _imported_already(invoice[1]) from e
        raise DBAPIError.instance(statement, None, e, psycopg.Error) from e


def _imported_already(invoice: str) -> Conflict:
    return Conflict(
        f"Invoice {invoice} has been imported already, so this is another version of an imported file. "
        "Nothing was imported; leave out the invoices that are there."
    )


def _changed() -> Conflict:
    return Conflict("The file changed while it was read. Nothing was imported; try again when it is complete.")


def _address(number: str) -> str:
    return f"customer-{number}@uci-online-retail.invalid"


def _note(adjustment: Line) -> str:
    return f"{adjustment.invoice}: {adjustment.title}"


class _Steps:
    """Tells how far the two readings of a file are."""

    def __init__(self, total: int, report: Progress) -> None:
        self._total, self._report, self._done = total, report, 0

    def count(self, lines: Iterable[Line | Problem]) -> Iterator[Line | Problem]:
        for line in lines:
            self._done += 1
            if self._done % _EVERY == 0:
                self._report(min(self._done, self._total), self._total)
            yield line

    def finish(self) -> None:
        self._report(self._total, self._total)
