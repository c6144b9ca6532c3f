"""The same pages of the console, Django admin and starlette-admin, in turns, each in one process on one database.

Theirs are asked for over HTTP and timed until the last byte, ours over the WebSocket until the run is over; none of it
counts what a browser then draws, loads or runs.
"""

import asyncio
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from sqlalchemy import Engine, make_url, text

from avenrae.db import engine as db
from avenrae.enums import Role
from avenrae.errors import Conflict
from avenrae.settings import ROOT
from bench.client import Person
from bench.console import Console, free_port
from bench.targets import people_of

HERE = Path(__file__).parent
_PATIENCE = 60.0


@dataclass(frozen=True)
class PeerCost:
    """Median seconds of one page in each."""

    name: str
    ours: float
    django: float
    starlette: float


@dataclass(frozen=True)
class Page:
    """One page by its address in each; `saves` is what is written into the notes of the record there."""

    name: str
    ours: tuple[str, dict[str, str]]
    django: str
    starlette: str
    saves: str = ""


def _pages(booking: str) -> list[Page]:
    django, starlette = "/admin/admin", "/admin"
    one = ("booking", {"id": booking})
    return [
        Page("Bookings", ("bookings", {}), f"{django}/booking/", f"{starlette}/booking/list"),
        Page(
            "Bookings, page 500",
            ("bookings", {"page": "500"}),
            f"{django}/booking/?p=500",
            f"{starlette}/booking/list?page=500",
        ),
        Page(
            "Bookings of “dlamini”",
            ("bookings", {"q": "dlamini"}),
            f"{django}/booking/?q=dlamini",
            f"{starlette}/booking/list?q=dlamini",
        ),
        Page(
            "Bookings of “zanele mkhize”",
            ("bookings", {"q": "zanele mkhize"}),
            f"{django}/booking/?q=%22zanele+mkhize%22",
            f"{starlette}/booking/list?q=zanele+mkhize",
        ),
        Page("Orders", ("orders", {}), f"{django}/order/", f"{starlette}/order/list"),
        Page(
            "Orders, page 500",
            ("orders", {"page": "500"}),
            f"{django}/order/?p=500",
            f"{starlette}/order/list?page=500",
        ),
        Page(
            "Orders of “dlamini”",
            ("orders", {"q": "dlamini"}),
            f"{django}/order/?q=dlamini",
            f"{starlette}/order/list?q=dlamini",
        ),
        Page("One booking", one, f"{django}/booking/{booking}/change/", f"{starlette}/booking/detail?pk={booking}"),
        Page(
            "Save its notes",
            one,
            f"{django}/booking/{booking}/change/",
            f"{starlette}/booking/edit?pk={booking}",
            saves="Called back at {n}.",
        ),
    ]


def measure_peers(database_url: str, *, runs: int, say: Callable[[str], None] = print) -> list[PeerCost]:
    """Open each page in all three, one after the other, `runs` times."""
    python = _environment(say)
    engine = db.make_engine(database_url, pool_size=1)
    token = people_of(engine)[Role.ADMIN].token
    costs = []
    try:
        with ExitStack() as stack:
            console = stack.enter_context(Console(database_url))
            django = Browser(stack.enter_context(_serving(python, "django_app.py", database_url)))
            starlette = Browser(stack.enter_context(_serving(python, "starlette_app.py", database_url)))
            django.sign_in("/admin/login/?next=/admin/")
            starlette.sign_in("/admin/login")
            for page in _pages(_a_booking(engine)):
                cost = asyncio.run(_measure(page, console.url, token, django, starlette, runs))
                costs.append(cost)
                say(
                    f"{cost.name:<28} ours {cost.ours * 1e3:6.1f} ms  Django admin {cost.django * 1e3:7.1f} ms"
                    f"  starlette-admin {cost.starlette * 1e3:7.1f} ms"
                )
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA IF EXISTS peers_django CASCADE"))
        engine.dispose()
    return costs


async def _measure(page: Page, url: str, token: str, django: "Browser", starlette: "Browser", runs: int) -> PeerCost:
    """Measure in turns, so that whatever else the machine does falls on all three; the first two runs are dropped."""
    times: dict[str, list[float]] = {"ours": [], "django": [], "starlette": []}
    async with Person(url, token) as person:
        for n in range(runs + 2):
            notes = page.saves.format(n=n)
            run = await person.open(*page.ours)
            if notes:
                run = await person.press("Save notes", {"Notes for practitioner and staff": notes})
            if run.problems:
                raise Conflict(f"{page.name}: {run.problems[0]}")
            times["ours"].append(run.seconds)
            for name, browser, address in (
                ("django", django, page.django),
                ("starlette", starlette, page.starlette),
            ):
                times[name].append(browser.save(address, notes) if notes else browser.open(address))
    return PeerCost(page.name, **{name: statistics.median(taken[2:]) for name, taken in times.items()})


def _a_booking(engine: Engine) -> str:
    with engine.connect() as connection:
        query = "SELECT id FROM bookings WHERE status = 'confirmed' ORDER BY starts_at DESC, id LIMIT 1"
        return str(connection.execute(text(query)).scalar_one())


class Browser:
    """What a browser does to get a page: one connection that is kept, cookies, forms, redirects."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc
        self._url = url
        self._connection = HTTPConnection(self._host, timeout=_PATIENCE)
        self._cookies: dict[str, str] = {}
        self.last = ""

    def open(self, address: str) -> float:
        """Get a page; returns the seconds until its last byte."""
        return self._ask("GET", address)

    def sign_in(self, address: str) -> None:
        """Fill in the form of the page that signs in."""
        self.open(address)
        self._ask("POST", address, _fields(self.last) | {"username": "bench", "password": "bench"})
        if 'name="password"' in self.last:
            raise Conflict(f"{self._url} did not let us in.")

    def save(self, address: str, notes: str) -> float:
        """Open the form of a record and save its notes; returns the seconds from the press to the form drawn again."""
        self.open(address)
        seconds = self._ask(
            "POST", address, _fields(self.last) | {"notes": notes, "_continue": "1", "_continue_editing": "1"}
        )
        if notes not in self.last:
            raise Conflict(f"{self._url} did not save.")
        return seconds

    def _ask(self, method: str, address: str, form: dict[str, str] | None = None) -> float:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items()), "Referer": self._url}
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self._url}
        began = time.perf_counter()
        self._connection.request(method, address, urlencode(form) if form is not None else None, headers)
        answer = self._connection.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - began
        for cookie in answer.headers.get_all("set-cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        if answer.status in (302, 303, 307):
            to = urlsplit(answer.headers["location"])
            return seconds + self._ask("GET", f"{to.path}?{to.query}")
        if answer.status != 200:
            raise Conflict(f"{self._url}{address} answered {answer.status}.")
        self.last = body.decode()
        return seconds


class _Hidden(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden" and given.get("name"):
            self.fields[str(given["name"])] = given.get("value") or ""


def _fields(page: str) -> dict[str, str]:
    """Return what the forms of a page carry along, such as the token against forged requests."""
    parser = _Hidden()
    parser.feed(page)
    return parser.fields


def _environment(say: Callable[[str], None]) -> Path:
    """Return the Python of the others' own environment, made when it is not there or stands for other packages."""
    folder = ROOT / "var.bench" / "peers"
    wanted = (HERE / "requirements.txt").read_text()
    done = folder / "installed.txt"
    python = folder / "bin" / "python"
    if not done.is_file() or done.read_text() != wanted:
        say("Installing Django and starlette-admin into an environment of their own…")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        install = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
        subprocess.run([str(python), *install, "-r", str(HERE / "requirements.txt")], check=True)
        done.write_text(wanted)
    return python


@contextmanager
def _serving(python: Path, script: str, database_url: str) -> Iterator[str]:
    url = make_url(database_url)
    port = free_port()
    env = {
        **os.environ,
        "PEERS_URL": database_url,
        "PEERS_DATABASE": str(url.database),
        "PEERS_USER": str(url.username or ""),
        "PEERS_PASSWORD": str(url.password or ""),
        "PEERS_HOST": str(url.query.get("host") or url.host or ""),
        "PEERS_PORT": str(url.query.get("port") or url.port or 5432),
    }
    process = subprocess.Popen([str(python), str(HERE / script), str(port)], env=env)
    until = time.monotonic() + _PATIENCE
    try:
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > until:
                raise Conflict(f"{re.sub('_app.py$', '', script)} did not start.")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/admin/")
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()
