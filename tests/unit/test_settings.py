"""The settings: what the README says of them is what they are."""

import re

import pytest

from avenrae.errors import StartError
from avenrae.settings import ROOT, Settings, settings


def test_the_readme_lists_every_setting() -> None:
    rows = re.findall(r"^\| `(\w+)` \|\s*(.*?)\s*\| (.*?) \|$", (ROOT / "README.md").read_text(), re.M)
    told = {name: (default.strip("`"), meaning) for name, default, meaning in rows}
    expected = {}
    for name, field in Settings.model_fields.items():
        default = "var" if name == "data_dir" else str(field.default)
        key = "DATABASE_URL" if name == "database_url" else f"AVENRAE_{name.upper()}"
        expected[key] = (default, field.description)
    assert told == expected


def test_a_mistyped_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVENRAE_PROT", "8502")
    settings.cache_clear()
    with pytest.raises(StartError, match=r"^There is no setting AVENRAE_PROT;"):
        settings()
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.parametrize("url", ["postgres://h/d", "postgresql://h/d", "postgresql+psycopg://h/d"])
def test_every_spelling_of_a_database_means_psycopg(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert Settings().database_url == "postgresql+psycopg://h/d"
