"""One console with the demo world and one browser for the whole folder; a browser window for each person."""

import os
import re
import signal
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, text

from avenrae.db import engine as db
from avenrae.db.engine import make_engine
from avenrae.db.transaction import transaction
from avenrae.demo.world import DEMO_ACCOUNTS
from avenrae.enums import Role
from avenrae.permissions import Actor
from tests.browser.chromium import Person, Watch, close, launch, no_fault
from tests.conftest import create_database, drop_database
from tests.process.console import Console

SYSTEM = Actor.system("Browser test")
_FAULT = re.compile(r"^.* failed, reference .*\n(?:Traceback[^\n]*\n(?:(?: .*)?\n)*\S.*\n)?", re.MULTILINE)


class Serving:
    """The console that the tests drive; it can be started anew on its port."""

    def __init__(self, database: str) -> None:
        self.database = database
        self._left = ""
        self.console = Console(DATABASE_URL=database)
        try:
            self.console.wait_until_ready()
        except BaseException:
            self.console.stop()
            raise
        self.url = self.console.url

    def stop(self) -> None:
        """Stop it as a service manager does."""
        self.console.stop(signal.SIGTERM)
        self._left += self.console.news()

    def faults(self) -> list[str]:
        """Return what the console printed about faults of its own since this was last asked."""
        printed, self._left = self._left + self.console.news(), ""
        return _FAULT.findall(printed)

    def start(self) -> None:
        """Start it again where it was."""
        self.console = Console(DATABASE_URL=self.database, AVENRAE_PORT=self.console.port)
        self.console.wait_until_ready()


class World:
    """The database behind the console, for what a test prepares and what it finds afterwards."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine: Engine = make_engine(url, pool_size=2)

    def value(self, question: str, **params: Any) -> Any:
        """Return the one value that a question has."""
        with self._engine.connect() as connection:
            return connection.execute(text(question), params).scalar()

    def row(self, question: str, **params: Any) -> Any:
        """Return the first row that a question has."""
        with self._engine.connect() as connection:
            return connection.execute(text(question), params).one()

    def rows(self, question: str, **params: Any) -> list[Any]:
        """Return the rows that a question has."""
        with self._engine.connect() as connection:
            return list(connection.execute(text(question), params).all())

    def change(self, statement: str, **params: Any) -> None:
        """Change something past the services."""
        with self._engine.begin() as connection:
            connection.execute(text(statement), params)

    def do(self, service: Callable[..., Any], *args: Any, actor: Actor = SYSTEM, **kwargs: Any) -> Any:
        """Run a service in a transaction of its own, as another process would."""
        db.use(self.url)
        try:
            with transaction(actor, service.__name__) as session:
                return service(session, actor, *args, **kwargs)
        finally:
            db.engine().dispose()

    def user(self, role: Role) -> uuid.UUID:
        """Return the id of a demo account."""
        found: uuid.UUID = self.value("SELECT id FROM users WHERE email = :email", email=DEMO_ACCOUNTS[role])
        return found

    def client(self) -> Actor:
        """Return the demo client as an actor."""
        row = self.row(
            "SELECT u.id AS user_id, c.id FROM users u JOIN clients c ON c.user_id = u.id WHERE u.email = :email",
            email=DEMO_ACCOUNTS[Role.CLIENT],
        )
        return Actor(row.user_id, Role.CLIENT, "Demo client", client_id=row.id)

    def audited(self, action: str, row_id: Any) -> int:
        """Return how often an action touched a row, as the audit trail has it."""
        found: int = self.value(
            "SELECT count(*) FROM audit_entries WHERE action = :action AND row_id = :row",
            action=action,
            row=str(row_id),
        )
        return found

    def dispose(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()


@pytest.fixture(scope="session")
def serving(server_url: str) -> Iterator[Serving]:
    """The console with the demo world, on a database of its own."""
    name = f"avenrae_browser_{os.getpid()}"
    started = Serving(create_database(server_url, name))
    try:
        yield started
    finally:
        started.stop()
        drop_database(server_url, name)


@pytest.fixture(scope="session")
def world(serving: Serving) -> Iterator[World]:
    """The database behind the console."""
    found = World(serving.database)
    yield found
    found.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The one browser of the run."""
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture
def watch(serving: Serving) -> Iterator[Watch]:
    """Errors in the browser, requests to elsewhere and faults of the console; a test that leaves one fails."""
    kept = Watch()
    serving.faults()
    yield kept
    kept.problems += serving.faults()
    assert kept.left() == []


@pytest.fixture(scope="session")
def cookies() -> dict[Role, list[Any]]:
    """The cookies of those who signed in before, so that each role does it once."""
    return {}


@pytest.fixture
def person(
    browser: Browser, serving: Serving, watch: Watch, cookies: dict[Role, list[Any]], world: World
) -> Iterator[Callable[..., Person]]:
    """Make people: `person(Role.ADMIN)` is signed in, `person()` is nobody yet; `fresh` signs in for itself."""
    windows = []

    def make(role: Role | None = None, *, fresh: bool = False, width: int = 1280, height: int = 900) -> Person:
        context = browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", accept_downloads=True
        )
        windows.append(context)
        watch.over(context)
        made = Person(context, serving.url, watch)
        if role is None:
            return made
        if fresh or role not in cookies:
            made.page.goto(f"{serving.url}/sign-in?next=/healthz")
            made.sign_in(role)
            made.page.wait_for_url("**/healthz")
            if not fresh:
                cookies[role] = context.cookies()
        else:
            context.add_cookies(cookies[role])
        return made

    yield make
    try:
        for window in windows:
            for page in window.pages:
                if "/_stcore" not in page.url and page.get_by_test_id("stMain").count():
                    no_fault(page)
    finally:
        for window in windows:
            close(window)
