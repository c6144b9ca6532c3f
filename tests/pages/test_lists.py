"""How many pages a list offers: of those that are counted to their end, and of longer ones."""

import pytest

from avenrae.queries.listing import COUNT_LIMIT, SEARCH_LIMIT, limit_of
from avenrae.ui import lists

LAST_COUNTED = COUNT_LIMIT // 50


@pytest.mark.parametrize(
    ("total", "asked", "found", "pages"),
    [
        (0, 1, 0, 0),
        (50, 1, 50, 1),
        (51, 2, 1, 2),
        (COUNT_LIMIT, 1, 50, LAST_COUNTED),
        (COUNT_LIMIT + 1, 1, 50, LAST_COUNTED + 1),
        (COUNT_LIMIT + 1, LAST_COUNTED, 50, LAST_COUNTED + 1),
        (COUNT_LIMIT + 1, LAST_COUNTED + 1, 50, LAST_COUNTED + 2),
        (COUNT_LIMIT + 1, LAST_COUNTED + 1, 7, LAST_COUNTED + 1),
        (COUNT_LIMIT + 1, 500, 50, 501),
        (COUNT_LIMIT + 1, 500, 0, LAST_COUNTED + 1),
        (COUNT_LIMIT + 1, lists._DEEPEST, 50, lists._DEEPEST),
    ],
)
def test_pages_go_on_where_counting_stops(total: int, asked: int, found: int, pages: int) -> None:
    """A page that is offered has rows, except where the next one after a full page has none."""
    assert lists._pages(total, asked, found) == pages


def test_counting_stops_sooner_in_a_search() -> None:
    assert lists._pages(SEARCH_LIMIT + 1, 1, 50, limit_of("dlamini")) == SEARCH_LIMIT // 50 + 1
    assert lists._pages(SEARCH_LIMIT + 1, 1, 50, limit_of(" ")) == SEARCH_LIMIT // 50 + 1
    assert lists._pages(SEARCH_LIMIT + 1, 21, 1, limit_of("")) == 21
