"""Reviews: written blind by both sides, published together or after a week, corrected and answered."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import BookingStatus, PaymentStatus, ReviewSide, ReviewStatus, Role
from avenrae.errors import Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import AuditEntry, Review, User
from avenrae.services.reviews import edit_review, publish_due_reviews, respond_review, write_review
from tests import make
from tests.services.reviews.held import SECOND, SYSTEM, WEEK, held, published, rating_of, snapshot, told


@pytest.mark.parametrize("first", list(ReviewSide))
def test_both_are_published_with_the_second(session: Session, noon: datetime, first: ReviewSide) -> None:
    """R-REV: nothing is published or counted while only one side has written."""
    of = held(session)
    second = next(side for side in ReviewSide if side is not first)
    one = write_review(session, of.of(first), of.booking.id, rating=5, comment="  Thank you  ")
    assert (one.status, one.published_at, one.due_at, one.comment) == (
        ReviewStatus.WAITING,
        None,
        noon + WEEK,
        "Thank you",
    )
    assert rating_of(session, of.booking.practitioner_id) == (None, 0)
    assert told(session, of.client) == told(session, of.practitioner) == []
    with clock.stopped(noon + timedelta(days=1)) as at:
        other = write_review(session, of.of(second), of.booking.id, rating=4)
        assert {(r.status, r.published_at) for r in (one, other)} == {(ReviewStatus.PUBLISHED, at)}
    by_client = one if first is ReviewSide.CLIENT else other
    assert rating_of(session, of.booking.practitioner_id) == (by_client.rating, 1)
    (title, body), *rest = told(session, of.practitioner)
    assert (title, rest) == ("Person wrote about your session", [])
    assert body == f"Person wrote about session {of.booking.reference}. You can answer in public."
    assert len(told(session, of.client)) == 1


def test_a_week_without_the_other_side(session: Session, noon: datetime) -> None:
    """R-REV: published exactly seven days after the completion, once; what comes later is published at once."""
    of = held(session)
    review = write_review(session, of.client, of.booking.id, rating=3)
    with clock.stopped(noon + WEEK - SECOND):
        assert publish_due_reviews(session, SYSTEM) == 0
        assert review.status == ReviewStatus.WAITING
    with clock.stopped(noon + WEEK) as at:
        assert publish_due_reviews(session, SYSTEM) == 1
        assert (review.status, review.published_at) == (ReviewStatus.PUBLISHED, at)
        assert publish_due_reviews(session, SYSTEM) == 0
    assert rating_of(session, of.booking.practitioner_id) == (3, 1)
    assert len(told(session, of.practitioner)) == 1
    with clock.stopped(noon + 2 * WEEK - SECOND):
        late = write_review(session, of.practitioner, of.booking.id, rating=2)
        assert late.status == ReviewStatus.PUBLISHED
    other = held(session)
    with clock.stopped(noon + WEEK):
        assert write_review(session, other.client, other.booking.id, rating=1).status == ReviewStatus.PUBLISHED


def test_it_counts_from_the_completion_not_from_the_session(session: Session, noon: datetime) -> None:
    """Whoever completes late can neither take the other's time to write nor read it first."""
    of = held(session, starts_at=noon - timedelta(days=30))
    assert write_review(session, of.client, of.booking.id, rating=1).status == ReviewStatus.WAITING


def test_the_time_to_write_ends(session: Session, noon: datetime) -> None:
    of = held(session)
    with clock.stopped(noon + 2 * WEEK), pytest.raises(Conflict) as e:
        write_review(session, of.client, of.booking.id, rating=5)
    assert str(e.value) == "This session could be reviewed until Mon 30 Mar 2026, 12:00 SAST."
    assert snapshot(session) == [None]


@pytest.mark.parametrize("status", [s for s in BookingStatus if s is not BookingStatus.COMPLETED])
def test_only_a_completed_session(session: Session, noon: datetime, status: BookingStatus) -> None:
    """R-REV"""
    client = make.make_client(session)
    booking = make.make_booking(session, client=client, status=status, starts_at=noon - timedelta(hours=2))
    me = make.actor_of(session.get_one(User, client.user_id), client=client)
    with pytest.raises(Conflict, match=r"^A session can be reviewed once it has been completed\.$"):
        write_review(session, me, booking.id, rating=5)
    assert session.scalar(select(func.count()).select_from(Review)) == 0


def test_a_refund_leaves_the_review(session: Session, noon: datetime) -> None:
    of = held(session)
    review = published(session, of, rating=2)
    of.booking.payment_status, of.booking.refunded_minor = PaymentStatus.REFUNDED, of.booking.price_minor
    session.flush()
    assert (review.status, rating_of(session, of.booking.practitioner_id)) == (ReviewStatus.PUBLISHED, (2, 1))


@pytest.mark.parametrize(
    ("rating", "comment", "sentence"),
    [
        (None, "", "Choose 1 to 5 stars."),
        (0, "", "Choose 1 to 5 stars."),
        (6, "", "Choose 1 to 5 stars."),
        (5, "x" * 2001, "Reviews and answers have at most 2 000 letters."),
    ],
)
def test_what_cannot_be_written(database: str, rating: int | None, comment: str, sentence: str) -> None:
    with transaction(SYSTEM, "prepare") as session:
        of = held(session)
    with pytest.raises(InvalidInput) as e, transaction(of.client, "write_review") as session:
        write_review(session, of.client, of.booking.id, rating=rating, comment=comment)
    assert str(e.value) == sentence
    with read_session() as session:
        assert snapshot(session) == [None]


def test_one_each(database: str) -> None:
    """R-REV"""
    with transaction(SYSTEM, "prepare") as session:
        of = held(session)
        write_review(session, of.client, of.booking.id, rating=5)
    with pytest.raises(Conflict) as e, transaction(of.client, "write_review") as session:
        write_review(session, of.client, of.booking.id, rating=1)
    assert str(e.value) == "You have written about this session already."
    with read_session() as session:
        assert session.scalars(select(Review.rating)).all() == [5]


def test_changed_while_kept_back_only(session: Session, noon: datetime) -> None:
    of = held(session)
    review = write_review(session, of.client, of.booking.id, rating=2, comment="Late")
    seen = {"rating": 2, "comment": "Late"}
    edit_review(session, of.client, review.id, rating=3, comment="A little late", seen=seen)
    assert (review.rating, review.comment) == (3, "A little late")
    with pytest.raises(Conflict, match="Somebody changed this meanwhile"):
        edit_review(session, of.client, review.id, rating=1, comment="", seen=seen)
    with pytest.raises(NotPermitted, match="Only who wrote a review can change it"):
        edit_review(session, make.make_actor(session, Role.ADMIN), review.id, rating=5, comment="")
    with pytest.raises(NotFound):
        edit_review(session, of.practitioner, review.id, rating=5, comment="")
    write_review(session, of.practitioner, of.booking.id, rating=5)
    with pytest.raises(Conflict) as e:
        edit_review(session, of.client, review.id, rating=1, comment="Worse")
    assert str(e.value) == "This review has been published and cannot be changed any more."
    assert (review.rating, review.comment) == (3, "A little late")


def test_one_answer_in_public(session: Session, noon: datetime) -> None:
    of = held(session)
    review = published(session, of)
    with pytest.raises(InvalidInput, match=r"^Write an answer first\.$"):
        respond_review(session, of.practitioner, review.id, "  ")
    respond_review(session, of.practitioner, review.id, " Thank you ", seen={"response": None})
    with clock.stopped(noon + WEEK):
        respond_review(session, of.practitioner, review.id, "Thank you!", seen={"response": "Thank you"})
    assert (review.response, review.responded_at) == ("Thank you!", noon)
    session.flush()
    assert [t for t, _ in told(session, of.client)].count("Person No1 answered your review") <= 1
    assert sum("answered your review" in t for t, _ in told(session, of.client)) == 1
    trail = select(AuditEntry.after["response"].astext).where(
        AuditEntry.row_id == str(review.id), AuditEntry.after.has_key("response")
    )
    assert session.scalars(trail.order_by(AuditEntry.id)).all() == ["Thank you", "Thank you!"]
    about_client = session.scalars(select(Review).where(Review.written_by == ReviewSide.PRACTITIONER)).one()
    with pytest.raises(NotPermitted, match="Only the practitioner whom a client wrote about can answer"):
        respond_review(session, of.practitioner, about_client.id, "Me again")
