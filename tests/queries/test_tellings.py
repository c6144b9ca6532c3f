"""What people were told: by person, by record and by day, for staff, with what is known where nothing was."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import transaction
from avenrae.enums import MailRoute, MailStatus, NoticeChannel, NoticeChoice, NoticeKind, Role
from avenrae.errors import NotFound, NotPermitted
from avenrae.models import NoticePreference, User
from avenrae.permissions import Actor
from avenrae.queries.tellings import (
    Asked,
    count_tellings,
    find_people,
    list_deeds,
    list_tellings,
    read_question,
)
from avenrae.services.bookings import cancel_booking, cancel_series_from, create_series
from avenrae.services.notices import Notice, notify
from avenrae.services.orders import place_order
from tests import make

SYSTEM = Actor.system("Test")


def tell(session: Session, user_id, title: str, record_id=None, kind: NoticeKind = NoticeKind.BOOKING) -> None:
    """Tell somebody something."""
    notify(
        session,
        Notice(user_id, kind, title=title, body="Words", screen="care/booking", record_id=record_id, once=title),
    )


def titles(session: Session, actor: Actor, **params: str) -> list[str]:
    """The titles of what an address asks for."""
    asked = read_question(session, actor, params, "UTC")
    found = list_tellings(session, actor, asked)
    assert count_tellings(session, actor, asked) == len(found)
    return [t.title for t in found]


def test_by_person_record_and_day(session: Session, noon: datetime) -> None:
    admin, client = make.make_actor(session, Role.ADMIN), make.make_actor(session, Role.CLIENT)
    booking, other = make.make_booking(session), make.make_booking(session)
    with clock.stopped(noon - timedelta(days=2)):
        tell(session, client.user_id, "old", booking.id)
    tell(session, client.user_id, "new", other.id)
    tell(session, admin.user_id, "admin", booking.id)
    person = str(client.user_id)
    assert titles(session, admin, person=person) == ["new", "old"]
    assert titles(session, admin, record=f" {booking.reference.lower()} ") == ["admin", "old"]
    assert titles(session, admin, record=booking.reference, person=person) == ["old"]
    assert titles(session, admin, person=person, **{"from": "2026-03-14", "to": "2026-03-14"}) == ["old"]
    assert titles(session, admin, person=person, when="today") == ["new"]


def test_what_belongs_to_a_record_is_of_it(session: Session, noon: datetime) -> None:
    """A review of a session and its waiting list stand with it."""
    practitioner, client = make.make_practitioner(session), make.make_client(session)
    booking = make.make_session(session, practitioner=practitioner, client=client)
    from avenrae.services.reviews import write_review

    review = write_review(
        session, Actor(client.user_id, Role.CLIENT, "C", client_id=client.id), booking.id, rating=4, comment=""
    )
    session.execute(text("DELETE FROM notifications"))
    tell(session, client.user_id, "of the review", review.id)
    assert titles(session, SYSTEM, record=booking.reference) == ["of the review"]


def test_what_is_told_of_a_series_is_of_every_session_after_it(session: Session, noon: datetime) -> None:
    client, practitioner = make.make_actor(session, Role.CLIENT), make.make_practitioner(session)
    service = make.make_service(session, practitioner)
    starts = [noon + timedelta(days=7 * week) for week in (1, 2, 3)]
    series = create_series(session, SYSTEM, client_id=client.client_id, service_id=service.id, starts=starts)
    cancel_series_from(session, SYSTEM, series[1].id, "Ill")
    person = str(client.user_id)
    told = [titles(session, SYSTEM, record=b.reference, person=person) for b in series]
    assert [[title.partition(":")[0] for title in of] for of in told] == [
        ["Booked"],
        ["Cancelled", "Booked"],
        ["Cancelled", "Booked"],
    ]


@pytest.mark.parametrize("kind", ["booking", "order", "ticket"])
def test_records_and_whose_they_are(session: Session, noon: datetime, kind: str) -> None:
    client = make.make_client(session)
    if kind == "booking":
        practitioner = make.make_practitioner(session)
        booking = make.make_booking(session, client=client, practitioner=practitioner)
        reference, parties = booking.reference, {client.user_id, practitioner.user_id}
    elif kind == "order":
        product = make.make_product(session, stock=3)
        reference = place_order(session, SYSTEM, client_id=client.id, lines=[(product.id, 1)]).reference
        parties = {client.user_id}
    else:
        reference = make.make_ticket(session, requester=session.get_one(User, client.user_id)).number
        parties = {client.user_id}
    subject = read_question(session, SYSTEM, {"record": reference}, "UTC").subject
    assert subject is not None
    assert (subject.reference, subject.parties) == (reference, parties)
    with pytest.raises(NotFound, match=r"^There is no booking, order or ticket B-0\."):
        read_question(session, SYSTEM, {"record": "b-0"}, "UTC")


def test_support_explains_to_those_outside(session: Session, noon: datetime) -> None:
    """R-USR-01: what colleagues were told is for admins, security in its words too, messages for nobody of staff."""
    admin, agent = make.make_actor(session, Role.ADMIN), make.make_actor(session, Role.SUPPORT)
    client = make.make_actor(session, Role.CLIENT)
    for user_id in (admin.user_id, agent.user_id, client.user_id):
        tell(session, user_id, f"to {user_id}")
    tell(session, client.user_id, "Code 123456", kind=NoticeKind.SECURITY)
    tell(session, client.user_id, "Zoë wrote", kind=NoticeKind.MESSAGE)
    everything = {t.title: t.text for t in list_tellings(session, admin, Asked())}
    assert everything == {
        f"to {admin.user_id}": "Words",
        f"to {agent.user_id}": "Words",
        f"to {client.user_id}": "Words",
        "Code 123456": "Words",
        "A message in a conversation": None,
    }
    assert {t.title: t.text for t in list_tellings(session, agent, Asked())} == {
        f"to {agent.user_id}": "Words",
        f"to {client.user_id}": "Words",
        "About the security of the account": None,
        "A message in a conversation": None,
    }
    for role in (Role.CLIENT, Role.PRACTITIONER):
        who = make.make_actor(session, role)
        for read in (
            lambda who=who: read_question(session, who, {}, "UTC"),
            lambda who=who: list_tellings(session, who, Asked()),
            lambda who=who: count_tellings(session, who, Asked()),
            lambda who=who: find_people(session, who, "person"),
        ):
            with pytest.raises(NotPermitted):
                read()


def test_people_are_found_also_when_they_are_shut_out(session: Session, noon: datetime) -> None:
    make.make_user(session, role=Role.CLIENT, first_name="Zoë", last_name="Adams", is_active=False)
    assert [(p.name, p.role) for p in find_people(session, SYSTEM, "zoe")] == [("Zoë Adams", Role.CLIENT)]
    assert find_people(session, SYSTEM, " ") == []
    with pytest.raises(NotFound, match="no such person"):
        read_question(session, SYSTEM, {"person": "01a1f886-498d-7c76-aaee-42ad900b26fe"}, "UTC")


def test_each_notice_comes_with_its_mail_and_its_settings(session: Session, noon: datetime) -> None:
    client = make.make_actor(session, Role.CLIENT)
    tell(session, client.user_id, "mailed")
    with clock.stopped(noon - timedelta(days=1)):
        tell(session, client.user_id, "before")
    session.execute(
        text("UPDATE notifications SET is_shown = false, route = 'off', mail_id = NULL WHERE title = 'before'")
    )
    for channel in NoticeChannel:
        off = NoticePreference(
            user_id=client.user_id, kind=NoticeKind.BOOKING, channel=channel, choice=NoticeChoice.OFF
        )
        session.add(off)
    session.flush()
    session.execute(text("ALTER TABLE notice_preferences DISABLE TRIGGER USER"))
    switched = text("UPDATE notice_preferences SET updated_at = :at WHERE channel = :channel")
    session.execute(switched, {"at": noon - timedelta(days=2), "channel": "email"})
    session.execute(switched, {"at": noon, "channel": "console"})
    mailed, before = list_tellings(session, SYSTEM, Asked())
    assert mailed.mail is not None
    assert (mailed.mail.status, mailed.mail.to_address) == (MailStatus.WAITING, client.email)
    assert (before.mail, before.route, before.is_shown) == (None, MailRoute.OFF, False)
    assert (before.unmailed_since, before.hidden_since) == (noon - timedelta(days=2), None)


def test_what_somebody_did_himself(database: str, noon: datetime) -> None:
    """By the trail; others' deeds are not his."""
    with transaction(SYSTEM, "prepare") as session:
        client = make.make_actor(session, Role.CLIENT)
        booking = make.make_booking(session, client=session.get_one(make.Client, client.client_id))
    with transaction(client, "cancel_booking") as session:
        cancel_booking(session, client, booking.id, reason="Ill")
        asked = {"record": booking.reference, "person": str(client.user_id)}
        question = read_question(session, SYSTEM, asked, "UTC")
        assert question.person is not None
        assert question.subject is not None
        assert [d.action for d in list_deeds(session, SYSTEM, question.person, question.subject)] == ["cancel_booking"]
        (other,) = find_people(session, SYSTEM, session.query(User).filter(User.role == Role.PRACTITIONER).one().name)
        assert list_deeds(session, SYSTEM, other, question.subject) == []
