"""What is said of reviews. Clients are named by their first name only."""

from avenrae.enums import NoticeKind
from avenrae.letters.event import Event

_ON = "care/booking"
_KIND = NoticeKind.REVIEW

PUBLISHED_OF_PRACTITIONER = Event(
    "review_of_practitioner",
    _KIND,
    "the practitioner",
    _ON,
    "{writer} wrote about your session",
    "{writer} wrote about session {reference}. You can answer in public.",
    to_doer=True,
)
PUBLISHED_OF_CLIENT = Event(
    "review_of_client",
    _KIND,
    "the client",
    _ON,
    "{writer} wrote about your session",
    "{writer} wrote about session {reference}.",
    to_doer=True,
)
ANSWERED = Event(
    "review_answered",
    _KIND,
    "the client who wrote",
    _ON,
    "{practitioner} answered your review",
    "{practitioner} answered what you wrote about session {reference}.",
)
FLAG_REFUSED = Event(
    "review_flag_refused",
    _KIND,
    "who flagged it",
    _ON,
    "A review you flagged stays up",
    "The review of session {reference} that you flagged stays up: {reason}",
)
HIDDEN_OF_WRITER = Event(
    "review_hidden_of_writer",
    _KIND,
    "who wrote it",
    _ON,
    "Your review is not shown any more",
    "What you wrote about {other} after session {reference} is not shown any more: {reason}",
)
HIDDEN_OF_SUBJECT = Event(
    "review_hidden_of_subject",
    _KIND,
    "whom it is about",
    _ON,
    "A review about you is not shown any more",
    "What {other} wrote about session {reference} is not shown any more: {reason}",
)
RESTORED_OF_WRITER = Event(
    "review_restored_of_writer",
    _KIND,
    "who wrote it",
    _ON,
    "Your review is shown again",
    "What you wrote about {other} after session {reference} is shown again: {reason}",
)
RESTORED_OF_SUBJECT = Event(
    "review_restored_of_subject",
    _KIND,
    "whom it is about",
    _ON,
    "A review about you is shown again",
    "What {other} wrote about session {reference} is shown again: {reason}",
)
