"""Reviews: the average is the mean of what is published, at every moment."""

import random
import threading
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import ReviewSide
from avenrae.errors import AvenraeError
from avenrae.models import Booking, Client, Practitioner, Review, User
from avenrae.services.reviews import (
    edit_review,
    flag_review,
    hide_review,
    publish_due_reviews,
    restore_review,
    write_review,
)
from tests import make
from tests.services.reviews.held import SYSTEM, held, rating_of, writing
from tests.threads import at_once

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

    def life(n: int) -> None:
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

    assert at_once([partial(life, n) for n in range(8)]) == [None] * 8
    with read_session() as session:
        assert session.execute(MEAN).scalar_one() == 0
        assert session.scalar(select(func.sum(Practitioner.rating_count))) > 25
        assert session.scalar(select(func.count()).select_from(Client)) == 64
