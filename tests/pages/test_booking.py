"""One booking, as each role meets it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from avenrae.db.transaction import read_session, transaction
from avenrae.enums import BookingStatus, Role, VerificationStatus
from avenrae.models import Booking, Client, Practitioner
from tests import make
from tests.pages.conftest import SYSTEM


@pytest.mark.parametrize("verdict", [VerificationStatus.SUSPENDED, VerificationStatus.SUBMITTED])
def test_a_client_does_not_move_to_somebody_who_offers_nothing(
    console, people, noon: datetime, verdict: VerificationStatus
) -> None:
    """R-BOOK-07: the button says what the service would; the session stands, and support can still move it."""
    with transaction(SYSTEM, "prepare") as session:
        practitioner = session.query(Practitioner).first()
        of = {"practitioner": practitioner, "client": session.query(Client).first()}
        booking = make.make_booking(session, status=BookingStatus.CONFIRMED, starts_at=noon + timedelta(days=2), **of)
        practitioner.verification_status = verdict
        name = "Person"
    for role, moves in ((Role.CLIENT, False), (Role.SUPPORT, True), (Role.PRACTITIONER, True)):
        app = console(people[role], "care/booking", id=str(booking.id))
        assert not app.exception
        (move,) = [b for b in app.button if b.label == "Move…"]
        assert move.disabled is not moves
        warned = [w.value for w in app.warning]
        assert len(warned) == (role is Role.SUPPORT)
        assert all(f"is {verdict}: nobody can book a session there now." in w for w in warned)
        if not moves:
            assert name in move.help
            assert move.help.endswith(
                "offers no times at the moment. The session stands as agreed; support can move it, or cancel it."
            )
            assert "care/practitioner" not in [p.proto.page for p in app.get("page_link")]
    with read_session() as session:
        assert session.scalar(select(Booking.starts_at)) == noon + timedelta(days=2)
