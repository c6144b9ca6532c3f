"""Excel files of lists: the rows of the CSV file with amounts, numbers, dates and times that Excel reckons with."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import IO, Any
from zoneinfo import ZoneInfo

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from avenrae import clock, money
from avenrae.errors import InvalidInput
from avenrae.http.exports import Amount, Cell

MOST_ROWS = 1_048_575
"""An Excel sheet ends here; its first row is the heading."""
_STEP = 500
_FIRST_YEAR = 1900
_LONGEST = 10**15
"""Excel keeps fifteen digits of a number; what is longer is text."""
_NARROWEST, _WIDEST = 8, 60
_UNPRINTABLE = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Sheet(Worksheet):  # type: ignore[misc]
    """A sheet whose texts are never taken for markup: those between `<r>` and `</r>` XlsxWriter writes as they are."""

    def _xml_rich_inline_string(self, string: str, attributes: Any = ()) -> None:
        self._xml_inline_string(string, True, attributes)


class _Columns:
    """Writes rows cell by cell, each by the type of its value, and remembers how wide they are."""

    def __init__(self, book: Workbook, sheet: Worksheet, cells: Mapping[str, Cell], zone: ZoneInfo) -> None:
        self._book, self._sheet, self._zone = book, sheet, zone
        self._cells = list(cells.values())
        self._formats: dict[str, Format] = {}
        bold = book.add_format({"bold": True})
        self._widths = [_NARROWEST] * len(cells)
        for column, (heading, cell) in enumerate(cells.items()):
            text = f"{heading} ({zone.key})" if cell.is_moment else heading
            sheet.write_string(0, column, text, bold)
            self._seen(column, len(text) + 2)  # the arrow of the filter

    def write(self, number: int, row: Any) -> None:
        """Write one row."""
        for column, cell in enumerate(self._cells):
            self._seen(column, self._write(number, column, cell.value(row)))

    def finish(self, rows: int) -> None:
        """Set the widths; the first row stays in sight, and filters."""
        for column, width in enumerate(self._widths):
            self._sheet.set_column(column, column, width)
        self._sheet.freeze_panes(1, 0)
        self._sheet.autofilter(0, 0, rows, len(self._cells) - 1)

    def _write(self, row: int, column: int, value: Any) -> int:
        """Write a cell that no value makes a formula or a link; returns how many letters it takes."""
        if value is None or value == "":
            return 0
        if isinstance(value, Amount) and abs(value.minor) < _LONGEST:
            digits = money.exponent(value.currency)
            amount = Decimal(value.minor).scaleb(-digits)
            self._sheet.write_number(row, column, amount, self._format(f"#,##0.{'0' * digits}".rstrip(".")))
            return len(f"{amount:,}")
        if isinstance(value, bool):
            self._sheet.write_boolean(row, column, value)
            return 5
        if isinstance(value, int | float) and abs(value) < _LONGEST:
            self._sheet.write_number(row, column, value)
            return len(str(value))
        if isinstance(value, datetime):
            local = value.astimezone(self._zone).replace(microsecond=0, tzinfo=None)
            return self._write_date(row, column, local, "yyyy-mm-dd hh:mm:ss")
        if isinstance(value, date):
            return self._write_date(row, column, value, "yyyy-mm-dd")
        text = _printable(str(value))
        self._sheet.write_string(row, column, text)  # cuts what is longer than a cell may be
        return len(text)

    def _write_date(self, row: int, column: int, at: date, shown: str) -> int:
        if at.year < _FIRST_YEAR:
            self._sheet.write_string(row, column, str(at))
        else:
            self._sheet.write_datetime(row, column, at, self._format(shown))
        return len(shown)

    def _format(self, shown: str) -> Format:
        if shown not in self._formats:
            self._formats[shown] = self._book.add_format({"num_format": shown})
        return self._formats[shown]

    def _seen(self, column: int, letters: int) -> None:
        self._widths[column] = min(max(self._widths[column], letters + 1), _WIDEST)


def write_sheet(
    file: IO[bytes], name: str, cells: Mapping[str, Cell], rows: Iterator[Any], zone: ZoneInfo
) -> Iterator[int]:
    """Write a list into an Excel file, some rows at each step; yields how many it has until they are all there.

    What is not yet in the file is in a folder that goes with the last step, and when the steps are given up.

    Raises:
        InvalidInput: There are more rows than an Excel sheet holds.
    """
    with TemporaryDirectory(prefix="avenrae-excel-") as folder:
        book = Workbook(file, {"constant_memory": True, "tmpdir": folder})
        book.set_properties({"created": clock.now()})
        sheet = book.add_worksheet(name, _Sheet)
        try:
            columns = _Columns(book, sheet, cells, zone)
            number = 0
            for number, row in enumerate(rows, 1):
                if number > MOST_ROWS:
                    raise InvalidInput(_too_many())
                columns.write(number, row)
                if number % _STEP == 0:
                    yield number
            columns.finish(number)
            book.close()
        finally:
            sheet.row_data_fh.close()


def _printable(text: str) -> str:
    """Return a text without what XML forbids."""
    if text.isprintable():
        return text
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _too_many() -> str:
    most = f"{MOST_ROWS:,}".replace(",", "\u00a0")
    return f"An Excel sheet holds {most} rows, and this list has more. Narrow it with filters, or take the CSV file."
