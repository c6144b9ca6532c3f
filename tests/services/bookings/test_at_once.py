"""Bookings: many at one time of one practitioner, with real threads and connections."""

import re
import uuid
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import transaction
from avenrae.errors import Conflict
from avenrae.models import Booking
from avenrae.services.bookings import confirm_booking, create_booking
from tests import make
from tests.services.bookings.sessions import SYSTEM
from tests.threads import at_once, click, timed, told_at_once

TAKEN = "This time is taken, counting the buffers around sessions. Choose another time."


@pytest.mark.slow
@pytest.mark.parametrize("outside_hours", [True, False], ids=["by the constraint", "among what is offered"])
def test_one_slot_has_one_winner(database: str, outside_hours: bool) -> None:
    """R-BOOK-01: 50 at one slot; one succeeds, 49 get the same sentence, no writer waits longer than a second."""
    with transaction(SYSTEM, "prepare") as session:
        practitioner = make.make_practitioner(session)
        service = make.make_service(session, practitioner)
        clients = [make.make_client(session).id for _ in range(50)]
    at = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)

    how = {"service_id": service.id, "starts_at": at, "outside_hours": outside_hours}
    deeds = [lambda s, c=c: create_booking(s, SYSTEM, client_id=c, **how) for c in clients]
    seconds: list[float] = []
    results = at_once([timed(click(SYSTEM, deed), seconds) for deed in deeds])
    lost = [(type(r), str(r)) for r in results if isinstance(r, Exception)]
    assert len(lost) == 49
    assert len(set(lost)) == 1
    kind, sentence = lost[0]
    assert kind is Conflict
    assert sentence == TAKEN if outside_hours else re.search(r"occupies .*The nearest free times: .*;.*;", sentence)
    # Looking for the nearest times takes Python's time, 50 threads of it; only the bare race is about waiting.
    assert not outside_hours or max(seconds) < 1.0
    with transaction(SYSTEM, "check") as session:
        assert session.scalar(select(func.count()).select_from(Booking)) == 1


@pytest.mark.slow
def test_two_overlapping_requests_moved_together_at_once(database: str) -> None:
    """R-BOOK-01: reschedules into one slot race like inserts; exactly one of them gets it."""
    with transaction(SYSTEM, "prepare") as session:
        practitioner = make.make_practitioner(session)
        start = clock.now() + timedelta(days=3)
        ids = [
            make.make_booking(session, practitioner=practitioner, starts_at=start + timedelta(hours=2 * i)).id
            for i in range(20)
        ]
    target = start + timedelta(days=7)

    def move(session: Session, booking_id: uuid.UUID) -> None:
        booking = session.get_one(Booking, booking_id, with_for_update=True)
        booking.starts_at, booking.ends_at = target, target + timedelta(hours=1)

    told = told_at_once(SYSTEM, [partial(move, booking_id=i) for i in ids])
    assert sorted(told) == [*[TAKEN] * 19, "done"]


@pytest.mark.slow
def test_confirming_is_done_once(database: str) -> None:
    """R-BOOK-01: 20 people confirm one request; one does, the others are told that it is confirmed already."""
    with transaction(SYSTEM, "prepare") as session:
        booking_id = make.make_booking(session).id

    refused = "This booking cannot be confirmed: it is confirmed already."
    told = told_at_once(SYSTEM, [lambda s: confirm_booking(s, SYSTEM, booking_id)] * 20)
    assert sorted(told) == [*[refused] * 19, "done"]
