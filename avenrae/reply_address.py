"""The address under which a reply by e-mail finds its ticket: signed for one ticket and one reader."""

import hashlib
import hmac
import re
import uuid

from avenrae.settings import settings

_LETTERS = 20


def reply_address(number: str, ticket_id: uuid.UUID, user_id: uuid.UUID) -> str:
    """Return the address that a reader answers a ticket at, or nothing where no mail comes in."""
    local, _, domain = settings().support_address.partition("@")
    return f"{local}+{number.lower()}.{_signature(ticket_id, user_id)}@{domain}" if domain else ""


def is_signed(found: str, ticket_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """Say whether a signature was made for this ticket and this reader."""
    return hmac.compare_digest(found, _signature(ticket_id, user_id))


def ticket_named(address: str) -> tuple[str, str] | None:
    """Return the number and the signature in an address of ours, or None where it has none."""
    local, _, domain = settings().support_address.lower().partition("@")
    if not domain:
        return None
    pattern = rf"{re.escape(local)}\+(t-\d{{1,12}})\.([0-9a-f]{{{_LETTERS}}})@{re.escape(domain)}"
    found = re.fullmatch(pattern, address.lower())
    return (found[1].upper(), found[2]) if found else None


def without_signatures(text: str) -> str:
    """Return a text in which no address of ours tells its signature, such as one that quotes an earlier mail."""
    local, _, domain = settings().support_address.partition("@")
    if not domain:
        return text
    pattern = rf"({re.escape(local)}\+t-\d{{1,12}})\.[0-9a-f]{{{_LETTERS}}}(?=@)"
    return re.sub(pattern, r"\1.…", text, flags=re.IGNORECASE)


def _signature(ticket_id: uuid.UUID, user_id: uuid.UUID) -> str:
    secret = settings().mail_secret.get_secret_value().encode()
    return hmac.new(secret, f"reply:{ticket_id}:{user_id}".encode(), hashlib.sha256).hexdigest()[:_LETTERS]
