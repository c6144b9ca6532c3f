"""A completed session, its two sides, and what came of their reviews."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from avenrae.enums import ReviewSide
from avenrae.models import Booking, Notification, Practitioner, Review, User
from avenrae.permissions import Actor
from avenrae.services.reviews import write_review
from tests import make
from tests.threads import click

SYSTEM = Actor.system("Test")
WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)


@dataclass
class Held:
    """A completed session and its two sides."""

    booking: Booking
    client: Actor
    practitioner: Actor

    def of(self, side: ReviewSide) -> Actor:
        """The actor of a side."""
        return self.client if side is ReviewSide.CLIENT else self.practitioner


def held(session: Session, **kw) -> Held:
    """A session that has been completed now."""
    practitioner = kw.pop("practitioner", None) or make.make_practitioner(session)
    client = kw.pop("client", None) or make.make_client(session)
    booking = make.make_session(session, practitioner=practitioner, client=client, **kw)
    return Held(
        booking,
        make.actor_of(session.get_one(User, client.user_id), client=client),
        make.actor_of(session.get_one(User, practitioner.user_id), practitioner=practitioner),
    )


def published(session: Session, of: Held, rating: int = 4) -> Review:
    """What the client wrote, out since both have written."""
    write_review(session, of.practitioner, of.booking.id, rating=5)
    return write_review(session, of.client, of.booking.id, rating=rating, comment="Warm")


def rating_of(session: Session, practitioner_id) -> tuple[float | None, int]:
    """What the database says of a practitioner's rating now."""
    columns = (Practitioner.rating_average, Practitioner.rating_count)
    return tuple(session.execute(select(*columns).where(Practitioner.id == practitioner_id)).one())


def told(session: Session, who: Actor) -> list[tuple[str, str]]:
    """What a person was told, oldest first."""
    notices = select(Notification.title, Notification.body).where(Notification.user_id == who.user_id)
    return [tuple(row) for row in session.execute(notices.order_by(Notification.id))]


def snapshot(session: Session) -> list[str]:
    """Every review and rating, as text."""
    return list(
        session.scalars(
            text("SELECT r::text FROM reviews r UNION ALL SELECT rating_average::text FROM practitioners ORDER BY 1")
        )
    )


def writing(of: Held, side: ReviewSide, rating: int) -> Callable[[], object]:
    """A click on “send”."""
    who = of.of(side)
    return click(who, lambda s: write_review(s, who, of.booking.id, rating=rating).status)
