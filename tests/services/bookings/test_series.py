"""Series: agreed as a whole or not at all, moved one by one, called off from one on; and people who walk in."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus, PaymentStatus, Role
from avenrae.errors import Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import AvailabilityRule, Booking, Client, Practitioner, User
from avenrae.permissions import Actor
from avenrae.queries.series import list_series, plan_series
from avenrae.scheduling.zones import instant
from avenrae.services.availability import add_override
from avenrae.services.bookings import (
    book_walk_in,
    cancel_booking,
    cancel_series_from,
    create_booking,
    create_series,
    reschedule_booking,
)
from avenrae.services.money import record_payment
from tests import make

SYSTEM = Actor.system("Test")
WEEK = timedelta(weeks=1)


def bookings(session: Session) -> int:
    """How many bookings there are."""
    return session.scalar(select(func.count()).select_from(Booking)) or 0


def agree(session: Session, n: int = 4, actor: Actor = SYSTEM, **kw) -> list[Booking]:
    """A weekly series from tomorrow on."""
    practitioner = kw.pop("practitioner", None) or make.make_practitioner(session)
    client = kw.pop("client", None) or make.make_client(session)
    service = make.make_service(session, practitioner, **kw)
    first = clock.now() + timedelta(days=1)
    starts = [p.starts_at for p in plan_series(session, actor, service.id, first, n, 1)]
    return create_series(session, actor, client_id=client.id, service_id=service.id, starts=starts)


def test_a_series_keeps_its_local_time(session: Session, noon: datetime) -> None:
    """R-BOOK-08: by the practitioner's clock, over the night in which it goes forward."""
    practitioner = make.make_practitioner(session, time_zone="Europe/London", max_horizon=365)
    service, client = make.make_service(session, practitioner), make.make_client(session)
    london = ZoneInfo("Europe/London")
    first = instant(date(2026, 3, 20), time(9), london)
    plan = plan_series(session, SYSTEM, service.id, first, 3, 1)
    assert [p.starts_at for p in plan] == [
        datetime(2026, 3, 20, 9, tzinfo=UTC),
        datetime(2026, 3, 27, 9, tzinfo=UTC),
        datetime(2026, 4, 3, 8, tzinfo=UTC),
    ]
    starts = [p.starts_at for p in plan]
    made = create_series(session, SYSTEM, client_id=client.id, service_id=service.id, starts=starts)
    assert [b.starts_at.astimezone(london).hour for b in made] == [9, 9, 9]
    assert {b.time_zone for b in made} == {"Europe/London"}


def test_a_time_that_the_clocks_skip_moves_forward(session: Session, noon: datetime) -> None:
    """R-BOOK-04, R-BOOK-08: 02:30 on the night of New York's change is 03:30."""
    practitioner = make.make_practitioner(session, time_zone="America/New_York", max_horizon=400, slot_step=30)
    service = make.make_service(session, practitioner)
    zone = ZoneInfo("America/New_York")
    first = instant(date(2027, 3, 7), time(2, 30), zone)
    plan = plan_series(session, SYSTEM, service.id, first, 3, 1)
    assert [p.starts_at.astimezone(zone).strftime("%d %H:%M") for p in plan] == ["07 02:30", "14 03:30", "21 02:30"]


def test_every_conflict_has_its_reason_and_what_else_is_free(session: Session, noon: datetime) -> None:
    """R-BOOK-13: closed, taken and beyond the horizon; the rest is free."""
    practitioner = make.make_practitioner(session, is_open=False, max_horizon=30)
    rule = {"weekday": 1, "starts_local": time(9), "ends_local": time(12)}
    session.add(AvailabilityRule(practitioner_id=practitioner.id, **rule))
    service = make.make_service(session, practitioner)
    first = noon.replace(hour=8) + timedelta(days=1)
    other = make.make_booking(session, practitioner=practitioner, starts_at=first + WEEK)
    add_override(session, SYSTEM, practitioner.id, on_date=(first + 2 * WEEK).date())
    plan = plan_series(session, SYSTEM, service.id, first, 6, 1)
    assert [p.is_free for p in plan] == [True, False, False, True, True, False]
    assert plan[1].reason == f"Booking {other.reference} occupies 10:00–11:00 SAST, buffers included."
    assert plan[1].instead == (first + WEEK - timedelta(hours=1), first + WEEK + timedelta(hours=1))
    assert plan[2].reason == "Tue 31 Mar 2026 is closed, other than usual."
    assert plan[2].instead == ()
    assert plan[5].reason.startswith("Bookings open 30 days ahead, now until ")


def test_a_practitioner_who_moves_away_keeps_what_was_agreed(session: Session, noon: datetime) -> None:
    """R-BOOK-12: no agreed instant moves with a zone, in a series neither; what is planned next goes by the new one."""
    practitioner = make.make_practitioner(session)
    made = agree(session, 3, practitioner=practitioner)
    agreed = [(b.starts_at, b.time_zone) for b in made]
    practitioner.time_zone = "Europe/London"
    session.flush()
    session.expire_all()
    assert [(b.starts_at, b.time_zone) for b in made] == agreed
    plan = plan_series(session, SYSTEM, made[0].service_id, made[0].starts_at + timedelta(hours=4), 3, 1)
    assert [p.starts_at.hour for p in plan] == [14, 14, 13]


def test_a_series_shares_one_key_and_copies_its_terms(session: Session, noon: datetime) -> None:
    """R-BOOK-10: each booking has the terms of the day it was agreed."""
    practitioner = make.make_practitioner(session, commission_bps=1800)
    made = agree(session, 3, practitioner=practitioner, policy="strict", buffer_after=10)
    service = session.get_one(make.Service, made[0].service_id)
    service.price_minor, service.policy = 1, "flexible"
    session.flush()
    assert len({b.series_id for b in made}) == 1
    assert {(b.price_minor, b.policy, b.commission_bps, b.buffer_after, b.status) for b in made} == {
        (60_000, "strict", 1800, 10, BookingStatus.CONFIRMED)
    }
    assert [later.starts_at - earlier.starts_at for earlier, later in pairwise(made)] == [WEEK, WEEK]


def test_one_that_has_just_gone_stops_the_whole_series(session: Session, noon: datetime) -> None:
    """R-BOOK-07: the refusal names it, and nothing is booked."""
    practitioner = make.make_practitioner(session)
    service, client = make.make_service(session, practitioner), make.make_client(session)
    first = noon + timedelta(days=1)
    starts = [p.starts_at for p in plan_series(session, SYSTEM, service.id, first, 4, 1)]
    other = make.make_booking(session, practitioner=practitioner, starts_at=first + 2 * WEEK)
    with pytest.raises(Conflict) as refused, session.begin_nested():
        create_series(session, SYSTEM, client_id=client.id, service_id=service.id, starts=starts)
    sentence = str(refused.value)
    assert sentence.startswith(f"Tue 31 Mar 2026, 12:00 SAST: Booking {other.reference} occupies 12:00–13:00 SAST")
    assert "The nearest free times: Tue 31 Mar 2026, 10:00 SAST; " in sentence
    assert sentence.endswith("Nothing was booked.")
    assert bookings(session) == 1


def test_sessions_of_one_series_do_not_touch(session: Session, noon: datetime) -> None:
    practitioner = make.make_practitioner(session, slot_step=15)
    service, client = make.make_service(session, practitioner), make.make_client(session)
    first = noon + timedelta(days=1)
    with pytest.raises(Conflict, match=r"^Tue 17 Mar 2026, 12:15 SAST: Another session of this series occupies"):
        create_series(
            session,
            SYSTEM,
            client_id=client.id,
            service_id=service.id,
            starts=[first, first + timedelta(minutes=15)],
        )
    assert bookings(session) == 0


@pytest.mark.parametrize(("times", "every"), [(0, 1), (1, 1), (27, 1), (1000, 1), (4, 0), (4, 5), (4, -1)])
def test_what_is_no_series_is_refused(session: Session, noon: datetime, times: int, every: int) -> None:
    service = make.make_service(session, make.make_practitioner(session))
    with pytest.raises(InvalidInput, match=r"^A series has 2 to 26 sessions, 1 to 4 weeks apart\.$"):
        plan_series(session, SYSTEM, service.id, noon + timedelta(days=1), times, every)


@pytest.mark.parametrize(
    ("starts", "kind", "sentence"),
    [
        ([], InvalidInput, "A series has 2 to 26 sessions, each at another time."),
        ([timedelta(days=1)], InvalidInput, "A series has 2 to 26 sessions, each at another time."),
        (
            [timedelta(days=n) for n in range(1, 28)],
            InvalidInput,
            "A series has 2 to 26 sessions, each at another time.",
        ),
        ([timedelta(days=1)] * 2, InvalidInput, "A series has 2 to 26 sessions, each at another time."),
        ([timedelta(days=-1), timedelta(days=6)], InvalidInput, "This time has passed. Choose a time to come."),
    ],
)
def test_starts_that_are_none(session: Session, noon: datetime, starts: list, kind: type, sentence: str) -> None:
    service, client = make.make_service(session, make.make_practitioner(session)), make.make_client(session)
    with pytest.raises(kind) as refused:
        create_series(
            session, SYSTEM, client_id=client.id, service_id=service.id, starts=[noon + delta for delta in starts]
        )
    assert str(refused.value) == sentence
    assert bookings(session) == 0


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER])
def test_only_staff_agrees_a_series(session: Session, noon: datetime, role: Role) -> None:
    """R-USR-01"""
    who = make.make_actor(session, role)
    service = make.make_service(session, make.make_practitioner(session))
    client = who.client_id or make.make_client(session).id
    starts = [noon + timedelta(days=1), noon + timedelta(days=8)]
    with pytest.raises(NotPermitted):
        create_series(session, who, client_id=client, service_id=service.id, starts=starts)
    with pytest.raises(NotPermitted):
        plan_series(session, who, service.id, starts[0], 2, 1)
    assert bookings(session) == 0


def test_moving_one_moves_only_that_one(session: Session, noon: datetime) -> None:
    """R-BOOK-10"""
    made = agree(session, 3)
    times = [b.starts_at for b in made]
    reschedule_booking(session, SYSTEM, made[1].id, starts_at=times[1] + timedelta(hours=3))
    assert [b.starts_at for b in made] == [times[0], times[1] + timedelta(hours=3), times[2]]
    assert len({b.series_id for b in made}) == 1


@pytest.mark.parametrize("role", [Role.CLIENT, Role.SUPPORT])
def test_what_is_shown_before_is_what_goes_back(session: Session, noon: datetime, role: Role) -> None:
    """R-BOOK-11: each session by its own policy and notice; those before it and those that are over stay."""
    client = make.make_client(session)
    who = (
        make.actor_of(session.get_one(User, client.user_id), client=client)
        if role is Role.CLIENT
        else make.make_actor(session, role)
    )
    made = agree(session, 4, client=client, policy="moderate")
    for booking in made[1:3]:
        record_payment(session, booking, booking.price_minor)
    session.flush()
    cancel_booking(session, SYSTEM, made[3].id, "Bank holiday")
    with clock.stopped(made[1].starts_at - timedelta(hours=30)):
        shown = list_series(session, who, made[0].series_id)
        back = sum(p.back_minor for p in shown if p.starts_at >= made[1].starts_at)
        assert back == (90_000 if role is Role.CLIENT else 120_000)
        called_off = cancel_series_from(session, who, made[1].id, "Moving away")
    assert [b.id for b in called_off] == [made[1].id, made[2].id]
    assert sum(b.refunded_minor for b in made) == back
    assert [b.status for b in made] == ["confirmed", "cancelled", "cancelled", "cancelled"]
    assert made[3].cancellation_reason == "Bank holiday"
    assert made[2].payment_status == PaymentStatus.REFUNDED


def test_a_series_is_called_off_by_those_who_may(session: Session, noon: datetime) -> None:
    """R-USR-01: another's is not there; a practitioner declines and does not cancel; nothing changes."""
    made = agree(session, 2)
    owner = session.get_one(Practitioner, made[0].practitioner_id)
    worker = make.actor_of(session.get_one(User, owner.user_id), practitioner=owner)
    with pytest.raises(NotFound):
        cancel_series_from(session, make.make_actor(session, Role.CLIENT), made[0].id, "Mine?")
    with pytest.raises(NotPermitted):
        cancel_series_from(session, worker, made[0].id, "Ill")
    with pytest.raises(InvalidInput, match=r"^Say why"):
        cancel_series_from(session, SYSTEM, made[0].id, " ")
    with pytest.raises(Conflict, match=r"^This booking is not part of a series\.$"):
        cancel_series_from(session, SYSTEM, make.make_booking(session).id, "Alone")
    assert {b.status for b in made} == {BookingStatus.CONFIRMED}
    assert list_series(session, make.make_actor(session, Role.CLIENT), made[0].series_id) == []


def walk_in(session: Session, actor: Actor = SYSTEM, **kw) -> Booking:
    """Somebody at the door of a practitioner who is closed."""
    service = kw.pop("service", None) or make.make_service(session, make.make_practitioner(session, is_open=False))
    person = {"first_name": "Naledi", "last_name": "Khumalo", "email": "naledi@example.org", "phone": "+27 82 555 0101"}
    return book_walk_in(session, actor, service_id=service.id, **{**person, "starts_at": None, **kw})


def test_a_walk_in_becomes_a_client_with_a_session_that_begins_now(session: Session, noon: datetime) -> None:
    support = make.make_actor(session, Role.SUPPORT)
    with clock.stopped(noon + timedelta(seconds=42)):
        booking = walk_in(session, support)
    user = session.execute(select(User).join(Client, Client.user_id == User.id)).scalar_one()
    assert (booking.starts_at, booking.status) == (noon, BookingStatus.CONFIRMED)
    assert (user.name, user.email, user.phone, user.password_hash) == (
        "Naledi Khumalo",
        "naledi@example.org",
        "+27 82 555 0101",
        None,
    )


def test_now_is_never_over_another_session(session: Session, noon: datetime) -> None:
    """R-BOOK-01"""
    practitioner = make.make_practitioner(session)
    make.make_booking(session, practitioner=practitioner, starts_at=noon - timedelta(minutes=30))
    with pytest.raises(Exception, match="bookings_no_overlap"), session.begin_nested():
        walk_in(session, service=make.make_service(session, practitioner))
    assert bookings(session) == 1
    assert session.scalar(select(func.count()).select_from(User).where(User.first_name == "Naledi")) == 0


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"first_name": " "}, "First and last name must have 1 to 100 letters each."),
        ({"email": ""}, "This is not an e-mail address."),
        ({"phone": "call me"}, "This is not a phone number. Write it like +27 82 123 4567, or leave it empty."),
    ],
)
def test_a_walk_in_has_a_name_and_an_address(session: Session, noon: datetime, wrong: dict, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        walk_in(session, **wrong)
    assert str(refused.value) == sentence
    assert bookings(session) == 0


def test_an_address_belongs_to_one_person(session: Session, noon: datetime) -> None:
    make.make_client(session, user={"email": "Naledi@example.org"})
    with pytest.raises(Exception, match="uq_users_email"), session.begin_nested():
        walk_in(session)
    assert bookings(session) == 0


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER])
def test_only_staff_takes_people_in(session: Session, noon: datetime, role: Role) -> None:
    """R-USR-01"""
    with pytest.raises(NotPermitted):
        walk_in(session, make.make_actor(session, role))
    assert bookings(session) == 0


def test_a_client_does_not_begin_now(session: Session, noon: datetime) -> None:
    client = make.make_actor(session, Role.CLIENT)
    service = make.make_service(session, make.make_practitioner(session))
    with pytest.raises(InvalidInput, match=r"^Choose a time to come\.$"):
        create_booking(session, client, client_id=client.client_id, service_id=service.id, starts_at=None)
    assert bookings(session) == 0
