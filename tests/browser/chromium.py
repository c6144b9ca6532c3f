"""The system's Chromium, a person who works in it, and what must never happen there."""

import re
from contextlib import suppress
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Playwright, expect

from avenrae.demo import PASSWORD
from avenrae.demo.world import DEMO_ACCOUNTS
from avenrae.enums import Role
from tests.browser import install

FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--disable-sync",
]
READY = '[data-testid="stApp"][data-test-script-state="notRunning"][data-test-connection-state="CONNECTED"]'
BUSY = '[data-testid="stApp"]:not([data-test-script-state="notRunning"])'
PATIENCE = 15_000
_PROBES = re.compile(r"/_stcore/(health|host-config)$")
"""Streamlit's page asks for these beside the page that was opened first, and then at the root."""


def launch(playwright: Playwright) -> Browser:
    """Start the system's Chromium, with a software GPU for the maps."""
    found = install.find()
    if found is None:
        raise AssertionError("There is no Chromium; `python -m tests.browser.install` gets one.")
    expect.set_options(timeout=PATIENCE)
    return playwright.chromium.launch(executable_path=found, args=FLAGS)


class Watch:
    """What goes wrong in a browser without being asked about: errors in its console, requests to other hosts."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.hosts: set[str] = set()
        self.paths: set[str] = set()
        self._allowed: list[re.Pattern[str]] = []

    def over(self, context: BrowserContext) -> None:
        """Watch every page of a context."""
        context.on("console", self._console)
        context.on("weberror", lambda e: self._add(f"error in the page: {e.error}"))
        context.on("request", lambda request: self._request(request.url))
        context.on("page", lambda page: page.on("websocket", lambda socket: self._request(socket.url)))

    def allow(self, pattern: str) -> None:
        """Expect problems like this one in this test."""
        self._allowed.append(re.compile(pattern))

    def left(self) -> list[str]:
        """Return the problems that nobody expected."""
        return [p for p in self.problems if not any(a.search(p) for a in self._allowed)]

    def _add(self, problem: str) -> None:
        self.problems.append(problem)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        url = message.location.get("url", "")
        if not ("404" in message.text and _PROBES.search(url) and urlsplit(url).path.count("/") > 2):
            self._add(f"console: {message.text} ({url})")

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("data", "blob"):
            return
        self.hosts.add(parts.hostname or "")
        self.paths.add(parts.path)
        if parts.hostname != "127.0.0.1":
            self._add(f"request to another host: {url}")


class Person:
    """Somebody with a browser of his own, signed in or about to be."""

    def __init__(self, context: BrowserContext, url: str, watch: Watch) -> None:
        self.context = context
        self.url = url
        self.watch = watch
        self.page: Page = context.new_page()
        # While a page is drawn anew, what it had stands beside what it gets: Playwright looks again afterwards.
        self.page.add_locator_handler(self.page.locator(BUSY), lambda _: None)

    def open(self, path: str = "/", *, ready: bool = True) -> Page:
        """Go to an address of the console."""
        self.page.goto(self.url + path)
        if ready:
            self.ready()
        return self.page

    def tab(self) -> "Person":
        """Open another tab of the same browser."""
        return Person(self.context, self.url, self.watch)

    def ready(self) -> None:
        """Wait until the page is drawn and rests."""
        self.page.wait_for_selector(READY, timeout=PATIENCE)
        expect(self.page.get_by_test_id("stSkeleton")).to_have_count(0)

    def press(self, key: str) -> None:
        """Press a key of a page that can be worked with the keyboard, once it can."""
        expect(self.page.locator(".shortcuts[data-works]")).to_have_count(1)
        self.page.keyboard.press(key)

    def sign_in(self, role: Role) -> None:
        """Fill in the sign-in form that is open."""
        self.page.get_by_label("E-mail").fill(DEMO_ACCOUNTS[role])
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()

    def choose(self, label: str, option: str) -> None:
        """Choose an option of a select box."""
        box = self.page.get_by_test_id("stSelectbox").filter(has_text=label).get_by_role("combobox")
        box.click()
        self.page.get_by_role("option", name=option, exact=True).click()

    def rows(self, label: str | None = None) -> Locator:
        """Return the rows of a list of records."""
        table = self.page.get_by_role("table", name=label) if label else self.page.get_by_role("table")
        return table.locator("tbody tr")

    def column(self, number: int) -> list[str]:
        """Return the first lines of a column of the list, from the top."""
        cells = self.page.locator(f".records tbody tr > :nth-child({number}) .value")
        return [t.strip() for t in cells.all_inner_texts()]

    def texts(self) -> str:
        """Return all that is to be read on the page."""
        return self.page.get_by_test_id("stMain").inner_text()


def no_fault(page: Page, *, alerts: bool = False) -> None:
    """Fail when the page shows a fault of ours, a page that is not there or, with `alerts`, any error."""
    for text in page.get_by_test_id("stException").all_inner_texts():
        raise AssertionError(f"{page.url}: {text}")
    main = page.get_by_test_id("stMain").inner_text()
    for words in ("fault on our side", "wrong on our side", "Page not found", "Traceback", "component failed"):
        if words in main:
            raise AssertionError(f"{page.url}: {main[:600]}")
    if alerts and (told := page.get_by_test_id("stAlertContentError").all_inner_texts()):
        raise AssertionError(f"{page.url}: {told}")


def close(context: BrowserContext) -> None:
    """Close a browser window, also one whose server is away."""
    with suppress(Exception):
        context.close()
