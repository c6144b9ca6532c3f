"""Files of lists: the filtered rows, for those who may see them, safe to open in a spreadsheet."""

import csv
import io
import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from openpyxl import load_workbook

from avenrae import clock
from avenrae.db.transaction import transaction
from avenrae.enums import Role
from avenrae.http.exports import EXPORTS
from avenrae.models import Client, Practitioner, User
from avenrae.permissions import Actor
from avenrae.services.reviews import write_review
from tests import make
from tests.http.conftest import PASSWORD, Console

SYSTEM = Actor.system("Test")


@pytest.fixture
def tokens(console: Console) -> dict[Role, str]:
    """A signed-in person of each role, and some rows to export."""
    with transaction(SYSTEM, "prepare") as session:
        emails = {}
        for role in Role:
            actor = make.make_actor(session, role)
            session.get_one(User, actor.user_id).password_hash = _hash()
            emails[role] = actor.email
        client = make.make_client(session, user={"first_name": "=cmd|calc", "last_name": "O'Neil"})
        for day in range(3):
            make.make_booking(session, client=client, starts_at=clock.now() + timedelta(days=day + 1))
        make.make_booking(session, status="confirmed", notes="-")
        make.make_product(session, title="Quartz, rose", stock=2)
    return {role: console.sign_in(email).token for role, email in emails.items()}


def _hash() -> str:
    from avenrae.passwords import hash_password

    return hash_password(PASSWORD)


def rows(text: str) -> list[dict[str, str]]:
    """The file as a spreadsheet reads it."""
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def cells(body: bytes) -> list[list[Any]]:
    """The Excel file as a spreadsheet reads it, with its heading."""
    return [list(row) for row in load_workbook(io.BytesIO(body)).active.iter_rows(values_only=True)]


def test_the_file_holds_the_filtered_rows(console: Console, tokens: dict[Role, str]) -> None:
    everything = console.ask("/download/bookings.csv", token=tokens[Role.SUPPORT])
    assert everything.headers["content-disposition"] == 'attachment; filename="bookings.csv"'
    assert len(rows(everything.text)) == 4
    query = urlencode({"status": "confirmed", "sort": "reference"})
    one = rows(console.ask(f"/download/bookings.csv?{query}", token=tokens[Role.SUPPORT]).text)
    assert [r["status"] for r in one] == ["confirmed"]
    assert one[0]["price"] == "600.00"


def test_no_cell_is_a_formula(console: Console, tokens: dict[Role, str]) -> None:
    """R-IMP-02: what begins with = + - @ is text; our own numbers keep their minus."""
    found = rows(console.ask("/download/bookings.csv?status=pending", token=tokens[Role.ADMIN]).text)
    assert {r["client"] for r in found} == {"'=cmd|calc O'Neil"}


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("query", ["", "q=o"])
def test_both_files_of_every_list_say_the_same(
    console: Console, tokens: dict[Role, str], name: str, query: str
) -> None:
    """Cell by cell, in the same order; in the Excel file times have lost their offset, which its heading tells."""
    text = console.ask(f"/download/{name}.csv?{query}", token=tokens[Role.ADMIN])
    excel = console.ask(f"/download/{name}.xlsx?{query}", token=tokens[Role.ADMIN], Accept_Encoding="gzip")
    assert (text.status, excel.status) == (200, 200)
    assert excel.headers["content-disposition"] == f'attachment; filename="{name}.xlsx"'
    assert int(excel.headers["content-length"]) == len(excel.body)
    heading, *found = cells(excel.body)
    assert [h.removesuffix(" (Africa/Johannesburg)") for h in heading] == list(EXPORTS[name].cells)
    assert [
        [said(cell, text) for cell, text in zip(row, texts.values(), strict=True)]
        for row, texts in zip(found, rows(text.text), strict=True)
    ] == [list(texts.values()) for texts in rows(text.text)]


def said(cell: Any, text: str) -> str:
    """What a cell of the Excel file says, written like the text beside it."""
    if isinstance(cell, datetime):
        return (cell.isoformat() + text[19:])[: len(text)]
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return str(Decimal(str(cell)).quantize(Decimal(text)))
    shown = "" if cell is None else str(cell)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown


def test_the_excel_file_is_sorted_and_filtered_alike(console: Console, tokens: dict[Role, str]) -> None:
    everything = console.ask("/download/bookings.xlsx?sort=-reference", token=tokens[Role.SUPPORT])
    references = [row[0] for row in cells(everything.body)[1:]]
    assert len(references) == 4
    assert references == sorted(references, reverse=True)
    [_, one] = cells(console.ask("/download/bookings.xlsx?status=confirmed", token=tokens[Role.SUPPORT]).body)
    assert (one[4], one[9], one[10]) == ("confirmed", 600, "ZAR")


@pytest.mark.parametrize(
    ("role", "name", "status"),
    [
        (Role.CLIENT, "bookings", 200),
        (Role.CLIENT, "entries", 403),
        (Role.SUPPORT, "entries", 403),
        (Role.SUPPORT, "products", 403),
        (Role.PRACTITIONER, "orders", 403),
        (Role.PRACTITIONER, "entries", 200),
        (Role.CLIENT, "reviews", 200),
        (Role.PRACTITIONER, "reviews", 200),
    ],
)
def test_the_role_decides(console: Console, tokens: dict[Role, str], role: Role, name: str, status: int) -> None:
    """R-USR-01: a file is refused like its page, and holds own rows only."""
    answer = console.ask(f"/download/{name}.csv", token=tokens[role])
    excel = console.ask(f"/download/{name}.xlsx", token=tokens[role])
    assert (answer.status, excel.status) == (status, status)
    if status == 200:
        assert rows(answer.text) == []
        assert len(cells(excel.body)) == 1
    else:
        assert "does not allow this" in answer.text
        assert excel.text == answer.text


def test_a_file_of_reviews_holds_what_its_reader_may_read(console: Console, tokens: dict[Role, str]) -> None:
    """R-REV, R-IMP-02: what is kept back is in nobody else's file; what looks like a formula is text."""
    with transaction(SYSTEM, "prepare") as session:
        client, practitioner = (
            session.query(model).join(User, User.id == model.user_id).filter(User.password_hash.is_not(None)).one()
            for model in (Client, Practitioner)
        )
        held = make.make_session(session, client=client, practitioner=practitioner)
        sides = [
            make.actor_of(session.get_one(User, client.user_id), client=client),
            make.actor_of(session.get_one(User, practitioner.user_id), practitioner=practitioner),
        ]
        write_review(session, sides[0], held.id, rating=1, comment="=HYPERLINK(1)")

    def read(role: Role) -> list[tuple[str, str]]:
        answer = console.ask("/download/reviews.csv?show=all", token=tokens[role])
        return [(r["rating"], r["comment"]) for r in rows(answer.text)]

    assert read(Role.CLIENT) == read(Role.SUPPORT) == [("1", "'=HYPERLINK(1)")]
    assert read(Role.PRACTITIONER) == []
    with transaction(SYSTEM, "prepare") as session:
        write_review(session, sides[1], held.id, rating=5)
    assert len(read(Role.PRACTITIONER)) == len(read(Role.CLIENT)) == 2


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/download/nothing.csv", 404),
        ("/download/bookings.csv?status=gone", 422),
        ("/download/bookings.csv?from=yesterday", 422),
        ("/download/bookings.csv?sort=password_hash", 422),
        ("/download/bookings.csv?client=1", 404),
    ],
)
def test_a_wrong_address_is_a_sentence(console: Console, tokens: dict[Role, str], address: str, status: int) -> None:
    """R-UI-02"""
    answer = console.ask(address, token=tokens[Role.ADMIN])
    assert answer.status == status
    assert console.ask(address.replace(".csv", ".xlsx"), token=tokens[Role.ADMIN]).text == answer.text
    assert "Traceback" not in answer.text
    assert json.dumps(answer.text).count("sqlalchemy") == 0


def test_without_a_sign_in_there_is_no_file(console: Console) -> None:
    assert console.ask("/download/bookings.csv").status == 401
    assert console.ask("/download/bookings.xlsx").status == 401
