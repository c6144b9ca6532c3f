"""What people are told of, by kind: its name, what it says, what is missed without it, and who can ever get it."""

from dataclasses import dataclass

from avenrae.enums import NoticeKind, Role

_EVERYBODY = frozenset(Role)
_BOTH_SIDES = frozenset({Role.CLIENT, Role.PRACTITIONER})
_STAFF = frozenset({Role.SUPPORT, Role.ADMIN})


@dataclass(frozen=True)
class KindText:
    """How a kind of notices is shown; `missed` says what becomes of whoever is not told."""

    name: str
    about: str
    missed: str
    readers: frozenset[Role]


TEXTS: dict[NoticeKind, KindText] = {
    NoticeKind.BOOKING: KindText(
        "Sessions",
        "Requests, confirmations, moves and cancellations.",
        "you learn of a cancelled session when you look at your bookings",
        _BOTH_SIDES,
    ),
    NoticeKind.REMINDER: KindText(
        "Reminders", "A day and two hours before a session.", "nothing reminds you of a session", _BOTH_SIDES
    ),
    NoticeKind.WAITING_LIST: KindText(
        "Waiting list",
        "A place is free and held for you, for a short time.",
        "a place that is held for you goes to the next",
        frozenset({Role.CLIENT}),
    ),
    NoticeKind.MESSAGE: KindText(
        "Messages", "Somebody wrote to you.", "people wait for an answer until you look at your messages", _BOTH_SIDES
    ),
    NoticeKind.REVIEW: KindText(
        "Reviews", "A review was published, answered or hidden.", "you see reviews when you look for them", _BOTH_SIDES
    ),
    NoticeKind.PROFILE: KindText(
        "Profile and documents",
        "Your profile was checked, or a document expires.",
        "an expired document can take your profile out of the directory unnoticed",
        frozenset({Role.PRACTITIONER, Role.ADMIN}),
    ),
    NoticeKind.ORDER: KindText(
        "Orders",
        "An order was paid, sent or cancelled.",
        "you see orders when you look at them",
        frozenset({Role.CLIENT, Role.ADMIN}),
    ),
    NoticeKind.TICKET: KindText(
        "Tickets",
        "An answer, news of a ticket, and promises that are about to be broken.",
        "an answer waits until you look at the ticket",
        _EVERYBODY,
    ),
    NoticeKind.REFUND: KindText(
        "Refunds",
        "A refund was asked for, granted or refused.",
        "a refund waits until somebody looks at the requests",
        _STAFF,
    ),
    NoticeKind.SECURITY: KindText("Security", "What concerns the safety of your account.", "", _EVERYBODY),
    NoticeKind.DIGEST: KindText("Daily mail", "What waited for the mail of the day.", "", frozenset()),
}
"""In the order in which they are shown."""


def kinds_of(role: Role) -> list[NoticeKind]:
    """Return the kinds of notices that somebody of a role can get and choose about."""
    return [kind for kind, text in TEXTS.items() if role in text.readers and kind is not NoticeKind.SECURITY]
