"""Due times of all open tickets anew: at once where they are few, in the background where they are many."""

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import TicketPriority
from avenrae.models import ClockRun, Desk, SlaPolicy, Ticket
from avenrae.permissions import Actor
from avenrae.services import ticket_clocks
from avenrae.services.desks import save_policy, set_desk_hours
from avenrae.services.ticket_clocks import recompute_some
from tests import make
from tests.conftest import NOON

SYSTEM = Actor.system("Test")
MANY = text(
    """
    WITH made AS (
        INSERT INTO tickets (requester_id, subject, priority, status, created_at, last_message_at, resolved_at)
        SELECT :requester, 'Matter ' || n, (ARRAY['low', 'medium', 'high', 'urgent'])[1 + n % 4],
               (ARRAY['open', 'in_progress', 'waiting', 'resolved'])[CASE WHEN n % 10 = 0 THEN 4 ELSE 1 + n % 3 END],
               :now - n * interval '7 minutes', :now, CASE WHEN n % 10 = 0 THEN :now END
        FROM generate_series(1, :tickets) n RETURNING id, created_at, status),
    said AS (
        INSERT INTO ticket_messages (ticket_id, body, from_staff, created_at)
        SELECT id, 'Words', k % 2 = 1, created_at + k * interval '50 minutes'
        FROM made, generate_series(0, 3) k RETURNING 1)
    INSERT INTO ticket_status_changes (ticket_id, status, occurred_at)
    SELECT id, status, created_at + interval '6 hours' FROM made WHERE status <> 'open'"""
)
SOON = {"update_minutes": None, "resolution_minutes": None}


def promise(session: Session, minutes: int) -> ClockRun | None:
    """Give every priority another promise of a first response, the last one recomputing all."""
    policies = session.scalars(select(SlaPolicy).order_by(SlaPolicy.priority)).all()
    for policy in policies[:-1]:
        policy.first_response_minutes = minutes
    p = policies[-1]
    named = {"name": p.name, "desk_id": p.desk_id, "priority": TicketPriority(p.priority), "category": None}
    return save_policy(session, SYSTEM, p.id, **named, first_response_minutes=minutes, **SOON)


def many(tickets: int) -> None:
    """A desk, and tickets opened every seven minutes before noon, a tenth of them resolved."""
    with clock.stopped(NOON), transaction(SYSTEM, "prepare") as session:
        make.make_desk(session)
        asking = {"requester": make.make_user(session).id, "now": NOON, "tickets": tickets}
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(MANY, asking)


def test_few_are_done_in_the_transaction_of_the_change(database: str) -> None:
    """R-SLA-04"""
    many(40)
    with clock.stopped(NOON), transaction(SYSTEM, "save_policy") as session:
        assert promise(session, 77) is None
    with read_session() as session:
        assert session.scalar(select(func.count()).where(Ticket.first_response_due_at.is_not(None))) == 36
        assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 0


def test_many_are_left_to_the_background(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-SLA-04: some at a time, each in a transaction of its own; a second change begins anew, nothing is left out."""
    monkeypatch.setattr(ticket_clocks, "AT_ONCE", 20)
    many(40)
    with clock.stopped(NOON), transaction(SYSTEM, "save_policy") as session:
        run = promise(session, 77)
        assert (run.total, run.done) == (36, 0)
        key = run.id
    with clock.stopped(NOON):
        with transaction(SYSTEM, "recompute_some") as session:
            assert recompute_some(session, SYSTEM, key, size=10)
        with read_session() as session:
            assert session.get_one(ClockRun, key).done == 10
            assert session.scalar(select(func.count()).where(Ticket.policy_id.is_not(None))) == 10
        with transaction(SYSTEM, "save_policy") as session:
            again = promise(session, 78)
            assert (again.id, again.done) == (key, 0)
        with transaction(SYSTEM, "busy") as holding, transaction(SYSTEM, "recompute_some") as session:
            holding.get(ClockRun, key, with_for_update=True)
            assert not recompute_some(session, SYSTEM, key, size=10)
        is_more, steps = True, 0
        while is_more:
            with transaction(SYSTEM, "recompute_some") as session:
                is_more = recompute_some(session, SYSTEM, key, size=10)
            steps += 1
        assert steps == 4
    with read_session() as session:
        done = session.get_one(ClockRun, key)
        assert (done.done, done.finished_at) == (36, NOON)
        first = session.scalars(select(Ticket).where(Ticket.subject == "Matter 1")).one()
        assert first.first_response_due_at == first.created_at + timedelta(minutes=78)
        assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 2


@pytest.mark.slow
def test_twenty_thousand(database: str) -> None:
    """R-SLA-04: a log of 20 000 tickets gets its due times from other hours, to the last one."""
    many(20_000)
    week = [(day, time(0), time(0)) for day in range(7)]
    with clock.stopped(NOON):
        with transaction(SYSTEM, "set_desk_hours") as session:
            run = set_desk_hours(session, SYSTEM, session.scalars(select(Desk.id)).one(), week)
            assert run.total == 18_000
        is_more = True
        while is_more:
            with transaction(SYSTEM, "recompute_some") as session:
                is_more = recompute_some(session, SYSTEM, run.id)
    hour = timedelta(hours=1)
    with read_session() as session:
        undone = Ticket.status.in_(("open", "in_progress", "waiting"))
        due = Ticket.first_response_due_at - Ticket.created_at
        assert (
            session.scalar(select(func.count()).where(undone, due == hour, Ticket.first_response_minutes == 50))
            == 18_000
        )
        assert session.get_one(ClockRun, run.id).done == 18_000
        oldest = session.scalars(select(Ticket).where(undone).order_by(Ticket.created_at).limit(1)).one()
        assert oldest.created_at < datetime(2025, 12, 20, tzinfo=UTC)
