"""What is typed into a record: words where words are asked for, over what is there and nothing older."""

from collections.abc import Mapping
from typing import Any

from avenrae.errors import Conflict, InvalidInput


def refuse_stale(row: Any, seen: Mapping[str, Any] | None) -> None:
    """Refuse an edit that was typed over something else than what is there now; `seen` is what its form showed.

    Raises:
        Conflict: A column of `seen` has another value now.
    """
    if any(getattr(row, name) != value for name, value in (seen or {}).items()):
        raise Conflict("Somebody changed this meanwhile; the form now shows what they saved. Make your change again.")


def written(words: str, otherwise: str) -> str:
    """Return what was written, without the space around it.

    Raises:
        InvalidInput: Nothing was, says the sentence given.
    """
    if not words.strip():
        raise InvalidInput(otherwise)
    return words.strip()
