"""“Why did X (not) get this?” in sentences: pure functions of what was told, and of what is known where nothing was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from avenrae.enums import MailRoute, MailStatus
from avenrae.letters import CATALOGUE
from avenrae.queries.outbox import OutboxRow
from avenrae.queries.tellings import Deed, SentMail, Telling
from avenrae.ui.format import count, when


def meant_for(told: Telling) -> str:
    """Return who is told of such a thing, which is why the reader was; nothing where that is not known."""
    event = CATALOGUE.get(told.event)
    return f"{event.to[0].upper()}{event.to[1:]}" if event else ""


def in_console(told: Telling, zone: str) -> str:
    """Return what became of a notice in the console."""
    if not told.is_shown:
        return f"Not shown: {_off(told.hidden_since, zone)}."
    return f"Shown, read on {when(told.read_at, zone)}." if told.read_at else "Shown, not read yet."


def by_mail(told: Telling, zone: str, now: datetime) -> str:
    """Return what became of a notice's e-mail, or why there is none."""
    if told.mail is not None:
        return _held_first(told, zone) + of_mail(told.mail, zone)
    match told.route:
        case MailRoute.OFF:
            return f"No mail: {_off(told.unmailed_since, zone)}."
        case MailRoute.NO_ADDRESS:
            return f"No mail: {_shut_out(told)}."
        case MailRoute.HELD | MailRoute.DIGEST if told.due_at:
            return _waits(told, told.due_at, zone, now)
        case _:
            return "Its e-mail is not kept any more."


def of_mail(mail: SentMail | OutboxRow, zone: str) -> str:
    """Return what became of a mail."""
    to, tries = mail.to_address, count(mail.attempts, "try", "tries")
    match mail.status:
        case MailStatus.SENT:
            after = f" at the {_nth(mail.attempts)} try" if mail.attempts > 1 else ""
            return f"Sent on {when(mail.sent_at, zone)} to {to}{after}: the mail server took it."
        case MailStatus.KEPT:
            return f"Kept since {when(mail.created_at, zone)}, for {to}: no mail server was set, so it went nowhere."
        case MailStatus.FAILED if mail.handed_over_at:
            return (
                f"It may have arrived: it was on its way to {to} on {when(mail.handed_over_at, zone)} when the worker"
                " ended, and nobody can know whether the server took it. So it was not sent a second time."
            )
        case MailStatus.FAILED:
            return f"Not delivered to {to} after {tries}. {_said(mail.error)}"
        case MailStatus.WAITING if mail.handed_over_at:
            return f"On its way to {to} since {when(mail.handed_over_at, zone)}."
        case _ if mail.error:
            return f"Not taken yet after {tries}, to {to}; it is tried again for a day. {_said(mail.error)}"
        case _:
            return f"Written on {when(mail.created_at, zone)} to {to}; it goes out next."


@dataclass(frozen=True)
class Untold:
    """What is known of somebody who was told nothing of a record."""

    name: str
    since: datetime
    is_party: bool
    deeds: Sequence[Deed]
    last_told_at: datetime | None


def why_untold(untold: Untold, reference: str, zone: str) -> list[str]:
    """Return the reasons that are known; none is guessed."""
    reasons = [
        f"It was {untold.name} who did this: “{deed.action.replace('_', ' ')}” on {when(deed.at, zone)}."
        " Who does something is not told of it, receipts apart."
        for deed in untold.deeds
    ]
    if not untold.is_party:
        reasons.append(f"{untold.name} is not a party of {reference}.")
    if untold.last_told_at and untold.since > untold.last_told_at:
        made = when(untold.since, zone)
        reasons.append(f"The account was made on {made}, after everything that was told of {reference}.")
    return reasons


def _held_first(told: Telling, zone: str) -> str:
    """Return what kept a mail back that has been written since; what is due is forgotten with `due_at`."""
    match told.route:
        case MailRoute.HELD if told.due_at:
            return f"Held by quiet hours until {when(told.due_at, zone)}. "
        case MailRoute.DIGEST if told.due_at:
            return f"In the digest of {when(told.due_at, zone)}. "
        case _:
            return ""


def _waits(told: Telling, due_at: datetime, zone: str, now: datetime) -> str:
    """Return what became of a mail that was to go out later and of which there is none yet."""
    due, digest = when(due_at, zone), told.route is MailRoute.DIGEST
    if digest and told.read_at:
        return f"Left out of the digest of {due}, since it was read in the console on {when(told.read_at, zone)}."
    if due_at > now:
        return f"Waits for the digest of {due}." if digest else f"Held by quiet hours until {due}."
    what = "Waited for the digest of" if digest else "Held by quiet hours until"
    return f"{what} {due}; it goes out within minutes of that."


def _off(since: datetime | None, zone: str) -> str:
    by_whom = "switched off by the reader"
    return f"{by_whom} on {when(since, zone)}" if since else f"{by_whom} at that time"


def _shut_out(told: Telling) -> str:
    if told.is_erased:
        return "the account was erased"
    return "the account is suspended" if told.is_suspended else "the account was suspended then"


def _said(error: str) -> str:
    """Return a reason as a sentence; what begins with a number is the mail server's own answer."""
    return f"The mail server answered: “{error}”." if error[:1].isdigit() else error


def _nth(n: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(n, f"{n}th")
