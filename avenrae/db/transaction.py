"""The one transaction of a click, the read of a page, and the only commit in the program."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session

from avenrae.db.engine import engine, reads
from avenrae.db.refusals import refusal
from avenrae.permissions import Actor

_idle = threading.Condition()
_writing = 0

_WHO = text(
    "SELECT set_config('avenrae.actor_id', :id, true), set_config('avenrae.actor_name', :name, true),"
    " set_config('avenrae.action', :action, true), set_config('avenrae.request', :request, true)"
)

_IS = text(
    "SELECT current_setting('avenrae.actor_id', true) AS id, current_setting('avenrae.actor_name', true) AS name,"
    " current_setting('avenrae.action', true) AS action, current_setting('avenrae.request', true) AS request"
)


@contextmanager
def transaction(actor: Actor, action: str, request: str = "") -> Iterator[Session]:
    """Open the one transaction of a write: committed at the end of the block, rolled back on any error.

    The actor and the action (the service's name) are set in it, from where the audit triggers take them.

    Raises:
        AvenraeError: The database refused or was busy; says so in a sentence.
    """
    global _writing
    with _idle:
        _writing += 1
    try:
        with _in_sentences(), Session(engine(), expire_on_commit=False) as session:
            _say_who(session, actor, action, request or new_reference())
            yield session
            session.commit()
    finally:
        with _idle:
            _writing -= 1
            _idle.notify_all()


@contextmanager
def read_session() -> Iterator[Session]:
    """Open a session for reading: no transaction, each query sees what is committed.

    Raises:
        AvenraeError: The database is busy or away; says so in a sentence.
    """
    with _in_sentences(), Session(reads(), autoflush=False) as session:
        yield session


@contextmanager
def read_in_transaction() -> Iterator[Session]:
    """Open a session for a long read through a cursor, which needs a transaction; it changes nothing.

    Raises:
        AvenraeError: The database is busy or away; says so in a sentence.
    """
    with _in_sentences(), Session(engine(), autoflush=False) as session:
        session.execute(text("SET TRANSACTION READ ONLY"))
        yield session


def wait_until_written(seconds: float) -> bool:
    """Wait for the writes under way before the process ends; returns whether all of them finished."""
    with _idle:
        return _idle.wait_for(lambda: _writing == 0, seconds)


def new_reference() -> str:
    """Return the short name under which a request is found in the log and the audit trail, like `K7QX-2M9D`."""
    letters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
    drawn = "".join(secrets.choice(letters) for _ in range(8))
    return f"{drawn[:4]}-{drawn[4:]}"


@contextmanager
def _in_sentences() -> Iterator[None]:
    try:
        yield
    except Exception as e:
        sentence = refusal(e)
        if sentence is None:
            raise
        raise type(sentence)(sentence.message) from e


@contextmanager
def acting_as(session: Session, actor: Actor, action: str) -> Iterator[None]:
    """Let the trail say that somebody else does what follows within a transaction, such as the console by itself.

    What one client's click causes for another client must not name the one to the other. On an error the
    savepoint around it takes this back too.
    """
    before = session.execute(_IS).one()
    session.flush()
    _say_who(session, actor, action, before.request)
    yield
    session.flush()
    session.execute(_WHO, before._asdict())


def _say_who(session: Session, actor: Actor, action: str, request: str) -> None:
    who = {
        "id": str(actor.user_id or ""),
        "name": f"{actor.name} ({actor.role.value})" if actor.user_id else actor.name,
        "action": action,
        "request": request,
    }
    session.execute(_WHO, who)
