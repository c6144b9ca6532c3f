"""The availability page and a practitioner's home, tab by tab and reader by reader."""

from datetime import time, timedelta

import pytest
from sqlalchemy import select

from avenrae import clock
from avenrae.db.transaction import transaction
from avenrae.enums import BookingStatus, Role
from avenrae.models import AvailabilityRule, Practitioner, User
from avenrae.services.availability import add_override, block_days, set_week
from avenrae.services.busy_calendars import add_busy_calendar, note_unread
from tests import make
from tests.pages.conftest import SYSTEM, sign_in
from tests.scheduling.test_busy import ics

TABS = ["Week", "Dates", "Time away", "Calendars", "Booking terms", "Next four weeks"]


@pytest.fixture
def owner(people) -> Practitioner:
    """The signed-in practitioner, with a date, a blocked day and two calendars, one of which could not be read."""
    with transaction(SYSTEM, "prepare") as session:
        found = session.scalars(select(Practitioner)).first()
        found.country_code = "ZA"
        day = clock.now().date() + timedelta(days=10)
        add_override(session, SYSTEM, found.id, on_date=day, note="Market *day*")
        block_days(session, SYSTEM, found.id, days={day + timedelta(days=1): "Leave"})
        start = clock.now() + timedelta(days=2)
        content = ics(f"DTSTART:{start:%Y%m%dT%H%M%SZ}\nDURATION:PT1H", "DTSTART;TZID=Nowhere:20260320T090000")
        add_busy_calendar(session, SYSTEM, found.id, name="Family", content=content)
        read = add_busy_calendar(
            session, SYSTEM, found.id, name="Studio", content=content, url="https://x.example/s3cret"
        )
        note_unread(session, SYSTEM, found.id, read.id, why="The calendar's server answers with 404.")
        return found


def written(app) -> str:
    return "\n".join(str(e.value) for kind in ("markdown", "caption", "html") for e in getattr(app, kind, []))


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.ADMIN, Role.SUPPORT])
def test_every_tab_opens(console, people, owner, role: Role) -> None:
    """R-USR-01: support reads, and has no button that writes; an address of a calendar is on no screen."""
    app = console(people[role], "care/availability", practitioner=str(owner.id))
    for tab in TABS:
        app.query_params["show"] = tab
        app.run()
        assert not app.exception
        assert [e.value for e in app.error] == []
        text, writes = written(app), {b.label for b in app.button} - {"Sign out", "Why is a time not offered…"}
        assert (writes == set()) is (role is Role.SUPPORT)
        assert "s3cret" not in text
        if tab == "Calendars":
            assert all(word in text for word in ("Family", "x.example", "answers with 404", "1 busy time until"))
            assert ("Make a private address…" in writes) is (role is Role.PRACTITIONER)
        if tab == "Time away":
            assert "Good Friday" in text
            assert ("Block this day" in writes) is (role is not Role.SUPPORT)


def test_a_link_leads_to_what_it_is_about(console, people, owner) -> None:
    """R-BOOK-13: the entry that a reason named is marked."""
    day = (clock.now().date() + timedelta(days=10)).isoformat()
    app = console(people[Role.PRACTITIONER], "care/availability", show="Dates", entry=day)
    assert "This one" in written(app)
    app = console(people[Role.PRACTITIONER], "care/availability", show="Dates", entry="<b>none</b>")
    assert not app.exception
    assert "This one" not in written(app)


def test_the_day_at_home(console, people, owner, noon) -> None:
    """What is now, what comes next and how soon, with what can be done about each; a gap that is long enough."""
    with transaction(SYSTEM, "prepare") as session:
        client = make.make_client(session, user={"first_name": "Ana", "last_name": "[x](y)"})
        for minutes, status in ((-90, "completed"), (-30, "confirmed"), (45, "confirmed"), (180, "pending")):
            start = noon + timedelta(minutes=minutes)
            make.make_booking(session, practitioner=session.merge(owner), client=client, starts_at=start, status=status)
    app = console(people[Role.PRACTITIONER])
    assert not app.exception
    text = written(app)
    assert "**Next free gap: today, 14:45–16:00 SAST.**" not in text
    assert "**Next free gap: today, 13:45–15:00 SAST.** Next session: 12:45 with Ana" in text
    assert ":green-badge[Now]" in text
    assert text.count("In 45 minutes") == 1
    assert "\\[x\\]" in text
    labels = [b.label for b in app.button]
    assert (labels.count("Complete…"), labels.count("Confirm"), labels.count("Decline…")) == (1, 2, 2)


def test_a_day_without_sessions_says_when_the_next_one_is(console, people, owner, noon) -> None:
    with transaction(SYSTEM, "prepare") as session:
        client = make.make_client(session, user={"first_name": "Ana", "last_name": "Silva"})
        make.make_booking(
            session,
            practitioner=session.merge(owner),
            client=client,
            starts_at=noon + timedelta(days=3),
            status=BookingStatus.CONFIRMED,
        )
    text = written(console(people[Role.PRACTITIONER]))
    assert "**Free now, until" in text
    assert "No sessions today. The next one is on Thu 19 Mar 2026, 12:00 SAST with Ana Silva." in text


def test_support_has_no_practitioners_day(console, people) -> None:
    assert "free gap" not in written(console(people[Role.SUPPORT]))


@pytest.mark.parametrize(
    ("weekday", "change"),
    [(5, "<span><u>09:00–12:00</u></span><i>was closed</i>"), (0, "No day of them changes")],
)
def test_repeating_hours_are_previewed_before_they_are_saved(console, people, noon, weekday: int, change: str) -> None:
    """The first Saturday is new; the first Monday lies within the week's hours."""
    with transaction(SYSTEM, "prepare") as session:
        owner = session.scalars(select(Practitioner)).one()
        session.query(AvailabilityRule).filter_by(practitioner_id=owner.id).delete()
        set_week(session, SYSTEM, owner.id, [(0, time(9), time(17))])
    app = console(people[Role.PRACTITIONER], "care/availability")
    next(b for b in app.button if b.label == "Add repeating hours…").click().run()
    app.selectbox(key="rep:weekday").set_value(weekday)
    next(b for b in app.button if b.label == "Add repeating hours…").click().run()
    assert not app.exception
    text = written(app) + "\n".join(i.value for i in app.info)
    assert "A frame marks the days that change." in text
    assert change in text


def test_another_practitioner_is_not_shown(console, people, owner) -> None:
    """R-USR-01: the address of somebody else's availability is a sentence."""
    with transaction(SYSTEM, "prepare") as session:
        other = make.make_practitioner(session)
        sid = sign_in(session, session.get_one(User, other.user_id))
    app = console(sid, "care/availability", practitioner=str(owner.id))
    assert "Market" not in written(app)
    assert len(app.error) + len(app.info) + len(app.warning) >= 1
