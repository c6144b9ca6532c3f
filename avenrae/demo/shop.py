"""The shop of the demo world: eighteen months of deliveries, orders, counts and returns, told as events in time."""

import heapq
import itertools
import uuid
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

from avenrae.demo.books import ledger_line, payment
from avenrae.demo.catalogue import Ware, wares
from avenrae.demo.people import Customer, stamps
from avenrae.demo.rows import DAYS_BACK, Frame, Tables
from avenrae.enums import (
    LedgerKind,
    LedgerSource,
    MovementReason,
    OrderKind,
    OrderStatus,
    PaymentStatus,
    ProductType,
    TransactionKind,
)
from avenrae.ids import uuid7
from avenrae.models import Order, OrderItem, Product, StockMovement

CURRENCY = "ZAR"
FREE_SHIPPING_MINOR = 90_000
_MONTHS = (0.8, 0.95, 0.9, 0.9, 1.05, 0.9, 0.85, 1.0, 1.0, 1.05, 1.5, 1.6)
_CANCELLED = ("Changed my mind", "Ordered twice by mistake", "Delivery takes too long", "Found it at a local market")
_REFUNDED = ("Arrived broken", "Not as described", "One item was missing", "Wrong item sent")
_RETIRED = {"AV-CR-019", "AV-BK-025", "AV-TL-003", "AV-OT-007"}
_NOTES = ("Gift, please wrap", "Leave with security at the gate", "Please call before delivery")


@dataclass(eq=False)
class Shelf:
    """A product and what is on its shelf at the moment that is being told."""

    id: uuid.UUID
    ware: Ware
    weight: float
    lot: int
    reorder: int
    supplied_until: date
    on_hand: int = 0
    allocated: int = 0

    @property
    def available(self) -> int:
        """What can be ordered."""
        return self.on_hand - self.allocated


Lines = list[tuple[Shelf, int]]


@dataclass(eq=False)
class _Placed:
    """An order and what became of it; `books` are its sale and its refunds."""

    id: uuid.UUID
    reference: str
    lines: Lines
    customer: Customer | None
    placed_at: datetime
    shipping_minor: int = 0
    status: OrderStatus = OrderStatus.PENDING
    payment: PaymentStatus = PaymentStatus.UNPAID
    paid_at: datetime | None = None
    fulfilled_at: datetime | None = None
    cancelled_at: datetime | None = None
    reason: str | None = None
    refunded_minor: int = 0
    books: list[tuple[LedgerKind, datetime, int, str]] = field(default_factory=list)

    @property
    def items_minor(self) -> int:
        """The price of the goods."""
        return sum(shelf.ware.price_minor * quantity for shelf, quantity in self.lines)

    @property
    def total_minor(self) -> int:
        """What is to be paid."""
        return self.items_minor + self.shipping_minor

    def set_aside(self, sign: int = 1) -> None:
        """Allocate the goods, or with −1 free them."""
        for shelf, quantity in self.lines:
            shelf.allocated += sign * quantity


class Shop:
    """Tells the shop's history; events happen in the order of time, whenever they were thought of.

    `number` is that of the next order.
    """

    def __init__(self, frame: Frame, tables: Tables, customers: list[Customer], number: int) -> None:
        self.frame, self.tables, self.customers = frame, tables, customers
        self._joined = [customer.joined for customer in customers]
        self.number = number
        self._events: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._tie = itertools.count()
        self.shelves = [self._shelf(n, ware) for n, ware in enumerate(wares())]

    def tell(self) -> None:
        """Put the rows of the whole history aside, up to an hour ago."""
        frame = self.frame
        for n in range(DAYS_BACK + 1):
            day = frame.first_day + timedelta(days=n)
            if n == 0 or day.weekday() == 0:
                self._later(frame.at(day, 8.5), self._deliveries)
            if day.day == 28:
                self._later(frame.at(day, 16), self._stocktaking)
            growth = 0.6 + 0.8 * n / DAYS_BACK
            wanted = 1.6 * growth * _MONTHS[day.month - 1]
            for _ in range(int(wanted) + frame.chance(wanted % 1)):
                self._later(frame.at(day, frame.rng.uniform(7, 22.5)), self._order)
        until = frame.now - timedelta(hours=1)
        while self._events and self._events[0][0] <= until:
            at, _, happen = heapq.heappop(self._events)
            happen(at)

    def pick(self) -> Lines:
        """Choose what somebody puts into a basket, of what is there."""
        rng = self.frame.rng
        found: dict[int, tuple[Shelf, int]] = {}
        for shelf in rng.choices(self.shelves, [s.weight for s in self.shelves], k=rng.choice((1, 1, 2, 2, 2, 3, 4))):
            quantity = min(rng.choice((1, 1, 1, 1, 2, 2, 3)), shelf.available)
            if quantity > 0 and shelf.ware.sku not in _RETIRED:
                found[id(shelf)] = (shelf, quantity)
        return list(found.values())

    def _shelf(self, n: int, ware: Ware) -> Shelf:
        frame, rng = self.frame, self.frame.rng
        cheap = ware.price_minor < 20_000
        weight = rng.uniform(0.4, 3.0) * (1.6 if cheap else 0.9 if ware.price_minor < 70_000 else 0.35)
        lot = max(4, round(weight * rng.uniform(7, 11)))
        reorder, until = max(2, lot // 3), frame.today
        if n % 15 == 0:
            weight, lot, reorder, until = 5.0, 12, 5, frame.today - timedelta(days=120)
        elif n % 8 == 4:
            weight, lot, reorder, until = max(weight, 1.6), 10, 8, frame.today - timedelta(days=75)
        shelf = Shelf(uuid7(), ware, weight, lot, reorder, until)
        opened = frame.at(frame.first_day - timedelta(days=3), 10 + n / 60)
        self.tables.add(
            Product,
            id=shelf.id,
            sku=ware.sku,
            title=ware.title,
            description=ware.description,
            product_type=ware.type,
            category=ware.category,
            price_minor=ware.price_minor,
            currency=CURRENCY,
            is_active=ware.sku not in _RETIRED,
            reorder_level=shelf.reorder,
            **stamps(opened),
        )
        return shelf

    def _later(self, at: datetime, happen: Callable[[datetime], None]) -> None:
        heapq.heappush(self._events, (at, next(self._tie), happen))

    def _move(
        self, shelf: Shelf, delta: int, reason: MovementReason, at: datetime, reference: str = "", note: str = ""
    ) -> None:
        shelf.on_hand += delta
        self.tables.add(
            StockMovement,
            id=uuid7(),
            product_id=shelf.id,
            delta=delta,
            reason=reason,
            reference=reference,
            note=note,
            occurred_at=at,
            created_at=at,
        )

    def _deliveries(self, at: datetime) -> None:
        """Receive a lot of whatever has run low, where its supplier still delivers."""
        day = at.astimezone(self.frame.zone).date()
        reference = f"GRN {day:%Y%m%d}"
        for shelf in self.shelves:
            if shelf.available <= shelf.reorder and day <= shelf.supplied_until:
                self._move(shelf, shelf.lot, MovementReason.RECEIVED, at, reference)

    def _stocktaking(self, at: datetime) -> None:
        """Count a few shelves each month, and write off what broke."""
        rng = self.frame.rng
        for shelf in rng.sample(self.shelves, 10):
            delta = max(rng.choice((0, 0, 0, 0, -1, -1, 1)), -shelf.available)
            self._move(shelf, delta, MovementReason.COUNTED, at, note="Monthly count")
        for shelf in rng.sample(self.shelves, 3):
            if shelf.available > 1 and shelf.ware.type is not ProductType.BOOK:
                self._move(shelf, -1, MovementReason.DAMAGED, at, note="Broken in the store room")
        shelf = rng.choice(self.shelves)
        self._move(shelf, 1, MovementReason.ADJUSTED, at, note="Found behind the shelf")

    def _order(self, at: datetime) -> None:
        frame, rng = self.frame, self.frame.rng
        lines = self.pick()
        known = bisect_right(self._joined, at)
        if not lines or known < 2:
            return
        walk_in = frame.chance(0.02)
        is_demo = not walk_in and frame.chance(0.008)
        customer = None if walk_in else self.customers[0 if is_demo else rng.randrange(1, known)]
        fresh = at > frame.now - timedelta(days=3)
        outcome = rng.random()
        order = _Placed(uuid7(), f"O-{self.number}", lines, customer, at)
        self.number += 1
        order.set_aside()
        order.shipping_minor = 0 if order.items_minor >= FREE_SHIPPING_MINOR or walk_in else rng.choice((7_500, 12_000))
        paid_at = at + timedelta(minutes=rng.randint(1, 30))
        if outcome < 0.03 or (fresh and outcome < 0.1):
            if not fresh:
                self._cancelled(order, at + timedelta(days=2), "Not paid within two days")
        else:
            self._paid(order, paid_at)
            sent = paid_at + timedelta(hours=rng.uniform(2, 70))
            if outcome < 0.07 and not fresh:
                sent = min(sent, frame.now - timedelta(hours=2))
                self._cancelled(order, sent, rng.choice(_CANCELLED))
            elif sent < frame.now - timedelta(hours=1):
                order.status, order.fulfilled_at = OrderStatus.FULFILLED, sent
                self._later(sent, partial(self._sent, order))
                if outcome > 0.955:
                    self._refund(order, sent + timedelta(days=rng.randint(2, 12)))
        self._write(order)

    def _paid(self, order: _Placed, at: datetime) -> None:
        order.status, order.payment, order.paid_at = OrderStatus.PAID, PaymentStatus.PAID, at
        order.books.append((LedgerKind.SALE, at, order.total_minor, ""))

    def _cancelled(self, order: _Placed, at: datetime, reason: str) -> None:
        order.status, order.cancelled_at, order.reason = OrderStatus.CANCELLED, at, reason
        if order.paid_at is not None:
            order.refunded_minor, order.payment = order.total_minor, PaymentStatus.REFUNDED
            order.books.append((LedgerKind.REFUND, at, order.total_minor, reason))
        self._later(at, lambda _: order.set_aside(-1))

    def _sent(self, order: _Placed, at: datetime) -> None:
        order.set_aside(-1)
        for shelf, quantity in order.lines:
            self._move(shelf, -quantity, MovementReason.SOLD, at, order.reference)

    def _refund(self, order: _Placed, at: datetime) -> None:
        """Give a part or all back; what comes back whole goes onto the shelf again."""
        if at > self.frame.now - timedelta(hours=1):
            return
        reason = self.frame.rng.choice(_REFUNDED)
        full = self.frame.chance(0.4)
        amount = order.total_minor if full else order.lines[0][0].ware.price_minor
        full = amount == order.total_minor
        order.refunded_minor = amount
        order.payment = PaymentStatus.REFUNDED if full else PaymentStatus.PARTIALLY_REFUNDED
        order.books.append((LedgerKind.REFUND, at, amount, reason))
        if full and reason != _REFUNDED[0]:
            self._later(at, partial(self._back, order, reason))

    def _back(self, order: _Placed, reason: str, at: datetime) -> None:
        for shelf, quantity in order.lines:
            self._move(shelf, quantity, MovementReason.RETURNED, at, order.reference, reason)

    def _write(self, order: _Placed) -> None:
        frame, tables = self.frame, self.tables
        for kind, at, amount, reason in order.books:
            is_sale = kind is LedgerKind.SALE
            key = payment(
                frame,
                tables,
                order.customer,
                amount,
                CURRENCY,
                at,
                order=order.id,
                kind=TransactionKind.CHARGE if is_sale else TransactionKind.REFUND,
                reason=reason,
            )
            gross, sold = amount if is_sale else -amount, order.paid_at or at
            source = LedgerSource.ORDER
            ledger_line(tables, kind, source, order.id, at, sold, gross, 0, CURRENCY, key, customer=order.customer)
        tables.add(
            Order,
            id=order.id,
            reference=order.reference,
            kind=OrderKind.SALE,
            client_id=order.customer.id if order.customer else None,
            status=order.status,
            payment_status=order.payment,
            currency=CURRENCY,
            items_minor=order.items_minor,
            shipping_minor=order.shipping_minor,
            total_minor=order.total_minor,
            refunded_minor=order.refunded_minor,
            placed_at=order.placed_at,
            paid_at=order.paid_at,
            fulfilled_at=order.fulfilled_at,
            cancelled_at=order.cancelled_at,
            cancellation_reason=order.reason,
            country=order.customer.country if order.customer else None,
            notes=frame.rng.choice(_NOTES) if frame.chance(0.06) else "",
            created_at=order.placed_at,
            updated_at=max(at for at in (order.placed_at, order.fulfilled_at, *(e[1] for e in order.books)) if at),
        )
        for shelf, quantity in order.lines:
            tables.add(
                OrderItem,
                id=uuid7(),
                order_id=order.id,
                product_id=shelf.id,
                title=shelf.ware.title,
                quantity=quantity,
                unit_price_minor=shelf.ware.price_minor,
                line_total_minor=shelf.ware.price_minor * quantity,
            )
