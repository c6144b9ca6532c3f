"""Countries by their ISO codes, in the words of a library that is there anyway."""

import re
from functools import cache

_EDGES = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SMALL = re.compile(r" (And|Of|The|Da)(?= )")


@cache
def countries() -> dict[str, str]:
    """Return the names of countries by ISO code, in order of the names."""
    # 0.2 s that a start need not wait for.
    from holidays.registry import COUNTRIES

    named = {code: _spoken(name) for name, code, *_ in COUNTRIES.values()}
    return dict(sorted(named.items(), key=lambda known: known[1]))


def country_name(code: str | None) -> str:
    """Return the name of a country; what is no code of one stays as it is."""
    return countries().get(code, code) if code else ""


def _spoken(name: str) -> str:
    apart = _EDGES.sub(" ", name).replace("Mc Donald", "McDonald")
    return _SMALL.sub(lambda word: word[0].lower(), apart)
