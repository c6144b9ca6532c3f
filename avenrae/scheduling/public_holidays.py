"""Public holidays of a country, as a library knows them; nothing is looked up elsewhere."""

from datetime import date
from functools import lru_cache

from avenrae.countries import countries


@lru_cache(maxsize=256)
def public_holidays(country: str, since: date, until: date) -> tuple[tuple[date, str], ...]:
    """Return the days off of a whole country between two dates, both included, with their names in English.

    A country that is not known has none.
    """
    # 0.2 s that a start need not wait for, and most pages never need.
    from holidays import country_holidays

    if country not in countries():
        return ()
    years = range(since.year, until.year + 1)
    found = country_holidays(country, years=years)
    if "en_US" in found.supported_languages:
        found = country_holidays(country, years=years, language="en_US")
    return tuple((day, name) for day, name in sorted(found.items()) if since <= day <= until)
