"""What is said of practitioners' profiles and documents."""

from avenrae.enums import NoticeKind
from avenrae.letters.event import Event

_ON = "care/practitioner"
_KIND = NoticeKind.PROFILE
_OWNER = "the practitioner"
_FOLLOWS = " Hand in the one that follows it under My profile, Documents."

SUBMITTED = Event(
    "profile_submitted",
    _KIND,
    "the admins",
    _ON,
    "{name} asks to be approved",
    "{name} has submitted a profile ({work}). Look at it and its documents, then approve or reject it.",
)
APPROVED = Event(
    "profile_approved",
    _KIND,
    _OWNER,
    _ON,
    "Your profile is approved",
    "Your profile is approved now: clients find you and can book you. {reason}",
)
REJECTED = Event(
    "profile_rejected",
    _KIND,
    _OWNER,
    _ON,
    "Your profile is rejected",
    "Your profile is rejected now. {reason}\n\nYou can change it and submit it again.",
)
SUSPENDED = Event(
    "profile_suspended",
    _KIND,
    _OWNER,
    _ON,
    "Your profile is suspended",
    "Your profile is suspended now: nobody new can book you; sessions that are agreed take place. {reason}",
)
DOCUMENT_REFUSED = Event(
    "document_refused",
    _KIND,
    _OWNER,
    _ON,
    "{title} was refused",
    "Your document {title} was refused: {reason}",
)
DOCUMENT_EXPIRES = Event(
    "document_expires",
    _KIND,
    _OWNER,
    _ON,
    "{title} expires soon",
    "Your document {title} is good until {last_day}." + _FOLLOWS,
)
DOCUMENT_EXPIRED = Event(
    "document_expired",
    _KIND,
    _OWNER,
    _ON,
    "{title} has expired",
    "Your document {title} was good until {last_day}." + _FOLLOWS,
)
