"""How long a start takes, what a browser loads, and how fast the shop's file is imported."""

import asyncio
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from avenrae.demo import PASSWORD
from avenrae.demo.world import DEMO_ACCOUNTS
from avenrae.enums import Role
from avenrae.errors import Conflict
from avenrae.http.guard import COOKIE
from bench.client import Person
from bench.console import ROOT, free_port

_READY = '[data-testid="stApp"][data-test-script-state="notRunning"][data-test-connection-state="CONNECTED"]'
_PATIENCE = 180.0


@dataclass(frozen=True)
class StartCost:
    """Seconds from the command to an answer, and to the first usable page with its sign-in."""

    answers: float
    usable: float


@dataclass(frozen=True)
class BrowserCost:
    """One load of the home page in a browser: requests, bytes over the wire, seconds until it is drawn."""

    requests: int
    size: int
    seconds: float


@dataclass(frozen=True)
class ImportCost:
    """One import of the shop's file."""

    seconds: float
    rows: int
    memory: int

    @property
    def rows_per_second(self) -> float:
        """Rows of the file a second."""
        return self.rows / self.seconds


def measure_starts(say: Callable[[str], None] = print) -> tuple[list[StartCost], list[BrowserCost]]:
    """Start the console twice on a folder of its own; the first start makes the database and the demo world."""
    with tempfile.TemporaryDirectory(prefix="avenrae-bench-", dir=ROOT.parent) as folder:
        Path(folder).chmod(0o755)
        starts, loads = [], list[BrowserCost]()
        for name in ("fresh", "second"):
            with _serving(Path(folder) / "data") as (url, began):
                answers = time.monotonic() - began
                asyncio.run(_home(url, _sign_in(url)))
                starts.append(StartCost(answers, time.monotonic() - began))
                say(f"{name} start: answers after {answers:.1f} s, usable after {starts[-1].usable:.1f} s")
                if name == "second":
                    loads = _browse(url)
        for name, load in zip(("cold", "warm"), loads, strict=False):
            say(f"browser, {name}: {load.requests} requests, {load.size / 1e6:.2f} MB, {load.seconds:.2f} s")
        return starts, loads


def measure_import(database_url: str, file: Path, say: Callable[[str], None] = print) -> ImportCost:
    """Import the shop's file into an empty database, by the command that a person would use."""
    began = time.monotonic()
    command = [sys.executable, "-m", "avenrae", "import", "orders", str(file)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "DATABASE_URL": database_url}, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - began
    read = re.search(r"Read ([\d,]+) rows", done.stdout)
    if done.returncode or read is None:
        raise Conflict(f"The import failed: {done.stderr.strip()[-300:]}")
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    cost = ImportCost(seconds, int(read[1].replace(",", "")), memory)
    say(f"import: {cost.rows} rows in {seconds:.1f} s, {cost.rows_per_second:.0f} a second, {memory / 1e6:.0f} MB")
    return cost


@contextmanager
def _serving(data: Path) -> Iterator[tuple[str, float]]:
    port = free_port()
    env = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    env |= {"AVENRAE_DATA_DIR": str(data), "AVENRAE_PORT": str(port)}
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "avenrae", "serve"], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        while not _answers(url):
            if process.poll() is not None or time.monotonic() - began > _PATIENCE:
                raise Conflict("The console did not start.")
            time.sleep(0.05)
        yield url, began
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def _sign_in(url: str) -> str:
    """Sign in as the demo admin and return the cookie's token."""
    form = urllib.parse.urlencode({"email": DEMO_ACCOUNTS[Role.ADMIN], "password": PASSWORD}).encode()
    request = urllib.request.Request(f"{url}/sign-in", form, {"Origin": url})  # noqa: S310
    try:
        cookies = urllib.request.build_opener(_Stay()).open(request).headers.get("set-cookie", "")
    except urllib.error.HTTPError as e:
        cookies = e.headers.get("set-cookie", "")
    found = re.search(rf"{COOKIE}=([^;]+)", cookies)
    if found is None:
        raise Conflict("The demo admin could not sign in.")
    return found[1]


async def _home(url: str, token: str) -> None:
    async with Person(url, token) as person:
        run = await person.open("")
        if run.problems:
            raise Conflict(run.problems[0])


def _browse(url: str) -> list[BrowserCost]:
    """Load the home page in Chromium, first with an empty cache and then again."""
    from playwright.sync_api import sync_playwright

    from tests.browser.chromium import launch

    with sync_playwright() as playwright:
        browser = launch(playwright)
        context = browser.new_context(base_url=url)
        context.add_cookies([{"name": COOKIE, "value": _sign_in(url), "url": url}])
        page = context.new_page()
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        seen: list[float] = []
        network.on("Network.loadingFinished", lambda event: seen.append(event["encodedDataLength"]))
        costs = []
        for again in (False, True):
            seen.clear()
            began = time.monotonic()
            if again:
                page.reload()
            else:
                page.goto("/")
            page.wait_for_selector(_READY)
            seconds = time.monotonic() - began
            page.wait_for_timeout(1_500)
            costs.append(BrowserCost(len(seen), int(sum(seen)), seconds))
        browser.close()
        return costs
