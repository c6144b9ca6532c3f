"""Sessions that are due, what can be done with one, and what the books say of it."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae.enums import BookingStatus
from avenrae.models import Booking, LedgerEntry
from avenrae.permissions import Actor
from avenrae.services.bookings import cancel_booking, complete_booking, confirm_booking, decline_booking, mark_no_show
from tests import make

SYSTEM = Actor.system("Test")


def due(session: Session, noon: datetime, **kw) -> Booking:
    """A confirmed session that began an hour ago."""
    return make.make_booking(
        session, starts_at=noon - timedelta(hours=1), status=BookingStatus.CONFIRMED, confirmed_at=noon, **kw
    )


def books(session: Session, booking: Booking) -> list[tuple[str, int, int]]:
    """The booking's lines in the ledger."""
    rows = session.scalars(select(LedgerEntry).where(LedgerEntry.source_id == booking.id).order_by(LedgerEntry.id))
    return [(r.kind, r.gross_minor, r.commission_minor) for r in rows]


SERVICES = {
    "confirm": lambda s, a, b: confirm_booking(s, a, b.id),
    "decline": lambda s, a, b: decline_booking(s, a, b.id, "Fully booked"),
    "cancel": lambda s, a, b: cancel_booking(s, a, b.id, "Changed plans"),
    "complete": lambda s, a, b: complete_booking(s, a, b.id, paid_on_site=True),
    "no_show": lambda s, a, b: mark_no_show(s, a, b.id),
}
