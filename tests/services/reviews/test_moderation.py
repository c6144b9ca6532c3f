"""Reviews: flagged, kept, hidden and restored, and by whom."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import ReviewStatus, Role
from avenrae.errors import Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import AuditEntry, Practitioner, Review
from avenrae.permissions import Actor
from avenrae.services.reviews import (
    edit_review,
    flag_review,
    hide_review,
    keep_review,
    publish_due_reviews,
    respond_review,
    restore_review,
    write_review,
)
from tests import make
from tests.services.reviews.held import SYSTEM, WEEK, Held, held, published, rating_of, snapshot, told


def test_a_flag_takes_nothing_down(session: Session, noon: datetime) -> None:
    """R-REV: a bad review cannot be flagged away; support looks once, and says why."""
    of, support = held(session), make.make_actor(session, Role.SUPPORT)
    review = published(session, of, rating=1)
    with pytest.raises(InvalidInput, match=r"^Say what is wrong with it"):
        flag_review(session, of.practitioner, review.id, " ")
    flag_review(session, of.practitioner, review.id, "It names my daughter")
    assert (review.status, review.flagged_at, review.flagged_by) == (
        ReviewStatus.PUBLISHED,
        noon,
        of.practitioner.user_id,
    )
    assert rating_of(session, of.booking.practitioner_id) == (1, 1)
    with pytest.raises(InvalidInput, match=r"^Say why, so that both sides can be told\.$"):
        keep_review(session, support, review.id, "")
    keep_review(session, support, review.id, "It names nobody")
    assert told(session, of.practitioner)[-1] == (
        "A review you flagged stays up",
        f"The review of session {of.booking.reference} that you flagged stays up: It names nobody",
    )
    assert not any("flag" in body for _, body in told(session, of.client))
    with pytest.raises(Conflict, match="No flag on this review is waiting"):
        keep_review(session, support, review.id, "Again")
    with pytest.raises(Conflict, match=r"^This review was flagged before\. Support looks at each one once\.$"):
        flag_review(session, of.practitioner, review.id, "It does")


def test_hidden_and_restored_with_a_reason(session: Session, noon: datetime) -> None:
    """R-REV: out of the average at once, back at once; both sides are told, and the trail has both reasons."""
    of, support = held(session), make.make_actor(session, Role.SUPPORT)
    review, practitioner = published(session, of, rating=1), of.booking.practitioner_id
    second = held(session, practitioner=session.get_one(Practitioner, practitioner), starts_at=noon - 2 * WEEK)
    published(session, second, rating=4)
    assert rating_of(session, practitioner) == (2.5, 2)
    for wrong in ("", "   "):
        with pytest.raises(InvalidInput):
            hide_review(session, support, review.id, wrong)
    assert review.status == ReviewStatus.PUBLISHED
    hide_review(session, support, review.id, "Insults")
    assert (review.status, rating_of(session, practitioner)) == (ReviewStatus.HIDDEN, (4, 1))
    with pytest.raises(Conflict, match=r"^This review cannot be hidden: it is hidden already\.$"):
        hide_review(session, support, review.id, "Insults")
    with pytest.raises(InvalidInput):
        restore_review(session, support, review.id, "")
    with clock.stopped(noon + WEEK):
        restore_review(session, support, review.id, "Read again")
        assert (review.status, rating_of(session, practitioner)) == (ReviewStatus.PUBLISHED, (2.5, 2))
        with pytest.raises(Conflict, match=r"^This review cannot be restored: it is not hidden\.$"):
            restore_review(session, support, review.id, "Read again")
    for person in (of.client, of.practitioner):
        assert [body.rpartition(": ")[2] for _, body in told(session, person)][-2:] == ["Insults", "Read again"]
    reasons = select(AuditEntry.after["moderation_reason"].astext).where(
        AuditEntry.row_id == str(review.id), AuditEntry.after.has_key("moderation_reason")
    )
    assert session.scalars(reasons.order_by(AuditEntry.id)).all() == ["Insults", "Read again"]


def test_what_is_kept_back_cannot_be_hidden(session: Session, noon: datetime) -> None:
    of = held(session)
    review = write_review(session, of.client, of.booking.id, rating=1)
    with pytest.raises(Conflict, match="it is kept back still, and nobody reads it"):
        hide_review(session, SYSTEM, review.id, "Insults")


DEEDS: dict[str, Callable[[Session, Actor, Held, Review], object]] = {
    "write": lambda s, a, of, r: write_review(s, a, of.booking.id, rating=5),
    "edit": lambda s, a, of, r: edit_review(s, a, r.id, rating=5, comment=""),
    "respond": lambda s, a, of, r: respond_review(s, a, r.id, "Thanks"),
    "flag": lambda s, a, of, r: flag_review(s, a, r.id, "Wrong"),
    "keep": lambda s, a, of, r: keep_review(s, a, r.id, "Fine"),
    "hide": lambda s, a, of, r: hide_review(s, a, r.id, "Insults"),
    "restore": lambda s, a, of, r: restore_review(s, a, r.id, "Fine"),
    "publish": lambda s, a, of, r: publish_due_reviews(s, a),
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("deed", list(DEEDS))
def test_a_stranger_changes_nothing(session: Session, noon: datetime, role: Role, deed: str) -> None:
    """R-USR-01: role × deed on other people's reviews; staff moderate and do nothing else."""
    of = held(session)
    review = published(session, of)
    if deed == "keep":
        flag_review(session, of.practitioner, review.id, "Wrong")
    if deed == "restore":
        hide_review(session, SYSTEM, review.id, "Insults")
    before, stranger = snapshot(session), make.make_actor(session, role)
    if stranger.is_staff and deed in ("keep", "hide", "restore", "publish"):
        DEEDS[deed](session, stranger, of, review)
        return
    with pytest.raises((NotFound, NotPermitted)):
        DEEDS[deed](session, stranger, of, review)
    session.flush()
    assert [row for row in snapshot(session) if row is not None] == [row for row in before if row is not None]
