"""Mails that waited: held ones and digests go once, when it is time, to where their reader is now."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import MailRoute, MailStatus, NoticeChannel, NoticeChoice, NoticeKind, Role
from avenrae.errors import NotPermitted
from avenrae.jobs import tasks
from avenrae.jobs.mail import send_one
from avenrae.models import NoticePreference, Notification, OutboxMail, User
from avenrae.queries.deliveries import is_waiting, list_due_readers
from avenrae.queries.scopes import visible_notifications
from avenrae.services.deliveries import deliver_due
from avenrae.services.forgetting import AT_ONCE, forget_mails, forget_notices
from avenrae.services.notices import SEND_MAIL, Notice, mark_all_read, notify
from avenrae.services.outbox import next_letter
from avenrae.settings import ROOT
from avenrae.ui.navigation import address_of
from tests import make
from tests.jobs.conftest import SYSTEM
from tests.jobs.mail_server import Mailbox, serving
from tests.threads import at_once

JOBS = text("SELECT args->>'mail_id' FROM procrastinate_jobs WHERE task_name = :task ORDER BY id")
EVENING, MIDNIGHT, SEVEN, EIGHT = (
    datetime.fromisoformat(f"2026-03-{at}+02:00") for at in ("16T23:00", "17T00:00", "17T07:00", "17T08:00")
)
DIES = """
import os, signal, sys, uuid
from datetime import datetime
from avenrae import clock
from avenrae.db.transaction import transaction
from avenrae.permissions import Actor
from avenrae.services.deliveries import deliver_due

worker = Actor.system("Worker")
with clock.stopped(datetime.fromisoformat("2026-03-17T08:00+02:00")), transaction(worker, "deliver_due") as session:
    assert deliver_due(session, worker, uuid.UUID(sys.argv[1])) == 1
    os.kill(os.getpid(), signal.SIGKILL)
"""
"""A worker that is killed when it has written the mail and not yet committed."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def sleeper(session: Session, **kw) -> User:
    """Somebody who is not to be mailed from ten to seven, and wants reviews once a day, at eight."""
    user = make.make_user(session, quiet_from=time(22), quiet_until=time(7), **kw)
    session.add(
        NoticePreference(
            user_id=user.id, kind=NoticeKind.REVIEW, channel=NoticeChannel.EMAIL, choice=NoticeChoice.DIGEST
        )
    )
    session.flush()
    return user


def tell(session: Session, user: User, once: str, kind: NoticeKind = NoticeKind.TICKET, **kw) -> None:
    """Tell somebody something."""
    told = {"title": f"News {once}", "body": "Something\nhappened.", "screen": "", "record_id": None, **kw}
    notify(session, Notice(user.id, kind, once=once, **told))


def mails(session: Session) -> list[tuple]:
    """Every mail: kind, subject, address, where answers go, written when."""
    m = OutboxMail
    query = select(m.kind, m.subject, m.to_address, m.reply_to, m.created_at).order_by(m.created_at, m.id)
    return [tuple(row) for row in session.execute(query)]


def deliver(session: Session, user: User, at: datetime) -> int:
    """Send what is due at an instant; returns by how many mails."""
    with clock.stopped(at):
        assert list_due_readers(session, SYSTEM) in ([], [user.id])
        return deliver_due(session, SYSTEM, user.id)


def test_held_mails_go_at_the_end_of_quiet_hours(session: Session) -> None:
    """R-NOT-01: each by itself, once, with where answers go, at the second and not before."""
    user = sleeper(session, email="old@example.org")
    with clock.stopped(EVENING):
        tell(session, user, "one", reply_to="support+x@example.org")
    with clock.stopped(MIDNIGHT):
        tell(session, user, "two")
    user.email = "new@example.org"
    session.flush()
    assert deliver(session, user, SEVEN - timedelta(seconds=1)) == 0
    assert deliver(session, user, SEVEN) == 2
    assert deliver(session, user, SEVEN + HOUR) == 0
    assert mails(session) == [
        ("ticket", "News one", "new@example.org", "support+x@example.org", SEVEN),
        ("ticket", "News two", "new@example.org", "", SEVEN),
    ]
    notices = session.execute(select(Notification.once, Notification.route, OutboxMail.once).join(OutboxMail))
    assert sorted(tuple(row) for row in notices) == [("one", "held", "one"), ("two", "held", "two")]
    ids = {str(key) for key in session.scalars(select(OutboxMail.id))}
    assert set(session.scalars(JOBS, {"task": SEND_MAIL})) == ids


def test_a_digest_lists_what_waited(session: Session) -> None:
    """R-NOT-01: one mail a day with what waited, by kind, in order; each notice says which mail carries it."""
    user = sleeper(session, email="ana@example.org")
    session.add(NoticePreference(user_id=user.id, kind="order", channel="email", choice="digest"))
    with clock.stopped(EVENING):
        tell(session, user, "b", NoticeKind.ORDER)
        tell(session, user, "a", NoticeKind.REVIEW, body="x" * 400)
    with clock.stopped(MIDNIGHT):
        tell(session, user, "c", NoticeKind.REVIEW)
    assert deliver(session, user, EIGHT - timedelta(seconds=1)) == 0
    assert deliver(session, user, EIGHT) == 1
    assert deliver(session, user, EIGHT) == 0
    mail = session.scalars(select(OutboxMail)).one()
    assert (mail.kind, mail.once, mail.subject) == (
        NoticeKind.DIGEST,
        "digest:2026-03-17",
        "3 notices for you, Tue 17 Mar 2026",
    )
    assert mail.body == "\n\n".join(
        [
            "What waited for your daily mail. Times are on your clock (Africa/Johannesburg).",
            "REVIEWS (2)",
            f"News a (Mon 23:00)\n{'x' * 300}…",
            "News c (Tue 00:00)\nSomething happened.",
            "ORDERS (1)",
            "News b (Mon 23:00)\nSomething happened.",
        ]
    )
    assert set(session.scalars(select(Notification.mail_id))) == {mail.id}


def test_a_digest_opens_what_it_lists(session: Session, set_up: Callable[..., None]) -> None:
    """Each notice with its address, a link in the HTML; nobody else's address becomes one."""
    set_up(public_url="https://console.example.com")
    user = sleeper(session)
    booking = make.make_booking(session)
    foreign = "https://console.example.com.evil.example/booking?id=1"
    with clock.stopped(EVENING):
        tell(session, user, "one", NoticeKind.REVIEW, screen="care/booking", record_id=booking.id, body=foreign)
        tell(session, user, "two", NoticeKind.REVIEW, screen="care/reviews")
    with clock.stopped(EIGHT):
        assert deliver_due(session, SYSTEM, user.id, address_of) == 1
        mail = session.scalars(select(OutboxMail)).one()
        letter = next_letter(session, SYSTEM, mail.id, address_of)
    opens = [f"https://console.example.com/booking?id={booking.id}", "https://console.example.com/reviews"]
    assert mail.body.splitlines()[-7:] == [
        "News one (Mon 23:00)",
        foreign,
        opens[0],
        "",
        "News two (Mon 23:00)",
        "Something happened.",
        opens[1],
    ]
    assert re.findall('href="(.*?)"', letter.html) == [*opens, "https://console.example.com/notifications"]
    assert "You get this mail because you chose to get some of your news once a day." in letter.text


def test_what_was_read_is_left_out(session: Session) -> None:
    """Read in the console by then, it needs no mail; with nothing left to say there is none."""
    user = sleeper(session)
    with clock.stopped(EVENING):
        tell(session, user, "read", NoticeKind.REVIEW)
        assert mark_all_read(session, make.actor_of(user), told_until=EVENING) == 1
    assert deliver(session, user, EIGHT) == 0
    with clock.stopped(EIGHT):
        tell(session, user, "unread", NoticeKind.REVIEW)
    assert deliver(session, user, EIGHT + DAY) == 1
    assert "News read" not in session.scalars(select(OutboxMail.body)).one()


def test_one_digest_a_day_even_if_its_hour_changes(session: Session) -> None:
    """R-NOT-01: what is told after the digest of a day waits for the next one, and is not lost."""
    user = sleeper(session)
    with clock.stopped(EVENING):
        tell(session, user, "one", NoticeKind.REVIEW)
    assert deliver(session, user, EIGHT) == 1
    user.digest_hour = 20
    session.flush()
    with clock.stopped(EIGHT + HOUR):
        tell(session, user, "two", NoticeKind.REVIEW)
    assert deliver(session, user, EIGHT + 12 * HOUR) == 0
    assert deliver(session, user, EIGHT + 36 * HOUR) == 1
    assert session.scalars(select(OutboxMail.once).order_by(OutboxMail.once)).all() == [
        "digest:2026-03-17",
        "digest:2026-03-18",
    ]


def test_a_worker_that_was_away_wakes_nobody(session: Session) -> None:
    """R-NOT-01: what would come late, in the next night's quiet hours, waits for their end."""
    user = sleeper(session)
    with clock.stopped(EVENING):
        tell(session, user, "held")
        tell(session, user, "digest", NoticeKind.REVIEW)
    assert deliver(session, user, EVENING + DAY) == 0
    assert session.scalars(select(Notification.due_at)).all() == [SEVEN + DAY] * 2
    assert deliver(session, user, SEVEN + DAY) == 2


@pytest.mark.parametrize("gone", [{"is_active": False}, {"erased_at": EVENING}])
def test_who_is_gone_by_then_gets_nothing(session: Session, gone: dict) -> None:
    user = sleeper(session)
    with clock.stopped(EVENING):
        tell(session, user, "held")
        tell(session, user, "digest", NoticeKind.REVIEW)
    for name, value in gone.items():
        setattr(user, name, value)
    session.flush()
    assert deliver(session, user, EIGHT) == 0
    assert session.execute(select(Notification.route, Notification.due_at).distinct()).all() == [
        (MailRoute.NO_ADDRESS, None)
    ]
    assert mails(session) == []


def test_more_than_fifty(session: Session) -> None:
    """All are carried; the rest is counted."""
    user = sleeper(session)
    with clock.stopped(EVENING):
        for n in range(53):
            tell(session, user, str(n), NoticeKind.REVIEW)
    assert deliver(session, user, EIGHT) == 1
    mail = session.scalars(select(OutboxMail)).one()
    assert (mail.body.count("\nSomething happened."), mail.subject) == (50, "53 notices for you, Tue 17 Mar 2026")
    assert mail.body.endswith("\n\nAnd 3 more, under Notifications in the console.")
    assert session.scalar(select(func.count()).where(Notification.mail_id == mail.id)) == 53


def test_only_who_keeps_the_system_delivers(session: Session) -> None:
    """R-USR-01: nobody sends another's mails."""
    user = sleeper(session)
    with clock.stopped(EVENING):
        tell(session, user, "one")
    support = make.make_actor(session, Role.SUPPORT)
    with clock.stopped(EIGHT):
        with pytest.raises(NotPermitted):
            list_due_readers(session, support)
        with pytest.raises(NotPermitted):
            deliver_due(session, support, user.id)
        for forget in (forget_mails, forget_notices):
            with pytest.raises(NotPermitted):
                forget(session, support, EIGHT)
    assert mails(session) == []


def test_many_workers_at_once(database: str, set_up: Callable[..., None]) -> None:
    """R-NOT-01: eight workers, forty people with a held notice and three for the digest: eighty mails, no more."""
    with clock.stopped(EVENING), transaction(SYSTEM, "prepare") as session:
        for n in range(40):
            user = sleeper(session)
            tell(session, user, f"held-{n}")
            for k in range(3):
                tell(session, user, f"review-{n}-{k}", NoticeKind.REVIEW)
    with clock.stopped(EIGHT):
        assert at_once([partial(tasks.deliver_mails, 0)] * 8) == [None] * 8
        # Whom another worker was at was passed over; the next minute's run finds whoever is left.
        tasks.deliver_mails(0)
    with read_session() as session:
        kinds = select(OutboxMail.kind, func.count()).group_by(OutboxMail.kind).order_by(OutboxMail.kind)
        assert [tuple(row) for row in session.execute(kinds)] == [("digest", 40), ("ticket", 40)]
        assert len(session.scalars(JOBS, {"task": SEND_MAIL}).all()) == 80
        assert session.scalar(select(func.count(Notification.id)).where(is_waiting())) == 0
        carried = select(func.count(Notification.id)).group_by(Notification.mail_id)
        assert sorted(session.scalars(carried)) == [1] * 40 + [3] * 40


def test_a_worker_that_dies_before_it_is_done(database: str, set_up: Callable[..., None]) -> None:
    """R-NOT-01: nothing of what it did is left, and the next one sends one letter."""
    with clock.stopped(EVENING), transaction(SYSTEM, "prepare") as session:
        user = sleeper(session, email="ana@example.org")
        tell(session, user, "one", NoticeKind.REVIEW)

    box = Mailbox()
    with clock.stopped(EIGHT), serving(box) as server:
        env = {**os.environ, "DATABASE_URL": database}
        dead = subprocess.run([sys.executable, "-c", DIES, str(user.id)], cwd=ROOT, env=env, check=False)
        assert dead.returncode == -signal.SIGKILL
        with read_session() as session:
            assert mails(session) == []
        set_up(smtp_url=f"smtp://{server}", mail_from="Avenrae <hello@avenrae.example>")
        for _ in range(2):
            tasks.deliver_mails(0)
            with read_session() as session:
                (mail_id,) = session.scalars(select(OutboxMail.id))
            send_one(SYSTEM, mail_id)
    assert [letter["Subject"] for letter in box.letters] == ["1 notice for you, Tue 17 Mar 2026"]


def old_notice(session: Session, user: User, once: str, **kw) -> Notification:
    """A notice with its mail, which was sent, unless said otherwise."""
    tell(session, user, once, **{key: kw.pop(key) for key in ("kind",) if key in kw})
    found = session.scalars(select(Notification).where(Notification.once == once)).one()
    mail = session.get(OutboxMail, found.mail_id) if found.mail_id else None
    if mail is not None:
        mail.status = kw.pop("status", MailStatus.SENT)
        mail.sent_at = clock.now() if mail.status == MailStatus.SENT else None
    for name, value in kw.items():
        setattr(found, name, value)
    session.flush()
    return found


def test_what_is_forgotten(session: Session) -> None:
    """Sent mails and read notices of long ago; never what waits, is unread, or would be told again without it."""
    with clock.stopped(EVENING):
        user = sleeper(session)
        user.quiet_from = user.quiet_until = None
        session.flush()
        read = {"read_at": EVENING}
        for once, kw in {
            "read": read,
            "unread": {},
            "never shown": {"is_shown": False},
            "mail waits": {**read, "status": MailStatus.WAITING},
            "mail failed": {**read, "status": MailStatus.FAILED},
            "digest waits": {"kind": NoticeKind.REVIEW, "is_shown": False},
            "document:expired:1": read,
            "escalation-late:1": read,
        }.items():
            old_notice(session, user, once, **kw)
        user.quiet_from, user.quiet_until = time(22), time(7)
        session.flush()
        tell(session, user, "held, then sent")
    with clock.stopped(SEVEN):
        deliver_due(session, SYSTEM, user.id)
        session.execute(text("UPDATE outbox SET status = 'sent', sent_at = now() WHERE once = 'held, then sent'"))
    with clock.stopped(SEVEN + DAY):
        before = clock.now() - HOUR
        assert forget_mails(session, SYSTEM, EVENING) == 0
        assert (forget_mails(session, SYSTEM, before), forget_notices(session, SYSTEM, before)) == (7, 4)
        assert forget_mails(session, SYSTEM, before) == forget_notices(session, SYSTEM, before) == 0
        session.expire_all()
        assert sorted(session.scalars(select(Notification.once))) == [
            "digest waits",
            "document:expired:1",
            "escalation-late:1",
            "held, then sent",
            "unread",
        ]
        assert session.scalars(select(OutboxMail.once)).all() == ["mail waits"]
        # Its mail is gone, and it does not wait for another.
        assert session.scalars(select(Notification.once).where(is_waiting())).all() == ["digest waits"]
        assert session.scalar(select(func.count()).where(visible_notifications(make.actor_of(user)))) == 4


def test_a_run_forgets_all_of_it_in_batches(database: str, set_up: Callable[..., None], monkeypatch) -> None:
    monkeypatch.setattr("avenrae.services.forgetting.AT_ONCE", 2)
    monkeypatch.setattr("avenrae.jobs.tasks.FORGOTTEN_AT_ONCE", 2)
    assert AT_ONCE == 1000
    with clock.stopped(EVENING), transaction(SYSTEM, "prepare") as session:
        user = make.make_user(session)
        for n in range(5):
            old_notice(session, user, str(n), read_at=EVENING)
    with clock.stopped(EVENING + 180 * DAY):
        tasks.forget_old_notices(0)
        with read_session() as session:
            assert session.scalar(select(func.count()).select_from(Notification)) == 5
    with clock.stopped(EVENING + 180 * DAY + timedelta(seconds=1)):
        tasks.forget_old_notices(0)
    with read_session() as session:
        assert session.scalar(select(func.count()).select_from(Notification)) == 0
        assert session.scalar(select(func.count()).select_from(OutboxMail)) == 0
