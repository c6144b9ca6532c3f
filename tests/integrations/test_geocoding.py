"""Addresses: asked of a Nominatim once, remembered, at most one question a second; its bad days are sentences."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from avenrae.db import engine as db
from avenrae.errors import ExternalError, InvalidInput, TryAgain
from avenrae.integrations import geocoding
from avenrae.integrations.geocoding import FoundAddress, find_address
from avenrae.settings import settings

LONG_STREET = {
    "lat": "-33.9221",
    "lon": "18.4199",
    "display_name": "12, Long Street, Cape Town, 8001, South Africa",
    "address": {"road": "Long Street", "city": "Cape Town", "country_code": "za"},
}


class Fake(ThreadingHTTPServer):
    """A Nominatim that answers as a test tells it to, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.body, self.headers = 200, json.dumps([LONG_STREET]), {}
        self.asked: list[str] = []
        self.agents: set[str] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Fake

    def do_GET(self) -> None:
        self.server.asked.append(parse_qs(urlsplit(self.path).query)["q"][0])
        self.server.agents.add(self.headers["User-Agent"])
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body.encode())

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def nominatim(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """A fake geocoder, set as the one to ask; the waits are written down instead of waited for."""
    server = Fake()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(settings(), "nominatim_url", server.url)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each question waited for its turn."""
    waited: list[float] = []
    monkeypatch.setattr(geocoding.time, "sleep", waited.append)
    return waited


def test_an_address_is_asked_once(nominatim: Fake, waits: list[float]) -> None:
    wanted = [FoundAddress(LONG_STREET["display_name"], -33.9221, 18.4199, "Cape Town", "ZA")]
    assert find_address(" 12 Long  Street, Cape Town") == wanted
    assert find_address("12 LONG street, cape town ") == wanted
    assert nominatim.asked == ["12 long street, cape town"]
    assert nominatim.agents == {"avenrae-console/1"}
    assert waits == []


def test_nothing_found_is_remembered_too(nominatim: Fake, waits: list[float]) -> None:
    nominatim.body = "[]"
    assert find_address("nowhere at all") == find_address("nowhere at all") == []
    assert len(nominatim.asked) == 1


def test_one_question_a_second_over_all_processes(nominatim: Fake, waits: list[float]) -> None:
    """Each takes the next free second; who would wait longer than five is told so and takes none."""
    for n in range(5):
        find_address(f"street number {n}")
    assert len(waits) == 4
    assert all(earlier < later <= n + 1 for n, (earlier, later) in enumerate(zip([0.0, *waits], waits, strict=False)))
    with db.engine().begin() as connection:
        connection.execute(text("UPDATE geocoder_turns SET next_at = clock_timestamp() + interval '20 seconds'"))
        before = connection.execute(text("SELECT next_at FROM geocoder_turns")).scalar_one()
    with pytest.raises(TryAgain, match="Many addresses are being looked up"):
        find_address("one too many")
    with db.engine().connect() as connection:
        assert connection.execute(text("SELECT next_at FROM geocoder_turns")).scalar_one() == before
    assert len(nominatim.asked) == 5


def test_threads_take_turns(nominatim: Fake, waits: list[float]) -> None:
    threads = [threading.Thread(target=find_address, args=(f"at once {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(nominatim.asked) == 4
    assert len(waits) == 3
    assert all(abs(wait - n) < 1 for n, wait in enumerate(sorted(waits), 1))


def test_its_bad_days_are_sentences(nominatim: Fake, waits: list[float]) -> None:
    """R-UI-02: an hour's Retry-After is told and not slept; nothing of it is remembered."""
    nominatim.status, nominatim.headers = 429, {"Retry-After": "3600"}
    with pytest.raises(TryAgain, match="Try again in 3600 seconds"):
        find_address("12 long street")
    nominatim.status, nominatim.headers = 500, {}
    with pytest.raises(ExternalError, match="does not answer right now"):
        find_address("12 long street")
    nominatim.status, nominatim.body = 200, "<html>"
    with pytest.raises(ExternalError, match="does not answer right now"):
        find_address("12 long street")
    nominatim.body = json.dumps([LONG_STREET])
    assert find_address("12 long street")[0].city == "Cape Town"


def test_without_a_geocoder_nothing_is_asked(database: str) -> None:
    with pytest.raises(InvalidInput, match="Type an address"):
        find_address("12 Long Street")
