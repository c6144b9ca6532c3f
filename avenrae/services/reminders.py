"""Reminders of sessions to come: each once for a start, to both sides."""

import uuid

from sqlalchemy.orm import Session

from avenrae.letters import bookings as letters
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.due import is_reminder_due, reminder_key
from avenrae.services.booking_notices import tell_both
from avenrae.services.bookings.holds import claim_due


def remind(session: Session, actor: Actor, booking_id: uuid.UUID, *, hours: int) -> bool:
    """Remind both sides of a session `hours` before it; returns whether that was due."""
    require(actor, Permission.BOOKING_VIEW)
    booking = claim_due(session, actor, booking_id, is_reminder_due(hours))
    if booking is not None:
        tell_both(session, actor, booking, letters.REMINDER, once=reminder_key(hours, booking))
    return booking is not None
