"""What people are told of, by kind: its name, and what it says to each role that can get it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from avenrae.enums import NoticeKind, Role

_CLIENT, _PRACTITIONER, _SUPPORT, _ADMIN = Role.CLIENT, Role.PRACTITIONER, Role.SUPPORT, Role.ADMIN


@dataclass(frozen=True)
class Meaning:
    """What a kind of notices says to somebody, and what becomes of whoever is not told."""

    about: str
    missed: str


@dataclass(frozen=True)
class KindText:
    """How a kind of notices is called, and what it means to each role that can get it."""

    name: str
    to: Mapping[Role, Meaning] = field(default_factory=dict)


def _to(*roles: Role, about: str, missed: str) -> dict[Role, Meaning]:
    return dict.fromkeys(roles, Meaning(about, missed))


TEXTS: dict[NoticeKind, KindText] = {
    NoticeKind.BOOKING: KindText(
        "Sessions",
        _to(
            _CLIENT,
            _PRACTITIONER,
            about="Requests, confirmations, moves and cancellations.",
            missed="you learn of a cancelled session when you look at your bookings",
        ),
    ),
    NoticeKind.REMINDER: KindText(
        "Reminders",
        _to(
            _CLIENT,
            _PRACTITIONER,
            about="A day and two hours before a session.",
            missed="nothing reminds you of a session",
        ),
    ),
    NoticeKind.WAITING_LIST: KindText(
        "Waiting list",
        _to(
            _CLIENT,
            about="A place is free and held for you, for a short time.",
            missed="a place that is held for you goes to the next",
        ),
    ),
    NoticeKind.MESSAGE: KindText(
        "Messages",
        _to(
            _CLIENT,
            _PRACTITIONER,
            about="Somebody wrote to you.",
            missed="people wait for an answer until you look at your messages",
        ),
    ),
    NoticeKind.REVIEW: KindText(
        "Reviews",
        _to(
            _CLIENT,
            _PRACTITIONER,
            about="A session can be reviewed; a review was published, answered or hidden.",
            missed="you see reviews when you look for them",
        ),
    ),
    NoticeKind.PROFILE: KindText(
        "Profile and documents",
        _to(
            _PRACTITIONER,
            about="Your profile or a document was checked, or a document expires.",
            missed="a document can expire without your noticing",
        )
        | _to(
            _ADMIN,
            about="A practitioner asks to have a profile checked.",
            missed="a profile waits until you look at the practitioners",
        ),
    ),
    NoticeKind.ORDER: KindText(
        "Orders",
        _to(
            _CLIENT,
            about="An order was placed, paid, sent or cancelled.",
            missed="you see how an order stands when you look at it",
        )
        | _to(_ADMIN, about="Stock of a product is low.", missed="a product can sell out before you look at the stock"),
    ),
    NoticeKind.TICKET: KindText(
        "Tickets",
        _to(
            _CLIENT,
            _PRACTITIONER,
            about="An answer to what you asked us, and when it is resolved.",
            missed="you see an answer when you look at the ticket",
        )
        | _to(
            _SUPPORT,
            _ADMIN,
            about="Tickets that are given to you, news in them, and promises that are about to be broken or were.",
            missed="people wait, and promises break, until you look at the queue",
        ),
    ),
    NoticeKind.REFUND: KindText(
        "Refunds",
        _to(
            _CLIENT,
            about="Money was given back to you.",
            missed="you see a refund when you look at the session or the order",
        )
        | _to(
            _SUPPORT,
            about="A refund that you asked an admin for was granted or refused.",
            missed="you see the answer when you look at the requests",
        )
        | _to(
            _ADMIN,
            about="Somebody asks you for a refund, or one that you asked for was decided.",
            missed="a client waits for the money until you look at the requests",
        ),
    ),
    NoticeKind.SECURITY: KindText("Security", _to(*Role, about="What concerns the safety of your account.", missed="")),
    NoticeKind.DIGEST: KindText("Daily e-mail"),
}
"""In the order in which they are shown."""


def kinds_of(role: Role) -> list[NoticeKind]:
    """Return the kinds of notices that somebody of a role can get and choose about."""
    return [kind for kind, text in TEXTS.items() if role in text.to and kind is not NoticeKind.SECURITY]
