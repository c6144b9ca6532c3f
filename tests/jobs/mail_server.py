"""A real mail server in this process, which answers as a test tells it to."""

import asyncio
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Mailbox:
    """The letters that arrived, and what the server answers; `answers` are used up one by one, then it takes all."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.letters: list[EmailMessage] = []
        self.knocked, self.let_in = threading.Event(), threading.Event()
        self.asked, self.go_on = threading.Event(), threading.Event()
        self.let_in.set()
        self.go_on.set()

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # noqa: N802
        """Take the recipient, unless its name says otherwise; not before `let_in`."""
        self.knocked.set()
        while not self.let_in.is_set():
            await asyncio.sleep(0.01)
        if address.startswith("nobody@"):
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str | None:  # noqa: N802
        """Answer as told, not before `go_on`; “drop” hangs up without an answer."""
        self.asked.set()
        while not self.go_on.is_set():
            await asyncio.sleep(0.01)
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer == "drop":
            server.transport.close()
            return None
        if answer.startswith("250"):
            self.letters.append(cast(EmailMessage, message_from_bytes(envelope.content, policy=SMTP)))
        return answer


@contextmanager
def serving(mailbox: Mailbox, *, tls: ssl.SSLContext | None = None, password: str = "") -> Iterator[str]:
    """Serve a mailbox on a free port and give its address."""

    def check(server, session, envelope, mechanism, data) -> AuthResult:
        return AuthResult(success=data.password == password.encode(), handled=False)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"authenticator": check, "auth_required": True} if password else {}
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, tls_context=tls, **options)
    controller.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        mailbox.let_in.set()
        mailbox.go_on.set()
        controller.stop()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A certificate for 127.0.0.1 that signs itself: the server's context, and the file that makes it trusted."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    wanted = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=mail"
    command = ["openssl", *wanted.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert
