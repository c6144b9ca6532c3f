"""Several deeds from one start, each in a thread and a transaction of its own."""

import threading
import time
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from avenrae.db.transaction import transaction
from avenrae.permissions import Actor


def at_once(deeds: Sequence[Callable[[], object]]) -> list[object]:
    """Do all of it from one start, each in its own thread; returns what came of each, or the error that ended it."""
    start = threading.Barrier(len(deeds))
    results: list[object] = [None] * len(deeds)

    def run(n: int) -> None:
        start.wait()
        try:
            results[n] = deeds[n]()
        except Exception as e:
            results[n] = e

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def click(actor: Actor, deed: Callable[[Session], object]) -> Callable[[], object]:
    """Return a deed as a click does it: in a transaction of its own."""

    def clicked() -> object:
        with transaction(actor, "test") as session:
            return deed(session)

    return clicked


def answers(results: Sequence[object]) -> list[str]:
    """Return what each of them was told: its refusal, or `done`."""
    return [str(result) if isinstance(result, Exception) else "done" for result in results]


def told_at_once(actor: Actor, deeds: Sequence[Callable[[Session], object]]) -> list[str]:
    """Let one actor click on all of it from one start; returns what he was told each time: the refusal, or `done`."""
    return answers(at_once([click(actor, deed) for deed in deeds]))


def timed(deed: Callable[[], object], seconds: list[float]) -> Callable[[], object]:
    """Return a deed that writes down how long it took, however it ends."""

    def run() -> object:
        began = time.monotonic()
        try:
            return deed()
        finally:
            seconds.append(time.monotonic() - began)

    return run
