"""Calendars elsewhere, read again in the background from a real server on this machine."""

import logging
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from avenrae import clock
from avenrae.db import engine as db
from avenrae.db.transaction import read_session, transaction
from avenrae.jobs.calendars import read_due_calendars
from avenrae.queries.busy_calendars import list_busy_calendars
from avenrae.services.busy_calendars import add_busy_calendar
from avenrae.settings import settings
from tests import make
from tests.integrations.test_web_calendars import HERE, serving, with_
from tests.jobs.conftest import SYSTEM
from tests.scheduling.test_busy import ics

OLD = ics("UID:1\nDTSTART:20260317T100000Z\nDURATION:PT1H")
NEW = ics("UID:1\nDTSTART:20260318T100000Z\nDURATION:PT1H", "UID:2\nDTSTART:20260319T100000Z\nDURATION:PT1H")
GONE = "There is no calendar any more: copy its address anew."


@pytest.fixture(autouse=True)
def outbound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "outbound", True)


def rows(practitioner_id) -> dict[str, tuple[int, str]]:
    with read_session() as session:
        return {c.name: (c.times, c.last_error) for c in list_busy_calendars(session, SYSTEM, practitioner_id)}


def test_each_is_read_by_itself(database: str, noon: datetime, caplog: pytest.LogCaptureFixture) -> None:
    """One that fails never stops the others: what it said before counts on, its error is told, its address is not."""
    caplog.set_level(logging.INFO, logger="avenrae")
    with serving(with_(body=NEW)) as good, serving(with_(404, b"gone")) as bad, serving(with_(body=b"<html>")) as ugly:
        with transaction(SYSTEM, "prepare") as session:
            p = make.make_practitioner(session).id
            for name, server in (("Good", good), ("Bad", bad), ("Ugly", ugly)):
                url = f"http://127.0.0.1:{server.server_port}/hush-hush/{name}.ics"
                add_busy_calendar(session, SYSTEM, p, name=name, content=OLD, url=url)
            add_busy_calendar(session, SYSTEM, p, name="File", content=OLD)
        assert read_due_calendars(SYSTEM, allowed=HERE) == 0
        assert [len(s.asked) for s in (good, bad, ugly)] == [0, 0, 0]
        with clock.stopped(noon + timedelta(hours=1)):
            assert read_due_calendars(SYSTEM, allowed=HERE) == 1
            assert read_due_calendars(SYSTEM, allowed=HERE) == 0
            assert rows(p) == {
                "Bad": (
                    1,
                    "The calendar's server answers with 404. There is no calendar any more: copy its address anew.",
                ),
                "File": (1, ""),
                "Good": (2, ""),
                "Ugly": (1, "This is no calendar: an .ics file begins with BEGIN:VCALENDAR."),
            }
        assert [len(s.asked) for s in (good, bad, ugly)] == [1, 1, 1]
    assert "calendars read: 1 of 3" in caplog.text
    assert "hush-hush" not in caplog.text
    with db.engine().connect() as connection:
        trail = connection.execute(text("SELECT string_agg(a::text, ' ') FROM audit_entries a")).scalar_one()
    assert "hush-hush" not in trail


def test_nothing_is_read_inside_or_where_it_is_switched_off(
    database: str, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the tests' allowance this machine is a private network like any other."""
    with serving(with_(body=NEW)) as server:
        with transaction(SYSTEM, "prepare") as session:
            p = make.make_practitioner(session).id
            url = f"http://localhost:{server.server_port}/a.ics"
            add_busy_calendar(session, SYSTEM, p, name="Inside", content=OLD, url=url)
        with clock.stopped(noon + timedelta(hours=1)):
            assert read_due_calendars(SYSTEM) == 0
            assert rows(p) == {
                "Inside": (1, "This address leads into a private network, where nothing is fetched from.")
            }
        monkeypatch.setattr(settings(), "outbound", False)
        with clock.stopped(noon + timedelta(hours=2)):
            assert read_due_calendars(SYSTEM, allowed=HERE) == 0
            assert "fetches nothing from the internet" in rows(p)["Inside"][1]
        assert server.asked == []
