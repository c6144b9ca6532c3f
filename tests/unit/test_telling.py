"""“Why did X (not) get this?”: one sentence for each way that a notice and its mail can have gone."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from avenrae.enums import MailRoute, MailStatus, NoticeKind
from avenrae.queries.tellings import Deed, SentMail, Telling
from avenrae.ui.telling import Untold, by_mail, in_console, meant_for, of_mail, why_untold

NOW = datetime(2026, 3, 16, 10, 0, tzinfo=UTC)
ZONE = "Africa/Johannesburg"
HOUR = timedelta(hours=1)
TOLD = Telling(
    id=uuid.UUID(int=1),
    user_id=uuid.UUID(int=2),
    reader="Zoë Adams",
    kind=NoticeKind.BOOKING,
    event="",
    title="Confirmed",
    text="It is.",
    screen="care/booking",
    record_id=None,
    told_at=NOW - 2 * HOUR,
    is_shown=True,
    read_at=None,
    route=MailRoute.NOW,
    due_at=None,
    mail=None,
    hidden_since=None,
    unmailed_since=None,
    is_suspended=False,
    is_erased=False,
)
MAIL = SentMail(
    id=uuid.UUID(int=3),
    status=MailStatus.WAITING,
    to_address="zoe@example.org",
    attempts=0,
    error="",
    created_at=NOW - 2 * HOUR,
    handed_over_at=None,
    sent_at=None,
)


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"read_at": NOW - HOUR}, "Shown, read on Mon 16 Mar 2026, 11:00 SAST."),
        ({}, "Shown, not read yet."),
        (
            {"is_shown": False, "hidden_since": NOW - 24 * HOUR},
            "Not shown: switched off by the reader on Sun 15 Mar 2026, 12:00 SAST.",
        ),
        ({"is_shown": False}, "Not shown: switched off by the reader at that time."),
    ],
)
def test_in_the_console(told: dict[str, object], sentence: str) -> None:
    assert in_console(replace(TOLD, **told), ZONE) == sentence


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (
            {"route": MailRoute.OFF, "unmailed_since": NOW - 24 * HOUR},
            "No mail: switched off by the reader on Sun 15 Mar 2026, 12:00 SAST.",
        ),
        ({"route": MailRoute.OFF}, "No mail: switched off by the reader at that time."),
        ({"route": MailRoute.NO_ADDRESS, "is_suspended": True}, "No mail: the account is suspended."),
        ({"route": MailRoute.NO_ADDRESS}, "No mail: the account was suspended then."),
        (
            {"route": MailRoute.NO_ADDRESS, "is_suspended": True, "is_erased": True},
            "No mail: the account was erased.",
        ),
        (
            {"route": MailRoute.HELD, "due_at": NOW + HOUR},
            "Held by quiet hours until Mon 16 Mar 2026, 13:00 SAST.",
        ),
        (
            {"route": MailRoute.HELD, "due_at": NOW},
            "Held by quiet hours until Mon 16 Mar 2026, 12:00 SAST; it goes out within minutes of that.",
        ),
        ({"route": MailRoute.DIGEST, "due_at": NOW + HOUR}, "Waits for the digest of Mon 16 Mar 2026, 13:00 SAST."),
        (
            {"route": MailRoute.DIGEST, "due_at": NOW},
            "Waited for the digest of Mon 16 Mar 2026, 12:00 SAST; it goes out within minutes of that.",
        ),
        (
            {"route": MailRoute.DIGEST, "due_at": NOW + HOUR, "read_at": NOW - HOUR},
            "Left out of the digest of Mon 16 Mar 2026, 13:00 SAST, since it was read in the console on"
            " Mon 16 Mar 2026, 11:00 SAST.",
        ),
        (
            {"route": MailRoute.HELD, "due_at": NOW - HOUR},
            "Held by quiet hours until Mon 16 Mar 2026, 11:00 SAST; it goes out within minutes of that.",
        ),
        ({"route": MailRoute.NOW}, "Its e-mail is not kept any more."),
        (
            {"mail": replace(MAIL, status=MailStatus.SENT, attempts=1, sent_at=NOW)},
            "Sent on Mon 16 Mar 2026, 12:00 SAST to zoe@example.org: the mail server took it.",
        ),
        (
            {
                "route": MailRoute.HELD,
                "due_at": NOW - HOUR,
                "mail": replace(MAIL, status=MailStatus.SENT, attempts=1, sent_at=NOW),
            },
            "Held by quiet hours until Mon 16 Mar 2026, 11:00 SAST. Sent on Mon 16 Mar 2026, 12:00 SAST to"
            " zoe@example.org: the mail server took it.",
        ),
        (
            {"route": MailRoute.DIGEST, "due_at": NOW - HOUR, "mail": MAIL},
            "In the digest of Mon 16 Mar 2026, 11:00 SAST. Written on Mon 16 Mar 2026, 10:00 SAST to"
            " zoe@example.org; it goes out next.",
        ),
    ],
)
def test_by_mail(told: dict[str, object], sentence: str) -> None:
    assert by_mail(replace(TOLD, **told), ZONE, NOW) == sentence


def test_for_whom_such_things_are() -> None:
    """By the catalogue of events; what was told before there was one, or by none of its events, has no reason."""
    assert meant_for(replace(TOLD, event="ticket_reply")) == "The requester"
    assert meant_for(replace(TOLD, event="gone")) == meant_for(TOLD) == ""


@pytest.mark.parametrize(
    ("mail", "sentence"),
    [
        (
            {"status": MailStatus.SENT, "attempts": 3, "sent_at": NOW},
            "Sent on Mon 16 Mar 2026, 12:00 SAST to zoe@example.org at the third try: the mail server took it.",
        ),
        (
            {"status": MailStatus.KEPT, "attempts": 1},
            "Kept since Mon 16 Mar 2026, 10:00 SAST, for zoe@example.org: no mail server was set, so it went nowhere.",
        ),
        (
            {"status": MailStatus.FAILED, "attempts": 1, "error": "550 5.1.1 No such mailbox"},
            "Not delivered to zoe@example.org after 1 try. The mail server answered: “550 5.1.1 No such mailbox”.",
        ),
        (
            {"status": MailStatus.FAILED, "attempts": 9, "error": "The mail server hung up."},
            "Not delivered to zoe@example.org after 9 tries. The mail server hung up.",
        ),
        (
            {"status": MailStatus.FAILED, "attempts": 1, "error": "x", "handed_over_at": NOW},
            "It may have arrived: it was on its way to zoe@example.org on Mon 16 Mar 2026, 12:00 SAST when the worker"
            " ended, and nobody can know whether the server took it. So it was not sent a second time.",
        ),
        (
            {"attempts": 1, "handed_over_at": NOW},
            "On its way to zoe@example.org since Mon 16 Mar 2026, 12:00 SAST.",
        ),
        (
            {"attempts": 2, "error": "451 4.3.0 Come back later"},
            "Not taken yet after 2 tries, to zoe@example.org; it is tried again for a day."
            " The mail server answered: “451 4.3.0 Come back later”.",
        ),
        ({}, "Written on Mon 16 Mar 2026, 10:00 SAST to zoe@example.org; it goes out next."),
    ],
)
def test_what_became_of_a_mail(mail: dict[str, object], sentence: str) -> None:
    assert of_mail(replace(MAIL, **mail), ZONE) == sentence


@pytest.mark.parametrize(
    ("known", "reasons"),
    [
        ({}, []),
        ({"is_party": False}, ["Zoë is not a party of B-1."]),
        (
            {"deeds": [Deed("cancel_booking", NOW)]},
            [
                "It was Zoë who did this: “cancel booking” on Mon 16 Mar 2026, 12:00 SAST."
                " Who does something is not told of it, receipts apart."
            ],
        ),
        (
            {"since": NOW, "last_told_at": NOW - HOUR},
            ["The account was made on Mon 16 Mar 2026, 12:00 SAST, after everything that was told of B-1."],
        ),
        ({"since": NOW - 2 * HOUR, "last_told_at": NOW - HOUR}, []),
    ],
)
def test_why_somebody_was_told_nothing(known: dict[str, object], reasons: list[str]) -> None:
    """Only what is known is said."""
    untold = Untold(name="Zoë", since=NOW - 10 * HOUR, is_party=True, deeds=[], last_told_at=None)
    assert why_untold(replace(untold, **known), "B-1", ZONE) == reasons
