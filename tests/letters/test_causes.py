"""Every event of the catalogue at its cause: who is told and who is not, with every blank filled in."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import Text, select, text
from sqlalchemy.orm import Session

from avenrae.db.transaction import read_session, transaction
from avenrae.errors import Conflict
from avenrae.letters import CATALOGUE
from avenrae.models import Booking, Notification, User
from avenrae.services.bookings import cancel_booking, confirm_booking, reschedule_booking
from avenrae.ui.navigation import SCREENS
from tests import make
from tests.letters.causes import CAUSES
from tests.letters.people import DAY, SYSTEM, World


def test_every_event_has_its_causes_here() -> None:
    assert list(CAUSES) == list(CATALOGUE)


@pytest.mark.parametrize(
    ("event", "cause", "told"),
    [
        pytest.param(event, *each, id=f"{event}-{n}")
        for event, causes in CAUSES.items()
        for n, each in enumerate(causes)
    ],
)
def test_who_is_told_of_what(
    session: Session, noon: datetime, event: str, cause: Callable[[World], object], told: list[str]
) -> None:
    """R-NOT-01: each once, nobody of what he did himself but receipts and the safety of his account.

    What is told opens a screen that its reader has.
    """
    cause(World(session))
    found = session.execute(
        select(User, Notification).join(User, User.id == Notification.user_id).where(Notification.event == event)
    ).all()
    assert sorted(user.first_name for user, _ in found) == told
    for user, notice in found:
        assert notice.kind == CATALOGUE[event].kind
        assert user.role in next(s.roles for s in SCREENS if s.script == notice.screen)


def test_both_sides_read_their_own_clock_and_the_other_s(session: Session, noon: datetime) -> None:
    """R-BOOK-12: over the change to summer time in London, between two starts of one mail."""
    w = World(session)
    w.book(w.sam, 12 * DAY, paid=True)
    booking = session.scalars(select(Booking)).one()
    reschedule_booking(session, w.sam, booking.id, starts_at=booking.starts_at + 2 * DAY)
    cancel_booking(session, w.sam, booking.id, "The room is closed")
    bodies = dict(
        session.execute(
            select(Notification.event + Notification.user_id.cast(Text), Notification.body).where(
                Notification.record_id == booking.id
            )
        ).all()
    )
    assert bodies[f"booking_moved{w.ana.user_id}"] == (
        "Healing session with Naledi Dube was moved by our team."
        "\nIt was: Sat 28 March 2026, 10:00 (Europe/London), 12:00 (Africa/Johannesburg)"
        "\nNow it is: Mon 30 March 2026, 11:00 (Europe/London), 12:00 (Africa/Johannesburg)"
        f"\n\nReference: {booking.reference}."
    )
    assert bodies[f"booking_cancelled{w.naledi.user_id}"] == (
        "Healing session with Ana Silva on Mon 30 March 2026, 12:00 (Africa/Johannesburg), 11:00 (Europe/London) was"
        " cancelled by our team: The room is closed\n\nR\u00a0600.00 goes back to the client, all that was paid."
        f"\n\nReference: {booking.reference}."
    )


def test_rolled_back_nobody_is_told_and_a_second_click_tells_nothing(database: str, noon: datetime) -> None:
    """R-NOT-01"""
    with transaction(SYSTEM, "prepare") as session:
        w = World(session)
        booking = make.make_booking(session, client=w.client, practitioner=w.worker, service=w.service)

    def fails() -> None:
        with transaction(w.naledi, "confirm_booking") as session:
            confirm_booking(session, w.naledi, booking.id)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    with read_session() as session:
        for table in ("notifications", "outbox", "procrastinate_jobs"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
    with transaction(w.naledi, "confirm_booking") as session:
        confirm_booking(session, w.naledi, booking.id)
    with pytest.raises(Conflict), transaction(w.naledi, "confirm_booking") as session:
        confirm_booking(session, w.naledi, booking.id)
    with read_session() as session:
        assert session.scalars(select(Notification.event)).all() == ["booking_confirmed"]
