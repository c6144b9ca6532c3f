"""`python -m tests.browser.look FOLDER [URL]`: a picture of every screen of every role, to be looked at.

Light and dark at 1280 and 1920 pixels, light at 390. Without an address it starts a console of its own.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from avenrae.enums import Role
from avenrae.permissions import Actor
from avenrae.ui.navigation import screens_of
from tests.browser.chromium import Person, Watch, launch
from tests.process.console import Console

LOOKS = [("light", 1280), ("dark", 1280), ("light", 1920), ("dark", 1920), ("light", 390)]
DETAILS = {
    "booking": "/bookings",
    "practitioner": "/practitioners",
    "product": "/inventory",
    "order": "/orders",
    "review": "/reviews",
    "ticket": "/tickets",
    "conversation": "/messages",
}


@contextmanager
def console() -> Iterator[str]:
    """Start a console on an embedded database of its own."""
    memory = Path("/dev/shm")  # noqa: S108
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None, prefix="avenrae-look-"))
    folder.chmod(0o755)
    started = Console(AVENRAE_DATA_DIR=str(folder / "var"))
    try:
        started.wait_until_ready()
        yield started.url
    finally:
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)


def addresses(person: Person, role: Role) -> Iterator[tuple[str, str]]:
    """Yield the name and the address of every screen of a role, hidden ones at the first record of their list."""
    screens = list(screens_of(Actor(None, role, "Look")))
    lists = {s.url_path for s in screens} - {""}
    for screen in screens:
        name = screen.url_path or "home"
        if DETAILS.get(screen.url_path, "/")[1:] not in lists and screen.url_path != "ticket":
            yield name, f"/{screen.url_path}"
            continue
        own = "/my-tickets" if screen.url_path == "ticket" and "my-tickets" in lists else DETAILS[screen.url_path]
        person.open(own)
        first = person.page.locator(".records tbody tr a.open").first
        expect(first).to_be_visible()
        yield name, str(first.get_attribute("href"))


def take(browser: Browser, url: str, folder: Path) -> None:
    """Take all the pictures."""
    with_form = browser.new_context(viewport={"width": 1280, "height": 900})
    page = with_form.new_page()
    page.goto(f"{url}/sign-in")
    page.screenshot(path=folder / "sign-in.png")
    with_form.close()
    for role in Role:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        watch = Watch()
        watch.over(context)
        person = Person(context, url, watch)
        person.open("/", ready=False)
        person.sign_in(role)
        person.ready()
        for name, address in list(addresses(person, role)):
            for theme, width in LOOKS:
                person.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
                person.page.set_viewport_size({"width": width, "height": 900 if width > 400 else 844})
                person.open(address)
                person.page.wait_for_timeout(1500 if "map" in name or name == "practitioner" else 400)
                height = person.page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
                person.page.set_viewport_size({"width": width, "height": max(900, min(int(height), 4000))})
                person.page.wait_for_timeout(200)
                person.page.screenshot(path=folder / f"{role}-{name}-{theme}-{width}.png")
        for problem in watch.left():
            sys.stdout.write(f"{role}: {re.sub(chr(10), ' ', problem)[:300]}\n")
        context.close()


def main() -> None:
    """Run from the command line."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        if len(sys.argv) > 2:
            take(browser, sys.argv[2], folder)
        else:
            with console() as url:
                take(browser, url, folder)
        browser.close()


if __name__ == "__main__":
    main()
