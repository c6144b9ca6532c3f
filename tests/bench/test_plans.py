"""How the database finds what a person, a page and the background work read: by an index, a few rows of a big table."""

import uuid
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Role
from avenrae.permissions import Actor
from avenrae.queries import (
    bookings,
    busy_calendars,
    conversations,
    deliveries,
    due,
    figures,
    home,
    notifications,
    outbox,
    reported_messages,
    reviewable,
    reviews,
    tellings,
    ticket_messages,
    waiting_list,
)
from avenrae.queries.periods import Span, figure_period
from avenrae.services.reviews import due_reviews
from tests.bench.plans import ADMIN, ZONE, faults_of, who_has_most

pytestmark = pytest.mark.xdist_group("worlds")


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.CLIENT])
def test_own_lists_walk_an_index(crowded: Engine, role: Role) -> None:
    """Also of the one who has most."""
    own = who_has_most(crowded, role)
    for rest in ({}, {"status": "completed"}, {"payment": "unpaid"}, {"q": "dlamini"}, {"q": "zanele mkhize"}):
        filters = bookings.booking_filters(rest, ZONE)
        assert faults_of(crowded, lambda s, f=filters: bookings.list_bookings(s, own, f)) == []
    assert faults_of(crowded, lambda s: waiting_list.list_waiting(s, own, waiting_list.WaitFilters())) == []


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.CLIENT])
def test_conversations_walk_an_index(crowded: Engine, role: Role) -> None:
    """Of the one who has most, in every order; the newest messages of the longest, and those before."""
    column = "practitioner_user_id" if role is Role.PRACTITIONER else "client_user_id"
    with crowded.connect() as connection:
        user = connection.execute(
            text(f"SELECT {column} FROM conversations GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")
        ).scalar_one()
        longest, before = connection.execute(
            text(
                f"SELECT conversation_id, (array_agg(m.id ORDER BY m.created_at))[count(*) / 2] FROM messages m"
                f" JOIN conversations c ON c.id = m.conversation_id WHERE c.{column} = :user"
                " GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
            ),
            {"user": user},
        ).one()
    own = Actor(user, role, "Guard")
    for rest in ({}, {"show": "unread"}, {"q": "zanele"}):
        for sort in ("last", "-last"):
            filters = conversations.conversation_filters(rest)
            assert (
                faults_of(crowded, lambda s, f=filters, o=sort: conversations.list_conversations(s, own, f, sort=o))
                == []
            )
            assert faults_of(crowded, lambda s, f=filters: conversations.count_conversations(s, own, f)) == []
    for read in (
        lambda s: conversations.get_conversation(s, own, longest),
        lambda s: conversations.list_private_messages(s, own, longest),
        lambda s: conversations.list_private_messages(s, own, longest, before=before),
    ):
        assert faults_of(crowded, read) == []


def test_the_desk_reads_little_of_conversations(crowded: Engine) -> None:
    with crowded.connect() as connection:
        ticket, talk, reader = connection.execute(
            text("SELECT ticket_id, conversation_id, reader_id FROM conversation_readings ORDER BY id LIMIT 1")
        ).one()
    agent = Actor(reader, Role.SUPPORT, "Guard")
    for show in reported_messages.Shown:
        filters = reported_messages.ReportFilters(show)
        for sort in ("reported", "-reported"):
            read = partial(reported_messages.list_reported, actor=agent, filters=filters, sort=sort)
            assert faults_of(crowded, read) == []
        assert faults_of(crowded, lambda s, f=filters: reported_messages.count_reported(s, agent, f)) == []
    for look in (
        lambda s: ticket_messages.get_ticket(s, agent, ticket),
        lambda s: conversations.get_conversation(s, agent, talk, ticket_id=ticket),
        lambda s: conversations.list_private_messages(s, agent, talk),
        lambda s: conversations.list_readings(s, agent, talk),
    ):
        assert faults_of(crowded, look) == []


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.CLIENT])
def test_notices_walk_an_index(crowded: Engine, role: Role) -> None:
    """The count in the menu is read on every page."""
    own = who_has_most(crowded, role)
    assert faults_of(crowded, lambda s: notifications.count_unread(s, own)) == []
    assert faults_of(crowded, lambda s: notifications.list_notifications(s, own)) == []


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPPORT])
def test_who_was_told_walks_an_index(crowded: Engine, role: Role) -> None:
    """Of a person, of a record, and of everybody; for support without its colleagues."""
    who = Actor(uuid.uuid4(), role, "Guard")
    busiest = who_has_most(crowded, Role.CLIENT)
    with crowded.connect() as connection:
        told = text("SELECT b.reference FROM bookings b JOIN notifications n ON n.record_id = b.id LIMIT 1")
        reference = connection.execute(told).scalar_one()
    for params in ({"person": str(busiest.user_id)}, {"record": reference}, {}):

        def read(session: Session, params: dict[str, str] = params) -> None:
            asked = tellings.read_question(session, who, params, ZONE)
            assert (tellings.count_tellings(session, who, asked) > 0) is bool(
                tellings.list_tellings(session, who, asked)
            )
            if asked.subject:
                person = tellings.find_people(session, who, "zanele mkhize")[0]
                tellings.list_deeds(session, who, person, asked.subject)

        assert faults_of(crowded, read) == []
    for mails in (outbox.OutboxFilters(), outbox.OutboxFilters(user_id=busiest.user_id)):
        assert faults_of(crowded, lambda s, f=mails: outbox.list_outbox(s, who, f)) == []


def test_what_was_kept_is_counted_by_its_index(crowded: Engine) -> None:
    assert faults_of(crowded, lambda s: outbox.count_kept(s, ADMIN)) == []


def test_background_work_reads_little(crowded: Engine) -> None:
    """What is looked for each minute."""
    with clock.stopped(clock.now() + timedelta(days=2)):
        assert faults_of(crowded, lambda s: deliveries.list_due_readers(s, ADMIN)) == []
    for condition in (due.is_hold_over(), *map(due.is_reminder_due, due.REMINDERS), due.is_to_complete(48)):
        assert faults_of(crowded, lambda s, c=condition: due.list_due(s, ADMIN, c)) == []


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.CLIENT])
def test_own_reviews_walk_an_index(crowded: Engine, role: Role) -> None:
    """Also of the one who has most, and what anybody reads about him."""
    own, busiest = who_has_most(crowded, role), who_has_most(crowded, Role.PRACTITIONER).practitioner_id
    for rest in ({}, {"show": "waiting"}, {"rating": "1"}, {"by": "client"}):
        filters = reviews.review_filters(rest, ZONE)
        assert faults_of(crowded, lambda s, f=filters: reviews.list_reviews(s, own, f)) == []
        assert faults_of(crowded, lambda s, f=filters: reviews.count_reviews(s, own, f)) == []
    for read in (
        lambda s: reviews.latest_reviews(s, own),
        lambda s: reviews.list_public_reviews(s, own, busiest),
        lambda s: reviews.rating_summary(s, own, busiest),
        lambda s: reviewable.list_reviewable(s, own),
    ):
        assert faults_of(crowded, read) == []


def test_what_is_due_is_found_by_its_index(crowded: Engine) -> None:
    assert faults_of(crowded, lambda s: s.execute(due_reviews(500))) == []


@pytest.mark.parametrize("role", [Role.ADMIN, Role.PRACTITIONER, Role.CLIENT])
def test_home_reads_little(crowded: Engine, role: Role) -> None:
    who = ADMIN if role is Role.ADMIN else who_has_most(crowded, role)
    assert faults_of(crowded, lambda s: home.count_needs(s, who)) == []


def test_a_practitioners_day_reads_little(crowded: Engine) -> None:
    """Sessions, times away, busy times and hours; which calendars are due."""
    who = who_has_most(crowded, Role.PRACTITIONER)
    start = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    assert faults_of(crowded, lambda s: home.practitioner_day(s, who, start, start + timedelta(days=1))) == []
    assert faults_of(crowded, lambda s: busy_calendars.list_busy_calendars(s, who, who.practitioner_id)) == []
    assert faults_of(crowded, lambda s: busy_calendars.list_due_calendars(s, ADMIN, clock.now())) == []


@pytest.mark.parametrize("restated", [False, True])
def test_figures_read_no_table_as_a_whole(crowded: Engine, restated: bool) -> None:
    def read(session: Session) -> None:
        figures.list_currencies(session, ADMIN)
        figures.month_figures(session, ADMIN, "ZAR", Span(), ZONE, restated=restated)
        year = figure_period("12-months", ZONE, Span()).span
        figures.month_figures(session, ADMIN, "ZAR", year, ZONE, restated=restated)

    assert faults_of(crowded, read) == []
