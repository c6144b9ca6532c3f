"""Maps that need no internet: markers over the outline of the land, a legend, and which marker was chosen."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pydeck as pdk
import streamlit as st

from avenrae.enums import PractitionerKind
from avenrae.queries.practitioner_map import MapCell, MapView, Marker
from avenrae.ui.format import count, number, words

_TILE = 512
"""Pixels that the whole world is wide at zoom 0."""
_NARROW = 340
"""The width that a view has to fit; wider screens show more around it."""
_FONT = pdk.types.String("Inter, sans-serif")
ICON = 96
"""Pixels of one marker in the pictures that `docs/map/markers.py` draws."""
CODES = {kind: kind.value[:2].capitalize() for kind in PractitionerKind}
"""Two letters on every marker, so that kinds can be told apart without seeing colours."""
COLOURS = {
    "light": ("#0F6B5C", "#A86A0B", "#4A2478", "#2A78BF", "#862636"),
    "dark": ("#2FA58F", "#EBA654", "#A9C1F2", "#E0736D", "#B294E0"),
}
ON_MARKER = {"light": "#FFFFFF", "dark": "#0F171A"}
_MAPPING = {
    code: {"x": n * ICON, "y": 0, "width": ICON, "height": ICON, "anchorX": ICON // 2, "anchorY": ICON // 2}
    for n, code in enumerate(CODES.values())
}
_INK = {"light": "#10191A", "dark": "#E7E9E4"}


def practitioner_map(view: MapView, *, key: str, height: int = 520) -> Marker | MapCell | None:
    """Draw one marker for each practitioner, or cells with numbers; returns the one that is chosen.

    The browser gets a name, a kind and a city with each position, nothing more. What it says was chosen is
    looked up among what was drawn.
    """
    theme = _theme()
    points = [(m.latitude, m.longitude) for m in (view.markers or view.cells)]
    layers = [_markers(view.markers, theme), _names("places", _labels(view.markers, _view(points, height)), theme)]
    if view.cells:
        middles = [([c.longitude, c.latitude], c.count) for c in view.cells]
        layers = [_circles(view.cells, theme), _numbers(middles, ON_MARKER[theme])]
    shown = view.total - view.unplaced
    chosen = _draw(layers, points, "{name}\n{kind}\n{city}", key, height, f"A map with {shown} practitioners;")
    ids = {str(m.id): m for m in view.markers} | {str(n): cell for n, cell in enumerate(view.cells)}
    return next((ids[i] for i in chosen if i in ids), None)


def density_map(view: MapView, *, key: str, height: int = 520) -> MapCell | None:
    """Draw how many practitioners there are in each cell, the darker the more; returns the cell that is chosen."""
    theme = _theme()
    most = max((c.count for c in view.cells), default=1)
    red, green, blue = _rgb(COLOURS[theme][0])
    cells: list[dict[str, Any]] = [
        {
            "id": str(n),
            "name": _people(c.count),
            "kind": c.city,
            "middle": [(c.box.west + c.box.east) / 2, (c.box.south + c.box.north) / 2],
            "metres": 50_000 * (c.box.north - c.box.south),
            "corners": [
                [c.box.west, c.box.south],
                [c.box.east, c.box.south],
                [c.box.east, c.box.north],
                [c.box.west, c.box.north],
            ],
            "colour": [red, green, blue, 50 + int(130 * math.sqrt(c.count / most))],
        }
        for n, c in enumerate(view.cells)
    ]
    layer = pdk.Layer(
        "PolygonLayer",
        cells,
        id="cells",
        get_polygon="corners",
        get_fill_color="colour",
        get_line_color=[red, green, blue, 120],
        line_width_min_pixels=1,
    )
    # What is chosen is a handle in the middle: clicks on the polygons themselves were not reported when tried.
    handles = pdk.Layer(
        "ScatterplotLayer",
        cells,
        id="practitioners",
        get_position="middle",
        get_radius="metres",
        radius_min_pixels=10,
        get_fill_color=[red, green, blue, 1],
        pickable=True,
    )
    points = [p for c in view.cells for p in ((c.box.south, c.box.west), (c.box.north, c.box.east))]
    numbers = _numbers([(cell["middle"], c.count) for cell, c in zip(cells, view.cells, strict=True)], _INK[theme])
    alt = f"A map of how many of {view.total - view.unplaced} practitioners are where;"
    chosen = _draw([layer, handles, numbers], points, "{name}\n{kind}", key, height, alt)
    return next((view.cells[int(i)] for i in chosen if i.isdecimal() and int(i) < len(view.cells)), None)


def _draw(
    layers: list[pdk.Layer], points: list[tuple[float, float]], tip: str, key: str, height: int, alt: str
) -> list[str]:
    """Draw layers over the land and return the ids of what is chosen in the one called `practitioners`."""
    chosen = st.pydeck_chart(
        pdk.Deck(
            layers=layers,
            initial_view_state=_view(points, height),
            map_style=_style(_theme()),
            tooltip={"text": tip},
        ),
        on_select="rerun",
        selection_mode="single-object",
        key=key,
        height=height,
        alt=f"{alt} the list below holds the same ones.",
    )
    objects = chosen.selection.get("objects", {}).get("practitioners", [])
    return [str(o.get("id")) for o in objects if isinstance(o, dict)]


def _markers(markers: Sequence[Marker], theme: str) -> pdk.Layer:
    return pdk.Layer(
        "IconLayer",
        [
            {
                "id": str(m.id),
                "name": m.name,
                "kind": words(m.kind.value),
                "city": m.city or "No city given",
                "code": CODES[m.kind],
                "position": [m.longitude, m.latitude],
            }
            for m in markers
        ],
        id="practitioners",
        get_position="position",
        get_icon="code",
        get_size=26,
        icon_atlas=pdk.types.String(f"/app/static/map/markers-{theme}.png"),
        icon_mapping=_MAPPING,
        pickable=True,
    )


def _circles(cells: Sequence[MapCell], theme: str) -> pdk.Layer:
    return pdk.Layer(
        "ScatterplotLayer",
        [
            {
                "id": str(n),
                "name": _people(c.count),
                "kind": "Choose it to look at this area",
                "city": c.city,
                "position": [c.longitude, c.latitude],
                "pixels": 11 + 3 * math.log2(c.count + 1),
            }
            for n, c in enumerate(cells)
        ],
        id="practitioners",
        get_position="position",
        get_radius="pixels",
        radius_units=pdk.types.String("pixels"),
        get_fill_color=[*_rgb(COLOURS[theme][0]), 235],
        get_line_color=_rgb(ON_MARKER[theme]),
        line_width_min_pixels=2,
        stroked=True,
        pickable=True,
    )


def _numbers(placed: Sequence[tuple[list[float], int]], colour: str) -> pdk.Layer:
    return pdk.Layer(
        "TextLayer",
        [{"position": position, "text": number(n)} for position, n in placed],
        id="numbers",
        get_position="position",
        get_text="text",
        get_size=12,
        get_color=_rgb(colour),
        font_family=_FONT,
        font_weight=600,
        character_set=pdk.types.String("auto"),
    )


def _people(n: int) -> str:
    return count(n, "practitioner")


def position_map(latitude: float, longitude: float, name: str, *, is_exact: bool, key: str, height: int = 260) -> None:
    """Draw one position under its name: a dot, around a coarse one also a circle of 500 m."""
    theme = _theme()
    colour = _rgb(COLOURS[theme][0])
    marker = [{"position": [longitude, latitude], "text": name}]
    circle = pdk.Layer(
        "ScatterplotLayer",
        marker,
        id="circle",
        get_position="position",
        get_fill_color=[*colour, 70],
        get_radius=500,
        radius_min_pixels=9,
    )
    dot = pdk.Layer(
        "ScatterplotLayer",
        marker,
        id="dot",
        get_position="position",
        get_fill_color=colour,
        get_line_color=_rgb(ON_MARKER[theme]),
        radius_min_pixels=7,
        radius_max_pixels=7,
        line_width_min_pixels=2,
        stroked=True,
    )
    label = _names("name", marker, theme)
    st.pydeck_chart(
        pdk.Deck(
            layers=[dot, label] if is_exact else [circle, label],
            initial_view_state=pdk.ViewState(latitude=latitude, longitude=longitude, zoom=4.5),
            map_style=_style(theme),
            tooltip=False,
        ),
        key=key,
        height=height,
        alt="A map of the position." if is_exact else "A map of the approximate position, within 500 metres.",
    )


def legend(numbers: Mapping[PractitionerKind, int]) -> None:
    """Draw what the letters and colours of the markers stand for, with how many of each are on the map."""
    theme = _theme()
    items = "".join(
        f'<span style="display:inline-flex;align-items:center;gap:.4rem;white-space:nowrap">'
        f'<span style="background:{_colour(kind, theme)};color:{ON_MARKER[theme]};border-radius:50%;width:1.5rem;'
        f'height:1.5rem;display:inline-flex;align-items:center;justify-content:center;font-size:.7rem">'
        f"{CODES[kind]}</span>{words(kind.value)} ({numbers[kind]})</span>"
        for kind in PractitionerKind
        if numbers.get(kind)
    )
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:.3rem 1rem;font-size:.85rem">{items}</div>')


def _names(name: str, labels: list[dict[str, Any]], theme: str) -> pdk.Layer:
    return pdk.Layer(
        "TextLayer",
        labels,
        id=name,
        get_position="position",
        get_text="text",
        get_size=12,
        get_color=_rgb(_INK[theme]),
        get_pixel_offset=[0, 22],
        font_family=_FONT,
        font_weight=600,
        character_set=pdk.types.String("auto"),
    )


def _labels(rows: Sequence[Marker], view: pdk.ViewState, most: int = 12) -> list[dict[str, Any]]:
    """Return the names of the cities with most markers, leaving out those that would be written over another."""
    cities: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for r in rows:
        if r.city:
            cities[r.city].append((r.latitude, r.longitude))
    pixels = _TILE * 2**view.zoom / 360
    labels: list[dict[str, Any]] = []
    for city, found in sorted(cities.items(), key=lambda c: (-len(c[1]), c[0])):
        south, lon = min(p[0] for p in found), sum(p[1] for p in found) / len(found)
        if len(labels) < most and not any(
            abs(lon - label["position"][0]) * pixels < 3.6 * (len(city) + len(label["text"]))
            and abs(_mercator(south) - _mercator(label["position"][1])) * 180 / math.pi * pixels < 16
            for label in labels
        ):
            labels.append({"text": city, "position": [lon, south]})
    return labels


def _view(points: Sequence[tuple[float, float]], height: int) -> pdk.ViewState:
    """Return the view that holds all the points, across the 180th meridian where that is shorter."""
    if not points:
        return pdk.ViewState(latitude=-28.5, longitude=25, zoom=4)
    west, width = _span(sorted(lon for _, lon in points))
    bottom, top = (_mercator(f(lat for lat, _ in points)) for f in (min, max))
    zooms = [
        math.log2(pixels * 0.8 / (_TILE * share))
        for pixels, share in ((_NARROW, width / 360), (height, (top - bottom) / (2 * math.pi)))
        if share > 0
    ]
    middle = math.degrees(2 * math.atan(math.exp((top + bottom) / 2)) - math.pi / 2)
    longitude = (west + width / 2 + 180) % 360 - 180
    return pdk.ViewState(latitude=middle, longitude=longitude, zoom=max(0.5, min([*zooms, 10.0])))


def _span(longitudes: list[float]) -> tuple[float, float]:
    """Return where the shortest arc that holds sorted longitudes begins in the west, and how wide it is."""
    gaps = [
        ((following - lon) % 360, following)
        for lon, following in zip(longitudes, [*longitudes[1:], longitudes[0] + 360], strict=True)
    ]
    gap, west = max(gaps)
    return west, 360 - gap if gap else 0.0


def _mercator(latitude: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(max(-85.0, min(85.0, latitude))) / 2))


def _theme() -> str:
    return "dark" if st.context.theme.type == "dark" else "light"


def _style(theme: str) -> str:
    return f"/app/static/map/{theme}.json"


def _colour(kind: PractitionerKind, theme: str) -> str:
    return COLOURS[theme][list(PractitionerKind).index(kind)]


def _rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
