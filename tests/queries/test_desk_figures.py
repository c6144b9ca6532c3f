"""The figures of the desk against an independent recomputation from each ticket's own history."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from statistics import mean
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Role, TicketCategory, TicketPriority, TicketStatus
from avenrae.errors import InvalidInput, NotPermitted
from avenrae.models import SlaPolicy, Ticket, TicketBacklog, TicketStatusChange, User
from avenrae.permissions import Actor
from avenrae.queries.desk_backlog import Step, backlog, count_backlog, steps_of
from avenrae.queries.desk_figures import (
    ROWS,
    DeskFigures,
    DeskFilters,
    Segment,
    desk_figures,
    desk_filters,
    desk_period,
    rows_of,
)
from avenrae.queries.desks import Promises, ticket_histories
from avenrae.queries.invariants import broken
from avenrae.queries.periods import Span, midnight
from avenrae.scheduling.sla import Clocks, clocks
from avenrae.services.tickets import assign_ticket, change_ticket, open_ticket, rate_ticket, write_message
from tests import make

SYSTEM = Actor.system("Test")
S = TicketStatus
OVER = (S.RESOLVED, S.CLOSED)
BEGIN = datetime(2026, 3, 20, 6, 0, tzinfo=UTC)
LONDON = "Europe/London"


def live(session: Session, seed: int) -> tuple[list[Ticket], datetime]:
    """Tickets whose whole life is made by services, at random moments of two weeks; returns them and what is now."""
    rng = random.Random(seed)
    make.make_desk(session, minutes=(120, 240, 960))
    session.delete(session.scalars(select(SlaPolicy).where(SlaPolicy.priority == TicketPriority.LOW)).one())
    agents = [make.make_actor(session, Role.SUPPORT) for _ in range(2)]
    tickets = []
    for _ in range(12):
        at = BEGIN + timedelta(minutes=rng.randrange(0, 8 * 1440))
        asking = session.get_one(User, make.make_client(session).user_id)
        owner = make.actor_of(asking)
        with clock.stopped(at):
            ticket = open_ticket(
                session,
                SYSTEM,
                subject="Help",
                body="Please",
                requester_id=asking.id,
                category=rng.choice(list(TicketCategory)),
                priority=rng.choice(list(TicketPriority)),
            )
        for _ in range(rng.randrange(0, 6)):
            at += timedelta(minutes=rng.randrange(1, 1500))
            agent = rng.choice(agents)
            with clock.stopped(at):
                deed = rng.choice(["reply", "reply", "client", "resolve", "wait", "close", "assign", "note"])
                if deed == "client":
                    if ticket.status != S.CLOSED:
                        write_message(session, owner, ticket.id, "Well?")
                elif deed == "reply" and ticket.status != S.CLOSED:
                    write_message(session, agent, ticket.id, "So.", status=rng.choice([None, S.RESOLVED, S.WAITING]))
                elif deed == "note":
                    write_message(session, agent, ticket.id, "Hm.", is_internal=True)
                elif deed == "assign":
                    assign_ticket(session, agent, ticket.id, rng.choice([None, *(a.user_id for a in agents)]))
                elif deed in ("resolve", "wait", "close"):
                    change_ticket(
                        session,
                        agent,
                        ticket.id,
                        status={"resolve": S.RESOLVED, "wait": S.WAITING, "close": S.CLOSED}[deed],
                    )
                if ticket.status in OVER and rng.random() < 0.5:
                    rate_ticket(session, owner, ticket.id, rng.randrange(1, 6))
        tickets.append(ticket)
    return tickets, BEGIN + timedelta(days=12)


def statuses(session: Session, ticket: Ticket) -> Iterator[tuple[datetime, TicketStatus]]:
    """What a ticket was from when on."""
    yield ticket.created_at, S.OPEN
    changes = select(TicketStatusChange).where(TicketStatusChange.ticket_id == ticket.id)
    for change in session.scalars(changes.order_by(TicketStatusChange.id)):
        yield change.occurred_at, S(change.status)


def nearest_rank(values: list[int], share: float) -> int | None:
    """The smallest value that at least this share does not exceed."""
    ordered = sorted(values)
    return next((v for n, v in enumerate(ordered, 1) if n >= share * len(ordered)), None)


def by_hand(session: Session, tickets: list[Ticket], span: Span, now: datetime) -> DeskFigures:
    """The same figures, from the history of each ticket alone."""
    promises, histories = Promises(session), ticket_histories(session, {t.id: t.created_at for t in tickets})
    inside = lambda at: at is not None and span.start <= at < span.end  # noqa: E731
    told: dict[str, Clocks] = {}
    for t in tickets:
        promise = promises.of(t.priority, t.category)
        told[t.number] = (
            clocks(histories[t.id], promise.targets, promises.desks[promise.desk_id], now)
            if promise
            else Clocks(None, (), None)
        )
    over: dict[str, datetime | None] = {}
    for t in tickets:
        since = None
        for at, status in statuses(session, t):
            since = (since or at) if status in OVER else None
        over[t.number] = since
    opened = [t for t in tickets if inside(t.created_at)]
    late = {
        t.number: (
            (c := told[t.number]).first_response is not None and c.first_response.is_late(now),
            any(u.is_late(now) for u in c.updates),
            c.resolution is not None and c.resolution.is_late(now),
        )
        for t in tickets
    }
    firsts = [c.first_response for c in told.values() if c.first_response and inside(c.first_response.ended_at)]
    done = [t for t in tickets if inside(over[t.number])]
    ended = [c for t in done if (c := told[t.number].resolution) is not None]
    rated = [t.satisfaction for t in done if t.satisfaction]
    return DeskFigures(
        opened=len(opened),
        broken=sum(any(late[t.number]) for t in opened),
        first_late=sum(late[t.number][0] for t in opened),
        update_late=sum(late[t.number][1] for t in opened),
        resolution_late=sum(late[t.number][2] for t in opened),
        answered=len(firsts),
        answered_in_time=sum(not c.is_late(now) for c in firsts),
        first_median=nearest_rank([c.used // timedelta(minutes=1) for c in firsts], 0.5),
        first_p90=nearest_rank([c.used // timedelta(minutes=1) for c in firsts], 0.9),
        resolved=len(done),
        resolved_promised=len(ended),
        resolved_in_time=sum(not c.is_late(now) for c in ended),
        resolution_median=nearest_rank([c.used // timedelta(minutes=1) for c in ended], 0.5),
        resolution_p90=nearest_rank([c.used // timedelta(minutes=1) for c in ended], 0.9),
        asked=len(done),
        rated=len(rated),
        stars=sum(rated),
    )


@pytest.mark.parametrize("seed", range(12))
def test_figures_equal_a_recomputation(session: Session, seed: int) -> None:
    """R-AN-02, R-AN-01: every figure, every segment; segments add up to the total, days to what is open."""
    tickets, now = live(session, seed)
    span = Span(BEGIN + timedelta(days=2, hours=5), BEGIN + timedelta(days=10))
    with clock.stopped(now):
        found = desk_figures(session, SYSTEM, DeskFilters(span))
        assert found["", ""].figures == by_hand(session, tickets, span, now)
        for (kind, key), segment in found.items():
            column = {"agent": "assignee_id", "category": "category", "policy": "policy_id", "": "id"}[kind]
            own = [t for t in tickets if not kind or str(getattr(t, column) or "nobody") == key]
            assert segment == Segment(kind, key, by_hand(session, own, span, now)), kind
            filters = desk_filters({kind: key} if kind else {}, LONDON)
            narrowed = DeskFilters(span, agent=filters.agent, category=filters.category, policy=filters.policy)
            assert desk_figures(session, SYSTEM, narrowed).get(("", "")).figures == segment.figures
        for kind in ("agent", "category", "policy"):
            parts = [s.figures for s in found.values() if s.kind == kind]
            for name in ("opened", "resolved", "answered", "broken", "rated", "stars"):
                assert sum(getattr(f, name) for f in parts) == getattr(found["", ""].figures, name)
        days = backlog(session, SYSTEM, DeskFilters(span), LONDON)
        assert [d.open for d in days] == [
            sum(
                [status for at, status in statuses(session, t) if at < midnight(d.day + timedelta(days=1), LONDON)][-1:]
                not in ([], [S.RESOLVED], [S.CLOSED])
                for t in tickets
            )
            for d in days
        ]
        assert count_backlog(session, SYSTEM, DeskFilters(span)) == sum(t.status not in OVER for t in tickets)
        assert broken(session) == []


@pytest.mark.parametrize("seed", range(3))
def test_every_number_opens_its_rows(session: Session, seed: int) -> None:
    """R-AN-03: the rows behind a figure are as many as it says, with the screen's filters kept."""
    tickets, now = live(session, 100 + seed)
    span = Span(BEGIN, BEGIN + timedelta(days=11))
    agent = next(t.assignee_id for t in tickets if t.assignee_id)
    with clock.stopped(now):
        for filters in (DeskFilters(span), DeskFilters(span, agent=agent), DeskFilters(span, agent="nobody")):
            figures = desk_figures(session, SYSTEM, filters)["", ""].figures
            numbers = {
                "opened": figures.opened,
                "broken": figures.broken,
                "first-late": figures.first_late,
                "update-late": figures.update_late,
                "resolution-late": figures.resolution_late,
                "answered": figures.answered,
                "answered-in-time": figures.answered_in_time,
                "resolved": figures.resolved,
                "resolved-promised": figures.resolved_promised,
                "resolved-in-time": figures.resolved_in_time,
                "asked": figures.asked,
                "rated": figures.rated,
            }
            assert numbers.keys() == ROWS.keys()
            for of, number in numbers.items():
                conditions, _ = rows_of(SYSTEM, DeskFilters(span, agent=filters.agent, of=of))
                assert session.scalar(select(func.count()).select_from(Ticket).where(*conditions)) == number, of
            for day in backlog(session, SYSTEM, filters, LONDON):
                at = midnight(day.day + timedelta(days=1), LONDON)
                conditions, _ = rows_of(SYSTEM, DeskFilters(span, agent=filters.agent, of="backlog", at=at))
                assert session.scalar(select(func.count()).select_from(Ticket).where(*conditions)) == day.open


def test_the_backlog_counts_days_of_23_and_25_hours(session: Session) -> None:
    """R-AN-01: a ticket opened in the last hour of a London day is open at its end, also where that hour moves."""
    make.make_desk(session)
    for at in (datetime(2026, 3, 29, 22, 30, tzinfo=UTC), datetime(2026, 3, 29, 23, 30, tzinfo=UTC)):
        with clock.stopped(at):
            make.make_ticket(session)
    span = Span(midnight(date(2026, 3, 28), LONDON), midnight(date(2026, 3, 31), LONDON))
    assert span.end - span.start == timedelta(hours=71)
    with clock.stopped(datetime(2026, 4, 20, tzinfo=UTC)):
        days = backlog(session, SYSTEM, DeskFilters(span), LONDON)
    assert [(d.day.day, d.open) for d in days] == [(28, 0), (29, 1), (30, 2)]
    with clock.stopped(datetime(2026, 3, 30, 12, tzinfo=UTC)):
        running = backlog(session, SYSTEM, DeskFilters(span), LONDON)
    assert [d.day.day for d in running] == [28, 29]


def test_a_reopened_ticket_is_in_the_backlog_of_its_days(session: Session) -> None:
    """Resolved on the third, opened again on the fifth: open at the ends of the second, the fifth and the sixth."""
    make.make_desk(session)
    noon = [datetime(2026, 3, day, 10, tzinfo=UTC) for day in range(2, 8)]
    with clock.stopped(noon[0]):
        ticket = make.make_ticket(session)
        client = make.actor_of(session.get_one(User, ticket.requester_id))
    with clock.stopped(noon[1]):
        change_ticket(session, SYSTEM, ticket.id, status=S.RESOLVED)
    with clock.stopped(noon[2]):
        change_ticket(session, SYSTEM, ticket.id, status=S.RESOLVED)
    with clock.stopped(noon[3]):
        write_message(session, client, ticket.id, "Not quite")
    with clock.stopped(noon[5]):
        change_ticket(session, SYSTEM, ticket.id, status=S.CLOSED)
        span = Span(midnight(date(2026, 3, 1), LONDON), noon[5])
        days = backlog(session, SYSTEM, DeskFilters(span), LONDON)
    assert [d.day.day for d in days if d.open] == [2, 5, 6]
    stretches = session.execute(select(TicketBacklog.since, TicketBacklog.until).order_by(TicketBacklog.since)).all()
    assert stretches == [(noon[0], noon[1]), (noon[3], noon[5])]


@pytest.mark.parametrize("seed", range(3))
def test_weeks_and_months_are_the_days_at_their_ends(session: Session, seed: int) -> None:
    """R-AN-01: a step's backlog is that of its last day; weeks end on Sundays, the last step with the period."""
    tickets, now = live(session, 200 + seed)
    span = Span(midnight(date(2026, 3, 11), LONDON), midnight(date(2026, 4, 2), LONDON))
    agent = next(t.assignee_id for t in tickets if t.assignee_id)
    with clock.stopped(now + timedelta(days=30)):
        for filters in (DeskFilters(span), DeskFilters(span, agent=agent)):
            by_day = {d.day: d.open for d in backlog(session, SYSTEM, filters, LONDON)}
            for step, ends in (
                (Step.WEEK, [date(2026, 3, 15), date(2026, 3, 22), date(2026, 3, 29), date(2026, 4, 1)]),
                (Step.MONTH, [date(2026, 3, 31), date(2026, 4, 1)]),
            ):
                found = backlog(session, SYSTEM, filters, LONDON, step)
                assert [(d.day, d.open) for d in found] == [(day, by_day[day]) for day in ends]
    with clock.stopped(datetime(2026, 3, 24, 12, tzinfo=UTC)):
        running = backlog(session, SYSTEM, DeskFilters(span), LONDON, Step.WEEK)
    assert [d.day.day for d in running] == [15, 22]


def test_only_what_is_looked_at_is_asked_for(session: Session) -> None:
    tickets, now = live(session, 300)
    with clock.stopped(now):
        whole = desk_figures(session, SYSTEM, DeskFilters())
        assert desk_figures(session, SYSTEM, DeskFilters(), []) == {("", ""): whole["", ""]}
        agents = desk_figures(session, SYSTEM, DeskFilters(), ["agent"])
    assert agents == {place: s for place, s in whole.items() if place[0] in ("", "agent")}
    assert len(agents) > 1
    assert len(tickets) == whole["", ""].figures.opened


def test_periods_of_more_than_a_year() -> None:
    """R-AN-04: 400 days are shown, 401 are refused; a long period begins with weeks, a short one has days alone."""
    noon = datetime(2026, 3, 10, 10, tzinfo=UTC)
    with clock.stopped(noon):
        dates = {"from": "2025-01-01", "to": "2026-02-04"}
        long = desk_period("dates", dates, LONDON)
        assert (long.span.end - long.span.start, long.is_running) == (timedelta(days=400), False)
        with pytest.raises(InvalidInput, match=r"^Choose at most 400 days for these figures\.$"):
            desk_period("dates", {**dates, "to": "2026-02-05"}, LONDON)
        year = desk_period("12-months", {}, LONDON)
        assert year.days(LONDON) == {"from": "2025-03-01", "to": "2026-02-28"}
        assert steps_of(year.span) == [Step.WEEK, Step.MONTH, Step.DAY]
        assert steps_of(desk_period("past-7", {}, LONDON).span) == [Step.DAY]
        assert desk_period("this-year", {}, LONDON).is_running


def test_nothing_has_no_mean(session: Session, noon: datetime) -> None:
    """R-AN-01: a zero base is None, never zero."""
    figures = desk_figures(session, SYSTEM, DeskFilters(Span(noon, noon + timedelta(days=1))))["", ""].figures
    assert figures == DeskFigures()
    assert (figures.satisfaction, figures.first_median) == (None, None)
    assert DeskFigures(rated=3, stars=10).satisfaction == pytest.approx(mean([3, 3, 4]))


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER])
def test_figures_of_the_desk_are_for_staff(session: Session, noon: datetime, role: Role) -> None:
    """R-USR-01"""
    actor = make.make_actor(session, role)
    for read in (
        lambda: desk_figures(session, actor, DeskFilters()),
        lambda: backlog(session, actor, DeskFilters(), LONDON),
        lambda: count_backlog(session, actor, DeskFilters()),
    ):
        with pytest.raises(NotPermitted):
            read()


def test_an_address_that_names_no_figure(session: Session) -> None:
    with pytest.raises(InvalidInput, match=r"^“profit” is none of the figures: opened,"):
        desk_filters({"of": "profit"}, LONDON)
    filters = desk_filters({"of": "backlog", "day": "2026-03-29", "agent": "nobody"}, LONDON)
    assert (filters.at, filters.agent) == (datetime(2026, 3, 29, 23, tzinfo=ZoneInfo("UTC")), "nobody")
