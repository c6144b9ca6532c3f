"""A list of records as an accessible HTML table, sorted and paged by the server."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import urlencode

from streamlit.components.v2 import component
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest
from streamlit.components.v2.types import ComponentRenderer
from streamlit.runtime import Runtime

from avenrae.ui.actions import told

Row = TypeVar("Row")
Tone = Literal["", "green", "amber", "red", "blue", "grey", "violet"]

_registering = threading.Lock()
_FRONTEND = Path(__file__).parent / "frontend"


@dataclass(frozen=True)
class Cell:
    """What one cell shows: a tone makes the text a badge and `sub` is a quieter second line."""

    text: str
    tone: Tone = ""
    sub: str = ""
    href: str = ""


@dataclass(frozen=True)
class Column(Generic[Row]):
    """One column; `key` is what sorting by it is called, and without one it is not sortable.

    The primary column's cell is the link that opens the row. Right-aligned cells never wrap; `wrap=False`
    keeps others, such as dates, on one line too; a wide column is not squeezed by the others.
    """

    label: str
    value: Callable[[Row], Cell | str | int | None]
    key: str = ""
    align: Literal["left", "right"] = "left"
    primary: bool = False
    wrap: bool = True
    wide: bool = False


def records(
    rows: Sequence[Row],
    columns: Sequence[Column[Row]],
    *,
    label: str,
    key: str,
    row_id: Callable[[Row], str],
    url_path: str | None = None,
    more: Callable[[Row], Mapping[str, str]] = lambda row: {},
    sort: str = "",
    on_open: Callable[[str], object] | None = None,
    on_sort: Callable[[str], object] | None = None,
    on_follow: Callable[[str], object] | None = None,
    on_select: Callable[[list[str]], object] | None = None,
    selected: Collection[str] = (),
    empty: str = "Nothing to show.",
) -> None:
    """Draw the rows as they come; the callbacks run first in the rerun that a click causes.

    `sort` is the present order: a column's key, with "-" before it when descending. `on_sort` gets the
    wanted one in the same form, `on_open` the id of a row, whose address also has what `more` says of it,
    `on_follow` the href of a cell that leads elsewhere in the console, `on_select` the ids of the rows whose boxes
    are ticked, of which `selected` are. What they get was on the screen: anything else that a browser sends is
    dropped. Streamlit reports no clicks from inside a form.
    """
    drawn: list[dict[str, Any]] = [
        {
            "id": row_id(row),
            "href": _href(url_path, row_id(row), more(row)),
            "cells": [_cell(c.value(row)) for c in columns],
        }
        for row in rows
    ]
    allowed = {
        "open": {row["id"] for row in drawn},
        "sort": {order for column in columns if column.key for order in (column.key, f"-{column.key}")},
        "follow": {cell["href"] for row in drawn for cell in row["cells"] if cell["href"]},
    }

    def forward(event: str, callback: Callable[[str], object] | None) -> Callable[[], None]:
        def run(sent: Mapping[str, Any]) -> None:
            value = sent.get(event)
            if callback is not None and isinstance(value, str) and value in allowed[event]:
                callback(value)

        return told(key, run)

    def choose(sent: Mapping[str, Any]) -> None:
        value = sent.get("select")
        if on_select is not None and isinstance(value, list):
            on_select([row["id"] for row in drawn if row["id"] in value])

    mount = frontend("records", html='<div class="records" style="visibility: hidden"></div>')
    if mount is None:
        return
    mount(
        key=key,
        data={
            "label": label,
            "columns": [
                {
                    "label": column.label,
                    "sort": column.key if on_sort is not None else "",
                    "align": column.align,
                    "primary": column.primary,
                    "nowrap": not column.wrap,
                    "wide": column.wide,
                }
                for column in columns
            ],
            "rows": drawn,
            "sort": sort,
            "opens": on_open is not None,
            "follows": on_follow is not None,
            "selects": on_select is not None,
            "selected": [row["id"] for row in drawn if row["id"] in selected],
            "empty": empty,
        },
        on_open_change=forward("open", on_open),
        on_sort_change=forward("sort", on_sort),
        on_follow_change=forward("follow", on_follow),
        on_select_change=told(key, choose),
    )


def frontend(name: str, *, html: str) -> ComponentRenderer | None:
    """The component of `frontend/<name>.js` and, if there is one, `.css`; None where no Streamlit is running.

    Files, because the content security policy refuses scripts that are sent inline. Streamlit only takes
    files from installed distributions that it scanned; the same registration by hand spares us being one.
    """
    if not Runtime.exists():
        return None
    manager = get_bidi_component_manager()
    full_name = f"avenrae.{name}"
    with _registering:
        if manager.get_component_asset_root(full_name) is None:
            manifest = ComponentManifest("avenrae", "1", [ComponentConfig(name, "frontend")])
            manager.register_from_manifest(manifest, Path(__file__).parent)
        return _renderer(full_name, name, html)


@cache
def _renderer(full_name: str, name: str, html: str) -> ComponentRenderer:
    looks = f"{name}.css" if (_FRONTEND / f"{name}.css").exists() else None
    return component(full_name, html=html, js=f"{name}.js", css=looks)


def _href(url_path: str | None, row_id: str, more: Mapping[str, str]) -> str:
    return f"/{url_path}?{urlencode({'id': row_id, **more})}" if url_path else ""


def _cell(value: Cell | str | int | None) -> dict[str, Any]:
    if not isinstance(value, Cell):
        value = Cell("" if value is None else str(value))
    return {"text": value.text, "tone": value.tone, "sub": value.sub, "href": value.href}
