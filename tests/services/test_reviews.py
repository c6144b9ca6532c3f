"""Reviews: written blind by both sides, published together or after a week, answered, flagged, hidden and restored."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import BookingStatus, PaymentStatus, ReviewSide, ReviewStatus, Role
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.jobs import tasks
from avenrae.models import AuditEntry, Booking, Client, Notification, Practitioner, Review, User
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


# With real threads and connections ------------------------------------------------------------------------------------


def at_once(deeds: list[Callable[[], object]]) -> list[object]:
    """Do all of it from one start, each in its own thread; returns what came of each."""
    start = threading.Barrier(len(deeds))
    results: list[object] = [None] * len(deeds)

    def run(n: int) -> None:
        start.wait()
        try:
            results[n] = deeds[n]()
        except Exception as e:
            results[n] = e

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def writing(of: Held, side: ReviewSide, rating: int) -> Callable[[], object]:
    """A click on “send”."""

    def deed() -> object:
        with transaction(of.of(side), "write_review") as session:
            return write_review(session, of.of(side), of.booking.id, rating=rating).status

    return deed


def publishing(at: datetime) -> Callable[[], object]:
    """A run of the background task."""

    def deed() -> object:
        with transaction(SYSTEM, "publish_due_reviews") as session:
            return publish_due_reviews(session, SYSTEM)

    return deed


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
    with clock.stopped(noon + WEEK) as at:
        results = at_once(
            [*(publishing(at) for _ in range(4)), *(writing(of, ReviewSide.PRACTITIONER, 5) for of in sessions)]
        )
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


MEAN = text(
    "SELECT count(*) FROM practitioners p LEFT JOIN (SELECT practitioner_id, round(avg(rating), 3) AS mean,"
    " count(*) AS n FROM reviews WHERE status = 'published' AND written_by = 'client' GROUP BY 1) r"
    " ON r.practitioner_id = p.id WHERE p.rating_count <> coalesce(r.n, 0) OR p.rating_average IS DISTINCT FROM r.mean"
)
BULK = [
    "UPDATE reviews SET rating = 6 - rating",
    "UPDATE reviews SET rating = 1 WHERE written_by = 'practitioner'",
    "UPDATE reviews SET status = 'hidden', moderated_at = now(), moderation_reason = 'All' WHERE rating < 3 AND"
    " status = 'published'",
    "UPDATE reviews SET status = 'published' WHERE status = 'hidden'",
    "UPDATE reviews SET status = 'waiting', published_at = NULL WHERE rating = 3",
    "UPDATE reviews SET status = 'published', published_at = now() WHERE status = 'waiting'",
    "UPDATE reviews SET response = 'Thanks', responded_at = now()",
    "UPDATE reviews SET practitioner_id = (SELECT min(id::text)::uuid FROM practitioners) WHERE rating = 4",
    "UPDATE reviews SET id = new_id(), rating = 5 WHERE rating = 2",
    "DELETE FROM reviews WHERE rating = 5",
    "DELETE FROM reviews",
]


@pytest.mark.parametrize("seed", range(12))
def test_the_average_is_the_mean_at_every_moment(session: Session, noon: datetime, seed: int) -> None:
    """R-REV: after every single operation, by services and by bulk SQL alike."""
    chance = random.Random(seed)
    practitioners = [make.make_practitioner(session) for _ in range(3)]
    clients = [make.make_client(session) for _ in range(4)]
    for n in range(18):
        held(
            session,
            practitioner=chance.choice(practitioners),
            client=chance.choice(clients),
            starts_at=noon - timedelta(hours=2 + n),
        )
    people = {p.id: p for p in practitioners}, {c.id: c for c in clients}
    for step in range(70):
        with clock.stopped(noon + timedelta(hours=5 * step)):
            try:
                with session.begin_nested():
                    _anything(session, chance, people)
            except AvenraeError:
                pass
            session.flush()
            assert session.execute(MEAN).scalar_one() == 0, f"seed {seed}, step {step}"


def _anything(session: Session, chance: random.Random, people: tuple[dict, dict]) -> None:
    """Do one random thing to a random session or review."""
    if chance.random() < 0.12:
        session.execute(text(chance.choice(BULK)))
        session.expire_all()
        return
    booking = chance.choice(session.scalars(select(Booking).order_by(Booking.id)).all())
    practitioner, client = people[0][booking.practitioner_id], people[1][booking.client_id]
    sides = [
        make.actor_of(session.get_one(User, client.user_id), client=client),
        make.actor_of(session.get_one(User, practitioner.user_id), practitioner=practitioner),
    ]
    review = chance.choice([None, *session.scalars(select(Review).order_by(Review.id)).all()])
    if review is None or chance.random() < 0.4:
        written = session.scalars(select(Review.written_by).where(Review.booking_id == booking.id)).all()
        free = [a for a in sides if a.role.value not in written]
        if free:
            write_review(session, chance.choice(free), booking.id, rating=chance.randint(1, 5))
        return
    match chance.randrange(5):
        case 0:
            hide_review(session, SYSTEM, review.id, "x")
        case 1:
            restore_review(session, SYSTEM, review.id, "x")
        case 2:
            publish_due_reviews(session, SYSTEM, limit=chance.randint(1, 5))
        case 3:
            edit_review(session, chance.choice(sides), review.id, rating=chance.randint(1, 5), comment="")
        case 4:
            flag_review(session, chance.choice(sides), review.id, "x")


def test_the_second_of_two_counts_the_first(database: str, noon: datetime) -> None:
    """R-REV: a statement that had to wait for another takes the mean of what is committed then, not of what it saw."""
    with transaction(SYSTEM, "prepare") as session:
        practitioner = make.make_practitioner(session)
        one, two = (
            held(session, practitioner=practitioner, starts_at=noon - timedelta(hours=2 * n + 2)) for n in range(2)
        )
        for of in (one, two):
            write_review(session, of.practitioner, of.booking.id, rating=5)
    with transaction(one.client, "write_review") as session:
        write_review(session, one.client, one.booking.id, rating=1)
        second = threading.Thread(target=writing(two, ReviewSide.CLIENT, 4))
        second.start()
        waits = text(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        while not session.execute(waits).scalar_one():
            session.execute(text("SELECT pg_stat_clear_snapshot()"))
    second.join()
    with read_session() as session:
        assert rating_of(session, practitioner.id) == (2.5, 2)


@pytest.mark.slow
def test_the_average_is_exact_under_many_at_once(database: str, noon: datetime) -> None:
    """R-REV: threads that write, hide, restore and publish for two practitioners lose no star and never deadlock."""
    with transaction(SYSTEM, "prepare") as session:
        practitioners = [make.make_practitioner(session) for _ in range(2)]
        sessions = [
            held(session, practitioner=practitioners[n % 2], starts_at=noon - timedelta(hours=2 * n + 2))
            for n in range(64)
        ]

    def life(n: int) -> Callable[[], object]:
        def deed() -> None:
            chance = random.Random(n)
            for of in sessions[n::8]:
                with transaction(of.client, "write_review") as session:
                    review = write_review(session, of.client, of.booking.id, rating=chance.randint(1, 5))
                with transaction(of.practitioner, "write_review") as session:
                    write_review(session, of.practitioner, of.booking.id, rating=5)
                with transaction(SYSTEM, "hide_review") as session:
                    hide_review(session, SYSTEM, review.id, "x")
                if chance.random() < 0.6:
                    with transaction(SYSTEM, "restore_review") as session:
                        restore_review(session, SYSTEM, review.id, "x")

        return deed

    assert at_once([life(n) for n in range(8)]) == [None] * 8
    with read_session() as session:
        assert session.execute(MEAN).scalar_one() == 0
        assert session.scalar(select(func.sum(Practitioner.rating_count))) > 25
        assert session.scalar(select(func.count()).select_from(Client)) == 64
