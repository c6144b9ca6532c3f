"""The one transaction: what it says when the database refuses, and how it ends."""

import threading

import pytest
from sqlalchemy import text

from avenrae.db import engine as db
from avenrae.db.refusals import SENTENCES
from avenrae.db.transaction import read_session, transaction, wait_until_written
from avenrae.errors import Conflict, TryAgain
from avenrae.models import Base
from avenrae.permissions import Actor
from avenrae.services.forms import spend_token
from tests import make

WHO = Actor.system("Test")


def test_a_refusal_is_a_sentence(database: str) -> None:
    """R-UI-02: a constraint's name becomes what the person reads; nothing of SQL does."""
    with transaction(WHO, "prepare") as session:
        make.make_user(session, email="thandi@example.org")
    with pytest.raises(Conflict) as refused, transaction(WHO, "again") as session:
        make.make_user(session, email="THANDI@example.org")
    assert str(refused.value) == "Somebody with this e-mail address exists already."


def test_every_sentence_belongs_to_a_constraint(database: str) -> None:
    """R-UI-02: a renamed constraint must not lose its sentence."""
    by_trigger = {"products_stock_by_ledger"}
    with db.engine().connect() as connection:
        names = set(connection.execute(text("SELECT conname FROM pg_constraint")).scalars())
        names |= set(connection.execute(text("SELECT indexname FROM pg_indexes")).scalars())
    assert set(SENTENCES) - names - by_trigger == set()
    assert len(Base.metadata.tables) > 30


def test_a_lock_that_is_held_is_worth_another_try(database: str) -> None:
    with transaction(WHO, "prepare") as session:
        make.make_product(session)

    def wait_for_it() -> None:
        with transaction(WHO, "waits") as session:
            session.execute(text("SET LOCAL lock_timeout = '50ms'"))
            session.execute(text("SELECT 1 FROM products FOR UPDATE"))

    with db.engine().connect() as holder:
        holder.execute(text("SELECT 1 FROM products FOR UPDATE"))
        with pytest.raises(TryAgain, match=r"^Somebody else is changing this right now\."):
            wait_for_it()


def test_the_server_goes_away_and_comes_back(database: str) -> None:
    """A write whose connection breaks says so; the next one works (R-UI-02)."""

    def lose_the_connection() -> None:
        with transaction(WHO, "breaks") as session, db.engine().connect() as other:
            pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            session.execute(text("SELECT 1"))

    with pytest.raises(TryAgain, match=r"^The database is not answering right now\."):
        lose_the_connection()
    with read_session() as session:
        assert session.execute(text("SELECT 1")).scalar() == 1


def test_a_token_is_spent_once(database: str) -> None:
    """R-UI-01: a form that arrives twice counts once, also in two transactions at the same moment."""
    results: list[bool] = []

    def send() -> None:
        with transaction(WHO, "send") as session:
            results.append(spend_token(session, "form-1"))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 7 + [True]


def test_writes_are_waited_for(database: str) -> None:
    begun, end = threading.Event(), threading.Event()

    def write() -> None:
        with transaction(WHO, "slow"):
            begun.set()
            end.wait(5)

    thread = threading.Thread(target=write)
    thread.start()
    begun.wait(5)
    assert wait_until_written(0.05) is False
    end.set()
    assert wait_until_written(5) is True
    thread.join()
