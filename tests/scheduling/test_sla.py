"""R-SLA: business time, clocks that pause, and the explanation of each minute, with frozen clocks over DST."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avenrae.enums import TicketStatus
from avenrae.scheduling.business_hours import DeskHours
from avenrae.scheduling.hours import Rule
from avenrae.scheduling.sla import Event, Happening, Targets, clocks

BERLIN = DeskHours(ZoneInfo("Europe/Berlin"), tuple(Rule(time(9), time(17), weekday=d) for d in range(5)))
ALWAYS = DeskHours(ZoneInfo("Europe/Berlin"), tuple(Rule(time(0), time(0), weekday=d) for d in range(7)))
PROMISES = Targets(timedelta(minutes=60), timedelta(minutes=180), timedelta(minutes=240))
MINUTE = timedelta(minutes=1)


def utc(day: int, hour: int, minute: int = 0, month: int = 3, year: int = 2013) -> datetime:
    """An instant of March 2013, in which the 21st is a Thursday."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


OPENED = Event(utc(21, 9, 30), Happening.OPENED)


def status(at: datetime, word: TicketStatus) -> Event:
    """The ticket's status became this one."""
    return Event(at, Happening.STATUS, word)


def test_due_times_of_the_rule() -> None:
    """R-SLA-01: Berlin Mon–Fri 9–17, created 09:30Z with 60/180/240 minutes → 10:30Z, 12:30Z, 13:30Z."""
    found = clocks([OPENED], PROMISES, BERLIN, utc(21, 9, 40))
    assert found.first_response
    assert found.resolution
    assert [c.due_at for c in (found.first_response, *found.updates, found.resolution)] == [
        utc(21, 10, 30),
        utc(21, 12, 30),
        utc(21, 13, 30),
    ]
    assert found.due_next() == utc(21, 10, 30)
    assert found.first_response.used == 10 * MINUTE


def test_business_time_goes_over_the_night() -> None:
    """R-SLA-02: Mon 9–17, Tue 10–16: Monday 16:30 + 1 h → Tuesday 10:30."""
    johannesburg = ZoneInfo("Africa/Johannesburg")
    desk = DeskHours(johannesburg, (Rule(time(9), time(17), weekday=0), Rule(time(10), time(16), weekday=1)))
    known = desk.between(date(2026, 3, 16), date(2026, 3, 31))
    monday = datetime(2026, 3, 16, 16, 30, tzinfo=johannesburg)
    assert known.after(monday, timedelta(hours=1)) == datetime(2026, 3, 17, 10, 30, tzinfo=johannesburg)
    assert known.after(monday, timedelta(minutes=30)) == datetime(2026, 3, 16, 17, 0, tzinfo=johannesburg)
    assert known.within(monday, datetime(2026, 3, 24, 12, 0, tzinfo=johannesburg)) == timedelta(hours=0.5 + 6 + 8 + 2)


def test_the_clock_stops_while_waiting_and_a_reply_starts_it_again() -> None:
    """R-SLA-02."""
    history = [OPENED, status(utc(21, 10), TicketStatus.WAITING)]
    standing = clocks(history, PROMISES, BERLIN, utc(22, 15))
    assert standing.resolution
    assert (standing.resolution.due_at, standing.resolution.used) == (None, 30 * MINUTE)
    assert standing.due_next() is None
    history.append(Event(utc(22, 9), Happening.CLIENT_WROTE))
    running = clocks(history, PROMISES, BERLIN, utc(22, 9, 30))
    assert running.resolution
    assert (running.resolution.due_at, running.resolution.used) == (utc(22, 12, 30), 60 * MINUTE)


def test_it_stops_while_resolved_and_reopening_starts_no_new_first_response() -> None:
    """R-SLA-02, R-SLA-03: reopened after a day, two of the four hours are still there."""
    history = [
        OPENED,
        Event(utc(21, 10), Happening.STAFF_REPLIED),
        status(utc(21, 11, 30), TicketStatus.RESOLVED),
    ]
    resolved = clocks(history, PROMISES, BERLIN, utc(22, 12))
    assert resolved.resolution
    assert (resolved.resolution.ended_at, resolved.resolution.due_at) == (utc(21, 11, 30), utc(21, 13, 30))
    assert not resolved.resolution.is_late(utc(25, 12))
    history += [Event(utc(22, 13), Happening.CLIENT_WROTE), status(utc(22, 13), TicketStatus.OPEN)]
    again = clocks(history, PROMISES, BERLIN, utc(22, 13))
    assert again.first_response
    assert again.resolution
    assert again.first_response.ended_at == utc(21, 10)
    assert (again.resolution.ended_at, again.resolution.due_at) == (None, utc(22, 15))
    assert [(c.started_at, c.due_at) for c in again.updates if c.ended_at is None] == [(utc(22, 13), utc(22, 16))]


def test_further_messages_do_not_move_the_update_clock() -> None:
    """R-SLA-03: it starts at the client's first unanswered message."""
    history = [
        OPENED,
        Event(utc(21, 9, 45), Happening.CLIENT_WROTE),
        Event(utc(21, 10), Happening.STAFF_REPLIED),
        Event(utc(21, 11), Happening.CLIENT_WROTE),
        Event(utc(21, 11, 50), Happening.CLIENT_WROTE),
    ]
    found = clocks(history, PROMISES, BERLIN, utc(21, 12))
    assert [(c.started_at, c.ended_at, c.due_at) for c in found.updates] == [
        (utc(21, 9, 30), utc(21, 10), utc(21, 12, 30)),
        (utc(21, 11), None, utc(21, 14)),
    ]


def test_a_late_answer_is_late_for_ever() -> None:
    history = [OPENED, Event(utc(21, 10, 31), Happening.STAFF_REPLIED)]
    found = clocks(history, PROMISES, BERLIN, utc(25, 9)).first_response
    assert found
    assert found.is_late(utc(25, 9))
    assert found.left == -MINUTE


def test_an_answer_at_the_last_instant_is_in_time() -> None:
    found = clocks([OPENED, Event(utc(21, 10, 30), Happening.STAFF_REPLIED)], PROMISES, BERLIN, utc(25, 9))
    assert found.first_response
    assert not found.first_response.is_late(utc(25, 9))


def test_each_minute_says_whether_it_counted_and_why() -> None:
    """R-SLA-05: opened on Thursday afternoon, waiting for a while, over a holiday and a weekend."""
    desk = DeskHours(BERLIN.zone, BERLIN.weekly, {date(2013, 3, 22): "Good Friday"})
    history = [
        Event(utc(21, 15), Happening.OPENED),
        status(utc(21, 15, 20), TicketStatus.WAITING),
        Event(utc(21, 15, 40), Happening.CLIENT_WROTE),
    ]
    found = clocks(history, Targets(resolution=timedelta(hours=2)), desk, utc(25, 9)).resolution
    assert found
    assert [(s.start, s.end, s.counted, s.why) for s in found.stretches] == [
        (utc(21, 15), utc(21, 15, 20), True, "business hours"),
        (utc(21, 15, 20), utc(21, 15, 40), False, "waiting on the client"),
        (utc(21, 15, 40), utc(21, 16), True, "business hours"),
        (utc(21, 16), utc(21, 23), False, "outside business hours"),
        (utc(21, 23), utc(22, 23), False, "holiday: Good Friday"),
        (utc(22, 23), utc(25, 8), False, "outside business hours"),
        (utc(25, 8), utc(25, 9), True, "business hours"),
    ]
    assert found.due_at == utc(25, 9, 20)


def test_a_desk_that_never_closes_has_days_of_23_and_25_hours() -> None:
    """The clocks go forward in Berlin on 2013-03-31 and back on 2013-10-27."""
    spring = ALWAYS.between(date(2013, 3, 30), date(2013, 4, 2))
    day = [datetime(2013, 3, d, tzinfo=ALWAYS.zone) for d in (31,)] + [datetime(2013, 4, 1, tzinfo=ALWAYS.zone)]
    assert spring.within(*(d.astimezone(UTC) for d in day)) == timedelta(hours=23)
    autumn = ALWAYS.between(date(2013, 10, 26), date(2013, 10, 29))
    ends = datetime(2013, 10, 27, tzinfo=ALWAYS.zone), datetime(2013, 10, 28, tzinfo=ALWAYS.zone)
    assert autumn.within(*(d.astimezone(UTC) for d in ends)) == timedelta(hours=25)


def test_a_policy_that_promises_nothing_has_no_clocks() -> None:
    assert clocks([OPENED], Targets(), BERLIN, utc(22, 9)).all == ()


@pytest.mark.parametrize("at", [utc(21, 9, 30), utc(24, 3), utc(21, 16)])
def test_a_desk_without_hours_is_never_late(at: datetime) -> None:
    closed = DeskHours(BERLIN.zone, ())
    found = clocks([Event(at, Happening.OPENED)], PROMISES, closed, utc(28, 9))
    assert [(c.due_at, c.is_late(utc(28, 9))) for c in found.all] == [(None, False)] * 3


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """A ticket's life over two weeks in which the clocks change."""
    at = utc(20, 0) + MINUTE * draw(st.integers(0, 2000))
    events = [Event(at, Happening.OPENED)]
    for _ in range(draw(st.integers(0, 8))):
        at += MINUTE * draw(st.integers(0, 1500))
        what = draw(st.sampled_from([Happening.CLIENT_WROTE, Happening.STAFF_REPLIED, Happening.STATUS]))
        word = draw(st.sampled_from(list(TicketStatus))) if what is Happening.STATUS else None
        events.append(Event(at, what, word))
    return events


@given(histories(), st.sampled_from([BERLIN, ALWAYS]), st.integers(0, 4000))
def test_the_explanation_adds_up(history: list[Event], desk: DeskHours, later: int) -> None:
    """R-SLA-05: stretches follow one another without a gap, those that count sum to the time used."""
    now = history[-1].at + MINUTE * later
    for clock in clocks(history, PROMISES, desk, now).all:
        counted = sum((s.end - s.start for s in clock.stretches if s.counted), timedelta())
        assert counted == clock.used
        assert all(a.end == b.start for a, b in zip(clock.stretches, clock.stretches[1:], strict=False))
        if clock.stretches:
            assert clock.stretches[0].start == clock.started_at
            assert clock.stretches[-1].end == (clock.ended_at or now)
        if clock.due_at is not None and clock.due_at <= (clock.ended_at or now):
            assert clock.used >= clock.target


@given(histories(), st.integers(0, 4000))
def test_due_is_when_the_time_left_is_over(history: list[Event], later: int) -> None:
    """A clock that runs on is due exactly when its business time has been used."""
    now = history[-1].at + MINUTE * later
    for clock in clocks(history, PROMISES, BERLIN, now).all:
        if clock.ended_at is None and clock.due_at is not None and clock.due_at > now:
            then = next(
                c
                for c in clocks(history, PROMISES, BERLIN, clock.due_at).all
                if (c.name, c.started_at) == (clock.name, clock.started_at)
            )
            assert then.left == timedelta()
