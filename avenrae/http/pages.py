"""The few pages that Streamlit does not draw: one look, taken from the console's theme."""

import tomllib
from functools import cache
from html import escape
from typing import Any

from starlette.responses import HTMLResponse, Response

from avenrae.errors import AvenraeError
from avenrae.settings import ROOT

_STYLE = """
*{box-sizing:border-box}
html{color-scheme:light dark;background:var(--back);color:var(--text);font:400 15px/1.55 var(--font)}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:2rem 1rem}
main{width:100%;max-width:25rem}
.logo{display:block;margin:0 0 1.75rem}
h1{font:600 1.75rem/1.25 var(--heading);margin:0 0 .35rem}
h2{font:600 .95rem/1.4 var(--font);margin:0 0 .5rem}
p{margin:0 0 1.25rem}.quiet{color:var(--quiet)}
form{display:grid;gap:1rem;margin:0 0 1.5rem}
label{display:grid;gap:.3rem;font-weight:500}
input{font:inherit;color:inherit;background:var(--field);border:1px solid var(--edge);border-radius:8px;
padding:.6rem .75rem;min-height:44px;width:100%}
button{font:600 1rem/1 var(--font);color:#fff;background:var(--primary);border:0;border-radius:8px;min-height:44px;
padding:.75rem 1rem;cursor:pointer}
button:hover{filter:brightness(1.08)}
a{color:var(--link)}
a:focus-visible,input:focus-visible,button:focus-visible,summary:focus-visible{outline:3px solid var(--link);
outline-offset:2px}
.alert{background:var(--alert);color:var(--alert-text);border-radius:8px;padding:.7rem .9rem;margin:0 0 1.25rem}
.demo{background:var(--field);border-radius:8px;padding:.9rem 1rem;margin:0 0 1.5rem}
.demo ul{list-style:none;margin:0;padding:0;display:grid;gap:.35rem}
.demo a{display:inline-block;padding:.15rem 0}
.demo p{margin:.6rem 0 0}
"""


def sentence_page(error: AvenraeError) -> Response:
    """Return a page that says one sentence, under the error's status code."""
    title = _TITLES.get(error.status_code, "This did not work")
    body = f'<h1>{escape(title)}</h1><p role="alert">{escape(error.message)}</p>'
    return page(title, f'{body}<p><a href="/">Go to the console</a></p>', error.status_code)


def page(title: str, body: str, status: int = 200, headers: dict[str, str] | None = None) -> HTMLResponse:
    """Return a whole page around a body; whoever calls has escaped what the body holds of others' text."""
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(title)} · Avenrae</title>"
        '<link rel="icon" href="/app/static/icon.svg" type="image/svg+xml">'
        f"<style>{_theme()}{_STYLE}</style></head><body><main>"
        '<img class="logo" src="/app/static/logo.svg" alt="Avenrae" width="152" height="40">'
        f"{body}</main></body></html>",
        status,
        headers,
    )


_TITLES = {
    401: "Please sign in",
    403: "Not allowed",
    404: "Not found",
    413: "Too much",
    429: "Please wait",
    500: "This did not work",
    503: "Just a moment",
}


@cache
def _theme() -> str:
    """Return the fonts and colours of `.streamlit/config.toml` as CSS, light and dark."""
    file = ROOT / ".streamlit" / "config.toml"
    theme: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8")).get("theme", {}) if file.exists() else {}
    faces = "".join(
        f"@font-face{{font-family:{face['family']!r};src:url('/{face['url'].lstrip('/')}') format('woff2');"
        f"font-weight:{face.get('weight', 400)};font-display:swap;"
        f"unicode-range:{face.get('unicodeRange', 'U+0-10FFFF')}}}"
        for face in theme.get("fontFaces", [])
    )
    fonts = (
        f"--font:{theme.get('font', 'sans-serif')},system-ui;--heading:{theme.get('headingFont', 'Georgia, serif')};"
    )
    return (
        f"{faces}:root{{{fonts}{_colours(theme.get('light', {}), _LIGHT)}}}"
        f"@media(prefers-color-scheme:dark){{:root{{{_colours(theme.get('dark', {}), _DARK)}}}}}"
    )


_NAMES = {
    "primary": "primaryColor",
    "back": "backgroundColor",
    "field": "secondaryBackgroundColor",
    "text": "textColor",
    "link": "linkColor",
    "edge": "grayColor",
    "quiet": "grayTextColor",
    "alert": "redBackgroundColor",
    "alert-text": "redTextColor",
}
_LIGHT = ("#0F6B5C", "#FBFAF7", "#F3F0E8", "#1F2A2C", "#0B6355", "#6A7474", "#525C5C", "#FAE5E2", "#9F2A24")
_DARK = ("#188270", "#0F171A", "#182327", "#E7E9E4", "#6CCBB7", "#8F9A99", "#B7BFBD", "#42211F", "#F5A8A0")


def _colours(theme: dict[str, str], otherwise: tuple[str, ...]) -> str:
    pairs = zip(_NAMES.items(), otherwise, strict=True)
    return "".join(f"--{ours}:{theme.get(theirs, colour)};" for (ours, theirs), colour in pairs)
