"""Workers as processes: several at once, killed, told to end, left by their parent."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from procrastinate import PsycopgConnector
from sqlalchemy import func, select, text

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import BookingStatus, MailStatus, NoticeKind
from avenrae.jobs.attached import COMMAND, AttachedWorker
from avenrae.jobs.tasks import app, take_up_stalled
from avenrae.models import Notification, OutboxMail
from avenrae.services.notices import Notice, notify
from tests import make
from tests.jobs.conftest import SYSTEM, make_many
from tests.jobs.mail_server import Mailbox, serving
from tests.process.console import ROOT

pytestmark = pytest.mark.slow
SECONDS = 180.0


class Worker:
    """`python -m avenrae worker` on a database of the tests, which reads its log line by line."""

    def __init__(self, database: str, server: str = "") -> None:
        env = {**os.environ, "DATABASE_URL": database, "AVENRAE_WORKER": "on"}
        if server:
            env |= {"AVENRAE_SMTP_URL": f"smtp://{server}", "AVENRAE_MAIL_FROM": "Avenrae <hello@avenrae.example>"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "avenrae", "worker"], cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True
        )

    def wait_for(self, words: str) -> None:
        """Read its log up to a line with these words."""
        for line in self.process.stderr:
            if words in line:
                return
        raise AssertionError(f"The worker ended without saying “{words}”.")

    def end(self, sign: int = signal.SIGTERM) -> int:
        """Send a signal and return the status it ends with."""
        self.process.send_signal(sign)
        self.process.communicate(timeout=SECONDS)
        return self.process.returncode


@pytest.fixture
def workers(database: str) -> Iterator[Callable[..., Worker]]:
    """Start workers; whatever still runs at the end is killed."""
    started: list[Worker] = []

    def start(server: str = "") -> Worker:
        started.append(Worker(database, server))
        return started[-1]

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.end(signal.SIGKILL)


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that must come true."""
    late = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < late, "It did not come true."
        time.sleep(0.02)


def count(question: str) -> int:
    """A number from the database."""
    with read_session() as session:
        return session.scalar(text(question))


def all_sent(mails: int) -> Callable[[], bool]:
    """Whether that many mails went out."""
    return lambda: count("SELECT count(*) FROM outbox WHERE status = 'sent'") == mails


def told_once(box: Mailbox, each: int) -> None:
    """Check that every notice and every letter is there exactly once."""
    with read_session() as session:
        per_reader = select(func.count(Notification.id)).group_by(Notification.once, Notification.user_id)
        assert Counter(session.scalars(per_reader)) == {1: each}
        ids = {str(mail_id) for mail_id in session.scalars(select(OutboxMail.id))}
    assert Counter(letter["Message-ID"][1:].partition("@")[0] for letter in box.letters) == Counter(ids)


def write_one() -> None:
    """A mail that waits."""
    with transaction(SYSTEM, "cause") as session:
        user = make.make_user(session)
        notify(
            session,
            Notice(user.id, NoticeKind.REVIEW, title="Hi", body="Text", screen="", record_id=None, once="one"),
        )


def test_four_workers(database: str, workers: Callable[..., Worker]) -> None:
    """R-BOOK-09, R-NOT-01: 20 holds and 20 reminders, each once, with one letter to each side."""
    now = clock.now()
    with transaction(SYSTEM, "prepare") as session:
        make_many(session, 20, now + timedelta(days=3), hold_expires_at=now)
        agreed = now - timedelta(days=7)
        make_many(session, 20, now + timedelta(minutes=10), status=BookingStatus.CONFIRMED, confirmed_at=agreed)
    box = Mailbox()
    with serving(box) as server:
        running = [workers(server) for _ in range(4)]
        until(all_sent(80))
        assert [worker.end() for worker in running] == [0, 0, 0, 0]
    told_once(box, 80)
    assert count("SELECT count(*) FROM bookings WHERE status = 'cancelled'") == 20
    assert count("SELECT count(*) FROM procrastinate_jobs WHERE status <> 'succeeded'") == 0


def test_a_killed_worker(database: str, workers: Callable[..., Worker]) -> None:
    """R-NOT-01: killed among reminders and letters; after recovery each is there exactly once."""
    now = clock.now()
    with transaction(SYSTEM, "prepare") as session:
        agreed = now - timedelta(days=7)
        make_many(session, 20, now + timedelta(minutes=10), status=BookingStatus.CONFIRMED, confirmed_at=agreed)
    box = Mailbox()
    box.let_in.clear()
    with serving(box) as server:
        first = workers(server)
        assert box.knocked.wait(SECONDS)
        first.end(signal.SIGKILL)
        assert 0 < count("SELECT count(*) FROM notifications") <= 40
        assert count("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") > 0
        box.let_in.set()
        with transaction(SYSTEM, "half a minute later") as session:
            session.execute(text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 seconds'"))
            next_tick = "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('default', :task, :args)"
            for task in ("retry_stalled", "remind_of_sessions"):
                session.execute(text(next_tick), {"task": task, "args": '{"timestamp": 0}'})
        second = workers(server)
        until(all_sent(40))
        assert second.end() == 0
    told_once(box, 40)


def test_sigterm_finishes_what_has_begun(database: str, workers: Callable[..., Worker]) -> None:
    """R-NOT-01: the letter under way arrives and its row says so; the worker leaves with status 0."""
    write_one()
    box = Mailbox()
    box.go_on.clear()
    with serving(box) as server:
        worker = workers(server)
        assert box.asked.wait(SECONDS)
        worker.process.terminate()
        worker.wait_for("what has begun is finished first")
        assert worker.process.poll() is None
        box.go_on.set()
        worker.process.communicate(timeout=SECONDS)
    assert worker.process.returncode == 0
    assert len(box.letters) == 1
    with read_session() as session:
        assert session.scalars(select(OutboxMail.status)).all() == [MailStatus.SENT]
    assert count("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'send_mail'") == 0


def test_it_ends_with_its_parent(database: str, tmp_path: Path) -> None:
    """Kill -9 of the console leaves no worker behind."""
    parent = f"""
import os, sys, time
from avenrae.jobs.attached import AttachedWorker
worker = AttachedWorker()
worker.start()
while worker._process is None:
    time.sleep(0.01)
print(worker._process.pid, flush=True)
time.sleep({SECONDS})
"""
    with subprocess.Popen(
        [sys.executable, "-c", parent],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        pid = int(process.stdout.readline())
        next(line for line in process.stderr if "background work runs" in line)
        process.kill()
        try:
            until(lambda: is_gone(pid))
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def is_gone(pid: int) -> bool:
    """Whether a process has ended, waited for by its parent or not."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_it_is_started_again_and_ended() -> None:
    """A worker that dies is replaced; one that is told to leave is not."""
    stays = (sys.executable, "-c", "import sys; sys.stdin.read()")
    worker = AttachedWorker(stays, pause=0)
    worker.start()
    until(lambda: worker._process is not None)
    first = worker._process
    first.kill()
    until(lambda: worker._process is not first)
    worker.leave()
    worker.wait(SECONDS)
    assert worker._process.poll() is not None
    assert not worker._keeper.is_alive()
    assert COMMAND[1:3] == ("-m", "avenrae")


def test_what_runs_by_the_clock_is_not_run_again(database: str) -> None:
    """Its next tick does the work; other jobs of a dead worker run again, but not for ever."""
    rows = """
        INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, status, attempts) VALUES
            ('default', 'expire_holds', 'expire_holds', 'doing', 0),
            ('default', 'expire_holds', 'expire_holds', 'todo', 0),
            ('mail', 'send_mail', NULL, 'doing', 0),
            ('mail', 'send_mail', NULL, 'doing', 10)
    """
    with transaction(SYSTEM, "prepare") as session:
        session.execute(text(rows))

    async def take_up() -> None:
        with app.replace_connector(PsycopgConnector(conninfo=database.replace("+psycopg", ""))):
            async with app.open_async():
                await take_up_stalled(app.job_manager)

    asyncio.run(take_up())
    with read_session() as session:
        found = session.execute(text("SELECT task_name, status::text, attempts FROM procrastinate_jobs ORDER BY id"))
        assert [tuple(row) for row in found] == [
            ("expire_holds", "todo", 0),
            ("send_mail", "todo", 1),
            ("send_mail", "failed", 11),
        ]
