"""What becomes of a page when its dialog cannot be drawn."""

import uuid

from avenrae.db.transaction import transaction
from avenrae.enums import Role, VerificationStatus
from avenrae.models import Booking, Practitioner
from avenrae.permissions import Actor

SYSTEM = Actor.system("Test")


def test_a_dialog_that_fails_leaves_the_page_behind_it_whole(console, people, world) -> None:
    """A client who moves a session of somebody suspended reads of no fault of ours, and loses no part of the page."""
    with transaction(SYSTEM, "prepare") as session:
        booking = session.get_one(Booking, uuid.UUID(world["care/booking"]))
        practitioner = session.get_one(Practitioner, booking.practitioner_id)
        practitioner.verification_status = VerificationStatus.SUSPENDED
    app = console(people[Role.CLIENT], "care/booking", id=world["care/booking"])
    next(b for b in app.button if b.label == "Move…").click().run()
    # The dialog draws its error itself; the served app has a handler that makes a sentence of it.
    assert len(app.exception) == 1
    assert [e.value for e in app.error] == []
    assert [t.label for t in app.tabs] == ["Booking", "History"]
