"""The rules of the house that a machine can hold: who may import whom, where things stand, how long a file may be."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "avenrae"
LAYERS = ["models", "queries", "services", "ui"]
FILES = sorted(PACKAGE.rglob("*.py"))
PAGES = sorted((ROOT / "pages").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def imports_of(file: Path) -> set[str]:
    """Every module a file imports, wherever the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_no_script_directly_in_pages() -> None:
    """Streamlit would run it past the sign-in."""
    assert [p.name for p in (ROOT / "pages").glob("*.py")] == []


def test_pages_know_neither_sqlalchemy_nor_sessions() -> None:
    for page in PAGES:
        forbidden = {
            i for i in imports_of(page) if i.startswith(("sqlalchemy", "psycopg", "avenrae.db", "avenrae.models"))
        }
        assert not forbidden, f"{page.relative_to(ROOT)} imports {forbidden}: pages know screens, queries know SQL."


def test_only_ui_and_pages_know_streamlit() -> None:
    for file in FILES:
        if file.relative_to(PACKAGE).parts[0] in ("ui", "http"):
            continue
        assert not {i for i in imports_of(file) if i.split(".")[0] == "streamlit"}, (
            f"{file.name} has heard of Streamlit."
        )


@pytest.mark.parametrize(
    ("layer", "above"),
    [
        ("models", ("queries", "services", "imports", "demo", "http", "ui", "db")),
        ("queries", ("services", "imports", "demo", "http", "ui")),
        ("services", ("imports", "demo", "http", "ui")),
        ("scheduling", ("models", "queries", "services", "db", "http", "ui")),
        ("db", ("queries", "services", "imports", "demo", "http", "ui")),
        ("ui", ("http", "imports", "demo")),
    ],
)
def test_layers_import_downwards_only(layer: str, above: tuple[str, ...]) -> None:
    for file in (PACKAGE / layer).rglob("*.py"):
        wrong = {i for i in imports_of(file) for a in above if i.startswith(f"avenrae.{a}")}
        assert not wrong, f"{file.relative_to(ROOT)} ({layer}) imports {wrong}, which is above it."


def test_commit_stands_in_db_only() -> None:
    for file in [*FILES, *PAGES]:
        if file.relative_to(ROOT).parts[:2] != ("avenrae", "db"):
            assert not re.search(r"\.commit\(", file.read_text()), f"{file.relative_to(ROOT)} commits by itself."


def test_files_are_short() -> None:
    for file in [*FILES, *PAGES, *TESTS]:
        limit = 200 if file in PAGES else 400
        lines = len(file.read_text().splitlines())
        assert lines <= limit, f"{file.relative_to(ROOT)} has {lines} lines; split it by task (limit {limit})."


def test_no_import_cycles() -> None:
    names = {
        ".".join(f.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): imports_of_module_level(f)
        for f in FILES
    }
    graph = {name: {i for i in found if i in names and i != name} for name, found in names.items()}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, "Import cycle: " + " → ".join((*path[path.index(name) :], name))
        if name not in done:
            for following in graph[name]:
                visit(following, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def imports_of_module_level(file: Path) -> set[str]:
    """What a file imports when it is itself imported."""
    found: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


RULES = {
    "BOOK": 13,
    "DIR": 3,
    "EVT": 5,
    "SHOP": 5,
    "SLA": 5,
    "TCK": 1,
    "PAY": 5,
    "AN": 4,
    "USR": 2,
    "AUD": 3,
    "IMP": 2,
    "GDPR": 1,
    "NOT": 1,
    "UI": 2,
}
"""How many rules each area has; they are numbered from 01."""


def test_every_test_of_a_rule_names_a_rule_that_exists() -> None:
    """Rule ids in docstrings look like R-BOOK-01, so that a rule's tests can be found."""
    for file in (ROOT / "tests").rglob("test_*.py"):
        for area, number in re.findall(r"\bR-([A-Z]+)-(\d+)\b", file.read_text()):
            assert 1 <= int(number) <= RULES.get(area, 0), f"{file.name} names R-{area}-{number}, which is no rule."


def test_streamlit_can_read_its_configuration() -> None:
    """Of a file with a fault in it, such as a name that stands twice, Streamlit takes nothing and says so to nobody."""
    configured = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert configured["runner"] == {"postScriptGC": False, "fastReruns": False, "magicEnabled": False}
