"""How tickets read in lists and heads: their promise in words, their requester and assignee."""

from datetime import datetime
from typing import Protocol

from avenrae import clock
from avenrae.enums import TicketStatus
from avenrae.queries.tickets import SOON
from avenrae.ui.format import how_long, when
from avenrae.ui.records import Cell


class Promised(Protocol):
    """What of a ticket its promise is told from."""

    @property
    def status(self) -> TicketStatus: ...
    @property
    def next_due_at(self) -> datetime | None: ...
    @property
    def snoozed_until(self) -> datetime | None: ...


def promise_cell(ticket: Promised, zone: str) -> Cell:
    """Return when the next promise breaks, in words with a mark: late, soon, in time, or standing still and why."""
    still = {
        TicketStatus.WAITING: "waits on the client",
        TicketStatus.RESOLVED: "resolved",
        TicketStatus.CLOSED: "closed",
    }
    snoozed = ticket.snoozed_until is not None and ticket.snoozed_until > clock.now()
    asleep = f"snoozed until {when(ticket.snoozed_until, zone)}" if snoozed else ""
    if ticket.next_due_at is None:
        why = still.get(ticket.status)
        return Cell("Standing still", tone="grey", sub=why or "no promise") if why else Cell("No promise", sub=asleep)
    left = ticket.next_due_at - clock.now()
    sub = asleep or when(ticket.next_due_at, zone)
    if left.total_seconds() < 0:
        return Cell(f"Late by {how_long(-left)}", tone="red", sub=sub)
    return Cell(f"Due in {how_long(left)}", tone="amber" if left < SOON else "green", sub=sub)
