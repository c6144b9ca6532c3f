"""A real server with our middlewares around a small page, and real sockets to it."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).parents[2]
PASSWORD = "three quiet words"
_PAGE = """
import os
import streamlit as st

if __name__ == "__main__":
    st.write(f"sid={st.user.get('sid')}")
else:
    from avenrae.db.engine import use
    from avenrae.http.app import app_parts

    app = st.App(__file__, **app_parts(__file__, prepare=lambda: use(os.environ["DATABASE_URL"])))
"""


@dataclass
class Answer:
    """One HTTP answer, not followed any further."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def token(self) -> str:
        """The session token in the cookie that was set."""
        return self.headers["set-cookie"].split(";")[0].removeprefix("avenrae_session=")


@dataclass
class Console:
    """The running server, asked as a browser asks it."""

    port: int
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, path: str, *, method: str = "GET", token: str = "", body: str | None = None, **headers: str
    ) -> Answer:
        """Send one request; header names are written with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Cookie"] = f"avenrae_session={token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def sign_in(self, email: str, password: str = PASSWORD, *, target: str = "/", **headers: str) -> Answer:
        """Send the sign-in form."""
        form = urlencode({"email": email, "password": password, "next": target})
        sent = {"Origin": self.origin, "Content_Type": "application/x-www-form-urlencoded", **headers}
        return self.ask("/sign-in", method="POST", body=form, **sent)

    def open(self, token: str = "", *, origin: str | None = None, **headers: str) -> ClientConnection:
        """Open a page's WebSocket."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Cookie"] = f"avenrae_session={token}"
        return connect(
            f"ws://127.0.0.1:{self.port}/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            origin=origin or self.origin,  # type: ignore[arg-type]
            additional_headers=sent,
            open_timeout=10,
        )


def read_message(page: ClientConnection, seconds: float = 5) -> ForwardMsg:
    """Wait for the next message of the server."""
    message = ForwardMsg()
    message.ParseFromString(page.recv(timeout=seconds))
    return message


@pytest.fixture(scope="package")
def server(worker_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("console")
    (folder / "small_page.py").write_text(_PAGE)
    (folder / "static").symlink_to(ROOT / "static")
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit" / "config.toml").write_text((ROOT / ".streamlit" / "config.toml").read_text())
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    environment = {
        **os.environ,
        "DATABASE_URL": worker_database,
        "PYTHONPATH": str(ROOT),
        "AVENRAE_BCRYPT_COST": "9",
        "no_proxy": "*",
    }
    command = [sys.executable, "-m", "uvicorn", "small_page:app", "--port", str(port), "--log-level", "warning"]
    log = (folder / "log").open("wb")
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        yield Console(port, process)
    finally:
        process.terminate()
        process.wait(20)
        log.close()


@pytest.fixture
def console(server: Console, database: str) -> Console:
    """The running console over an empty database."""
    return server
