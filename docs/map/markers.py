"""Draw the markers of the practitioner map: `python docs/map/markers.py`, from the project's folder.

One picture a theme, one marker a kind, side by side in the order of `PractitionerKind`: a picture, because
letters drawn as text over overlapping markers would all lie on top.
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from avenrae.enums import PractitionerKind
from avenrae.ui.maps import CODES, COLOURS, ICON, ON_MARKER

STATIC = Path(__file__).parent.parent.parent / "static"
LARGER = 4
SIZE = ICON * LARGER


def draw(theme: str) -> Image.Image:
    """Return the markers of a theme, drawn larger and made smaller, so that their edges are smooth."""
    font = ImageFont.truetype(STATIC / "fonts" / "inter-latin-wght-normal.woff2", SIZE * 0.44)
    font.set_variation_by_axes([650])
    picture = Image.new("RGBA", (SIZE * len(PractitionerKind), SIZE))
    pen = ImageDraw.Draw(picture)
    for n, kind in enumerate(PractitionerKind):
        rim, left = SIZE // 32, n * SIZE
        pen.ellipse((left + rim, rim, left + SIZE - rim, SIZE - rim), ON_MARKER[theme])
        pen.ellipse((left + 3 * rim, 3 * rim, left + SIZE - 3 * rim, SIZE - 3 * rim), COLOURS[theme][n])
        pen.text((left + SIZE / 2, SIZE / 2), CODES[kind], ON_MARKER[theme], font, anchor="mm")
    return picture.resize((ICON * len(PractitionerKind), ICON), Image.Resampling.LANCZOS)


for theme in COLOURS:
    draw(theme).save(STATIC / "map" / f"markers-{theme}.png", optimize=True)
