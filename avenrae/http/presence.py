"""Noting that a session is in use: one small write a minute, whatever happens on the page."""

import logging
import threading
import time
import uuid

from avenrae.db.transaction import transaction
from avenrae.errors import AvenraeError
from avenrae.permissions import Actor
from avenrae.services.sessions import touch_session

_log = logging.getLogger(__name__)
_EVERY = 60.0
_noted: dict[uuid.UUID, float] = {}
_lock = threading.Lock()


def is_due(session_id: uuid.UUID) -> bool:
    """Return whether the last note of this process is a minute old."""
    return time.monotonic() - _noted.get(session_id, float("-inf")) >= _EVERY


def note_seen(session_id: uuid.UUID) -> None:
    """Keep a session from going idle; called for every request and interaction, it writes once a minute.

    A database that is away is not the person's concern here: the use is noted the next time.
    """
    with _lock:
        if not is_due(session_id):
            return
        if len(_noted) > 10_000:
            _noted.clear()
        _noted[session_id] = time.monotonic()
    try:
        actor = Actor.system("presence")
        with transaction(actor, "touch_session") as session:
            touch_session(session, actor, session_id)
    except AvenraeError as e:
        _log.info("The use of a session was not noted: %s", e)
