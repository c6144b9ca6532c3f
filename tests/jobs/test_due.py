"""What comes due by itself, with the clock stopped; and many workers at once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import BookingStatus, PaymentStatus, Role
from avenrae.jobs import tasks
from avenrae.models import Booking, Notification, OutboxMail, User
from avenrae.queries.due import is_hold_over, is_reminder_due, is_to_complete, list_due
from avenrae.services.bookings import (
    cancel_booking,
    complete_unclosed,
    confirm_booking,
    create_booking,
    reschedule_booking,
)
from avenrae.services.bookings.places import expire_hold
from avenrae.services.money import record_payment
from avenrae.services.reminders import remind
from tests import make
from tests.jobs.conftest import SYSTEM, make_many
from tests.threads import at_once

HOUR = timedelta(hours=1)


def told(session: Session) -> list[tuple[str, str]]:
    """Everything that people were told: role and title."""
    rows = session.execute(
        select(User.role, Notification.title)
        .join(User, User.id == Notification.user_id)
        .order_by(User.role, Notification.title)
    )
    return [tuple(row) for row in rows]


def hold(session: Session, noon: datetime, **kw) -> Booking:
    """A hold until noon, for tomorrow."""
    practitioner = make.make_practitioner(session, user={"first_name": "Naledi", "last_name": "Dube"})
    client = make.make_client(session, user={"first_name": "Ana", "last_name": "Silva", "time_zone": "Atlantic/Azores"})
    return make.make_booking(session, practitioner=practitioner, client=client, hold_expires_at=noon, **kw)


def test_a_hold_runs_out(session: Session, noon: datetime) -> None:
    """R-BOOK-09: at the minute, with word to both sides, each on the own clock (R-BOOK-12)."""
    booking = hold(session, noon)
    assert list_due(session, SYSTEM, is_hold_over()) == [booking.id]
    assert expire_hold(session, SYSTEM, booking.id)
    assert (booking.status, booking.cancelled_by, booking.cancelled_at, booking.cancellation_reason) == (
        BookingStatus.CANCELLED,
        "system",
        noon,
        "The hold ran out before it was paid",
    )
    assert told(session) == [
        ("client", "Not booked: Healing session with Naledi Dube"),
        (
            "practitioner",
            "Not booked: Healing session with Ana Silva",
        ),
    ]
    said = (
        "Healing session ({}) with {} on Tue 17 March 2026, {} was held but not paid in time. The time is free again."
    )
    assert session.scalars(select(OutboxMail.body).order_by(OutboxMail.body)).all() == [
        said.format(booking.reference, "Ana Silva", "12:00 (Africa/Johannesburg), 09:00 (Atlantic/Azores)"),
        said.format(booking.reference, "Naledi Dube", "09:00 (Atlantic/Azores), 12:00 (Africa/Johannesburg)"),
    ]
    assert not expire_hold(session, SYSTEM, booking.id)
    assert len(told(session)) == 2


@pytest.mark.parametrize(
    "kw",
    [
        {"hold_expires_at": datetime.fromisoformat("2026-03-16T10:00:01Z")},
        {"payment_status": PaymentStatus.PAID},
        {"status": BookingStatus.CONFIRMED},
        {"hold_expires_at": None},
    ],
)
def test_a_hold_that_stays(session: Session, noon: datetime, kw: dict) -> None:
    """R-BOOK-09: not a second early, and never once it was paid or accepted."""
    booking = hold(session, noon)
    for name, value in kw.items():
        setattr(booking, name, value)
    session.flush()
    assert list_due(session, SYSTEM, is_hold_over()) == []
    assert not expire_hold(session, SYSTEM, booking.id)
    assert told(session) == []


def test_whoever_needs_the_time_releases_the_hold(session: Session, noon: datetime) -> None:
    """R-BOOK-09: without waiting for the worker, and both sides are told just the same."""
    booking = hold(session, noon)
    other = make.make_client(session)
    new = create_booking(
        session, SYSTEM, client_id=other.id, service_id=booking.service_id, starts_at=booking.starts_at
    )
    assert new.status == BookingStatus.CONFIRMED
    session.refresh(booking)
    assert booking.status == BookingStatus.CANCELLED
    assert [(role, title.split(":")[0]) for role, title in told(session)] == [
        ("client", "Booked"),
        ("client", "Not booked"),
        ("practitioner", "Booked"),
        ("practitioner", "Not booked"),
    ]


def confirmed(session: Session, noon: datetime, ahead: timedelta, **kw) -> Booking:
    """A session that was agreed a week ago and begins in a while."""
    return make.make_booking(
        session,
        status=BookingStatus.CONFIRMED,
        confirmed_at=noon - timedelta(days=7),
        starts_at=noon + ahead,
        **kw,
    )


@pytest.mark.parametrize(
    ("ahead", "due"),
    [
        (timedelta(hours=24, seconds=1), []),
        (timedelta(hours=24), [24]),
        (timedelta(hours=2, seconds=1), [24]),
        (timedelta(hours=2), [2]),
        (timedelta(seconds=1), [2]),
        (timedelta(0), []),
    ],
)
def test_when_people_are_reminded(session: Session, noon: datetime, ahead: timedelta, due: list[int]) -> None:
    """To the second; a worker that was away still reminds of what is left to remind of."""
    booking = confirmed(session, noon, ahead)
    assert [h for h in (24, 2) if booking.id in list_due(session, SYSTEM, is_reminder_due(h))] == due
    assert [h for h in (24, 2) if remind(session, SYSTEM, booking.id, hours=h)] == due
    assert [h for h in (24, 2) if remind(session, SYSTEM, booking.id, hours=h)] == []
    assert [h for h in (24, 2) if booking.id in list_due(session, SYSTEM, is_reminder_due(h))] == []


def test_what_a_reminder_says(session: Session, noon: datetime) -> None:
    """R-BOOK-12: the service, the other person, the time with its zone, and the reference."""
    practitioner = make.make_practitioner(session, user={"first_name": "Naledi", "last_name": "Dube"})
    client = make.make_client(session, user={"time_zone": "Asia/Kathmandu"})
    booking = confirmed(session, noon, 2 * HOUR, practitioner=practitioner, client=client)
    remind(session, SYSTEM, booking.id, hours=2)
    notice = session.scalars(select(Notification).where(Notification.user_id == client.user_id)).one()
    assert (notice.kind, notice.screen, notice.record_id) == ("reminder", "care/booking", booking.id)
    assert notice.title == "Reminder: Healing session with Naledi Dube"
    assert notice.body == (
        "Healing session with Naledi Dube begins on Mon 16 March 2026, 17:45 (Asia/Kathmandu),"
        f" 14:00 (Africa/Johannesburg). Reference: {booking.reference}."
    )


def test_what_was_agreed_late_is_reminded_of_once(session: Session, noon: datetime) -> None:
    """Agreed five hours before, a session gets the reminder two hours before and not the other."""
    booking = make.make_booking(session, starts_at=noon + 5 * HOUR)
    confirm_booking(session, SYSTEM, booking.id)
    assert not remind(session, SYSTEM, booking.id, hours=24)
    booking.confirmed_at, booking.created_at = noon - 3 * HOUR, noon - 3 * HOUR
    booking.starts_at, booking.ends_at = noon + 2 * HOUR, noon + 3 * HOUR
    session.flush()
    assert not remind(session, SYSTEM, booking.id, hours=24)
    assert remind(session, SYSTEM, booking.id, hours=2)


def test_a_moved_session_is_reminded_of_anew(session: Session, noon: datetime) -> None:
    """For its new time, and only as far ahead as that was agreed; a cancelled one not at all."""
    booking = confirmed(session, noon, 24 * HOUR)
    assert remind(session, SYSTEM, booking.id, hours=24)
    reschedule_booking(session, SYSTEM, booking.id, starts_at=noon + 20 * HOUR, outside_hours=True)
    assert not remind(session, SYSTEM, booking.id, hours=24)
    reschedule_booking(session, SYSTEM, booking.id, starts_at=noon + 30 * HOUR, outside_hours=True)
    with clock.stopped(noon + 6 * HOUR):
        assert remind(session, SYSTEM, booking.id, hours=24)
    assert len([title for _, title in told(session) if title.startswith("Reminder: ")]) == 4
    with clock.stopped(noon + 28 * HOUR):
        assert booking.id in list_due(session, SYSTEM, is_reminder_due(2))
        cancel_booking(session, SYSTEM, booking.id, "Ill")
        assert not remind(session, SYSTEM, booking.id, hours=2)


def ended(session: Session, noon: datetime, ago: timedelta, *, paid: bool = True) -> Booking:
    """A confirmed session that ended a while ago."""
    booking = make.make_booking(session, status=BookingStatus.CONFIRMED, starts_at=noon - ago - HOUR)
    if paid:
        record_payment(session, booking, booking.price_minor)
    session.flush()
    return booking


def test_a_paid_session_closes_by_itself(session: Session, noon: datetime) -> None:
    """Exactly that long after its end; what is not paid waits for a person."""
    due, early = ended(session, noon, 48 * HOUR), ended(session, noon, timedelta(hours=47, minutes=59))
    unpaid, ancient = ended(session, noon, 72 * HOUR, paid=False), ended(session, noon, timedelta(days=33))
    assert list_due(session, SYSTEM, is_to_complete(48)) == [due.id]
    assert [complete_unclosed(session, SYSTEM, b.id) for b in (due, due, early, unpaid, ancient)] == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert (due.status, due.completed_at, unpaid.status) == (BookingStatus.COMPLETED, noon, BookingStatus.CONFIRMED)


def test_zero_hours_is_never(database: str, noon: datetime, set_up: Callable[..., None]) -> None:
    with transaction(SYSTEM, "prepare") as session:
        booking = ended(session, noon, 72 * HOUR)
    set_up(auto_complete_hours=0)
    tasks.complete_sessions(timestamp=0)
    with read_session() as session:
        assert session.get_one(Booking, booking.id).status == BookingStatus.CONFIRMED
    set_up(auto_complete_hours=48)
    tasks.complete_sessions(timestamp=0)
    with read_session() as session:
        assert session.get_one(Booking, booking.id).status == BookingStatus.COMPLETED


def test_one_that_fails_stops_no_other(
    database: str, noon: datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with transaction(SYSTEM, "prepare") as session:
        bookings = make_many(session, 3, noon + HOUR, hold_expires_at=noon)
        bad = bookings[1].id

    def fails_on_one(session, actor, booking_id):
        result = expire_hold(session, actor, booking_id)
        if booking_id == bad:
            raise RuntimeError
        return result

    monkeypatch.setattr(tasks, "expire_hold", fails_on_one)
    with caplog.at_level("INFO", logger="avenrae.jobs"):
        tasks.expire_holds(timestamp=0)
    assert [r.getMessage() for r in caplog.records] == ["holds that ran out: one failed", "holds that ran out: 2"]
    with read_session() as session:
        left = session.scalars(select(Booking.id).where(Booking.status == BookingStatus.PENDING)).all()
        assert left == [bad]
        assert len(told(session)) == 4


def test_four_workers_expire_two_hundred_holds(database: str, noon: datetime) -> None:
    """R-BOOK-09, R-NOT-01: each once, with one notice and one mail to each side."""
    with transaction(SYSTEM, "prepare") as session:
        make_many(session, 200, noon + HOUR, hold_expires_at=noon)
    assert at_once([partial(tasks.expire_holds, timestamp=0)] * 4) == [None] * 4
    with read_session() as session:
        statuses = session.execute(select(Booking.status, func.count()).group_by(Booking.status)).all()
        assert [tuple(s) for s in statuses] == [("cancelled", 200)]
        changes = "SELECT count(*) FROM audit_entries WHERE table_name = 'bookings' AND operation = 'update'"
        assert session.scalar(text(changes)) == 200
        for table in ("notifications", "outbox", "procrastinate_jobs"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 400, table


def test_four_workers_remind_of_two_hundred_sessions(database: str, noon: datetime) -> None:
    """R-NOT-01: one notice and one mail to each side of each session, however often it is run."""
    with transaction(SYSTEM, "prepare") as session:
        week_ago = noon - timedelta(days=7)
        make_many(session, 200, noon + HOUR / 12, status=BookingStatus.CONFIRMED, confirmed_at=week_ago)
    for _ in range(2):
        assert at_once([partial(tasks.remind_of_sessions, timestamp=0)] * 4) == [None] * 4
    with read_session() as session:
        per_reader = select(func.count(Notification.id)).group_by(Notification.once, Notification.user_id)
        assert set(session.scalars(per_reader)) == {1}
        for table in ("notifications", "outbox", "procrastinate_jobs"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 400, table


def test_old_rows_are_forgotten(database: str, noon: datetime) -> None:
    """Spent form tokens, tries to sign in and sessions that ended; what still counts stays."""
    rows = """
        INSERT INTO form_tokens (token, spent_at) VALUES ('old', :at - interval '3 days'), ('new', :at);
        INSERT INTO sign_in_attempts (account_hash, ip, occurred_at)
            VALUES ('a', '', :at - interval '31 days'), ('b', '', :at);
        INSERT INTO sessions (user_id, token_hash, last_seen_at, expires_at, revoked_at)
            SELECT id, 'old'::bytea, :at, :at - interval '31 days', NULL::timestamptz FROM users
            UNION ALL SELECT id, 'ended', :at, :at + interval '1 day', :at - interval '31 days' FROM users
            UNION ALL SELECT id, 'new', :at, :at + interval '1 day', NULL FROM users
    """
    with transaction(SYSTEM, "prepare") as session:
        make.make_user(session, role=Role.SUPPORT)
        for statement in rows.split(";"):
            session.execute(text(statement), {"at": noon})
    tasks.forget_old_rows(timestamp=0)
    with read_session() as session:
        for table in ("form_tokens", "sign_in_attempts", "sessions"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 1, table
