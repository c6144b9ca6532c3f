"""Writes of reviews: both sides of a session write blind, practitioners answer, staff hide and restore with a reason.

A review is kept back until the other side has written too, or for a week; its stored status is the truth that every
screen, count and average reads, and the database keeps the averages by it.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, literal_column, select
from sqlalchemy.orm import Session, aliased

from avenrae import clock
from avenrae.enums import BookingStatus, ReviewSide, ReviewStatus
from avenrae.errors import Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.letters import reviews as letters
from avenrae.letters.event import Event
from avenrae.models import Booking, Client, Practitioner, Review, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.reviewable import KEPT_BACK, OPEN_FOR, side_of
from avenrae.queries.scopes import visible_bookings, visible_reviews
from avenrae.scheduling.zones import spoken
from avenrae.services.edits import refuse_stale, written
from avenrae.services.telling import News, tell, tell_all

BATCH = 100
"""How many reviews are published in one transaction: it holds their practitioners' ratings until its end."""
_client_user = aliased(User, name="client_user")
_practitioner_user = aliased(User, name="practitioner_user")


def write_review(
    session: Session, actor: Actor, booking_id: uuid.UUID, *, rating: int | None, comment: str = ""
) -> Review:
    """Write about the other side of a completed session, once.

    It waits until the other side has written too, or for a week after the completion; what comes later than that is
    published at once. When it is the second of the two, both are published together.

    Raises:
        NotPermitted: The actor was on neither side of the session.
        Conflict: The session is not completed, the time for reviews is over, or he has written already
            (constraint `uq_reviews_booking_id_written_by`).
        InvalidInput: No stars were chosen, or the text is too long.
    """
    # The lock makes the two sides come one after the other: the second sees the first, so neither is left waiting.
    booking = session.scalar(
        select(Booking)
        .where(Booking.id == booking_id, visible_bookings(actor))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if booking is None:
        raise NotFound("There is no such booking, or it is not yours to see.")
    require(actor, Permission.REVIEW_WRITE)
    side = side_of(actor, booking)
    if side is None:
        raise NotPermitted("Only the client and the practitioner of a session write about it.")
    if booking.status != BookingStatus.COMPLETED or booking.completed_at is None:
        raise Conflict("A session can be reviewed once it has been completed.")
    if clock.now() >= booking.completed_at + OPEN_FOR:
        until = spoken(booking.completed_at + OPEN_FOR, ZoneInfo(booking.time_zone))
        raise Conflict(f"This session could be reviewed until {until}.")
    review = Review(
        booking_id=booking.id,
        practitioner_id=booking.practitioner_id,
        client_id=booking.client_id,
        written_by=side,
        rating=_stars(rating),
        comment=comment.strip(),
        status=ReviewStatus.WAITING,
        due_at=booking.completed_at + KEPT_BACK,
        created_at=clock.now(),
    )
    session.add(review)
    session.flush()
    first = session.scalar(
        select(Review)
        .where(Review.booking_id == booking.id, Review.written_by != side)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if first is not None or review.due_at <= clock.now():
        waiting = [r for r in (first, review) if r is not None and r.status == ReviewStatus.WAITING]
        _publish(session, actor, waiting)
    return review


def edit_review(
    session: Session,
    actor: Actor,
    review_id: uuid.UUID,
    *,
    rating: int | None,
    comment: str,
    seen: Mapping[str, Any] | None = None,
) -> Review:
    """Change one's own review while nobody else has read it; `seen` is what the form showed.

    Raises:
        NotPermitted: Somebody else wrote it.
        Conflict: It has been published, or was changed meanwhile.
        InvalidInput: No stars were chosen, or the text is too long.
    """
    review = _locked(session, actor, review_id, Permission.REVIEW_WRITE)
    if not _is_writer(actor, review):
        raise NotPermitted("Only who wrote a review can change it.")
    if review.status != ReviewStatus.WAITING:
        raise Conflict("This review has been published and cannot be changed any more.")
    refuse_stale(review, seen)
    review.rating, review.comment = _stars(rating), comment.strip()
    session.flush()
    return review


def respond_review(
    session: Session, actor: Actor, review_id: uuid.UUID, response: str, *, seen: Mapping[str, Any] | None = None
) -> Review:
    """Answer what a client wrote, in public; the answer can be corrected, and each version stays in the trail.

    Raises:
        NotPermitted: It is not about the actor.
        Conflict: It is not published, or the answer was changed meanwhile.
        InvalidInput: There is no answer, or it is too long.
    """
    review = _locked(session, actor, review_id, Permission.REVIEW_RESPOND)
    if not _is_about(actor, review) or review.written_by != ReviewSide.CLIENT:
        raise NotPermitted("Only the practitioner whom a client wrote about can answer.")
    if review.status != ReviewStatus.PUBLISHED:
        raise Conflict("This review is not shown any more, so there is nothing to answer.")
    answer = written(response, "Write an answer first.")
    refuse_stale(review, seen)
    review.response, review.responded_at = answer, review.responded_at or clock.now()
    session.flush()
    people = _people(session, [review])[review.id]
    tell(
        session,
        actor,
        people.client_id,
        letters.ANSWERED,
        about=review.booking_id,
        once=f"review-answered:{review.id}",
        practitioner=people.practitioner,
        reference=people.reference,
    )
    return review


def flag_review(session: Session, actor: Actor, review_id: uuid.UUID, reason: str) -> Review:
    """Ask support to look at a review about oneself; it stays up until they decide.

    Raises:
        NotPermitted: It is not about the actor.
        Conflict: It is not published, or was flagged before.
        InvalidInput: No reason was given.
    """
    review = _locked(session, actor, review_id, Permission.REVIEW_FLAG)
    if not _is_about(actor, review):
        raise NotPermitted("Only whom a review is about can flag it. Staff can hide it at once.")
    if review.status != ReviewStatus.PUBLISHED:
        raise Conflict("This review is not shown any more, so there is nothing to flag.")
    if review.flagged_at is not None:
        raise Conflict("This review was flagged before. Support looks at each one once.")
    review.flag_reason = written(reason, "Say what is wrong with it, so that support can decide.")
    review.flagged_at, review.flagged_by = clock.now(), actor.user_id
    session.flush()
    return review


def keep_review(session: Session, actor: Actor, review_id: uuid.UUID, reason: str) -> Review:
    """Decide that a flagged review stays up; who flagged it is told why.

    Raises:
        Conflict: No flag on it is waiting for a decision.
        InvalidInput: No reason was given.
    """
    review = _locked(session, actor, review_id, Permission.REVIEW_HIDE)
    if not _is_flag_open(review):
        raise Conflict("No flag on this review is waiting for a decision.")
    _decide(review, reason)
    session.flush()
    if review.flagged_by is not None:
        tell(
            session,
            actor,
            review.flagged_by,
            letters.FLAG_REFUSED,
            about=review.booking_id,
            once=_moment("kept", review),
            reference=_people(session, [review])[review.id].reference,
            reason=review.moderation_reason or "",
        )
    return review


def hide_review(session: Session, actor: Actor, review_id: uuid.UUID, reason: str) -> Review:
    """Take a published review down, out of every list and average; both sides are told why.

    Raises:
        Conflict: It is not published.
        InvalidInput: No reason was given.
    """
    review = _locked(session, actor, review_id, Permission.REVIEW_HIDE)
    if review.status != ReviewStatus.PUBLISHED:
        state = "hidden already" if review.status == ReviewStatus.HIDDEN else "kept back still, and nobody reads it"
        raise Conflict(f"This review cannot be hidden: it is {state}.")
    _decide(review, reason)
    review.status = ReviewStatus.HIDDEN
    session.flush()
    _tell_both(session, actor, review, "hidden", letters.HIDDEN_OF_WRITER, letters.HIDDEN_OF_SUBJECT)
    return review


def restore_review(session: Session, actor: Actor, review_id: uuid.UUID, reason: str) -> Review:
    """Show a hidden review again; both sides are told why.

    Raises:
        Conflict: It is not hidden.
        InvalidInput: No reason was given.
    """
    review = _locked(session, actor, review_id, Permission.REVIEW_HIDE)
    if review.status != ReviewStatus.HIDDEN:
        raise Conflict("This review cannot be restored: it is not hidden.")
    _decide(review, reason)
    review.status = ReviewStatus.PUBLISHED
    session.flush()
    _tell_both(session, actor, review, "restored", letters.RESTORED_OF_WRITER, letters.RESTORED_OF_SUBJECT)
    return review


def publish_due_reviews(session: Session, actor: Actor, limit: int = BATCH) -> int:
    """Publish what has been kept back for a week without an answer from the other side; returns how many there were.

    Several may run at once: each takes other rows, and a review is published once.
    """
    require(actor, Permission.REVIEW_HIDE)
    due = session.scalars(due_reviews(limit).execution_options(populate_existing=True)).all()
    _publish(session, actor, due)
    return len(due)


def due_reviews(limit: int) -> Select[Review]:
    """Return the query of the reviews that have been kept back long enough and that nobody else is publishing."""
    # The word stands in the query, not beside it: only so does the planner know that `ix_reviews_due` has the rows.
    return (
        select(Review)
        .where(Review.status == literal_column("'waiting'"), Review.due_at <= clock.now())
        .order_by(Review.due_at, Review.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _locked(session: Session, actor: Actor, review_id: uuid.UUID, permission: Permission) -> Review:
    query = select(Review).where(Review.id == review_id, visible_reviews(actor)).with_for_update()
    review = session.scalar(query.execution_options(populate_existing=True))
    if review is None:
        raise NotFound("There is no such review, or it is not yours to see.")
    require(actor, permission)
    return review


def _own_side(actor: Actor, review: Review) -> ReviewSide | None:
    if actor.practitioner_id is not None and actor.practitioner_id == review.practitioner_id:
        return ReviewSide.PRACTITIONER
    if actor.client_id is not None and actor.client_id == review.client_id:
        return ReviewSide.CLIENT
    return None


def _is_writer(actor: Actor, review: Review) -> bool:
    return _own_side(actor, review) == review.written_by


def _is_about(actor: Actor, review: Review) -> bool:
    return _own_side(actor, review) not in (None, review.written_by)


def _is_flag_open(review: Review) -> bool:
    if review.status != ReviewStatus.PUBLISHED or review.flagged_at is None:
        return False
    return review.moderated_at is None or review.moderated_at < review.flagged_at


def _stars(rating: int | None) -> int:
    if rating not in (1, 2, 3, 4, 5):
        raise InvalidInput("Choose 1 to 5 stars.")
    return rating


def _decide(review: Review, reason: str) -> None:
    review.moderation_reason = written(reason, "Say why, so that both sides can be told.")
    review.moderated_at = clock.now()


def _publish(session: Session, actor: Actor, reviews: Iterable[Review]) -> None:
    """Show reviews to everybody, and tell whom they are about."""
    reviews = list(reviews)
    for review in reviews:
        review.status, review.published_at = ReviewStatus.PUBLISHED, clock.now()
    session.flush()
    people = _people(session, reviews)
    news = []
    for review in reviews:
        of = people[review.id]
        by_client = review.written_by == ReviewSide.CLIENT
        event = letters.PUBLISHED_OF_PRACTITIONER if by_client else letters.PUBLISHED_OF_CLIENT
        reader = of.practitioner_id if by_client else of.client_id
        words = {"writer": of.client if by_client else of.practitioner, "reference": of.reference}
        news.append(News(reader, event, review.booking_id, f"review-published:{review.id}", words))
    tell_all(session, actor, news)


@dataclass(frozen=True)
class _People:
    reference: str
    client: str
    client_id: uuid.UUID
    practitioner: str
    practitioner_id: uuid.UUID


def _people(session: Session, reviews: Iterable[Review]) -> dict[uuid.UUID, _People]:
    """Return who was at the session of each review: names, and the keys of their accounts."""
    found = session.execute(
        select(
            Review.id,
            Booking.reference,
            _client_user.first_name,
            _client_user.id,
            _practitioner_user.first_name + " " + _practitioner_user.last_name,
            _practitioner_user.id,
        )
        .join(Booking, Booking.id == Review.booking_id)
        .join(Client, Client.id == Review.client_id)
        .join(_client_user, _client_user.id == Client.user_id)
        .join(Practitioner, Practitioner.id == Review.practitioner_id)
        .join(_practitioner_user, _practitioner_user.id == Practitioner.user_id)
        .where(Review.id.in_([review.id for review in reviews]))
    )
    return {row[0]: _People(*row[1:]) for row in found}


def _moment(what: str, review: Review) -> str:
    return f"review-{what}:{review.id}:{review.moderated_at}"


def _tell_both(session: Session, actor: Actor, review: Review, what: str, to_writer: Event, to_subject: Event) -> None:
    of = _people(session, [review])[review.id]
    client, practitioner = (of.client_id, of.client), (of.practitioner_id, of.practitioner)
    writer, subject = (client, practitioner) if review.written_by == ReviewSide.CLIENT else (practitioner, client)
    news = []
    for (reader, _), (_, other), event in ((writer, subject, to_writer), (subject, writer, to_subject)):
        words = {"reference": of.reference, "other": other, "reason": review.moderation_reason or ""}
        news.append(News(reader, event, review.booking_id, _moment(what, review), words))
    tell_all(session, actor, news)
