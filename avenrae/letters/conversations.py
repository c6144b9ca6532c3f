"""What is said of messages between a client and a practitioner; their words stay in the conversation."""

from avenrae.enums import NoticeKind
from avenrae.letters.event import Event

_ON = "support/conversation"
_KIND = NoticeKind.MESSAGE
_AUTHOR, _READER = "who wrote it", "who received it"

WRITTEN = Event(
    "message_written",
    _KIND,
    "the other side, until it has read",
    _ON,
    "{author} wrote to you",
    "There is a new message from {author}. Read it and answer in your conversation.",
)
REPORT_REFUSED = Event(
    "message_report_refused", _KIND, "who reported it", _ON, "A message you reported stays", "It stays: {reason}"
)
HIDDEN_OF_AUTHOR = Event(
    "message_hidden_of_author",
    _KIND,
    _AUTHOR,
    _ON,
    "A message of yours is not shown any more",
    "Something you wrote to {other} is not shown any more. Why: {reason}",
)
HIDDEN_OF_READER = Event(
    "message_hidden_of_reader",
    _KIND,
    _READER,
    _ON,
    "A message to you is not shown any more",
    "Something that {other} wrote to you is not shown any more. Why: {reason}",
)
RESTORED_OF_AUTHOR = Event(
    "message_restored_of_author",
    _KIND,
    _AUTHOR,
    _ON,
    "A message of yours is shown again",
    "Something you wrote to {other} is shown again. Why: {reason}",
)
RESTORED_OF_READER = Event(
    "message_restored_of_reader",
    _KIND,
    _READER,
    _ON,
    "A message to you is shown again",
    "Something that {other} wrote to you is shown again. Why: {reason}",
)
