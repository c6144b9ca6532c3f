"""Reviews: published once and told once, whoever comes at the same time, with real threads and connections."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import ReviewSide, ReviewStatus
from avenrae.jobs import tasks
from avenrae.models import Notification, Practitioner, Review
from avenrae.services.reviews import publish_due_reviews, write_review
from tests.services.reviews.held import SECOND, SYSTEM, WEEK, held, writing
from tests.threads import at_once, click


@pytest.mark.slow
def test_two_sides_at_once_are_both_published(database: str) -> None:
    """R-REV: whoever comes second sees the first, however close they are; a double click writes once."""
    with transaction(SYSTEM, "prepare") as session:
        sessions = [held(session) for _ in range(12)]
    for of in sessions:
        results = at_once([writing(of, side, 5) for side in (*ReviewSide, *ReviewSide)])
        assert sorted(str(r) for r in results) == [
            "You have written about this session already.",
            "You have written about this session already.",
            "published",
            "waiting",
        ]
    with read_session() as session:
        counted = select(Review.status, func.count()).group_by(Review.status)
        assert [tuple(row) for row in session.execute(counted)] == [(ReviewStatus.PUBLISHED, 24)]
        assert session.scalar(select(func.count()).select_from(Notification)) == 24


@pytest.mark.slow
def test_the_task_and_the_other_side_at_once(database: str, noon: datetime) -> None:
    """R-REV: a review that is due is published once and told once, whoever gets there first."""
    with transaction(SYSTEM, "prepare") as session:
        sessions = [held(session) for _ in range(10)]
        for of in sessions:
            write_review(session, of.client, of.booking.id, rating=4)
    publish = click(SYSTEM, lambda s: publish_due_reviews(s, SYSTEM))
    with clock.stopped(noon + WEEK):
        results = at_once([*[publish] * 4, *(writing(of, ReviewSide.PRACTITIONER, 5) for of in sessions)])
    assert [r for r in results if isinstance(r, Exception)] == []
    with read_session() as session:
        assert set(session.scalars(select(Review.status))) == {ReviewStatus.PUBLISHED}
        assert session.scalar(select(func.count()).select_from(Notification)) == 20
        assert session.scalars(select(Practitioner.rating_average)).all() == [4] * 10


def test_the_task_publishes_batch_after_batch(database: str, noon: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-REV: what has come due, each once, however much it is; what is not due waits."""
    monkeypatch.setattr(tasks, "BATCH", 2)
    monkeypatch.setattr(tasks, "publish_due_reviews", partial(publish_due_reviews, limit=2))
    with transaction(SYSTEM, "prepare") as session:
        for n in range(6):
            of = held(session, completed_at=noon + timedelta(days=n == 5))
            with clock.stopped(noon + timedelta(days=n == 5)):
                write_review(session, of.client, of.booking.id, rating=4)
    for at, out in ((noon + WEEK - SECOND, 0), (noon + WEEK, 5), (noon + WEEK, 5), (noon + timedelta(days=8), 6)):
        with clock.stopped(at):
            tasks.publish_reviews(0)
        with read_session() as session:
            assert session.scalar(select(func.count()).where(Review.status == ReviewStatus.PUBLISHED)) == out
            assert session.scalar(select(func.count()).select_from(Notification)) == out
