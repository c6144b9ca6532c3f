"""Passwords: how they are kept, and how one is checked without telling whether the account exists."""

import unicodedata

import bcrypt

from avenrae.errors import InvalidInput
from avenrae.settings import settings

SHORTEST, LONGEST = 12, 72


def hash_password(text: str) -> str:
    """Return the bcrypt hash of a password of 12 to 72 bytes.

    The upper limit is bcrypt's own: it would not look at what comes after it.

    Raises:
        InvalidInput: The password is too short or too long.
    """
    password = _bytes(text)
    if len(password) < SHORTEST:
        raise InvalidInput(f"A password needs at least {SHORTEST} characters. Three or four words make a good one.")
    if len(password) > LONGEST:
        raise InvalidInput(f"A password can have at most {LONGEST} characters (fewer with accents or emoji).")
    return bcrypt.hashpw(password, bcrypt.gensalt(settings().bcrypt_cost)).decode()


def matches(text: str, hashed: str | None) -> bool:
    """Return whether the password is the one that was hashed.

    Without a hash it takes as long and is false, so that the time does not tell whether the account exists.
    """
    password = _bytes(text)
    kept = (hashed or "").encode()
    try:
        right = bcrypt.checkpw(password[:LONGEST], kept)
    except ValueError:
        bcrypt.checkpw(password[:LONGEST], _nobodys())
        return False
    return right and len(password) <= LONGEST


def _nobodys() -> bytes:
    """Return a hash of today's cost that no known password has."""
    return f"$2b${settings().bcrypt_cost:02d}${'.' * 53}".encode()


def _bytes(text: str) -> bytes:
    # Keyboards differ in whether an accent is a letter of its own.
    return unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass")
