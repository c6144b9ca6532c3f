"""Read the order lines of a shop from a CSV file: each row becomes a `Line`, or a `Problem` with its reason.

The columns are those of D. Chen, "Online Retail", UCI Machine Learning Repository, 2015 (CC BY 4.0). Pure: no database.
"""

import codecs
import csv
import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast
from zoneinfo import ZoneInfo

from avenrae.errors import InvalidInput
from avenrae.money import to_minor

CURRENCY = "GBP"
TIME_ZONE = "Europe/London"
COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")

_LONDON = ZoneInfo(TIME_ZONE)
_DAMAGED = "The file is damaged and cannot be read to its end. Nothing was imported; get it again."
_UNQUOTED = "a quotation mark seems to be missing"
_CHUNK = 1 << 20
_KEPT = 2000
_INVOICE = re.compile(r"[CA]?[0-9]{1,20}")
_CUSTOMER = re.compile(r"([0-9]{1,18})(?:\.0+)?")
# A million of each keeps every sum of an invoice within the database's integers.
_QUANTITY = re.compile(r"[+-]?[0-9]{1,7}")
_PRICE = re.compile(r"-?[0-9]{1,7}(?:\.[0-9]{1,9})?")
_MOST = 1_000_000


class LineKind(Enum):
    """What a row of the file stands for in our books."""

    SALE = "sale"
    CREDIT = "credit"
    ADJUSTMENT = "adjustment"
    STOCK = "stock"


class Problem(NamedTuple):
    """One row that cannot be booked: its line in the file, the reason as half a sentence, and the row itself."""

    number: int
    reason: str
    content: str


class Line(NamedTuple):
    """One row that can be booked; money in pence with the file's sign, `at` in UTC, `month` as the shop cut it."""

    number: int
    kind: LineKind
    invoice: str
    sku: str
    title: str
    quantity: int
    at: datetime
    month: str
    price_minor: int
    total_minor: int
    customer: str
    country: str
    row: list[str]

    def problem(self, reason: str) -> Problem:
        """Return this row as one that cannot be booked after all."""
        return Problem(self.number, reason, _joined(self.row))


@dataclass(frozen=True)
class Source:
    """A file and what must be known before it is read; `fingerprint` is of the content, packed or not."""

    path: Path
    fingerprint: str
    encoding: str
    lines: int


def examine(path: Path) -> Source:
    """Read a file once for its SHA-256, its encoding (UTF-8, or else Windows-1252) and its number of lines.

    Raises:
        InvalidInput: There is no such file, or it is damaged.
    """
    sha, lines, encoding = hashlib.sha256(), 0, "utf-8-sig"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with _open(path) as file:
            while chunk := file.read(_CHUNK):
                sha.update(chunk)
                lines += chunk.count(b"\n")
                if encoding != "cp1252":
                    try:
                        decoder.decode(chunk)
                    except UnicodeDecodeError:
                        encoding = "cp1252"
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InvalidInput(_DAMAGED) from None
    except OSError as e:
        raise InvalidInput(f"The file {path.name} cannot be read: {(e.strerror or 'it is damaged').lower()}.") from None
    return Source(path, sha.hexdigest(), encoding, lines)


def read_lines(source: Source) -> Iterator[Line | Problem]:
    """Yield every row of the file in its order, empty ones left out.

    Raises:
        InvalidInput: The first row does not name the columns.
    """
    with _open(source.path) as file:
        # Windows-1252 leaves five bytes undefined; they arrive as "\ufffd", which can be seen, and stop nothing.
        text = TextIOWrapper(file, encoding=source.encoding, errors="replace", newline="")
        first = text.readline()
        separator = ";" if first.count(";") > first.count(",") else ","
        columns = _columns(next(csv.reader([first], delimiter=separator), []))
        rows = csv.reader(text, delimiter=separator, strict=True)
        width = max(columns) + 1
        while True:
            number = rows.line_num + 2
            try:
                row = next(rows, None)
            except csv.Error:
                yield Problem(number, f"{_UNQUOTED} (read up to line {rows.line_num + 1})", "")
                continue
            if row is None:
                return
            if not row:
                continue
            if len(row) < width:
                yield Problem(number, f"the row has {len(row)} of {width} columns", _joined(row))
                continue
            cells = [row[at].strip() for at in columns]
            if separator == ";":
                cells[5] = cells[5].replace(",", ".")
            line = _line(number, cells)
            yield Problem(number, line, _joined(row)) if isinstance(line, str) else line


def _line(number: int, cells: list[str]) -> Line | str:
    """Return the row as a line, or the reason why it is none."""
    invoice, sku, title, quantity_text, date, price_text, customer_text, country = cells
    if not _INVOICE.fullmatch(invoice):
        return f"the invoice number “{_short(invoice)}” is not digits, with C or A before them or not"
    if not (1 <= len(sku) <= 64 and sku.isascii() and sku.isprintable()):
        return f"the stock code “{_short(sku)}” is not 1 to 64 plain letters and digits"
    if len(title) > 200:
        return f"the description has more than 200 letters; {_UNQUOTED}"
    if "\0" in title or "\0" in country:
        return "the row holds characters that are no text"
    if not _QUANTITY.fullmatch(quantity_text):
        return f"the quantity “{_short(quantity_text)}” is not a whole number"
    at = _instant(date)
    if at is None:
        return f"the date “{_short(date)}” is not a time like 2010-12-01 08:26:00"
    if not _PRICE.fullmatch(price_text):
        return f"the price “{_short(price_text)}” is not an amount like 2.55"
    customer = _CUSTOMER.fullmatch(customer_text) if customer_text else None
    if customer_text and customer is None:
        return f"the customer “{_short(customer_text)}” is not a number"
    quantity = int(quantity_text)
    price, price_minor = _price(price_text)
    if not -_MOST <= quantity <= _MOST or not -_MOST <= price <= _MOST:
        return "the quantity or the price is more than a million"
    kind = _kind(invoice, quantity, price)
    if isinstance(kind, str):
        return kind
    return Line(
        number,
        kind,
        invoice,
        sku,
        title,
        quantity,
        at,
        date[:7],
        price_minor,
        to_minor(quantity * price, CURRENCY),
        customer[1] if customer else "",
        country,
        cells,
    )


def _kind(invoice: str, quantity: int, price: Decimal) -> LineKind | str:
    if quantity == 0:
        return "the quantity is 0, so nothing was sold or corrected"
    if price == 0:
        return LineKind.STOCK
    if invoice[0] == "A":
        return LineKind.ADJUSTMENT
    if price < 0:
        return "the price is negative, which only an adjustment (invoice A…) may have"
    if invoice[0] == "C":
        return LineKind.CREDIT if quantity < 0 else "a cancelled invoice (C…) needs a negative quantity"
    return LineKind.SALE if quantity > 0 else "a negative quantity with a price belongs on a cancelled invoice (C…)"


@lru_cache(maxsize=4096)
def _price(text: str) -> tuple[Decimal, int]:
    price = Decimal(text)
    return price, to_minor(price, CURRENCY)


@lru_cache(maxsize=4096)
def _instant(text: str) -> datetime | None:
    """Return the instant of a local time; an ambiguous one is its first occurrence, a missing one moves forward."""
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"):
        try:
            local = datetime.strptime(text, form).replace(tzinfo=_LONDON)
        except ValueError:
            continue
        return local.astimezone(UTC) if local.year >= 1900 else None
    return None


def _columns(header: list[str]) -> list[int]:
    places = {name.strip().lower(): at for at, name in enumerate(header)}
    missing = [name for name in COLUMNS if name.lower() not in places]
    if missing:
        raise InvalidInput(
            f"The file's first line must name the columns {', '.join(COLUMNS)}; missing: {', '.join(missing)}."
        )
    return [places[name.lower()] for name in COLUMNS]


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def _joined(row: list[str]) -> str:
    """Return the row for the list of bad rows; the database's text holds no NUL."""
    return ",".join(row).replace("\0", "\ufffd")[:_KEPT]


def _short(text: str) -> str:
    return (text if len(text) <= 40 else f"{text[:40]}…").replace("\0", "\ufffd")
