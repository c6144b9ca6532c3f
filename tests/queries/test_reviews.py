"""Who reads which review, and which of its columns: what is kept back leaks through no list, count, mean or export."""

from dataclasses import fields
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import ReviewSide, ReviewStatus, Role
from avenrae.errors import InvalidInput, NotFound
from avenrae.models import Notification, OutboxMail, Practitioner, User
from avenrae.permissions import Actor
from avenrae.queries.bookings import get_booking
from avenrae.queries.history import list_changes
from avenrae.queries.home import count_needs
from avenrae.queries.practitioners import get_practitioner
from avenrae.queries.reviewable import list_reviewable, session_reviews
from avenrae.queries.reviews import (
    ReviewFilters,
    count_reviews,
    each_review,
    get_review,
    latest_reviews,
    list_public_reviews,
    list_reviews,
    rating_summary,
    review_filters,
)
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
from tests.services.reviews.held import SYSTEM, WEEK, Held, held, published

EVERY = ReviewFilters()


def everything_read_by(session: Session, actor: Actor, of: Held) -> str:
    """All that an actor can read anywhere about a session, its reviews and its practitioner, as one text."""
    read: list[object] = [
        list_reviews(session, actor, EVERY),
        count_reviews(session, actor, EVERY),
        list(each_review(session, actor, EVERY, "-written")),
        latest_reviews(session, actor),
        list_public_reviews(session, actor, of.booking.practitioner_id),
        rating_summary(session, actor, of.booking.practitioner_id),
        list_reviewable(session, actor),
        count_needs(session, actor),
    ]
    for one in (
        lambda: get_booking(session, actor, of.booking.id),
        lambda: session_reviews(session, actor, of.booking.id),
        lambda: list_changes(session, actor, "bookings", of.booking.id),
        lambda: get_practitioner(session, actor, of.booking.practitioner_id),
        lambda: list_changes(session, actor, "practitioners", of.booking.practitioner_id),
    ):
        try:
            read.append(one())
        except NotFound:
            read.append(None)
    told = [Notification.title, Notification.body], [OutboxMail.subject, OutboxMail.body]
    for columns in told:
        whose = columns[0].class_.user_id == actor.user_id
        read.append([tuple(row) for row in session.execute(select(*columns).where(whose))])
    return repr(read)


@pytest.mark.parametrize("side", list(ReviewSide))
def test_what_is_kept_back_is_nowhere(session: Session, noon: datetime, side: ReviewSide) -> None:
    """R-REV: to everybody but staff and the writer it is as if nothing had been written."""
    of = held(session)
    other = of.of(next(s for s in ReviewSide if s is not side))
    strangers = [make.make_actor(session, role) for role in (Role.CLIENT, Role.PRACTITIONER)]
    before = {a.user_id: everything_read_by(session, a, of) for a in (other, *strangers)}
    review = write_review(session, of.of(side), of.booking.id, rating=1, comment="Zanzibar")
    edit_review(session, of.of(side), review.id, rating=2, comment="Zanzibar twice")
    session.expire_all()
    for reader in (other, *strangers):
        assert everything_read_by(session, reader, of) == before[reader.user_id]
        with pytest.raises(NotFound):
            get_review(session, reader, review.id)
        with pytest.raises(NotFound):
            list_changes(session, reader, "reviews", review.id)
    assert "Zanzibar twice" in everything_read_by(session, of.of(side), of)
    support = make.make_actor(session, Role.SUPPORT)
    assert "Zanzibar twice" in everything_read_by(session, support, of)
    assert "Zanzibar" in repr(list_changes(session, support, "reviews", review.id))


def test_what_it_said_before_it_was_out_stays_inside(session: Session, noon: datetime) -> None:
    """R-REV: the trail of a published review holds its drafts; only staff read it."""
    of = held(session)
    review = write_review(session, of.client, of.booking.id, rating=1, comment="Zanzibar")
    edit_review(session, of.client, review.id, rating=4, comment="Fine")
    write_review(session, of.practitioner, of.booking.id, rating=5)
    assert "Fine" in everything_read_by(session, of.practitioner, of)
    assert "Zanzibar" not in everything_read_by(session, of.practitioner, of)
    for side in (of.client, of.practitioner):
        with pytest.raises(NotFound):
            list_changes(session, side, "reviews", review.id)


def test_a_hidden_review_is_for_its_writer_and_staff(session: Session, noon: datetime) -> None:
    of, stranger = held(session), make.make_actor(session, Role.CLIENT)
    review = published(session, of, rating=1)
    hide_review(session, SYSTEM, review.id, "It names a neighbour")
    for reader in (of.practitioner, stranger):
        with pytest.raises(NotFound):
            get_review(session, reader, review.id)
        assert "Warm" not in everything_read_by(session, reader, of)
    own = get_review(session, of.client, review.id)
    assert (own.status, own.moderation_reason, own.is_mine) == (ReviewStatus.HIDDEN, "It names a neighbour", True)


def test_what_practitioners_write_is_for_that_client(session: Session, noon: datetime) -> None:
    of, stranger = held(session), make.make_actor(session, Role.CLIENT)
    published(session, of)
    about_client = list_reviews(session, of.practitioner, ReviewFilters(written_by=ReviewSide.PRACTITIONER))[0]
    assert get_review(session, of.client, about_client.id).is_about_me
    with pytest.raises(NotFound):
        get_review(session, stranger, about_client.id)
    assert rating_summary(session, stranger, of.booking.practitioner_id).stars == {5: 0, 4: 1, 3: 0, 2: 0, 1: 0}


def test_columns_are_cut_by_role(session: Session, noon: datetime) -> None:
    """R-USR-01: other clients read “Lindiwe M.”; a flag is for staff and whoever raised it."""
    client = make.make_client(session, user={"first_name": "Lindiwe", "last_name": "Mokoena"})
    of, stranger = held(session, client=client), make.make_actor(session, Role.CLIENT)
    review = published(session, of)
    flag_review(session, of.practitioner, review.id, "It names my daughter")
    seen = {
        name: get_review(session, actor, review.id)
        for name, actor in {
            "writer": of.client,
            "subject": of.practitioner,
            "stranger": stranger,
            "support": make.make_actor(session, Role.SUPPORT),
        }.items()
    }
    assert {n: (r.client_name, r.reference is None, r.client_id is None, r.is_flag_open) for n, r in seen.items()} == {
        "writer": ("Lindiwe Mokoena", False, False, False),
        "subject": ("Lindiwe Mokoena", False, False, True),
        "stranger": ("Lindiwe M.", True, True, False),
        "support": ("Lindiwe Mokoena", False, False, True),
    }
    assert {n for n, r in seen.items() if r.flag_reason} == {"subject", "support"}
    keep_review(session, make.make_actor(session, Role.ADMIN), review.id, "It names nobody")
    assert {
        n: get_review(session, a, review.id).moderation_reason
        for n, a in {"writer": of.client, "subject": of.practitioner}.items()
    } == {"writer": None, "subject": "It names nobody"}
    (public,) = list_public_reviews(session, stranger, of.booking.practitioner_id)
    assert public == get_review(session, stranger, review.id)
    cut = {f.name for f in fields(public) if getattr(public, f.name) is None}
    assert cut == {
        *("booking_id", "reference", "client_id", "response", "responded_at"),
        *("flagged_at", "flag_reason", "moderated_at", "moderation_reason"),
    }


def test_lists_of_others_hold_their_own_sessions_only(session: Session, noon: datetime) -> None:
    of, other = held(session), held(session)
    published(session, of)
    published(session, other)
    assert count_reviews(session, SYSTEM, EVERY) == len(list_reviews(session, SYSTEM, EVERY)) == 4
    for actor in (of.client, of.practitioner):
        found = list_reviews(session, actor, EVERY)
        assert {r.booking_id for r in found} == {of.booking.id}
        assert (
            count_reviews(session, actor, EVERY)
            == len(found)
            == len(list(each_review(session, actor, EVERY, "rating")))
        )
    (latest,) = latest_reviews(session, of.practitioner)
    assert (latest.written_by, latest.is_about_me, latest.writer) == (ReviewSide.CLIENT, True, latest.client_name)
    assert latest_reviews(session, SYSTEM) == []
    nobody = make.actor_of(make.make_user(session, role=Role.PRACTITIONER))
    assert (
        list_reviews(session, nobody, EVERY)
        == latest_reviews(session, nobody)
        == list_reviewable(session, nobody)
        == []
    )


def test_filters(session: Session, noon: datetime) -> None:
    practitioner = make.make_practitioner(session, user={"first_name": "Sipho", "last_name": "Zulu"})
    clients = [make.make_client(session, user={"first_name": "Anna", "last_name": name}) for name in ("Botha", "Nel")]
    one, two = (
        held(session, practitioner=practitioner, client=c, starts_at=noon - timedelta(hours=2 * n + 1))
        for n, c in enumerate(clients)
    )
    low = published(session, one, rating=1)
    flag_review(session, one.practitioner, low.id, "Wrong")
    write_review(session, two.client, two.booking.id, rating=5)
    hidden = published(session, held(session), rating=2)
    hide_review(session, SYSTEM, hidden.id, "Insults")

    def ratings(actor: Actor = SYSTEM, **params: str) -> list[int]:
        filters = review_filters(params)
        found = [r.rating for r in list_reviews(session, actor, filters, sort="rating")]
        assert count_reviews(session, actor, filters) == len(found)
        return found

    assert ratings() == ratings(show="all") == [1, 2, 5, 5, 5]
    assert ratings(show="flagged") == [1]
    assert ratings(show="waiting") == [5]
    assert ratings(show="hidden") == ratings(rating="2") == [2]
    assert ratings(by="practitioner") == [5, 5]
    assert ratings(q="botha") == ratings(q=one.booking.reference.lower()) == [1, 5]
    assert ratings(q="sipho") == ratings(practitioner=str(practitioner.id)) == [1, 5, 5]
    assert ratings(one.practitioner, q="nel") == []
    assert ratings(one.practitioner, q="botha") == [1, 5]
    assert ratings(one.client, show="flagged") == []
    assert count_needs(session, make.make_actor(session, Role.SUPPORT)).reviews_flagged == 1
    hide_review(session, SYSTEM, low.id, "It is")
    assert ratings(show="flagged") == []
    restore_review(session, SYSTEM, low.id, "It is not")
    assert ratings(show="flagged") == []
    for wrong in ({"rating": "6"}, {"rating": "x"}, {"show": "gone"}, {"by": "support"}):
        with pytest.raises(InvalidInput):
            review_filters(wrong)


def test_the_summary_is_the_rating(session: Session, noon: datetime) -> None:
    """R-REV: what is drawn is what the directory is sorted by."""
    practitioner = make.make_practitioner(session)
    for n in range(16):
        of = held(session, practitioner=practitioner, starts_at=noon - timedelta(hours=2 * n + 1))
        published(session, of, rating=5 if n == 0 else 4)
    summary = rating_summary(session, of.client, practitioner.id)
    assert (summary.stars, summary.count, summary.average) == ({5: 1, 4: 15, 3: 0, 2: 0, 1: 0}, 16, 4.063)
    stored = select(Practitioner.rating_average, Practitioner.rating_count).where(Practitioner.id == practitioner.id)
    assert tuple(session.execute(stored).one()) == (4.063, 16)
    practitioner.verification_status = "suspended"
    session.flush()
    assert rating_summary(session, make.make_actor(session, Role.CLIENT), practitioner.id).count == 0


def test_sessions_that_wait_for_a_review(session: Session, noon: datetime) -> None:
    of = held(session)
    for actor in (of.client, of.practitioner):
        (waiting,) = list_reviewable(session, actor)
        assert (waiting.booking_id, waiting.closes_at) == (of.booking.id, noon + 2 * WEEK)
    write_review(session, of.client, of.booking.id, rating=5)
    assert list_reviewable(session, of.client) == []
    assert len(list_reviewable(session, of.practitioner)) == 1
    with clock.stopped(noon + 2 * WEEK):
        assert list_reviewable(session, of.practitioner) == []
    assert list_reviewable(session, SYSTEM) == []


def test_a_session_says_what_can_be_written(session: Session, noon: datetime) -> None:
    of = held(session)
    pending = make.make_booking(session)
    assert session_reviews(session, SYSTEM, pending.id) is None
    found = session_reviews(session, of.client, of.booking.id)
    assert (found.side, found.written, found.is_open, found.is_blind) == (ReviewSide.CLIENT, [], True, True)
    assert session_reviews(session, SYSTEM, of.booking.id).side is None
    review = write_review(session, of.client, of.booking.id, rating=5)
    assert session_reviews(session, of.client, of.booking.id).by(ReviewSide.CLIENT).id == review.id
    assert session_reviews(session, of.practitioner, of.booking.id).by(ReviewSide.CLIENT) is None
    with clock.stopped(noon + WEEK):
        publish_due_reviews(session, SYSTEM)
        found = session_reviews(session, of.practitioner, of.booking.id)
        assert (found.by(ReviewSide.CLIENT).id, found.is_open, found.is_blind) == (review.id, True, False)
    respond_review(session, of.practitioner, review.id, "Thanks")
    with pytest.raises(NotFound):
        session_reviews(session, make.make_actor(session, Role.CLIENT), of.booking.id)
    assert session.get_one(User, of.client.user_id).role == Role.CLIENT
