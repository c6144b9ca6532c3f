"""What is said of orders, and of stock that runs low."""

from avenrae.enums import NoticeKind
from avenrae.letters.event import Event

_ON = "store/order"
_CLIENT = "the client"
_SUM = "{lines}\nShipping: {shipping}\nTotal: {total}, {paid}\n\nYour reference is {reference}."

PLACED = Event(
    "order_placed", NoticeKind.ORDER, _CLIENT, _ON, "Your order {reference}", f"Thank you.\n\n{_SUM}", to_doer=True
)
RESENT = Event("order_confirmation_resent", NoticeKind.ORDER, _CLIENT, _ON, "Your order {reference}", _SUM)
PAID = Event(
    "order_paid",
    NoticeKind.ORDER,
    _CLIENT,
    _ON,
    "Paid: order {reference}",
    "{total} for your order {reference} has arrived. We send it as soon as we can.",
    to_doer=True,
)
FULFILLED = Event(
    "order_fulfilled",
    NoticeKind.ORDER,
    _CLIENT,
    _ON,
    "On its way: order {reference}",
    "Your order {reference} has been sent:\n\n{lines}",
)
CANCELLED = Event(
    "order_cancelled",
    NoticeKind.ORDER,
    _CLIENT,
    _ON,
    "Cancelled: order {reference}",
    "Your order {reference} was cancelled: {reason}\n\n{money}",
)
REFUNDED = Event(
    "order_refunded",
    NoticeKind.REFUND,
    _CLIENT,
    _ON,
    "Refund of {amount} for order {reference}",
    "You get {amount} back for your order {reference}.",
    to_doer=True,
)
STOCK_LOW = Event(
    "stock_low",
    NoticeKind.ORDER,
    "the admins",
    "store/product",
    "Reorder {product}: {left} left",
    "{left} of {product} ({sku}) can still be sold; it is reordered at {level}.",
    to_doer=True,
)


def money_back(back: str) -> str:
    """Return what becomes of the money of an order that is cancelled."""
    return f"{back} goes back to you, all that was paid." if back else "Nothing was paid."
