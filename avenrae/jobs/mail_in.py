"""How mails come in: a small SMTP server for the mail server to hand them to, or a maildir that it fills.

A mail is acknowledged only once it is in the database; one that cannot be filed now stays where it is.
"""

import asyncio
import logging
import signal
from pathlib import Path
from typing import Any

from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import SMTP, Envelope, Session

from avenrae.db.transaction import transaction
from avenrae.enums import MailVerdict
from avenrae.integrations.incoming import LARGEST, TooLarge, read_mail
from avenrae.permissions import Actor
from avenrae.services.incoming_mail import receive_mail
from avenrae.settings import settings

log = logging.getLogger("avenrae.jobs")
SYSTEM = Actor.system("Incoming mail")


def file_mail(raw: bytes, envelope_to: tuple[str, ...] = ()) -> str:
    """File one mail in one transaction and return what became of it, in words for the log.

    Raises:
        AvenraeError: The database is busy or away; the mail must be tried again.
        TooLarge: It is larger than what is read.
    """
    mail = read_mail(raw, envelope_to)
    with transaction(SYSTEM, "receive_mail") as session:
        row = receive_mail(session, SYSTEM, mail)
        said = (
            "came before" if row is None else f"{MailVerdict(row.verdict).value.replace('_', ' ')} {row.reason}".strip()
        )
    log.info("mail %s", said)
    return said


class _Door:
    """Takes mails for our address and hands them on; everything else is turned away at once."""

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        local, _, domain = settings().support_address.lower().partition("@")
        name, _, at = address.lower().rpartition("@")
        if at != domain or name.split("+")[0] != local:
            return "550 5.1.1 Nobody is at this address"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        try:
            await asyncio.to_thread(file_mail, content, tuple(envelope.rcpt_tos))
        except TooLarge:
            return "552 5.3.4 Too large"
        except Exception:
            log.exception("a mail could not be filed; its server will bring it again")
            return "451 4.3.0 Try again later"
        return "250 OK"


def serve_smtp(host: str, port: int) -> None:
    """Take mails by SMTP until told to leave."""
    # It tells every line of every conversation: people's addresses, and the signed ones that replies go to.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    loop = asyncio.new_event_loop()
    controller = door(host, port, loop)
    controller.begin()  # type: ignore[no-untyped-call]
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, loop.stop)
    log.info("mails for %s are taken at %s:%d", settings().support_address, host, port)
    try:
        loop.run_forever()
    finally:
        controller.end()  # type: ignore[no-untyped-call]
        loop.close()


def door(host: str, port: int, loop: asyncio.AbstractEventLoop) -> UnthreadedController:
    """Return the SMTP server, not started yet."""
    handler: Any = _Door()
    return UnthreadedController(handler, host, port, loop=loop, data_size_limit=LARGEST, enable_SMTPUTF8=True)


def read_maildir(folder: Path) -> int:
    """File the mails that lie new in a maildir, each moved on once it is in the database; returns how many."""
    done = 0
    for new in sorted((folder / "new").iterdir()):
        try:
            if new.stat().st_size > LARGEST:
                raise TooLarge
            file_mail(new.read_bytes())
            done += 1
        except TooLarge:
            log.warning("a mail in the maildir is too large; it is put away unread")
        except Exception:
            log.exception("a mail could not be filed; it stays new")
            continue
        new.rename(folder / "cur" / f"{new.name}:2,S")
    return done
