"""Countries by their codes."""

import pytest

from avenrae.countries import countries, country_name


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ZA", "South Africa"),
        ("GB", "United Kingdom"),
        ("CD", "DR Congo"),
        ("BA", "Bosnia and Herzegovina"),
        ("GS", "South Georgia and the South Sandwich Islands"),
        ("HM", "Heard Island and McDonald Islands"),
        ("SH", "Saint Helena Ascension and Tristan da Cunha"),
        ("", ""),
        (None, ""),
        ("QQ", "QQ"),
        ("Eswatini", "Eswatini"),
    ],
)
def test_a_code_reads_as_a_name(code: str | None, name: str) -> None:
    assert country_name(code) == name


def test_every_country_has_a_name_of_its_own() -> None:
    assert len(set(countries().values())) == len(countries()) == 250
    assert list(countries().values()) == sorted(countries().values())
