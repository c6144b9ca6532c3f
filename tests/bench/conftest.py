"""Two worlds a run, made once: the demo world for pages, one of 100 000 bookings for the plans of queries."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from streamlit.testing.v1 import AppTest

from avenrae.db import engine as db
from avenrae.db.migrate import migrate
from avenrae.demo.world import load_world
from avenrae.enums import Role
from avenrae.models import User
from bench.world import Size, fill
from tests.conftest import create_database, drop_database
from tests.pages.conftest import sign_in

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = Size(users=17_000, staff=30, practitioners=1_000, bookings=100_000, orders=33_000, products=10_000)


@dataclass
class Heard:
    """The statements that were sent while somebody listened, with their parameters."""

    statements: list[tuple[str, Any]] = field(default_factory=list)


@contextmanager
def listening(engine: Engine) -> Iterator[Heard]:
    """Write down every statement that an engine sends."""
    heard = Heard()

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        heard.statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture(scope="session")
def demo_url(server_url: str) -> Iterator[str]:
    """The address of a database with the demo world in it."""
    name = f"avenrae_guard_demo_{os.getpid()}"
    url = create_database(server_url, name)
    db.use(url)
    migrate(db.engine())
    load_world()
    db.engine().dispose()
    yield url
    drop_database(server_url, name)


@pytest.fixture
def demo(demo_url: str) -> Iterator[Engine]:
    """The demo world as the database of this process."""
    db.use(demo_url)
    yield db.engine()
    db.engine().dispose()


@pytest.fixture
def ask(demo: Engine) -> Callable[[str], Any]:
    """Answers a query of the demo world with one value; what it changes stays."""

    def answer(query: str) -> Any:
        with demo.begin() as connection:
            return connection.execute(text(query)).scalar_one()

    return answer


@pytest.fixture
def queries_of(demo: Engine) -> Callable[..., list[str]]:
    """Opens a page as the demo account of a role and returns the statements that its second run sent."""

    def open_page(role: Role, script: str, **params: str) -> list[str]:
        with Session(demo, expire_on_commit=False) as session:
            user = (
                session.query(User).filter(User.role == role, User.password_hash.is_not(None)).order_by(User.id).first()
            )
            session.execute(text("DELETE FROM sessions"))
            sid = sign_in(session, user)
            session.commit()
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
        app.user = {"sid": sid}
        app.run()
        if script != "office/home":
            app.switch_page(f"pages/{script}.py")
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
        with listening(demo) as heard:
            app.run()
        assert not app.exception
        assert [e.value for e in app.error] == []
        return [statement for statement, _ in heard.statements]

    return open_page


@pytest.fixture(scope="session")
def crowded_url(server_url: str) -> Iterator[str]:
    """The address of a world of 100 000 bookings."""
    name = f"avenrae_guard_crowded_{os.getpid()}"
    url = create_database(server_url, name)
    engine = db.make_engine(url)
    migrate(engine)
    engine.dispose()
    fill(url, SMALL, say=lambda sentence: None)
    yield url
    drop_database(server_url, name)


@pytest.fixture
def crowded(crowded_url: str) -> Iterator[Engine]:
    """The world of 100 000 bookings as the database of this process."""
    db.use(crowded_url)
    yield db.engine()
    db.engine().dispose()
