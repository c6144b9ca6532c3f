"""Sending an e-mail by SMTP: over TLS with a verified certificate, one mailbox at a time."""

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

_SECONDS = 20.0
_LONGEST_REASON = 300
_MAILBOX = re.compile(r"[^\s<>()\[\]:;,\"']+@")


@dataclass(frozen=True)
class Letter:
    """What is sent, the same words as plain text and as HTML; `key` makes its Message-ID, the same at every attempt."""

    key: str
    to: str
    subject: str
    text: str
    html: str
    written_at: datetime
    reply_to: str = ""


class Refused(Exception):
    """The server will never take this letter; the message says why."""


class Delayed(Exception):
    """The server did not take this letter now; the message says why."""


def send(url: str, sender: str, letter: Letter, hand_over: Callable[[], bool]) -> bool:
    """Send a letter by the server of an address such as `smtp://user:password@host:587`; returns whether it went.

    The connection is encrypted and the certificate verified: from the first byte for `smtps`, by STARTTLS for
    `smtp`, where only a server on this machine may do without. `hand_over` is asked right before the text goes out,
    when the server has taken sender and recipient; answering False ends it there.

    Raises:
        Refused: The address cannot be, or the server answered 5xx.
        Delayed: The server is away, busy (4xx), hung up, cannot be trusted, or does not take the password.
    """
    message = compose(sender, letter)
    parts = urlsplit(url)
    try:
        smtp = _connect(parts)
        try:
            _sign_in(smtp, parts)
            went = _deliver(smtp, sender, letter, message, hand_over)
            # It is delivered, however the server says good-bye.
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            return went
        finally:
            smtp.close()
    except smtplib.SMTPAuthenticationError as e:
        raise Delayed(f"The mail server does not take the user and password ({_said(e.smtp_error)}).") from e
    except smtplib.SMTPResponseException as e:
        raise Delayed(_said(e.smtp_error, e.smtp_code)) from e
    except smtplib.SMTPServerDisconnected as e:
        raise Delayed("The mail server hung up.") from e
    except ssl.SSLCertVerificationError as e:
        raise Delayed(f"The mail server's certificate cannot be trusted ({e.verify_message}).") from e
    except (smtplib.SMTPException, OSError) as e:
        reason = e.strerror if isinstance(e, OSError) and e.strerror else str(e)
        raise Delayed(f"The mail server cannot be reached ({_said(reason)}).") from e


def compose(sender: str, letter: Letter) -> EmailMessage:
    """Return the letter with its headers; line breaks in a subject become spaces, so that no header can be added.

    Raises:
        Refused: The recipient's address cannot be one.
    """
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP if letter.to.isascii() else SMTPUTF8)
    try:
        if not letter.to.isprintable():
            raise ValueError
        message["To"] = Address(addr_spec=letter.to)
    except (ValueError, IndexError, MessageError) as e:
        raise Refused("This is not an e-mail address.") from e
    message["From"] = Address(name, addr_spec=address)
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = f"<{letter.key}@{address.rpartition('@')[2]}>"
    if letter.reply_to:
        message["Reply-To"] = Address(addr_spec=letter.reply_to)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _connect(parts: SplitResult) -> smtplib.SMTP:
    host = parts.hostname or ""
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        return smtplib.SMTP_SSL(host, parts.port or 465, timeout=_SECONDS, context=context)
    smtp = smtplib.SMTP(host, parts.port or 587, timeout=_SECONDS)
    try:
        smtp.ehlo_or_helo_if_needed()
        if smtp.has_extn("starttls"):
            smtp.starttls(context=context)
        elif not _is_this_machine(host):
            raise Delayed("The mail server offers no encryption, and none is used without it.")
    except BaseException:
        smtp.close()
        raise
    return smtp


def _sign_in(smtp: smtplib.SMTP, parts: SplitResult) -> None:
    smtp.ehlo_or_helo_if_needed()
    if parts.username:
        smtp.login(unquote(parts.username), unquote(parts.password or ""))


def _deliver(
    smtp: smtplib.SMTP, sender: str, letter: Letter, message: EmailMessage, hand_over: Callable[[], bool]
) -> bool:
    options = []
    if not letter.to.isascii():
        if not smtp.has_extn("smtputf8"):
            raise Refused("The mail server takes no addresses with letters beyond a–z.")
        options = ["SMTPUTF8", "BODY=8BITMIME"]
    _expect(*smtp.mail(parseaddr(sender)[1], options))
    _expect(*smtp.rcpt(letter.to))
    if not hand_over():
        return False
    try:
        _expect(*smtp.data(message.as_bytes()))
    except smtplib.SMTPDataError as e:
        _expect(e.smtp_code, e.smtp_error)
    return True


def _expect(code: int, answer: bytes | str) -> None:
    if 200 <= code < 300:
        return
    raise (Refused if 500 <= code < 600 else Delayed)(_said(answer, code))


def _said(answer: bytes | str, code: int | None = None) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    # Servers repeat the address; what they say goes into the log, which names nobody (R-AUD-03).
    line = _MAILBOX.sub("…@", line)[:_LONGEST_REASON]
    return f"{code} {line}" if code else line


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
