"""What is said of sessions, and of places in the line for one.

Each may say {service}, {other} (whom the reader meets), {time}, {reference} and {price} without being given them.
"""

from avenrae import money
from avenrae.enums import NoticeKind, PaymentStatus
from avenrae.letters.event import Event

_ON = "care/booking"
_BOTH = "both sides"

REQUESTED = Event(
    "booking_requested",
    NoticeKind.BOOKING,
    "the practitioner",
    _ON,
    "New request: {service} with {other}",
    "{other} asks for {service} on {time}.\nThe time is held until {until}: confirm or decline the request before that."
    "\n\nReference: {reference}.",
)
BOOKED = Event(
    "booking_booked",
    NoticeKind.BOOKING,
    _BOTH,
    _ON,
    "Booked: {service} with {other}",
    "{service} with {other} on {time} is agreed.\n{price}\n\nReference: {reference}.",
)
SERIES_BOOKED = Event(
    "booking_series_booked",
    NoticeKind.BOOKING,
    _BOTH,
    _ON,
    "Booked: {count} sessions, {service} with {other}",
    "{count} sessions are agreed, {service} with {other}:\n\n{times}\n\nReference of the first: {reference}.",
)
CONFIRMED = Event(
    "booking_confirmed",
    NoticeKind.BOOKING,
    _BOTH,
    _ON,
    "Confirmed: {service} with {other}",
    "{service} with {other} on {time} is confirmed.\n{price}\n\nReference: {reference}.",
)
RESENT = Event(
    "booking_confirmation_resent",
    NoticeKind.BOOKING,
    "the client",
    _ON,
    "Your session {reference}",
    "{service} with {other}\n{time}\n{price}\n\nYour reference is {reference}.",
)
DECLINED = Event(
    "booking_declined",
    NoticeKind.BOOKING,
    _BOTH,
    _ON,
    "Declined: {service} with {other}",
    "The request for {service} with {other} on {time} was declined: {reason}\n\n{money}\n\nReference: {reference}.",
)
MOVED = Event(
    "booking_moved",
    NoticeKind.BOOKING,
    _BOTH,
    _ON,
    "Moved: {service} with {other}",
    "{service} with {other} was moved by {by}.\nIt was: {before}\nNow it is: {time}\n\nReference: {reference}.",
)
CANCELLED = Event(
    "booking_cancelled",
    NoticeKind.BOOKING,
    _BOTH,
    _ON,
    "Cancelled: {service} with {other}",
    "{service} with {other} on {time} was cancelled by {by}: {reason}\n\n{money}\n\nReference: {reference}.",
)
SERIES_CANCELLED = Event(
    "booking_series_cancelled",
    NoticeKind.BOOKING,
    _BOTH,
    _ON,
    "Cancelled: {count} sessions, {service} with {other}",
    "{count} sessions, {service} with {other}, were cancelled by {by}: {reason}\n\n{times}\n\n{money}"
    "\n\nReference of the first: {reference}.",
)
EXPIRED = Event(
    "booking_expired",
    NoticeKind.BOOKING,
    _BOTH,
    _ON,
    "Not booked: {service} with {other}",
    "{service} ({reference}) with {other} on {time} was held but not paid in time. The time is free again.",
)
COMPLETED = Event(
    "booking_completed",
    NoticeKind.REVIEW,
    "the client",
    _ON,
    "How was {service} with {other}?",
    "{service} with {other} on {time} took place. You can write a review until {until}."
    "\nIt is shown once {other} has written too, or after a week.",
)
MISSED = Event(
    "booking_missed",
    NoticeKind.BOOKING,
    "the client",
    _ON,
    "Missed: {service} with {other}",
    "{service} with {other} on {time} was closed because you did not come. {money}"
    "\nIf this is wrong, tell us under My tickets.\n\nReference: {reference}.",
)
REFUNDED = Event(
    "booking_refunded",
    NoticeKind.REFUND,
    "the client",
    _ON,
    "Refund of {amount} for {service} with {other}",
    "You get {amount} back for {service} with {other} on {time}.\n\nReference: {reference}.",
    to_doer=True,
)
REMINDER = Event(
    "booking_reminder",
    NoticeKind.REMINDER,
    _BOTH,
    _ON,
    "Reminder: {service} with {other}",
    "{service} with {other} begins on {time}. Reference: {reference}.",
)
OFFERED = Event(
    "place_offered",
    NoticeKind.WAITING_LIST,
    "the client who waits",
    "care/waiting_list",
    "A place is free for you",
    "{service} with {other}, {time}. It is held for you until {until}."
    " Accept it, or decline it so that the next person gets it.",
)
OFFER_OVER = Event(
    "place_no_longer_held",
    NoticeKind.WAITING_LIST,
    "the client who waited",
    _ON,
    "The place is no longer held: {service} with {other}",
    "{service} with {other} on {time} was offered to you and not accepted in time.",
)

PAID = {
    PaymentStatus.UNPAID: "not paid yet",
    PaymentStatus.PAID: "paid",
    PaymentStatus.PARTIALLY_REFUNDED: "paid, and given back in part",
    PaymentStatus.REFUNDED: "given back",
}
"""What became of the money, after an amount."""
OUR_TEAM = "our team"
"""Who did something that neither side did."""


def money_back(back_minor: int, kept_minor: int, currency: str, *, whose: str = "you") -> str:
    """Return what becomes of the money of a session that does not take place: what goes back, and what is kept."""
    back, kept = money.show(back_minor, currency), money.show(kept_minor, currency)
    if back_minor and kept_minor:
        return f"{back} goes back to {whose}; {kept} is kept, as the cancellation policy says."
    if back_minor:
        return f"{back} goes back to {whose}, all that was paid."
    return f"{kept} was paid and is kept, as the cancellation policy says." if kept_minor else "Nothing was paid."


def money_kept(kept_minor: int, currency: str) -> str:
    """Return what becomes of the money of a session that the client missed."""
    return f"{money.show(kept_minor, currency)} was paid and is kept." if kept_minor else "Nothing was paid."
