"""Which sessions can be reviewed, until when, and what both sides of one session wrote."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import DateTime, exists, func, select, type_coerce
from sqlalchemy.orm import Session, aliased

from avenrae import clock
from avenrae.enums import BookingStatus, ReviewSide, Role
from avenrae.errors import NotFound
from avenrae.models import Booking, Client, Practitioner, Review, Service, User
from avenrae.permissions import Actor, Permission
from avenrae.queries.reviews import ReviewRow, reviews_of_booking
from avenrae.queries.scopes import visible_bookings

KEPT_BACK = timedelta(days=7)
"""A review is published this long after the session was completed, when the other side has written none."""
OPEN_FOR = timedelta(days=14)
"""Reviews can be written this long after the session was completed."""


@dataclass(frozen=True)
class Reviewable:
    """A session that is still waiting for the actor's review; `other_name` is whom it would be about."""

    booking_id: uuid.UUID
    reference: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    service_title: str
    other_name: str
    closes_at: datetime


@dataclass(frozen=True)
class SessionReviews:
    """What the actor sees of the reviews of one session; `side` is None for whoever was not there.

    `shown_at` is when the first one is published at the latest, `closes_at` when writing ends.
    """

    side: ReviewSide | None
    written: list[ReviewRow]
    shown_at: datetime
    closes_at: datetime

    def by(self, side: ReviewSide) -> ReviewRow | None:
        """Return what one side wrote, as far as the actor sees it."""
        return next((r for r in self.written if r.written_by is side), None)

    @property
    def is_open(self) -> bool:
        """Whether reviews can still be written."""
        return clock.now() < self.closes_at

    @property
    def is_blind(self) -> bool:
        """Whether what one side writes is kept back from the other."""
        return clock.now() < self.shown_at


def side_of(actor: Actor, booking: Booking) -> ReviewSide | None:
    """Return on which side of a session the actor was, or None."""
    if actor.role is Role.CLIENT and actor.client_id == booking.client_id:
        return ReviewSide.CLIENT
    if actor.role is Role.PRACTITIONER and actor.practitioner_id == booking.practitioner_id:
        return ReviewSide.PRACTITIONER
    return None


def session_reviews(session: Session, actor: Actor, booking_id: uuid.UUID) -> SessionReviews | None:
    """Return the reviews of a session as the actor sees them, or None while it is not completed.

    Raises:
        NotFound: There is no such booking for this actor.
    """
    booking = session.scalar(select(Booking).where(Booking.id == booking_id, visible_bookings(actor)))
    if booking is None:
        raise NotFound("There is no such booking, or it is not yours to see.")
    if booking.status != BookingStatus.COMPLETED or booking.completed_at is None:
        return None
    return SessionReviews(
        side=side_of(actor, booking),
        written=reviews_of_booking(session, actor, booking_id),
        shown_at=booking.completed_at + KEPT_BACK,
        closes_at=booking.completed_at + OPEN_FOR,
    )


def list_reviewable(session: Session, actor: Actor, *, size: int = 20) -> list[Reviewable]:
    """Return the actor's newest completed sessions that he has not written about and still can."""
    if actor.is_staff or not actor.may(Permission.REVIEW_WRITE):
        return []
    side, other = _SIDES[actor.role]
    user = aliased(User)
    since = clock.now() - OPEN_FOR
    reviewed = exists().where(Review.booking_id == Booking.id, Review.written_by == side)
    found = session.execute(
        select(
            Booking.id,
            Booking.reference,
            Booking.starts_at,
            Booking.ends_at,
            Booking.time_zone,
            Service.title,
            func.concat(user.first_name, " ", user.last_name),
            type_coerce(Booking.completed_at + OPEN_FOR, DateTime(timezone=True)).label("closes_at"),
        )
        .join(Service, Service.id == Booking.service_id)
        .join(Client, Client.id == Booking.client_id)
        .join(Practitioner, Practitioner.id == Booking.practitioner_id)
        .join(user, user.id == other)
        .where(
            visible_bookings(actor),
            Booking.status == BookingStatus.COMPLETED,
            Booking.completed_at > since,
            ~reviewed,
        )
        .order_by(Booking.starts_at.desc(), Booking.id.desc())
        .limit(size)
    )
    return [Reviewable(*row) for row in found]


_SIDES = {
    Role.CLIENT: (ReviewSide.CLIENT, Practitioner.user_id),
    Role.PRACTITIONER: (ReviewSide.PRACTITIONER, Client.user_id),
}
