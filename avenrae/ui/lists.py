"""The frame of every list: filters held in the URL, a count, one page of rows, links to all of them as files."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from avenrae.errors import InvalidInput, NotFound
from avenrae.permissions import Actor
from avenrae.queries.listing import COUNT_LIMIT, PAGE_SIZE
from avenrae.settings import ROOT
from avenrae.ui.actions import actor, load
from avenrae.ui.format import count as counted
from avenrae.ui.format import plain_text, words
from avenrae.ui.navigation import SCREENS, screen
from avenrae.ui.records import Column, records

Row = TypeVar("Row")
_DEEPEST = 2_000
"""Pages reach this far: the database walks over every row before the page."""


@dataclass
class _Address:
    """What a run makes of its address: the names that it reads, what it cannot use, the part that is shown."""

    read: set[str] = field(default_factory=lambda: {"sort", "page"})
    ignored: dict[str, str] = field(default_factory=dict)
    part: tuple[str, str] = ("", "")


def begin_page() -> None:
    """Forget what the page before made of its address."""
    st.session_state["_address"] = _Address()


def _address() -> _Address:
    found: _Address = st.session_state.setdefault("_address", _Address())
    return found


def page_path(script: str) -> str:
    """Return the file of a screen such as `care/booking`, as Streamlit wants it for links."""
    return str(ROOT / "pages" / f"{script}.py")


def open_screen(script: str, **params: str) -> None:
    """Go to a screen with these parameters in its address."""
    st.switch_page(page_path(script), query_params=params)


def link(script: str, label: str, *, icon: str | None = None, **params: str) -> None:
    """Draw a link to a screen, with the address that leads there."""
    st.page_link(page_path(script), label=label, icon=icon, query_params=params)


def has_screen(script: str) -> bool:
    """Return whether the reader has a screen."""
    return any(s.script == script and actor().role in s.roles for s in SCREENS)


def follow(address: str) -> None:
    """Go where a link of the console leads, such as `/order?id=…`, without loading the console anew."""
    path, _, query = address.lstrip("/").partition("?")
    target = next(s for s in SCREENS if s.url_path == path)
    open_screen(target.script, **dict(parse_qsl(query)))


def search_box(hint: str, *, key: str = "q") -> str:
    """Draw the search field; its text stays in the address."""
    _address().read.add(key)
    typed: str = st.text_input(
        "Search", key=key, placeholder=hint, bind="query-params", type="search", max_chars=100, on_change=_first_page
    )
    return typed


def choice(label: str, options: Iterable[str], *, key: str, every: str, name: Callable[[str], str] = words) -> str:
    """Draw a filter with one choice; nothing chosen means every row, and reads as `every`."""
    return _select(label, [str(o) for o in options], key=key, name=name, placeholder=every, default="")


def pick(label: str, options: Iterable[str], *, key: str, name: Callable[[str], str] = str) -> str:
    """Draw a choice that always has a value: the first option, unless the address says another."""
    offered = [str(o) for o in options]
    return _select(label, offered, key=key, name=name, placeholder=None, default=offered[0])


def tabs(
    label: str, options: Iterable[str], *, key: str, name: Callable[[str], str], otherwise: str = "", ends: str = ""
) -> str:
    """Draw the parts of a list side by side; unless the address says another the first is shown, or `otherwise`.

    Another part ends the filter `ends`, whose choices it has not.
    """
    offered = [str(o) for o in options]
    standard = str(otherwise or offered[0])
    chosen = _named(key, offered, standard)
    if otherwise:
        _address().part = (key, chosen)

    def draw(first: str | None) -> str | None:
        return st.segmented_control(
            label,
            offered,
            default=first,
            key=f"choice:{key}",
            format_func=name,
            required=True,
            label_visibility="collapsed",
            on_change=_to_address,
            args=(key, standard, ends),
        )

    return _drawn(key, chosen, standard, draw)


def _select(
    label: str, offered: list[str], *, key: str, name: Callable[[str], str], placeholder: str | None, default: str
) -> str:
    """Draw a select box whose value stands in the address as it is, not as it reads; the address decides."""
    chosen = _named(key, offered, default)

    def draw(first: str | None) -> str | None:
        return st.selectbox(
            label,
            offered,
            index=offered.index(first or default) if default else None,
            key=f"choice:{key}",
            placeholder=placeholder,
            format_func=name,
            on_change=_to_address,
            args=(key, default),
        )

    return _drawn(key, chosen, default, draw)


def _named(key: str, offered: list[str], standard: str) -> str:
    """Return what the address says of a choice, if it is one of those there are."""
    _address().read.add(key)
    named = st.query_params.get(key, "")
    if named and named not in offered:
        ignore(key, named)
    return named if named in offered else standard


def _drawn(key: str, chosen: str, standard: str, draw: Callable[[str | None], str | None]) -> str:
    """Draw a choice as the address has it, and return what is chosen.

    One that this session draws for the first time may come changed: on a page that a process drew which is gone, and
    for whose widgets Streamlit calls no callback. A box that can be emptied shows that only where it was empty.
    """
    if f"choice:{key}" in st.session_state or (chosen and not standard):
        st.session_state[f"choice:{key}"] = chosen or None
        draw(None)
        return chosen
    found = draw(chosen) or standard
    if found != chosen:
        _to_address(key, standard)
    return found


def _to_address(key: str, default: str, ends: str = "") -> None:
    value = st.session_state.get(f"choice:{key}") or default
    _keep_part()
    if value == default:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = value
    if ends:
        st.query_params.pop(ends, None)
    _first_page()


def _keep_part() -> None:
    """Write the part that is shown into the address, so that a narrower filter does not show another."""
    key, shown = _address().part
    if key:
        st.query_params[key] = shown


def is_narrowed(besides: str) -> bool:
    """Return whether the address narrows the list by anything but one of its parts."""
    return any(value and name not in (besides, "sort", "page") for name, value in st.query_params.items())


def given(*names: str) -> dict[str, str]:
    """Return what the address says of filters that have no widget."""
    _address().read.update(names)
    return {name: value for name in names if (value := st.query_params.get(name))}


def understood(build: Callable[..., Any], params: dict[str, str], *more: Any) -> Any:
    """Return the filters of an address; what of it nobody can read is left out, of `params` too, and told.

    Raises:
        InvalidInput: Values that can be read do not go together.
    """
    try:
        return build(params, *more)
    except (InvalidInput, NotFound):
        for name, value in list(params.items()):
            try:
                build({name: value}, *more)
            except (InvalidInput, NotFound):
                ignore(name, params.pop(name))
    return build(params, *more)


def ignore(name: str, value: str) -> None:
    """Remember that a value of the address is of no use."""
    _address().ignored[name] = value


def show_ignored(place: DeltaGenerator) -> None:
    """Say what of the address is of no use; the rest of it holds."""
    address = _address()
    unread = {name: value for name, value in st.query_params.items() if name not in address.read}
    if ignored := unread | address.ignored:
        said = ", ".join(plain_text(f"{name}={value}"[:60]) for name, value in ignored.items())
        place.info(f"Ignored in this link: {said}", icon=":material/link_off:")


def show_list(
    *,
    noun: str,
    filters: Any,
    params: Mapping[str, str],
    count: Callable[..., int],
    rows: Callable[..., Sequence[Row]],
    columns: Sequence[Column[Row]],
    sort: str,
    sorts: Iterable[str] = (),
    opens: str = "",
    opens_with: Callable[[Row], Mapping[str, str]] = lambda row: {},
    both: Callable[..., tuple[int, Sequence[Row]]] | None = None,
    export: str = "",
    nouns: str = "",
    empty: str = "",
    narrowed: Mapping[str, str] | None = None,
    chosen: str = "",
    limit: int = COUNT_LIMIT,
    told: DeltaGenerator | None = None,
    row_id: Callable[[Row], str] = lambda row: str(row.id),  # type: ignore[attr-defined]
) -> list[str]:
    """Draw one page of a list under its count: `count(filters)` first, then `rows(filters, sort=, page=)`; or `both`
    of them by what is given as that.

    `narrowed` names the filters that came with a link and have no widget; each can be taken away. `told` is where to
    say what of the address is of no use, if not over the list.

    `sorts` are orders beside those of the columns. `params` is what the filters are in the address, for the links to
    the files of all filtered rows; `opens` the screen that shows one row (without one, cells may carry links of
    their own), `opens_with` what else of a row goes into its address. `limit` is where `count` stops. Rows have boxes
    where the session keeps under `chosen` which are ticked; returns the ids of those that are on this page.
    """
    told = told or st.container()
    _draw_narrowed(narrowed or {})
    order = st.query_params.get("sort", sort)
    if order.removeprefix("-") not in {*(c.key for c in columns if c.key), *(s.removeprefix("-") for s in sorts)}:
        if order != sort:
            ignore("sort", order)
        order = sort
    asked = asked_page()
    read = both or partial(_count_and_read, count, rows)
    total, found = load(read, filters, sort=order, page=asked)
    head = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    beyond = "Counting stops here. Filters narrow the list; sorted the other way it begins with its end."
    head.caption(counted(total, noun, nouns, limit=limit), help=beyond if total > limit else None)
    if export and total:
        _export_links(head, export, {**params, "sort": order})
    table = st.container()
    found = turn_pages(total, asked, found, lambda n: load(rows, filters, sort=order, page=n), limit=limit)
    _address().read.update(params)
    show_ignored(told)
    further = {row_id(row): opens_with(row) for row in found}
    with table:
        records(
            found,
            columns,
            label=nouns or f"{noun}s",
            key="rows",
            row_id=row_id,
            url_path=screen(opens).url_path if opens else None,
            more=opens_with,
            sort=order,
            on_open=(lambda chosen: open_screen(opens, id=chosen, **further[chosen])) if opens else None,
            on_sort=_sort_by,
            on_follow=follow,
            on_select=(lambda ids: st.session_state.update({chosen: ids})) if chosen else None,
            selected=st.session_state.get(chosen, ()) if chosen else (),
            empty=_why_empty(params, empty or f"No {nouns or noun + 's'} yet."),
        )
    ticked = st.session_state.get(chosen, ()) if chosen else ()
    return [key for key in map(row_id, found) if key in ticked]


def _count_and_read(
    count: Callable[..., int],
    rows: Callable[..., Sequence[Row]],
    session: Any,
    actor: Actor,
    filters: Any,
    *,
    sort: str,
    page: int,
) -> tuple[int, Sequence[Row]]:
    """Read both with one connection."""
    total = count(session, actor, filters)
    return total, rows(session, actor, filters, sort=sort, page=page) if total else []


def asked_page() -> int:
    """Return the page that was pressed or that the address names; the widget has the last word."""
    named = str(st.session_state.get("page") or st.query_params.get("page", ""))
    if named.isascii() and named.isdigit() and len(named) < 10 and int(named):
        return min(int(named), _DEEPEST)
    if named:
        ignore("page", named)
    return 1


def turn_pages(
    total: int, asked: int, found: Sequence[Row], read: Callable[[int], Sequence[Row]], *, limit: int = COUNT_LIMIT
) -> Sequence[Row]:
    """Draw the page numbers; returns the rows of the page chosen, `found` if it is the one that was asked for."""
    pages = _pages(total, asked, len(found), limit)
    if total and asked > pages and "page" not in st.session_state:
        ignore("page", str(asked))
    number = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    return found if number == asked or not total else read(number)


def _pages(total: int, asked: int, found: int, limit: int = COUNT_LIMIT) -> int:
    """Return how many pages there are; of a list that was not counted to its end, one more than are known."""
    pages = math.ceil(min(total, limit) / PAGE_SIZE)
    if total <= limit:
        return pages
    if asked < pages or not found:
        return pages + 1
    return min(asked + (found == PAGE_SIZE), _DEEPEST)


def _draw_narrowed(narrowed: Mapping[str, str]) -> None:
    if narrowed:
        with st.container(horizontal=True):
            for key, what in narrowed.items():
                st.button(
                    f"Only {plain_text(what)}",
                    key=f"narrowed:{key}",
                    on_click=_widen,
                    args=(key,),
                    icon=":material/close:",
                    icon_position="right",
                    help="Take this filter away",
                )


def _widen(key: str) -> None:
    _keep_part()
    st.query_params.pop(key, None)
    _first_page()


def _why_empty(params: Mapping[str, str], nothing_yet: str) -> str:
    ignored = ("currency", "zone", "show", "view")
    narrowing = {name: value for name, value in params.items() if value and name not in ignored}
    return "Nothing fits these filters. Remove one to see more." if narrowing else nothing_yet


def _export_links(place: DeltaGenerator, export: str, params: Mapping[str, str]) -> None:
    query = urlencode({k: v for k, v in params.items() if v})
    both = place.container(horizontal=True, width="content")
    for name, ending in (("CSV", "csv"), ("Excel", "xlsx")):
        address = f"/download/{export}.{ending}?{query}"
        both.link_button(f"Export {name}", address, icon=":material/download:", type="tertiary")


def _sort_by(order: str) -> None:
    st.query_params["sort"] = order
    _first_page()


def _first_page() -> None:
    if "page" in st.session_state:
        st.session_state["page"] = 1
