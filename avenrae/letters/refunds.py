"""What is said of refunds that an agent asks an admin for."""

from avenrae.enums import NoticeKind
from avenrae.letters.event import Event

_ON = "support/refund_requests"

ASKED = Event(
    "refund_asked",
    NoticeKind.REFUND,
    "the admins",
    _ON,
    "{by} asks for a refund of {amount}",
    "Of {reference}, because: {reason}\n\nGrant or refuse it in the console.",
)
GRANTED = Event(
    "refund_granted",
    NoticeKind.REFUND,
    "the agent who asked",
    _ON,
    "Your refund of {amount} was granted",
    "{by} granted it{because}",
)
REFUSED = Event(
    "refund_refused",
    NoticeKind.REFUND,
    "the agent who asked",
    _ON,
    "Your refund of {amount} was refused",
    "{by} refused it{because}",
)
