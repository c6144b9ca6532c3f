"""How a page reads and how a click writes: `load` for the one, `action` and `Form` for the other."""

import logging
import time
import uuid
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st
from sqlalchemy.orm import Session
from streamlit.errors import FragmentHandledException
from streamlit.runtime.scriptrunner import RerunException

from avenrae.db.transaction import new_reference, read_session, transaction
from avenrae.errors import AvenraeError, InvalidInput, NotSignedIn
from avenrae.permissions import Actor
from avenrae.queries.sessions import find_actor
from avenrae.services.forms import spend_token
from avenrae.ui.click_memory import click_memory, succeeded, token

log = logging.getLogger("avenrae")
P = ParamSpec("P")
T = TypeVar("T")
_SLOWEST_DRAW = 10.0
_ECHO_SECONDS = 0.7
"""A second press of the same button sooner than this after its page was drawn belongs to a double click."""


def actor() -> Actor:
    """Return who is signed in, as read from the database at the start of this run.

    Raises:
        NotSignedIn: Nobody is.
    """
    found = st.session_state.get("_actor")
    if not isinstance(found, Actor):
        raise NotSignedIn("You are signed out. Sign in again to go on.")
    return found


def read_actor() -> Actor | None:
    """Look up who is signed in: the session and the role count as they are now, not as they were."""
    session_id = st.user.get("sid")
    with read_session() as session:
        return find_actor(session, uuid.UUID(str(session_id))) if session_id else None


def load(query: Callable[Concatenate[Session, Actor, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a query as the person who is signed in and return its rows."""
    who = actor()
    with read_session() as session:
        return query(session, who, *args, **kwargs)


def told(key: str, then: Callable[[Any], object]) -> Callable[[], None]:
    """Return a callback that hands on what the widget with this key holds.

    Nothing happens when the widget has left the page while its word was on the way: who was on his way to the next
    page meant the one that he saw.
    """

    def run() -> None:
        if key in st.session_state:
            then(st.session_state[key])

    return run


@dataclass(frozen=True)
class Field:
    """A form's field by the key of its widget (or several, by theirs), read and understood when the form is sent."""

    key: str | tuple[str, ...]
    understand: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True)
class Click:
    """What one button does: a service with its arguments, and what to say when it is done.

    The buttons of one form share its key, and with it its token; `button` tells them apart.
    """

    key: str
    service: Callable[..., Any]
    done: str | Callable[[Any], str]
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    token: str = ""
    then: Callable[[Any], None] | None = None
    button: str = ""

    @property
    def spot(self) -> str:
        """What was pressed, by a name of its own."""
        return f"{self.key}/{self.button}" if self.button else self.key


def perform(click: Click) -> None:
    """Run the click's service in the one transaction of this click; the callback of every button that writes.

    Never raises: a refusal is kept as a sentence for `show_messages` or the form, a bug is logged under a
    reference that the person can quote. Streamlit interrupts a run at any touch of its state once something else
    was clicked, callbacks too; here that waits until the click is done.
    """
    held: list[RerunException] = []

    def undisturbed(read: Callable[[], T]) -> T:
        try:
            return read()
        except RerunException as e:
            held[:] = [e]
            return undisturbed(read)

    memory = undisturbed(click_memory)
    memory["called"] = click.spot
    echo = _is_echo(memory.get(f"done:{click.spot}"))
    if echo:
        memory.setdefault("undrawn", set()).add(click.spot)
        # The page that the first press led to was left again by the second, which came from the form's page.
        memory["next"] = memory.get(f"next:{click.key}")
    else:
        sid = undisturbed(lambda: st.user.get("sid"))
        values = {name: undisturbed(partial(_value, v)) for name, v in click.kwargs.items()}
        _write_and_remember(click, values, sid, memory)
    if held:
        raise held[0]


def _is_echo(done: tuple[float, float | None] | None) -> bool:
    """Whether a press so soon after another, which ended at one time and was drawn at another, is its echo."""
    if done is None:
        return False
    ended, drawn = done
    return time.monotonic() - (drawn or ended) < (_ECHO_SECONDS if drawn else _SLOWEST_DRAW)


def _write_and_remember(click: Click, values: dict[str, Any], sid: Any, memory: dict[str, Any]) -> None:
    """Write, and keep what came of it; touches nothing of Streamlit, so nothing can interrupt it."""
    reference = new_reference()
    problem, done = "", ""
    result: Any = None
    try:
        result, repeated = _write(click, values, sid, reference)
        done = "" if repeated else click.done if isinstance(click.done, str) else click.done(result)
    except AvenraeError as e:
        problem = e.message
    except Exception:
        log.exception("click %s failed, reference %s", click.key, reference)
        problem = f"Something is wrong on our side; nothing was changed. Quote {reference} when you ask for help."
    memory[f"problem:{click.key}"] = problem
    if problem:
        # The token stays: should the write have gone through unheard, the next press is the same one.
        return
    memory[f"token:{click.key}"] = uuid.uuid4().hex
    memory[f"done:{click.spot}"] = (time.monotonic(), None)
    memory.setdefault("undrawn", set()).add(click.spot)
    memory[f"succeeded:{click.key}"] = True
    memory[f"version:{click.key}"] = memory.get(f"version:{click.key}", 0) + 1
    if done:
        memory["flash"] = (done, time.monotonic())
        if click.then is not None:
            memory["next"] = memory[f"next:{click.key}"] = partial(click.then, result)


def _write(click: Click, values: dict[str, Any], sid: Any, reference: str) -> tuple[Any, bool]:
    with read_session() as session:
        who = find_actor(session, uuid.UUID(str(sid))) if sid else None
    if who is None:
        raise NotSignedIn("You are signed out. Sign in again to go on; nothing was changed.")
    understood = _understand(values)
    with transaction(who, click.service.__name__, reference) as session:
        if not spend_token(session, click.token):
            return None, True
        return click.service(session, who, *click.args, **understood), False


def _understand(values: dict[str, Any]) -> dict[str, Any]:
    """Return what was typed as a service wants it; all that cannot be used is said at once, in the form's order."""
    understood, problems = {}, []
    for name, value in values.items():
        try:
            understood[name] = value.read() if isinstance(value, _Typed) else value
        except InvalidInput as e:
            problems.append(e.message)
    if problems:
        raise InvalidInput("  \n".join(dict.fromkeys(problems)))
    return understood


@dataclass(frozen=True)
class _Typed:
    """What was typed, to be understood where a refusal can still be told."""

    value: Any
    understand: Callable[[Any], Any]

    def read(self) -> Any:
        return self.understand(self.value)


def _value(given: Any) -> Any:
    if not isinstance(given, Field):
        return given
    if isinstance(given.key, tuple):
        return _Typed(tuple(st.session_state.get(key) for key in given.key), given.understand)
    typed = st.session_state.get(given.key)
    # PostgreSQL keeps no NUL in a text, and nobody types one.
    return _Typed(typed.replace("\0", "") if isinstance(typed, str) else typed, given.understand)


def action(
    label: str,
    service: Callable[..., Any],
    done: str | Callable[[Any], str],
    *args: Any,
    key: str,
    refused: str = "",
    primary: bool = False,
    quiet: bool = False,
    icon: str | None = None,
    then: Callable[[Any], None] | None = None,
    **kwargs: Any,
) -> bool:
    """Draw a button that runs a service; returns whether it was just pressed and the service went through.

    `refused` says why it cannot be pressed now: it stays in its place, greyed, so that buttons never move
    under the pointer. The service gets `(session, actor, *args, **kwargs)`.
    """
    click = Click(key, service, done, args, kwargs, token(key), then)
    pressed = st.button(
        label,
        key=f"button:{key}",
        on_click=perform,
        args=(click,),
        disabled=bool(refused),
        help=refused or None,
        type="primary" if primary else "tertiary" if quiet else "secondary",
        icon=icon,
    )
    _perform_late(click, pressed=pressed)
    if problem := click_memory().pop(f"problem:{key}", ""):
        st.error(problem)
    return succeeded(key)


def _perform_late(click: Click, *, pressed: bool) -> None:
    """Perform a click on a page that a process drew which is gone: for those Streamlit calls no callback."""
    was_called = click_memory().get("called") == click.spot
    if was_called:
        del click_memory()["called"]
    elif pressed:
        perform(click)
        st.rerun()


def opener(
    label: str,
    dialog: Callable[[], None],
    *,
    refused: str = "",
    primary: bool = False,
    quiet: bool = False,
    icon: str,
    key: str = "",
) -> None:
    """Draw a button that opens a dialog, which says what will happen before anything does.

    `refused` says why there is nothing to open now; the button stays in its place, greyed. `key` tells buttons of
    the same label apart.
    """
    pressed = st.button(
        f"{label}…",
        key=f"open:{key or label}",
        disabled=bool(refused),
        help=refused or None,
        icon=icon,
        type="primary" if primary else "tertiary" if quiet else "secondary",
    )
    if pressed:
        # What failed in the dialog is said there, as a sentence; the page behind it is drawn to its end.
        with suppress(FragmentHandledException):
            dialog()


class Form:
    """A form whose submit button runs a service; emptied after success, kept as typed after a refusal."""

    def __init__(self, key: str, *, border: bool = True, of: object = None) -> None:
        """`of` is what the form shows of a record: another value draws the form anew, with what is true now."""
        self.name = key
        shown = "" if of is None else f"{zlib.crc32(repr(of).encode()):x}"
        self._version = f"{click_memory().get(f'version:{key}', 0)}{shown}"
        self._form = st.form(f"form:{key}:{self._version}", border=border, enter_to_submit=False)

    def __enter__(self) -> "Form":
        self._form.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._form.__exit__(*error)

    def key(self, name: str) -> str:
        """Return the widget key of one of the form's fields."""
        return f"field:{self.name}:{self._version}:{name}"

    def field(self, name: str, understand: Callable[[Any], Any] = lambda value: value) -> Field:
        """Return the field for the submit button's arguments; `understand` may raise a sentence."""
        return Field(self.key(name), understand)

    def submit(
        self,
        label: str,
        service: Callable[..., Any],
        done: str | Callable[[Any], str],
        *args: Any,
        primary: bool = True,
        refused: bool = False,
        icon: str | None = None,
        button: str = "",
        then: Callable[[Any], None] | None = None,
        **kwargs: Any,
    ) -> bool:
        """Draw the submit button; returns whether it was just pressed and the service went through.

        A form with several names each of them by `button`; the first that is drawn shows what was refused.
        """
        click = Click(self.name, service, done, args, kwargs, token(self.name), then, button)
        if problem := click_memory().pop(f"problem:{self.name}", ""):
            st.error(problem)
        pressed = st.form_submit_button(
            label,
            key=f"submit:{self.name}:{self._version}{button}",
            on_click=perform,
            args=(click,),
            disabled=refused,
            icon=icon,
            type="primary" if primary else "secondary",
        )
        _perform_late(click, pressed=pressed)
        return succeeded(self.name)


def note(service: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Run a service that nobody pressed a button for, such as noting who looks at what; a refusal is told to nobody.

    It touches nothing of Streamlit between beginning and end, as a click does not.
    """
    who = actor()
    try:
        with transaction(who, service.__name__) as session:
            service(session, who, *args, **kwargs)
    except AvenraeError as e:
        log.debug("%s: %s", service.__name__, e.message)


def still_signed_in() -> None:
    """Run the whole page anew where its reader has signed out or has another role: fragments run without it."""
    if read_actor() != st.session_state.get("_actor"):
        st.rerun()
