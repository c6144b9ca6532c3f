"""Gather the lines of a shop's file into what will be booked: products, clients, orders, stock. Pure: no database."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from avenrae.errors import InvalidInput
from avenrae.ids import uuid7
from avenrae.imports.retail import Line, LineKind, Problem

MOST_PROBLEMS = 10_000
_OPENING = "Smallest opening balance that carries the stock corrections of the imported file"


@dataclass(slots=True)
class ProductDraft:
    """One stock code whatever its case; the titles are counted so that the commonest wins."""

    sku: str
    id: UUID = field(default_factory=uuid7)
    sold_as: Counter[str] = field(default_factory=Counter)
    credited_as: Counter[str] = field(default_factory=Counter)
    price_minor: int | None = None

    @property
    def title(self) -> str:
        """The description used most on sales, else on credits, else the stock code."""
        for titles in (self.sold_as, self.credited_as):
            if titles:
                return titles.most_common(1)[0][0]
        return self.sku


@dataclass(slots=True)
class ClientDraft:
    """One customer number; the country is that of the newest line."""

    number: str
    country: str = ""
    user_id: UUID = field(default_factory=uuid7)
    id: UUID = field(default_factory=uuid7)


@dataclass(slots=True)
class OrderDraft:
    """One sale or credit note; the total is positive on both."""

    reference: str
    kind: LineKind
    at: datetime
    month: str
    customer: str
    country: str
    total_minor: int = 0
    id: UUID = field(default_factory=uuid7)


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of the stock ledger to be; an opening has no reference."""

    product_id: UUID
    delta: int
    reference: str
    note: str
    at: datetime

    @property
    def reason(self) -> str:
        """Losses are damage, gains adjustments, openings were counted."""
        if not self.reference:
            return "counted"
        return "adjusted" if self.delta > 0 else "damaged"


@dataclass(slots=True)
class Books:
    """Everything that a file says but the items of its orders, which are too many to hold."""

    products: dict[str, ProductDraft] = field(default_factory=dict)
    clients: dict[str, ClientDraft] = field(default_factory=dict)
    orders: dict[str, OrderDraft] = field(default_factory=dict)
    adjustments: list[Line] = field(default_factory=list)
    corrections: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0
    items: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    def total(self, kind: LineKind) -> int:
        """Return the money of all orders of a kind in pence, positive."""
        return sum(o.total_minor for o in self.orders.values() if o.kind is kind)

    def movements(self) -> Iterator[Movement]:
        """Yield the stock ledger in time order: first what must have been there, then the corrections.

        The openings do not lean on stock that exists already, so that "stock as of" is never negative either.
        """
        corrections = sorted(self.corrections, key=lambda line: (line.at, line.number))
        level: Counter[str] = Counter()
        lowest: Counter[str] = Counter()
        for line in corrections:
            sku = line.sku.upper()
            level[sku] += line.quantity
            lowest[sku] = min(lowest[sku], level[sku])
        if self.first_at:
            opened_at = self.first_at - timedelta(minutes=1)
            for sku, low in lowest.items():
                if low < 0:
                    yield Movement(self.products[sku].id, -low, "", _OPENING, opened_at)
        for line in corrections:
            yield Movement(self.products[line.sku.upper()].id, line.quantity, line.invoice, line.title, line.at)

    def add(self, line: Line) -> str | None:
        """Take one line in; returns the reason where it contradicts the lines before it, and then takes nothing."""
        if line.kind is LineKind.SALE or line.kind is LineKind.CREDIT:
            reason = self._add_to_order(line)
            if reason:
                return reason
        product = self.products.get(line.sku.upper())
        if line.kind is LineKind.ADJUSTMENT:
            self.adjustments.append(line)
        else:
            if product is None:
                product = self.products[line.sku.upper()] = ProductDraft(line.sku)
            if line.kind is LineKind.STOCK:
                self.corrections.append(line)
            elif line.kind is LineKind.CREDIT:
                if line.title:
                    product.credited_as[line.title] += 1
            else:
                product.price_minor = line.price_minor
                if line.title:
                    product.sold_as[line.title] += 1
        if line.customer:
            client = self.clients.get(line.customer)
            if client is None:
                client = self.clients[line.customer] = ClientDraft(line.customer)
            client.country = line.country
        self.first_at = min(self.first_at or line.at, line.at)
        self.last_at = max(self.last_at or line.at, line.at)
        return None

    def _add_to_order(self, line: Line) -> str | None:
        order = self.orders.get(line.invoice)
        if order is None:
            order = self.orders[line.invoice] = OrderDraft(
                line.invoice, line.kind, line.at, line.month, line.customer, line.country
            )
        elif order.customer != line.customer:
            return f"invoice {line.invoice} belongs to another customer on its first line"
        elif order.country != line.country:
            return f"invoice {line.invoice} belongs to another country on its first line"
        elif order.month != line.month:
            return f"invoice {line.invoice} began in another month ({order.month})"
        order.total_minor += abs(line.total_minor)
        self.items += 1
        return None


def gather(lines: Iterable[Line | Problem], *, skip_bad: bool) -> Books:
    """Read all lines into books.

    Raises:
        InvalidInput: A line cannot be booked and bad lines are not skipped, or too many of them cannot.
    """
    books = Books()
    for line in lines:
        books.rows += 1
        if isinstance(line, Problem):
            problem = line
        else:
            reason = books.add(line)
            if reason is None:
                continue
            problem = line.problem(reason)
        if not skip_bad:
            raise InvalidInput(
                f"Line {problem.number}: {problem.reason}. Nothing was imported; correct the line or use --skip-bad."
            )
        if len(books.problems) == MOST_PROBLEMS:
            first = books.problems[0]
            raise InvalidInput(
                f"More than {MOST_PROBLEMS} lines cannot be used; the first is line {first.number}: {first.reason}. "
                "Nothing was imported; check that this is the right file."
            )
        books.problems.append(problem)
    return books
