"""What is said of tickets and their promises; an answer by e-mail to one of the first seven is filed in the ticket."""

from avenrae.enums import NoticeKind
from avenrae.letters.event import Event

_ON = "support/ticket"
_KIND = NoticeKind.TICKET
_REQUESTER, _ASSIGNEE = "the requester", "the assignee"
_RESOLVED = "We consider this resolved. If it is not, answer in the ticket and it opens again."
_PROMISE = "{subject}\nPriority {priority}, due {due}. "

OPENED = Event(
    "ticket_opened",
    _KIND,
    _REQUESTER,
    _ON,
    "We have your message: {number}, {subject}",
    "Its number is {number}; somebody of our team answers it. This is what we have:\n\n{body}",
    to_doer=True,
)
OPENED_FOR = Event(
    "ticket_opened_for",
    _KIND,
    _REQUESTER,
    _ON,
    "We opened {number} for you: {subject}",
    "Our team has opened a ticket for you. Its number is {number}, and this is what it says:\n\n{body}",
)
REPLY = Event("ticket_reply", _KIND, _REQUESTER, _ON, "Reply to {number}, {subject}", "{body}")
REPLY_RESOLVED = Event(
    "ticket_reply_resolved", _KIND, _REQUESTER, _ON, "Reply to {number}, {subject}", "{body}\n\n" + _RESOLVED
)
RESOLVED = Event("ticket_resolved", _KIND, _REQUESTER, _ON, "Resolved: {number}, {subject}", _RESOLVED)
NEWS = Event("ticket_news", _KIND, _ASSIGNEE, _ON, "News in {number}, {subject}", "{body}")
ASSIGNED = Event(
    "ticket_assigned", _KIND, _ASSIGNEE, _ON, "Assigned to you: {number}, {subject}", "{by} gave it to you."
)

_WHO = "the assignee, or every agent while there is none"
DUE_SOON = Event("promise_due_soon", _KIND, _WHO, _ON, "{number}: {promise} due {due}", _PROMISE + "{whose}")
OVERDUE = Event("promise_overdue", _KIND, _WHO, _ON, "{number}: {promise} is overdue", _PROMISE + "{whose}")
STILL_OVERDUE = Event(
    "promise_still_overdue",
    _KIND,
    "the lead of the desk",
    _ON,
    "{number}: {promise} is still overdue",
    _PROMISE + "{whose}",
)
YOURS, NOBODY_S, SOMEBODY_S = (
    "It is assigned to you.",
    "Nobody has taken it yet.",
    "It is assigned to somebody else.",
)
"""Whose ticket it is, as the reader sees it."""
