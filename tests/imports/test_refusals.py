"""A file is imported as a whole or not at all, once, and what is wrong with it is said by line."""

import gzip
from functools import partial
from pathlib import Path

import pytest

from avenrae.errors import Conflict, InvalidInput
from avenrae.imports.orders import import_orders
from tests.imports.shop import GOOD, HEADER, SAMPLE, TABLES, file_of, load, nothing_is_there, one, rows
from tests.threads import answers, at_once


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (GOOD.replace(",6,", ",x,"), "the quantity “x” is not a whole number"),
        (GOOD.replace(",6,", ",1.5,"), "the quantity “1.5” is not a whole number"),
        (GOOD.replace(",6,", ",0,"), "the quantity is 0, so nothing was sold or corrected"),
        (GOOD.replace(",6,", ",-6,"), "a negative quantity with a price belongs on a cancelled invoice (C…)"),
        (GOOD.replace(",6,", ",2000000,"), "the quantity or the price is more than a million"),
        ("C" + GOOD, "a cancelled invoice (C…) needs a negative quantity"),
        ("B" + GOOD, "the invoice number “B536365” is not digits, with C or A before them or not"),
        (GOOD.replace("85123A", " "), "the stock code “” is not 1 to 64 plain letters and digits"),
        (
            GOOD.replace("LIGHT", "L" * 200),
            "the description has more than 200 letters; a quotation mark seems to be missing",
        ),
        (GOOD.replace("LIGHT", "LI\0GHT"), "the row holds characters that are no text"),
        (
            GOOD.replace("2010-12-01", "01/12/2010"),
            "the date “01/12/2010 08:26:00” is not a time like 2010-12-01 08:26:00",
        ),
        (GOOD.replace("2.55", "NaN"), "the price “NaN” is not an amount like 2.55"),
        (GOOD.replace("2.55", "1e5"), "the price “1e5” is not an amount like 2.55"),
        (GOOD.replace("2.55", "-2.55"), "the price is negative, which only an adjustment (invoice A…) may have"),
        (GOOD.replace("17850.0", "Bob"), "the customer “Bob” is not a number"),
        ("536365,85123A,LIGHT HOLDER,6", "the row has 4 of 8 columns"),
        (GOOD.replace("LIGHT", '"LIGHT" x'), "a quotation mark seems to be missing (read up to line 1001)"),
    ],
)
def test_one_bad_row_of_a_thousand(database: str, tmp_path: Path, row: str, reason: str) -> None:
    """R-IMP-01: strict changes nothing; lenient books 999 rows and returns the bad one with its reason."""
    good = [GOOD.replace("536365", str(600_000 + n)) for n in range(999)]
    path = file_of(tmp_path, *good, row)

    with pytest.raises(InvalidInput) as refused:
        load(path)
    assert refused.value.message == f"Line 1001: {reason}. Nothing was imported; correct the line or use --skip-bad."
    assert nothing_is_there()

    summary = load(path, skip_bad=True)
    assert (summary.rows_read, summary.rows_skipped, summary.orders, summary.order_items) == (1000, 1, 999, 999)
    assert [(problem.number, problem.reason) for problem in summary.problems] == [(1001, reason)]
    assert rows("SELECT line, reason FROM import_rows") == [(1001, reason)]
    assert rows("SELECT status, rows_read, rows_skipped, summary->>'orders' FROM import_batches") == [
        ("done", 1000, 1, "999")
    ]
    assert one("SELECT sum(gross_minor)::bigint FROM ledger_entries") == 999 * 1530


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (GOOD.replace("17850.0", "1"), "invoice 536365 belongs to another customer on its first line"),
        (GOOD.replace("United Kingdom", "France"), "invoice 536365 belongs to another country on its first line"),
        (GOOD.replace("2010-12-01", "2011-01-01"), "invoice 536365 began in another month (2010-12)"),
    ],
)
def test_an_invoice_that_contradicts_itself_is_refused(database: str, tmp_path: Path, second: str, reason: str) -> None:
    path = file_of(tmp_path, GOOD, second)

    with pytest.raises(InvalidInput, match="Line 3: ") as refused:
        load(path)
    assert reason in refused.value.message
    assert nothing_is_there()

    assert load(path, skip_bad=True).sales_minor == 1530
    assert rows("SELECT line_total_minor FROM order_items") == [(1530,)]
    assert rows("SELECT reason, content FROM import_rows") == [(reason, second)]


def test_a_file_is_imported_once_packed_or_not(database: str, tmp_path: Path) -> None:
    packed = tmp_path / "again.csv.gz"
    packed.write_bytes(gzip.compress(SAMPLE.read_bytes()))
    load(SAMPLE)
    before = [(table, one(f"SELECT count(*) FROM {table}")) for table in [*TABLES, "audit_entries"]]

    for path in (SAMPLE, packed):
        with pytest.raises(Conflict) as refused:
            load(path)
        assert refused.value.message == "This file has been imported already; nothing was imported twice."

    assert before == [(table, one(f"SELECT count(*) FROM {table}")) for table in [*TABLES, "audit_entries"]]


@pytest.mark.parametrize(
    "shared",
    [
        GOOD,
        "C" + GOOD.replace(",6,", ",-6,"),
        "A" + GOOD,
        GOOD.replace("2.55", "0"),
    ],
)
def test_another_version_of_a_file_does_not_import_an_invoice_twice(database: str, tmp_path: Path, shared: str) -> None:
    load(file_of(tmp_path, shared))

    with pytest.raises(Conflict) as refused:
        load(file_of(tmp_path, GOOD.replace("536365", "700000"), shared))

    assert refused.value.message == (
        f"Invoice {shared.split(',')[0]} has been imported already, so this is another version of an imported file. "
        "Nothing was imported; leave out the invoices that are there."
    )
    assert one("SELECT count(*) FROM import_batches") == 1
    assert one("SELECT count(*) FROM orders WHERE reference = '700000'") == 0


def test_two_imports_at_once_are_one(database: str) -> None:
    """The second waits for the first and then finds that it is too late."""
    told = answers(at_once([partial(load, SAMPLE)] * 2))

    assert sorted(told) == ["This file has been imported already; nothing was imported twice.", "done"]
    assert one("SELECT count(*) FROM import_batches") == 1


def test_other_spellings_of_csv_are_read(database: str, tmp_path: Path) -> None:
    """R-IMP-02: a byte order mark, Windows-1252, semicolons with decimal commas, columns in another order."""
    path = tmp_path / "german.csv"
    path.write_bytes(
        (
            "InvoiceNo;Country;StockCode;Description;Quantity;InvoiceDate;UnitPrice;CustomerID\r\n"
            '1;Österreich;GIFT;"Gutschein; £20 ""groß""\r\nneu";2;2011-06-01 10:00;1,25;\r\n'
        ).encode("cp1252")
    )
    load(path)
    marked = tmp_path / "marked.csv"
    marked.write_bytes(b"\xef\xbb\xbf" + (HEADER + GOOD).encode())
    load(marked)

    assert rows(
        "SELECT country, title, total_minor FROM orders o JOIN order_items i ON order_id = o.id ORDER BY 3"
    ) == [
        ("Österreich", 'Gutschein; £20 "groß"\r\nneu', 250),
        ("United Kingdom", "LIGHT HOLDER", 1530),
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file's first line must name the columns InvoiceNo, StockCode,"),
        (HEADER.replace("UnitPrice", "Price").encode(), "missing: UnitPrice."),
        (HEADER.encode(), "has no line that can be imported"),
        (gzip.compress(HEADER.encode() * 99)[:-9], "The file is damaged and cannot be read to its end."),
        (None, "The file orders.csv cannot be read: no such file or directory."),
    ],
)
def test_what_is_no_file_of_orders_is_refused_in_a_sentence(
    database: str, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / "orders.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InvalidInput) as refused:
        load(path, skip_bad=True)

    assert sentence in refused.value.message
    assert nothing_is_there()


def test_a_wrong_file_is_given_up_early(database: str, tmp_path: Path) -> None:
    with pytest.raises(
        InvalidInput, match="More than 10000 lines cannot be used; the first is line 2: the row has 1 of 8"
    ):
        load(file_of(tmp_path, *["nothing"] * 10_001), skip_bad=True)
    assert nothing_is_there()


def test_a_file_that_grows_meanwhile_is_refused(database: str, tmp_path: Path) -> None:
    """A download still running would otherwise be booked in part and could never be completed."""
    path = file_of(tmp_path, *[GOOD] * 6000)

    def grow(done: int, total: int) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(GOOD.replace("536365", "700000") + "\n")

    with pytest.raises(Conflict, match="changed while it was read"):
        import_orders(path, skip_bad=False, on_progress=grow)
    assert nothing_is_there()


def test_progress_only_grows_and_ends_at_the_total(database: str, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    import_orders(file_of(tmp_path, *[GOOD] * 6000), skip_bad=False, on_progress=lambda *at: seen.append(at))

    assert seen == [(5000, 12_002), (10_000, 12_002), (12_002, 12_002)]
