"""The catalogue of what people are told: every cause fills in every blank, and all of it can be read in one file."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from avenrae.enums import NoticeKind
from avenrae.letters import AREAS, CATALOGUE, bookings, orders, reviews, security, tickets
from avenrae.letters.event import Event
from avenrae.letters.frame import framed, why
from avenrae.settings import ROOT
from avenrae.ui.navigation import SCREENS

GOLDEN = Path(__file__).parent / "every_letter.txt"
SAMPLES = {
    "address": "203.0.113.7",
    "amount": "R\u00a0300.00",
    "because": ": Fair enough",
    "before": "Mon 16 March 2026, 14:00 (Africa/Johannesburg), 12:00 (Europe/London)",
    "body": "The session did not start.\n\nI waited an hour.",
    "browser": "Firefox on Windows",
    "by": "Naledi Dube",
    "count": "2",
    "devices": "2 devices",
    "due": "Mon 16 March 2026, 16:00 (Africa/Johannesburg)",
    "last_day": "31 March 2026",
    "left": "4",
    "level": "5",
    "lines": "2 × Rose quartz: R\u00a0300.00\n1 × Sage: R\u00a080.00",
    "money": "R\u00a0300.00 goes back to you; R\u00a0300.00 is kept, as the cancellation policy says.",
    "name": "Naledi Dube",
    "number": "T-1024",
    "other": "Naledi Dube",
    "paid": "paid",
    "practitioner": "Naledi Dube",
    "price": "R\u00a0600.00, paid.",
    "priority": "high",
    "product": "Rose quartz",
    "promise": "first response",
    "reason": "I am ill",
    "reference": "B-20260316-0001",
    "role": "support",
    "service": "Healing session",
    "shipping": "R\u00a075.00",
    "sku": "RQ-1",
    "subject": "The session did not start",
    "time": "Tue 17 March 2026, 14:00 (Africa/Johannesburg), 12:00 (Europe/London)",
    "times": "Tue 17 March 2026, 14:00 (Africa/Johannesburg)\nTue 24 March 2026, 14:00 (Africa/Johannesburg)",
    "title": "Identity card",
    "total": "R\u00a0455.00",
    "until": "Mon 16 March 2026, 14:15 (Africa/Johannesburg), 12:15 (Europe/London)",
    "when": "Mon 16 March 2026, 14:00 (Africa/Johannesburg)",
    "whose": "It is assigned to you.",
    "work": "healer",
    "writer": "Ana",
}
"""A value for every blank that there is."""


def written(event: Event) -> tuple[str, str]:
    """An event in words, with samples in its blanks."""
    return event.written(**{name: SAMPLES[name] for name in event.blanks})


def test_every_letter_can_be_read_in_one_file() -> None:
    """The file is what a reader of all these mails sees; what changes in it is seen in the change."""
    told = []
    for event in CATALOGUE.values():
        subject, text = written(event)
        told.append(
            f"=== {event.name}: to {event.to} ({event.kind.value}, opens {event.screen})\n{subject}\n\n{text}\n"
        )
    found = "\n".join(told)
    if not GOLDEN.exists():
        GOLDEN.write_text(found)
    assert found == GOLDEN.read_text(), f"Read what is different; if it is meant, delete {GOLDEN.name} and run again."


def test_every_event_stands_once_under_its_own_name() -> None:
    everything = [event for area in AREAS for event in vars(area).values() if isinstance(event, Event)]
    assert len(CATALOGUE) == len(everything)
    modules = {path.stem for path in (ROOT / "avenrae" / "letters").glob("*.py")} - {"__init__", "event", "frame"}
    assert {area.__name__.rpartition(".")[2] for area in AREAS} == modules
    assert all(event.screen in {s.script for s in SCREENS} for event in everything)
    assert set().union(*(event.blanks for event in everything)) == set(SAMPLES)


def test_a_blank_that_is_left_or_unknown_is_refused() -> None:
    """Before anything is written; `test_causes.py` holds it for every cause there is."""
    for wrong in ({}, {"writer": "Ana"}, {"writer": "Ana", "reference": "B-1", "other": "Ben"}):
        with pytest.raises(TypeError, match=r"^review_of_client says \['reference', 'writer'\], not \["):
            reviews.PUBLISHED_OF_CLIENT.written(**wrong)


def test_names_can_be_anything() -> None:
    """Braces, line breaks, marks that turn the direction: they stay words, and a subject stays on one line."""
    subject, text = reviews.PUBLISHED_OF_CLIENT.written(
        writer="{reference}\u202e\r\nBcc: all@example.org", reference="مرحبا 👋"
    )
    assert subject == "{reference} Bcc: all@example.org wrote about your session"
    assert text == "{reference}\r\nBcc: all@example.org wrote about session مرحبا 👋."


@pytest.mark.parametrize(
    ("back", "kept", "sentence"),
    [
        (0, 0, "Nothing was paid."),
        (60_000, 0, "R\u00a0600.00 goes back to you, all that was paid."),
        (0, 60_000, "R\u00a0600.00 was paid and is kept, as the cancellation policy says."),
        (30_000, 30_000, "R\u00a0300.00 goes back to you; R\u00a0300.00 is kept, as the cancellation policy says."),
    ],
)
def test_what_becomes_of_the_money(back: int, kept: int, sentence: str) -> None:
    assert bookings.money_back(back, kept, "ZAR") == sentence


class _Page(HTMLParser):
    """What a mail's HTML has: the words, the addresses, and the tags that are open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words, self.tags, self.links, self.open = "", [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src", "background")]
        assert not [name for name, _ in attrs if name.startswith("on")]
        assert not [value for name, value in attrs if name == "style" and "url(" in value]
        if tag == "br":
            self.words += "\n"
        elif tag not in ("meta", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += "" if data == "\n" else data.strip("\n")


_ALLOWED = {"html", "head", "meta", "title", "body", "div", "p", "h1", "br", "a", "hr"}


@pytest.mark.parametrize("kind", NoticeKind)
def test_both_parts_say_the_same(kind: NoticeKind) -> None:
    """And nothing in them is fetched from anywhere; the only link is the one to the record."""
    link = "https://console.example.com/booking?id=1"
    text, html = framed("Moved: “Reiki”", "It was: 12:00\nNow it is: 13:00\n\nReference: B-1.", kind, link)
    page = _Page(html)
    assert set(page.tags) <= _ALLOWED
    assert page.open == []
    assert page.links == [link]
    for line in ("It was: 12:00\nNow it is: 13:00", "Reference: B-1.", why(kind)):
        assert line in text
        assert line in page.words
    assert text.endswith(f"\n\nOpen it in the console: {link}\n\n-- \n{why(kind)}\n")


def test_no_address_no_link() -> None:
    text, html = framed("Hello", "Text", NoticeKind.SECURITY)
    assert "console:" not in text
    assert _Page(html).links == []
    assert "Such mails are always sent." in text


_EVIL = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><a href="https://evil.example">Click</a>',
    "</p></div></body><style>*{display:none}</style>",
    "&lt;b&gt; &amp;",
    "javascript:alert(1)",
    "{title}{body}{}",
)


@pytest.mark.parametrize("evil", _EVIL)
def test_what_people_wrote_stays_words(evil: str) -> None:
    """Stored XSS in a name, a subject, a ticket or a product: read as it was written, in both parts."""
    for event in (tickets.REPLY, orders.FULFILLED, bookings.CANCELLED, security.SIGN_IN):
        subject, body = event.written(**dict.fromkeys(event.blanks, evil))
        text, html = framed(subject, body, event.kind)
        page = _Page(html)
        assert set(page.tags) <= _ALLOWED
        assert page.links == []
        assert evil in text
        assert evil in page.words


def test_words_of_any_length_and_direction() -> None:
    long = "ä" * 5_000
    text, html = framed(long, f"{long}\n\nשלום\n👩‍👩‍👧‍👦", NoticeKind.TICKET)
    assert f"{long}\n\nשלום\n👩‍👩‍👧‍👦" in text
    assert "שלום\n👩‍👩‍👧‍👦" in _Page(html).words
    assert html.count('dir="auto"') == 3
    assert "overflow-wrap:anywhere" in html
