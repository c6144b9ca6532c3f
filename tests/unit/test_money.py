"""Amounts: reading, showing, sharing, splitting."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avenrae import money
from avenrae.errors import InvalidInput


@pytest.mark.parametrize(
    ("typed", "minor"),
    [("1250.50", 125050), ("1 250,50", 125050), ("R 1 250.5", 125050), ("1,250.50", 125050), ("0", 0), ("-3", -300)],
)
def test_parse_reads_what_people_type(typed: str, minor: int) -> None:
    assert money.parse(typed, "ZAR") == minor


def test_parse_asks_for_what_was_left_empty() -> None:
    with pytest.raises(InvalidInput, match=r"^Enter an amount, such as 1250\.50\.$"):
        money.parse(" ", "ZAR")


@pytest.mark.parametrize("typed", ["abc", "1.234", "NaN", "Infinity", "1e400", "12..3", "99999999999999"])
def test_parse_refuses_with_a_sentence(typed: str) -> None:
    with pytest.raises(InvalidInput, match=r"^“.*”.*\.$"):
        money.parse(typed, "ZAR")


def test_show_groups_thousands_and_marks_what_is_unknown() -> None:
    assert money.show(125050, "ZAR") == "R\u00a01\u00a0250.50"
    assert money.show(-5, "GBP") == "−£\u00a00.05"
    assert money.show(1500, "JPY") == "JPY\u00a01\u00a0500"
    assert money.show(1500, "KWD") == "KWD\u00a01.500"
    assert money.show(None, "ZAR") == "–"


def test_to_minor_rounds_half_to_even() -> None:
    assert [money.to_minor(Decimal(t), "GBP") for t in ("0.005", "0.015", "0.025")] == [0, 2, 2]


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(lambda w: sum(w) > 0))
def test_split_parts_sum_exactly(minor: int, weights: list[int]) -> None:
    """R-SHOP-05, R-PAY-03: parts sum to the whole, and none is a cent or more from its share."""
    parts = money.split(minor, weights)
    assert sum(parts) == minor
    assert all(abs(p * sum(weights) - minor * w) < sum(weights) for p, w in zip(parts, weights, strict=True))


def test_split_by_largest_remainder() -> None:
    """R-SHOP-05: fixed 13.77 on 30 + 10 gives 10.33 + 3.44."""
    assert money.split(1377, [3000, 1000]) == [1033, 344]
