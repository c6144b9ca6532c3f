"""The tasks of the queue. Each may run again at any moment, by several workers, without doing anything twice."""

import logging
import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from sqlalchemy import ColumnElement

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.errors import AvenraeError
from avenrae.jobs.calendars import read_due_calendars
from avenrae.jobs.mail import TRIES, send_one
from avenrae.permissions import Actor
from avenrae.queries.deliveries import list_due_readers
from avenrae.queries.documents import list_unwarned
from avenrae.queries.due import REMINDERS, is_hold_over, is_reminder_due, is_to_complete, list_due
from avenrae.queries.escalations import list_escalations
from avenrae.queries.waiting_list import list_awaited
from avenrae.services import waiting_list
from avenrae.services.bookings import complete_unclosed
from avenrae.services.bookings.places import expire_hold
from avenrae.services.deliveries import deliver_due
from avenrae.services.documents import warn_of_expiry
from avenrae.services.escalations import escalate_ticket
from avenrae.services.forgetting import AT_ONCE as FORGOTTEN_AT_ONCE
from avenrae.services.forgetting import forget_mails, forget_notices
from avenrae.services.forms import forget_what_is_over
from avenrae.services.notices import SEND_MAIL
from avenrae.services.reminders import remind
from avenrae.services.reviews import BATCH, publish_due_reviews
from avenrae.services.ticket_clocks import RECOMPUTE, recompute_some
from avenrae.settings import settings
from avenrae.ui.navigation import address_of

log = logging.getLogger("avenrae.jobs")
app = App(connector=PsycopgConnector(), periodic_defaults={"max_delay": 24 * 3600})
"""The queue; a tick that no worker was there for is made up for within a day."""
SYSTEM = Actor.system("Background work")
_MOST_RUNS = 10
_KEPT_HOURS = 30 * 24
_URGENT = 10


def run_each(what: str, condition: ColumnElement[bool], service: Callable[..., bool], name: str, **kwargs: Any) -> int:
    """Run a service on every booking that is due, one transaction each; one that fails never stops the others."""
    with read_session() as session:
        found = list_due(session, SYSTEM, condition)
    return run_for(what, found, service, name, **kwargs)


def run_for(what: str, found: Iterable[uuid.UUID], service: Callable[..., int], name: str, **kwargs: Any) -> int:
    """Run a service for each of these keys, one transaction each; one that fails never stops the others."""
    done = 0
    for key in found:
        try:
            with transaction(SYSTEM, name) as session:
                done += service(session, SYSTEM, key, **kwargs)
        except AvenraeError as e:
            log.warning("%s: one was left alone: %s", what, e.message)
        except Exception:
            log.exception("%s: one failed", what)
    if done:
        log.info("%s: %d", what, done)
    return done


@app.periodic(cron="* * * * *")
@app.task(name="expire_holds", queueing_lock="expire_holds", priority=_URGENT)
def expire_holds(timestamp: int) -> None:
    """Release holds that ran out (R-BOOK-09)."""
    run_each("holds that ran out", is_hold_over(), expire_hold, "expire_hold")


@app.periodic(cron="* * * * *")
@app.task(name="offer_free_places", queueing_lock="offer_free_places", priority=_URGENT)
def offer_free_places(timestamp: int) -> None:
    """Offer what is free to those who wait for it, where no click did: opened hours, days within the horizon."""
    with read_session() as session:
        found = list_awaited(session, SYSTEM)
    run_for("places offered to the waiting list", found, waiting_list.offer_free_places, "offer_free_places")


@app.periodic(cron="* * * * *")
@app.task(name="remind_of_sessions", queueing_lock="remind_of_sessions", priority=_URGENT)
def remind_of_sessions(timestamp: int) -> None:
    """Remind people of sessions, 24 and 2 hours before."""
    for hours in REMINDERS:
        run_each(f"reminders {hours} h before", is_reminder_due(hours), remind, "remind", hours=hours)


@app.periodic(cron="*/5 * * * *")
@app.task(name="complete_sessions", queueing_lock="complete_sessions", priority=_URGENT)
def complete_sessions(timestamp: int) -> None:
    """Close paid sessions that nobody closed, where the setting says so."""
    if hours := settings().auto_complete_hours:
        run_each("sessions completed by themselves", is_to_complete(hours), complete_unclosed, "complete_unclosed")


@app.periodic(cron="* * * * *")
@app.task(name="deliver_mails", queueing_lock="deliver_mails", priority=_URGENT)
def deliver_mails(timestamp: int) -> None:
    """Send what quiet hours held and what waited for digests (R-NOT-01)."""
    sent = 1
    while sent:
        with read_session() as session:
            found = list_due_readers(session, SYSTEM)
        sent = run_for("mails that waited", found, deliver_due, "deliver_due", address_of=address_of)


@app.periodic(cron="* * * * *")
@app.task(name="escalate_tickets", queueing_lock="escalate_tickets", priority=_URGENT)
def escalate_tickets(timestamp: int) -> None:
    """Tell people of promises that are about to be broken, or were."""
    with read_session() as session:
        found = dict.fromkeys(e.ticket_id for e in list_escalations(session, SYSTEM))
    for ticket_id in found:
        try:
            with transaction(SYSTEM, "escalate_ticket") as session:
                escalate_ticket(session, SYSTEM, ticket_id)
        except Exception:
            log.exception("a ticket could not be escalated")


@app.task(name=RECOMPUTE)
def recompute_tickets(run_id: str) -> None:
    """Give all open tickets their due times anew, some at a time (R-SLA-04)."""
    is_more = True
    while is_more:
        with transaction(SYSTEM, "recompute_some") as session:
            is_more = recompute_some(session, SYSTEM, uuid.UUID(run_id))


@app.periodic(cron="0 4 * * *")
@app.task(name="warn_of_documents", queueing_lock="warn_of_documents")
def warn_of_documents(timestamp: int) -> None:
    """Tell practitioners of documents that expire within a month, and of those that have."""
    with read_session() as session:
        found = list_unwarned(session, SYSTEM)
    run_for("documents that expire", found, warn_of_expiry, "warn_of_expiry")


@app.periodic(cron="*/10 * * * *")
@app.task(name="read_calendars", queueing_lock="read_calendars")
def read_calendars(timestamp: int) -> None:
    """Read practitioners' other calendars again, each once an hour, where the console may reach the internet."""
    if settings().outbound:
        read_due_calendars(SYSTEM)


@app.periodic(cron="*/5 * * * *")
@app.task(name="publish_reviews", queueing_lock="publish_reviews", priority=_URGENT)
def publish_reviews(timestamp: int) -> None:
    """Publish reviews that were kept back for a week, a hundred in a transaction."""
    while True:
        with transaction(SYSTEM, "publish_due_reviews") as session:
            published = publish_due_reviews(session, SYSTEM)
        if published:
            log.info("reviews published: %d", published)
        if published < BATCH:
            return


@app.task(
    name=SEND_MAIL,
    queue="mail",
    pass_context=True,
    # 4 s, 16 s, 1, 4, 17 minutes, 1, 5, 18 hours: a day in all.
    retry=RetryStrategy(max_attempts=TRIES - 1, exponential_wait=4),
)
def send_mail(context: JobContext, mail_id: str) -> None:
    """Send one mail of the outbox."""
    send_one(SYSTEM, uuid.UUID(mail_id), is_last=context.job.attempts >= TRIES - 1)


@app.periodic(cron="* * * * *")
@app.task(name="retry_stalled", queueing_lock="retry_stalled", priority=_URGENT, pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Take up the jobs of workers that died. What runs by the clock is dropped: its next tick does the work."""
    await take_up_stalled(context.app.job_manager)


async def take_up_stalled(queue: JobManager) -> None:
    """Run the jobs of workers again whose heart has not beaten for half a minute."""
    for job in await queue.get_stalled_jobs():
        if job.queueing_lock:
            await queue.finish_job(job, Status.ABORTED, delete_job=True)
        elif job.attempts >= _MOST_RUNS:
            await queue.finish_job(job, Status.FAILED, delete_job=False)
            log.error("job %s has outlived %d workers and is given up", job.call_string, _MOST_RUNS)
        else:
            await queue.retry_job(job)
            log.warning("job %s was left by a worker that died; it runs again", job.call_string)


@app.periodic(cron="30 1 * * *")
@app.task(name="forget_old_rows", queueing_lock="forget_old_rows")
def forget_old_rows(timestamp: int) -> None:
    """Delete what nobody needs any more: spent form tokens, old tries to sign in, sessions that ended long ago."""
    with transaction(SYSTEM, "forget_what_is_over") as session:
        forget_what_is_over(session)


@app.periodic(cron="50 1 * * *")
@app.task(name="forget_old_notices", queueing_lock="forget_old_notices")
def forget_old_notices(timestamp: int) -> None:
    """Remove mails that went out and notices that were read long ago, some at a time."""
    before = clock.now() - timedelta(days=settings().notices_kept_days)
    for forget in (forget_mails, forget_notices):
        removed = FORGOTTEN_AT_ONCE
        while removed == FORGOTTEN_AT_ONCE:
            with transaction(SYSTEM, forget.__name__) as session:
                removed = forget(session, SYSTEM, before)


@app.periodic(cron="40 1 * * *")
@app.task(name="forget_old_jobs", queueing_lock="forget_old_jobs", pass_context=True)
async def forget_old_jobs(context: JobContext, timestamp: int) -> None:
    """Delete jobs that failed a month ago; the others are deleted when they are done."""
    await context.app.job_manager.delete_old_jobs(
        nb_hours=_KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )
