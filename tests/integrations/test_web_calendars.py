"""Calendars at an address: what is fetched from a real server, and what is never connected to."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from avenrae.errors import ExternalError, InvalidInput, NotPermitted
from avenrae.integrations.web_calendars import fetch_calendar, is_public
from avenrae.scheduling.busy import MOST_BYTES
from avenrae.settings import settings

HERE = ("127.0.0.1", "::1")
CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(autouse=True)
def outbound(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AVENRAE_OUTBOUND", "true")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


class Server(ThreadingHTTPServer):
    """A server on this machine that writes down what it was asked."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        self.asked: list[dict[str, str]] = []
        self.greeted: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append({**self.headers, "path": self.path})
                answer(self)

            def log_message(self, *_: object) -> None: ...

        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, *_: Any) -> None: ...


def self_signed(folder: Path) -> Path:
    """A key and a certificate of `localhost` in one file, made by the system's openssl."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl to make a certificate with")
    key, certificate, both = (folder / f"{name}.pem" for name in ("key", "certificate", "both"))
    made = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    named = ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate]
    subprocess.run([program, "req", "-x509", *made, *named], check=True, capture_output=True)
    both.write_text(key.read_text() + certificate.read_text())
    return both


@contextmanager
def serving(answer: Answer, certificate: Path | None = None) -> Iterator[Server]:
    with Server(answer) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            context.sni_callback = lambda _socket, name, _context: server.greeted.append(name)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def with_(status: int = 200, body: bytes = CALENDAR, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def test_a_calendar_is_fetched() -> None:
    with serving(with_()) as server:
        url = f"http://127.0.0.1:{server.server_port}/private/abc.ics?key=1#part"
        assert fetch_calendar(f"  {url} ", allowed=HERE) == CALENDAR
    (asked,) = server.asked
    assert asked["path"] == "/private/abc.ics?key=1"
    assert asked["Host"] == f"127.0.0.1:{server.server_port}"
    assert asked["Accept-Encoding"] == "identity"
    assert "Cookie" not in asked


def test_only_where_it_is_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVENRAE_OUTBOUND", "false")
    settings.cache_clear()
    with serving(with_()) as server, pytest.raises(NotPermitted, match="fetches nothing from the internet"):
        fetch_calendar(f"http://127.0.0.1:{server.server_port}/", allowed=HERE)
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",  # noqa: S104
        "169.254.169.254", "100.64.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.9", "224.0.0.251",
        "239.1.2.3", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fd00::8", "fc00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1",
        "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1",
        "2002:a00:1::1", "2002:7f00:1::", "2001:0:1:2::3", "nonsense", "",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "LOCALHOST", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "0",
        "10.0.0.1", "192.168.0.1", "169.254.169.254", "2852039166", "[::1]", "[fd00::8]", "[fe80::1]",
        "[::ffff:10.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::a00:1]",
    ],
)  # fmt: skip
def test_nothing_is_fetched_from_a_private_network(host: str) -> None:
    """However it is spelled, and also a name that leads there: the address that would be connected to decides."""
    with serving(with_()) as server, pytest.raises(InvalidInput, match="private network"):
        fetch_calendar(f"http://{host}:{server.server_port}/calendar.ics")
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "", "calendar.ics", "ftp://example.org/a.ics", "file:///etc/passwd", "gopher://127.0.0.1/", "https://",
        "http:///a",
        "https://example.org:0/", "https://example.org:99999/", "https://exa mple.org/", "https://example.org/\n/x",
        "https://example.org/\r\nHost: x", "https://example.org/ä", "https://[::1/",
        "https://example.org/" + "a" * 2000,
    ],
)  # fmt: skip
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(InvalidInput, match="begins with https://"):
        fetch_calendar(address)


def test_a_password_in_an_address_is_refused() -> None:
    with pytest.raises(InvalidInput, match="a password in it") as refused:
        fetch_calendar("https://jane:hunter2@example.org/a.ics")
    assert "hunter2" not in refused.value.message


def test_redirects_are_followed_and_checked() -> None:
    """Three are followed; each target is checked anew, and one that leads inside is not asked."""
    with serving(with_()) as last:
        target = f"http://127.0.0.1:{last.server_port}/end"
        with serving(with_(302, b"", Location=target)) as first:
            assert fetch_calendar(f"http://127.0.0.1:{first.server_port}/", allowed=HERE) == CALENDAR
        with serving(with_(301, b"", Location=f"http://localhost:{last.server_port}/in")) as first:
            url = f"http://127.0.0.1:{first.server_port}/"
            with pytest.raises(InvalidInput, match="private network"):
                fetch_calendar(url, allowed=("127.0.0.1",) if _has_second_localhost() else ("127.0.0.9",))
    assert [asked["path"] for asked in last.asked] == ["/end"]


def _has_second_localhost() -> bool:
    return any(entry[4][0] == "::1" for entry in socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM))


@pytest.mark.parametrize(
    "location", ["http://10.0.0.1/", "//169.254.169.254/latest", "http://[fd00::1]/", "http://2130706434:1/"]
)
def test_a_redirect_into_a_private_network_is_refused(location: str) -> None:
    with serving(with_(307, b"", Location=location)) as server, pytest.raises(InvalidInput, match="private network"):
        fetch_calendar(f"http://127.0.0.1:{server.server_port}/", allowed=HERE)
    assert len(server.asked) == 1


def test_a_redirect_elsewhere_is_refused() -> None:
    for location, error, sentence, asked in (
        ("file:///etc/passwd", InvalidInput, "begins with https://", 1),
        ("/again", ExternalError, "leads on and on", 4),
    ):
        with serving(with_(302, b"", Location=location)) as server, pytest.raises(error, match=sentence):
            fetch_calendar(f"http://127.0.0.1:{server.server_port}/", allowed=HERE)
        assert len(server.asked) == asked


def test_a_name_is_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers otherwise the second time is not asked a second time."""
    answers = iter([[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]])
    with serving(with_()) as server:
        real = socket.getaddrinfo

        def resolve(host: str, port: int, *args: Any, **kw: Any) -> Any:
            return next(answers) if host == "calendar.test" else real(host, port, *args, **kw)

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        assert fetch_calendar(f"http://calendar.test:{server.server_port}/a", allowed=HERE) == CALENDAR
    assert server.asked[0]["Host"] == f"calendar.test:{server.server_port}"


def test_one_private_address_among_several_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 0)) for ip in ("1.1.1.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kw: both)
    with pytest.raises(InvalidInput, match="private network"):
        fetch_calendar("https://calendar.test/a.ics")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (with_(404), r"answers with 404\. There is no calendar any more"),
        (with_(410), "There is no calendar any more"),
        (with_(401), "wants a password"),
        (with_(500), r"answers with 500\. Try again later"),
        (with_(204, b""), "answers with 204"),
        (with_(302, b""), "answers with 302"),
        (with_(body=b"x" * (MOST_BYTES + 1)), "larger than 1 MB"),
        (with_(body=b"x" * 10, Content_Length="20"), "only in part"),
        (lambda handler: None, "does not answer in time, or not as one should"),
        (lambda handler: handler.wfile.write(b"\x00\xff nonsense\r\n\r\n"), "not as one should"),
        (lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500), "not as one should"),
    ],
)
def test_a_server_that_does_not_answer_with_a_calendar(answer: Answer, sentence: str) -> None:
    with serving(answer) as server, pytest.raises(ExternalError, match=sentence) as refused:
        fetch_calendar(f"http://127.0.0.1:{server.server_port}/secret-key", allowed=HERE)
    assert "secret-key" not in refused.value.message


def test_an_endless_answer_is_cut_off() -> None:
    """By its size where it pours, by the time for all of it where it drips."""

    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65_536)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        gone = threading.Event()
        handler.send_response(200)
        handler.send_header("Content-Length", "900000")
        handler.end_headers()
        while not gone.wait(0.02):
            handler.wfile.write(b"x" * 10)
            handler.wfile.flush()

    def drip_head(handler: BaseHTTPRequestHandler) -> None:
        gone = threading.Event()
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nA: ")
        while not gone.wait(0.02):
            handler.wfile.write(b"b")
            handler.wfile.flush()

    with serving(pour) as server, pytest.raises(ExternalError, match="larger than 1 MB"):
        fetch_calendar(f"http://127.0.0.1:{server.server_port}/", allowed=HERE)
    with serving(drip_head) as server, pytest.raises(ExternalError, match="does not answer in time"):
        fetch_calendar(f"http://127.0.0.1:{server.server_port}/", allowed=HERE, patience=0.4)
    with serving(drip) as server, pytest.raises(ExternalError, match=r"in time|in part"):
        fetch_calendar(f"http://127.0.0.1:{server.server_port}/", allowed=HERE, patience=0.4)


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ExternalError, match="does not answer in time"):
        fetch_calendar(f"http://127.0.0.1:{port}/", allowed=HERE)
    with pytest.raises(ExternalError, match="is not found"):
        fetch_calendar("https://does-not-exist.invalid/a.ics", allowed=HERE)


def test_https_is_spoken_in_the_name_of_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate must be that of the name, though the connection is to its address."""
    certificate = self_signed(tmp_path)
    with serving(with_(), certificate) as server:
        url = f"webcal://localhost:{server.server_port}/a.ics"
        with pytest.raises(ExternalError, match="no valid certificate"):
            fetch_calendar(url, allowed=HERE)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert fetch_calendar(url, allowed=HERE) == CALENDAR
        with pytest.raises(ExternalError, match="no valid certificate"):
            fetch_calendar(f"https://127.0.0.1:{server.server_port}/a.ics", allowed=HERE)
    assert [name for name in server.greeted if name] == ["localhost", "localhost"]
    down = with_(302, b"", Location="http://127.0.0.1:1/")
    with serving(down, certificate) as server, pytest.raises(ExternalError, match="from https to http"):
        fetch_calendar(f"https://localhost:{server.server_port}/", allowed=HERE)
