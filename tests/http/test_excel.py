"""The Excel file of a list, read back: every cell is what the row says, as what Excel reckons with."""

import io
import re
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message

from avenrae import clock, money
from avenrae.db.engine import engine
from avenrae.db.transaction import transaction
from avenrae.enums import BookingStatus, Role
from avenrae.errors import InvalidInput
from avenrae.http import downloads, excel
from avenrae.http.exports import EXPORTS, Amount, Cell
from avenrae.permissions import Actor
from tests import make

LONDON = ZoneInfo("Europe/London")
NUMBERED = {"number": Cell(itemgetter(0)), "said": Cell(itemgetter(1))}
SAID = {"said": Cell(lambda row: row)}
AT = {"at": Cell(lambda row: row, is_moment=True)}
at = datetime.fromisoformat


def write(cells: dict[str, Cell], rows: Iterator[Any], zone: ZoneInfo = LONDON) -> io.BytesIO:
    """The whole file."""
    file = io.BytesIO()
    for _ in excel.write_sheet(file, "rows", cells, rows, zone):
        pass
    return file


def sheet_of(file: io.BytesIO) -> Any:
    """Its sheet, as a spreadsheet reads it."""
    return load_workbook(file).active


def read(file: io.BytesIO) -> list[list[Any]]:
    """Its values below the heading."""
    return [list(row) for row in sheet_of(file).iter_rows(min_row=2, values_only=True)]


def xml(file: io.BytesIO) -> str:
    """The sheet as it is written."""
    return zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml").decode()


def text_of(value: Any) -> str:
    """The text that a value becomes."""
    cell = sheet_of(write(SAID, iter([value])))["A2"]
    assert (cell.data_type, type(cell.value)) in (("s", str), ("n", type(None)))
    return unescape(cell.value or "")


def test_every_cell_of_a_booking() -> None:
    """Texts are texts, even of digits; amounts and numbers are numbers, dates and times are dates and times."""
    row = SimpleNamespace(
        reference="00123",
        starts_at=datetime(2026, 3, 16, 10, 0, 7, 999, tzinfo=UTC),
        ends_at=datetime(2026, 3, 16, 11, tzinfo=UTC),
        time_zone="Africa/Johannesburg",
        status=BookingStatus.CONFIRMED,
        payment_status="paid",
        client_name="Thandi O'Neil <t&t>",
        practitioner_name=None,
        service_title="",
        price_minor=-123_456_789,
        currency="ZAR",
    )
    file = write(dict(EXPORTS["bookings"].cells), iter([row]), ZoneInfo("Africa/Johannesburg"))
    sheet = sheet_of(file)
    assert [c.value for c in sheet[1]] == [
        *("reference", "starts_at (Africa/Johannesburg)", "ends_at (Africa/Johannesburg)", "time_zone"),
        *("status", "payment_status", "client", "practitioner", "service", "price", "currency"),
    ]
    assert all(c.font.bold for c in sheet[1])
    assert [c.value for c in sheet[2]] == [
        *("00123", at("2026-03-16 12:00:07"), at("2026-03-16 13:00"), "Africa/Johannesburg"),
        *("confirmed", "paid", "Thandi O'Neil <t&t>", None, None, -1_234_567.89, "ZAR"),
    ]
    assert "".join(c.data_type for c in sheet[2]) == "sddssssnnns"
    assert sheet["J2"].number_format == "#,##0.00"
    assert sheet["B2"].number_format == "yyyy-mm-dd hh:mm:ss"
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:K2")
    assert sheet.column_dimensions["G"].width > len(row.client_name)
    assert sheet.title == "rows"


@pytest.mark.parametrize(
    ("minor", "currency", "written", "shown"),
    [
        (60_000, "ZAR", "600.00", "#,##0.00"),
        (-1, "GBP", "-0.01", "#,##0.00"),
        (841, "GBP", "8.41", "#,##0.00"),
        (0, "ZAR", "0.00", "#,##0.00"),
        (150_000, "JPY", "150000", "#,##0"),
        (150_005, "KWD", "150.005", "#,##0.000"),
        (999_999_999_999_999, "USD", "9999999999999.99", "#,##0.00"),
    ],
)
def test_an_amount_is_the_number_it_is(minor: int, currency: str, written: str, shown: str) -> None:
    """Minor units are never taken through a float; the currency's digits show."""
    file = write(SAID, iter([Amount(minor, currency)]))
    found = re.search(r'<c r="A2" s="\d+"><v>([^<]*)</v>', xml(file))
    assert found is not None
    assert Decimal(found[1]) == Decimal(written)
    cell = sheet_of(file)["A2"]
    assert (cell.data_type, cell.number_format) == ("n", shown)
    assert str(Amount(minor, currency)) == money.plain(minor, currency) == written


@settings(deadline=None, max_examples=30)
@given(st.lists(st.builds(Amount, st.integers(-(10**15) + 1, 10**15 - 1), st.sampled_from(["ZAR", "JPY", "KWD"]))))
def test_any_amount_is_read_back_to_the_cent(amounts: list[Amount]) -> None:
    found = [Decimal(repr(value)) for [value] in read(write(SAID, iter(amounts)))]
    assert [round(f.scaleb(money.exponent(a.currency))) for f, a in zip(found, amounts, strict=True)] == [
        a.minor for a in amounts
    ]


def test_what_has_more_digits_than_excel_keeps_is_text() -> None:
    assert text_of(Amount(1_234_567_890_123_456_789, "ZAR")) == "12345678901234567.89"
    assert text_of(1_234_567_890_123_456) == "1234567890123456"


def test_numbers_truths_and_days() -> None:
    cells = {name: Cell(lambda row, n=n: row[n]) for n, name in enumerate("abcdef")}
    file = write(cells, iter([(7, 0, True, False, 4.67, date(2026, 3, 29))]))
    sheet = sheet_of(file)
    assert [c.value for c in sheet[2]] == [7, 0, True, False, 4.67, at("2026-03-29")]
    assert "".join(c.data_type for c in sheet[2]) == "nnbbnd"
    assert sheet["F2"].number_format == "yyyy-mm-dd"


def test_times_are_those_of_the_readers_clock() -> None:
    """Before and after the hands are moved, in spring and in autumn."""
    hour = timedelta(hours=1)
    spring, autumn = datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    file = write(AT, iter([spring, spring + hour, autumn, autumn + hour, autumn + 2 * hour, None]))
    assert [str(moment) for [moment] in read(file)] == [
        *("2026-03-29 00:30:00", "2026-03-29 02:30:00"),
        *("2026-10-25 00:30:00", "2026-10-25 01:30:00", "2026-10-25 01:30:00"),
    ]
    assert sheet_of(file)["A1"].value == "at (Europe/London)"


def test_what_excel_knows_no_date_for_is_text() -> None:
    assert text_of(date(1899, 12, 31)) == "1899-12-31"


@pytest.mark.parametrize(
    "words",
    [
        *("=cmd|' /C calc'!A0", "{=1+1}", "+27 82 555 0101", "-1", "@SUM(A1)", "\tx", "http://example.org"),
        *("mailto:a@example.org", "internal:Sheet!A1", "<r><t>no</t></r>", "<r></is></c><c><f>1+1</f></c><is></r>"),
        *("_x0041_", "_x005F_", "00123", "1e5", "TRUE", " a ", "two\nlines", "&amp;", "שלום", "🙂"),
    ],
)
def test_a_text_is_that_text(words: str) -> None:
    """R-IMP-02: never a formula, a link, markup, a number or another text."""
    file = write(SAID, iter([words]))
    assert "<f>" not in xml(file)
    assert "xl/worksheets/_rels/sheet1.xml.rels" not in zipfile.ZipFile(file).namelist()
    cell = sheet_of(file)["A2"]
    assert cell.data_type == "s"
    assert unescape(cell.value) == words


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60)))
def test_any_text_is_read_back_without_what_xml_forbids(texts: list[str]) -> None:
    found = [unescape(text or "") for _, text in read(write(NUMBERED, enumerate(texts)))]
    assert found == [allowed(text) for text in texts]


def allowed(text: str) -> str:
    """A text as a cell can have it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if (c in "\t\n" or c >= " ") and c not in "\ufffe\uffff")


@pytest.mark.parametrize(("words", "kept"), [("a" * 40_000, 32_767), ("🙂" * 20_000, 16_383), ("b" * 32_767, 32_767)])
def test_what_is_longer_than_a_cell_is_cut(words: str, kept: int) -> None:
    assert text_of(words) == words[:kept]


def test_an_empty_list_is_a_heading() -> None:
    file = write(AT, iter([]))
    assert read(file) == []
    sheet = sheet_of(file)
    assert (sheet["A1"].value, sheet.auto_filter.ref) == ("at (Europe/London)", "A1")


def test_more_rows_than_a_sheet_has_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(excel, "MOST_ROWS", 3)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    file = write(SAID, iter("abc"))
    assert read(file) == [["a"], ["b"], ["c"]]
    with pytest.raises(InvalidInput, match="An Excel sheet holds 3 rows, and this list has more"):
        write(SAID, iter("abcd"))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where files are while they are made; a step has one row."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(excel, "_STEP", 1)
    return tmp_path


@pytest.fixture
def asks(database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Response]:
    """An admin asks for the file of three bookings, and hangs up after so many looks at whether he is still there."""
    with transaction(Actor.system("Test"), "prepare") as session:
        admin = make.make_actor(session, Role.ADMIN)
        for day in range(3):
            make.make_booking(session, starts_at=clock.now() + timedelta(days=day + 1))
    monkeypatch.setattr(downloads, "_actor", lambda _: admin)

    def ask(looks: int) -> Response:
        there = iter([True] * looks)

        async def receive() -> Message:
            return {"type": "http.request" if next(there, False) else "http.disconnect"}

        scope = {"type": "http", "headers": [], "path_params": {"name": "bookings"}, "query_string": b""}
        return anyio.run(downloads.download_excel, Request(scope, receive))

    return ask


# The database drops the cursor with its transaction; SQLAlchemy closes it only when rows are read to the end.
@pytest.mark.filterwarnings("ignore:.*ServerCursorMixin")
def test_who_hangs_up_leaves_nothing_behind(asks: Callable[[int], Response], folder: Path) -> None:
    """While the file is made: no file, no folder, no connection is kept."""
    assert asks(1).status_code == 204
    assert list(folder.iterdir()) == []
    assert engine().pool.checkedout() == 0


def test_a_file_is_gone_when_it_is_sent_or_when_that_fails(asks: Callable[[int], Response], folder: Path) -> None:
    """It has no name in any folder, and says how long it is."""
    for fails in (False, True):
        answer = asks(9)
        assert isinstance(answer, downloads._FileAnswer)
        assert answer.headers["content-disposition"] == 'attachment; filename="bookings.xlsx"'
        assert list(folder.iterdir()) == []
        sent = bytearray()

        async def send(message: Message, sent: bytearray = sent, fails: bool = fails) -> None:
            if fails and message["type"] == "http.response.body":
                raise OSError
            sent.extend(message.get("body", b""))

        async def receive() -> Message:
            await anyio.sleep_forever()
            raise AssertionError

        scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
        with pytest.raises(ClientDisconnect) if fails else nullcontext():
            anyio.run(answer, scope, receive, send)
        assert answer._file.closed
        assert fails or len(sent) == int(answer.headers["content-length"])
        assert fails or len(read(io.BytesIO(sent))) == 3
        assert engine().pool.checkedout() == 0


def test_rows_are_written_beside_the_event_loop(
    asks: Callable[[int], Response], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set()
    written = excel._Columns.write

    def write_and_note(*row: Any) -> None:
        seen.add(threading.get_ident())
        written(*row)

    monkeypatch.setattr(excel._Columns, "write", write_and_note)
    asks(9)._file.close()  # type: ignore[attr-defined]
    assert seen
    assert threading.get_ident() not in seen
