"""When a notice's mail goes out: exact at quiet hours' ends and over changes of the clocks, for random wishes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avenrae.enums import MailRoute, NoticeChannel, NoticeChoice, NoticeKind
from avenrae.scheduling.delivery import LONGEST_QUIET, Plan, Quiet, Reader, is_shown, next_digest, plan_mail, quiet_end
from tests.scheduling.test_slots_hold_everywhere import CHANGES

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NIGHT = Quiet(time(22), time(7))
EMAIL = NoticeChannel.EMAIL


def reader(zone: str = "Africa/Johannesburg", quiet: Quiet | None = NIGHT, hour: int = 8, **choices) -> Reader:
    """Somebody who sleeps from ten to seven and reads his digest at eight; choices of mails by kind."""
    wanted = {(NoticeKind(kind), EMAIL): NoticeChoice(choice) for kind, choice in choices.items()}
    return Reader(ZoneInfo(zone), time(hour), quiet, wanted)


def at(text: str) -> datetime:
    """An instant as ISO 8601 writes it."""
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-16T21:59:59.999999+02:00", None),
        ("2026-03-16T22:00+02:00", "2026-03-17T07:00+02:00"),
        ("2026-03-17T00:00+02:00", "2026-03-17T07:00+02:00"),
        ("2026-03-17T06:59:59.999999+02:00", "2026-03-17T07:00+02:00"),
        ("2026-03-17T07:00+02:00", None),
    ],
)
def test_quiet_hours_hold_to_the_second(now: str, due: str | None) -> None:
    """R-NOT-01: quiet hours delay a mail until they end, across midnight."""
    route = MailRoute.HELD if due else MailRoute.NOW
    assert plan_mail(NoticeKind.BOOKING, reader(), at(now)) == Plan(route, at(due) if due else None)


@pytest.mark.parametrize(
    ("zone", "quiet", "now", "due"),
    [
        # 02:00 → 03:00: the end that the clocks skip is over when they have.
        ("America/New_York", ("23:00", "02:30"), "2026-03-08T01:59-05:00", "2026-03-08T03:00-04:00"),
        ("America/New_York", ("23:00", "07:00"), "2026-03-08T01:00-05:00", "2026-03-08T07:00-04:00"),
        ("America/New_York", ("02:10", "02:50"), "2026-03-08T01:59-05:00", None),
        # 02:00 → 01:00: what the clock shows twice is quiet twice.
        ("America/New_York", ("23:00", "01:30"), "2026-11-01T01:10-04:00", "2026-11-01T01:30-04:00"),
        ("America/New_York", ("23:00", "01:30"), "2026-11-01T01:40-04:00", None),
        ("America/New_York", ("23:00", "01:30"), "2026-11-01T01:10-05:00", "2026-11-01T01:30-05:00"),
        ("America/New_York", ("23:00", "02:00"), "2026-11-01T01:30-04:00", "2026-11-01T02:00-05:00"),
        ("America/New_York", ("01:45", "07:00"), "2026-11-01T01:50-04:00", "2026-11-01T01:00-05:00"),
        ("Australia/Lord_Howe", ("23:00", "02:15"), "2026-10-04T01:59+10:30", "2026-10-04T02:30+11:00"),
        ("Africa/Cairo", ("22:00", "00:30"), "2026-04-23T23:59+02:00", "2026-04-24T01:00+03:00"),
        ("Asia/Kathmandu", ("22:00", "07:00"), "2026-03-17T06:59+05:45", "2026-03-17T07:00+05:45"),
    ],
)
def test_quiet_hours_over_changes_of_the_clocks(zone: str, quiet: tuple[str, str], now: str, due: str | None) -> None:
    """R-NOT-01: by what the reader's clock shows."""
    wishes = reader(zone, Quiet(time.fromisoformat(quiet[0]), time.fromisoformat(quiet[1])))
    assert quiet_end(wishes, at(now)) == at(due or now)


@pytest.mark.parametrize(
    ("zone", "quiet", "hour", "now", "due"),
    [
        ("Africa/Johannesburg", None, 8, "2026-03-16T07:59:59+02:00", "2026-03-16T08:00+02:00"),
        ("Africa/Johannesburg", None, 8, "2026-03-16T08:00+02:00", "2026-03-17T08:00+02:00"),
        # A digest whose hour is quiet comes when the quiet hours end.
        ("Africa/Johannesburg", NIGHT, 23, "2026-03-16T22:30+02:00", "2026-03-17T07:00+02:00"),
        ("Africa/Johannesburg", NIGHT, 23, "2026-03-16T23:30+02:00", "2026-03-17T07:00+02:00"),
        ("Africa/Johannesburg", NIGHT, 7, "2026-03-16T23:30+02:00", "2026-03-17T07:00+02:00"),
        # The day of 23 hours, the skipped hour, the skipped hour into quiet ones, the day of 25.
        ("America/New_York", None, 8, "2026-03-07T08:00-05:00", "2026-03-08T08:00-04:00"),
        ("America/New_York", None, 2, "2026-03-08T00:00-05:00", "2026-03-08T03:00-04:00"),
        ("America/New_York", Quiet(time(3), time(6)), 2, "2026-03-08T00:00-05:00", "2026-03-08T01:00-05:00"),
        ("America/Nuuk", None, 23, "2026-03-28T12:00-02:00", "2026-03-28T22:00-02:00"),
        ("America/New_York", None, 8, "2026-10-31T08:00-04:00", "2026-11-01T08:00-05:00"),
        ("America/New_York", None, 1, "2026-11-01T01:30-04:00", "2026-11-02T01:00-05:00"),
    ],
)
def test_the_next_digest(zone: str, quiet: Quiet | None, hour: int, now: str, due: str) -> None:
    """One a day at the reader's hour; R-BOOK-04 says which instant that is."""
    wishes = reader(zone, quiet, hour, review="digest")
    assert plan_mail(NoticeKind.REVIEW, wishes, at(now)) == Plan(MailRoute.DIGEST, at(due))


def test_safety_is_told_at_once_whatever_was_chosen() -> None:
    """R-NOT-01: security mails ignore quiet hours, the digest, and being switched off."""
    wishes = reader(security="off")
    wishes = Reader(
        wishes.zone,
        wishes.digest_at,
        wishes.quiet,
        {**wishes.choices, (NoticeKind.SECURITY, NoticeChannel.CONSOLE): NoticeChoice.OFF},
    )
    assert plan_mail(NoticeKind.SECURITY, wishes, at("2026-03-17T02:00+02:00")) == Plan(MailRoute.NOW)
    assert is_shown(NoticeKind.SECURITY, wishes)


@pytest.mark.parametrize(
    ("choice", "useless_at", "plan"),
    [
        ("now", "2026-03-17T07:00:01+02:00", ("held", "2026-03-17T07:00+02:00")),
        ("now", "2026-03-17T07:00+02:00", ("now", None)),
        ("digest", "2026-03-17T08:00:01+02:00", ("digest", "2026-03-17T08:00+02:00")),
        ("digest", "2026-03-17T08:00+02:00", ("held", "2026-03-17T07:00+02:00")),
        ("digest", "2026-03-17T06:00+02:00", ("now", None)),
        ("off", "2026-03-17T06:00+02:00", ("off", None)),
    ],
)
def test_what_would_come_too_late_comes_sooner(choice: str, useless_at: str, plan: tuple[str, str | None]) -> None:
    """R-NOT-01: a reminder that quiet hours would keep until it is of no use is sent in them."""
    now = at("2026-03-17T05:00+02:00")
    found = plan_mail(NoticeKind.REMINDER, reader(reminder=choice), now, useless_at=at(useless_at))
    assert found == Plan(MailRoute(plan[0]), at(plan[1]) if plan[1] else None)


def test_everything_is_told_where_nothing_was_said() -> None:
    nobody = Reader(ZoneInfo("UTC"), time(8))
    for kind in NoticeKind:
        assert plan_mail(kind, nobody, at("2026-03-17T02:00Z")) == Plan(MailRoute.NOW)
        assert is_shown(kind, nobody)


@st.composite
def quiets(draw: st.DrawFn) -> Quiet | None:
    """No quiet hours, or some of up to twenty hours that may cross midnight."""
    start, length = draw(st.integers(0, 1439)), draw(st.integers(0, int(LONGEST_QUIET / MINUTE)))
    if not length:
        return None
    return Quiet(*(time(n // 60 % 24, n % 60) for n in (start, start + length)))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Reader, datetime]:
    """Somebody's wishes, and an instant within two days of a change of his clocks."""
    zone, day = draw(st.sampled_from(CHANGES))
    start = datetime.combine(date.fromordinal(day.toordinal() - 1), time(), ZoneInfo(zone)).astimezone(UTC)
    now = start + draw(st.integers(0, 3 * 86_400)) * timedelta(seconds=1)
    choice = draw(st.sampled_from(["now", "digest"]))
    return reader(zone, draw(quiets()), draw(st.integers(0, 23)), ticket=choice), now


@given(cases())
def test_nothing_is_lost_early_or_in_quiet_hours(case: tuple[Reader, datetime]) -> None:
    """R-NOT-01: sent, never before now, never in quiet hours, within a day (25 hours where the clocks go back)."""
    wishes, now = case
    plan = plan_mail(NoticeKind.TICKET, wishes, now)
    assert plan.route in (MailRoute.NOW, MailRoute.HELD, MailRoute.DIGEST)
    due_at = plan.due_at or now
    assert now <= due_at <= now + timedelta(hours=25)
    assert not wishes.is_quiet(due_at)
    assert (due_at - now <= DAY) or wishes.zone.utcoffset(due_at) < wishes.zone.utcoffset(now)


@given(cases())
def test_a_held_mail_goes_when_it_first_may(case: tuple[Reader, datetime]) -> None:
    """R-NOT-01: every minute in between is quiet."""
    wishes, now = case
    end = quiet_end(wishes, now)
    minute = end - MINUTE
    while minute > now:
        assert wishes.is_quiet(minute)
        minute -= MINUTE


@given(cases(), st.integers(0, 48 * 60))
def test_what_is_of_no_use_later_never_comes_later(case: tuple[Reader, datetime], minutes: int) -> None:
    """R-NOT-01: what waits comes before it is of no use, and what cannot wait goes now."""
    wishes, now = case
    plan = plan_mail(NoticeKind.TICKET, wishes, now, useless_at=now + minutes * MINUTE)
    assert plan.due_at is None or plan.due_at < now + minutes * MINUTE


@given(cases())
def test_one_digest_a_day(case: tuple[Reader, datetime]) -> None:
    """Each follows the last by about a day, and nothing that is told in between waits for a later one."""
    wishes, now = case
    first = next_digest(wishes, now)
    second = next_digest(wishes, first)
    assert timedelta(hours=22) <= second - first <= timedelta(hours=26)
    assert next_digest(wishes, second - timedelta(seconds=1)) == second
