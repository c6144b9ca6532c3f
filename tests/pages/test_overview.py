"""The overview shows what the file of a shop says, to the penny, in its currency and on its clock."""

import csv
from collections import defaultdict
from decimal import ROUND_HALF_EVEN, Decimal

from avenrae.db.transaction import transaction
from avenrae.enums import Role
from avenrae.models import User
from avenrae.money import show
from avenrae.permissions import Actor
from tests import make
from tests.imports.shop import SAMPLE, load
from tests.pages.conftest import sign_in


def test_an_imported_shop(console, database) -> None:
    """R-AN-02: the screen's own figures against the file, line by line with exact decimals."""
    expected: dict[str, int] = defaultdict(int)
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            pence = (Decimal(row["Quantity"]) * Decimal(row["UnitPrice"]) * 100).quantize(Decimal(1), ROUND_HALF_EVEN)
            expected[{"C": "refund", "A": "adjustment"}.get(row["InvoiceNo"][0], "sale")] += int(pence)
    load(SAMPLE)
    with transaction(Actor.system("Test"), "prepare") as session:
        admin = make.make_actor(session, Role.ADMIN)
        sid = sign_in(session, session.get_one(User, admin.user_id))

    app = console(sid, "insights/overview", currency="GBP", period="all", zone="Europe/London")

    assert not app.exception
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["GMV"] == show(expected["sale"], "GBP")
    assert shown["Refunds"] == show(-expected["refund"], "GBP")
    assert shown["Net GMV"] == show(expected["sale"] + expected["refund"], "GBP")
    assert shown["Adjustments"] == show(expected["adjustment"], "GBP")
    assert shown["Take rate"] == "–"


def test_empty_books_say_what_will_show(console, people) -> None:
    app = console(people[Role.ADMIN], "insights/overview")
    assert [i.value for i in app.info] == [
        "The books are empty. The first completed session or paid order will show here."
    ]
