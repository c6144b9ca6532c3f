"""Writes of the terms on which a practitioner is booked."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from avenrae.errors import InvalidInput
from avenrae.models import Practitioner
from avenrae.permissions import Actor, Permission
from avenrae.services.availability import locked_practitioner
from avenrae.services.edits import refuse_stale

MOST_BUFFER, MOST_HORIZON, MOST_NOTICE, STEPS = 480, 730, 60 * 24 * 365, (5, 480)
"""Most minutes of a buffer, days ahead, minutes of notice; shortest and longest step from start to start."""


def edit_terms(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID,
    *,
    buffer_before: int,
    buffer_after: int,
    min_notice: int,
    max_horizon: int,
    slot_step: int | None,
    seen: Mapping[str, Any] | None = None,
) -> Practitioner:
    """Change how sessions are offered: time kept free around them, notice (minutes), horizon (days), step of starts.

    Bookings that exist keep the buffers they were made with (R-BOOK-10).

    Raises:
        InvalidInput: A number is out of range.
        Conflict: Somebody changed the terms since the form showed `seen`.
    """
    practitioner = locked_practitioner(session, actor, practitioner_id, Permission.AVAILABILITY_EDIT)
    refuse_stale(practitioner, seen)
    check_buffers(buffer_before, buffer_after)
    if not 0 <= min_notice <= MOST_NOTICE:
        raise InvalidInput("Notice is from nothing to a year.")
    if not 1 <= max_horizon <= MOST_HORIZON:
        raise InvalidInput(f"Bookings open 1 to {MOST_HORIZON} days ahead.")
    if slot_step is not None and not STEPS[0] <= slot_step <= STEPS[1]:
        raise InvalidInput(f"The step from start to start is {STEPS[0]} to {STEPS[1]} minutes.")
    practitioner.buffer_before, practitioner.buffer_after = buffer_before, buffer_after
    practitioner.min_notice, practitioner.max_horizon, practitioner.slot_step = min_notice, max_horizon, slot_step
    session.flush()
    return practitioner


def check_buffers(*buffers: int | None) -> None:
    """Refuse a time kept free around a session that is none; None is the practitioner's own.

    Raises:
        InvalidInput: It is negative or longer than eight hours.
    """
    if any(b is not None and not 0 <= b <= MOST_BUFFER for b in buffers):
        raise InvalidInput(f"The time kept free around a session is 0 to {MOST_BUFFER} minutes.")
