"""QR codes: black on white or in two other colours, with a logo in the middle. Pure."""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from linktrack.errors import Invalid
from linktrack.links.looks.colours import BLACK, WHITE, check_colours, parse_colour

if TYPE_CHECKING:
    from PIL.Image import Image

TYPES: Final = {"svg": "image/svg+xml", "png": "image/png"}

QUIET_ZONE: Final = 4
"""Modules of background around a code, as ISO 18004 asks."""

MARGINS: Final = range(2, 21)
MOST_SIDE: Final = 4096
"""Pixels: 35 cm at 300 a inch."""

_SCALE: Final = 10  # pixels a module of the PNG: sharp on a slide, and in print at 4 cm
_LOGO_SHARE: Final = 0.3
"""Of a side that a logo may cover, with a module of background around it: 9 % of the modules.

The strongest correction, H, restores 30 % of what is written.
"""


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a code is drawn: its colours, the PNG of its logo, and its size.

    `margin` is in modules; `side` in pixels, None for ten a module.
    """

    colour: str = BLACK
    background: str = WHITE
    logo: bytes | None = None
    margin: int = QUIET_ZONE
    side: int | None = None


PLAIN: Final = Drawing()


def qr_code(address: str, form: str, drawing: Drawing = PLAIN) -> bytes:
    """Return the code of an address as one of TYPES: svg, which scales, or png.

    Up to a quarter of it may be covered, nearly a third of one that is made with a logo. Raises
    `Invalid` for colours that cameras can't tell apart, and sizes that can't be.
    """
    import segno

    colour, background = parse_colour(drawing.colour), parse_colour(drawing.background)
    check_colours(colour, background)
    if drawing.margin not in MARGINS:
        raise Invalid(f"The margin of a code is {MARGINS[0]} to {MARGINS[-1]} modules wide.")
    made = segno.make_qr(address, error="q" if drawing.logo is None else "h")
    rows = [bytearray(row) for row in made.matrix]
    hole = _hole(len(rows)) if drawing.logo is not None else range(0)
    for y in hole:
        rows[y][hole.start : hole.stop] = bytes(len(hole))
    whole = len(rows) + 2 * drawing.margin
    side = drawing.side or whole * _SCALE
    if not whole <= side <= MOST_SIDE:
        raise Invalid(f"This code can be {whole} to {MOST_SIDE:,} pixels wide.")
    draw = _svg if form == "svg" else _png
    return draw(rows, hole, drawing, (colour, background), side)


def _hole(modules: int) -> range:
    """Return the rows, and columns, that are left free for a logo: as many on either side."""
    most = int(modules * _LOGO_SHARE)
    free = most - (modules - most) % 2
    return range((modules - free) // 2, (modules + free) // 2)


def _svg(
    rows: Sequence[bytearray],
    hole: range,
    drawing: Drawing,
    colours: tuple[str, str],
    side: int,
) -> bytes:
    colour, background = colours
    whole = len(rows) + 2 * drawing.margin
    runs = "".join(
        f"M{drawing.margin + start} {drawing.margin + y}h{stop - start}v1h-{stop - start}z"
        for y, row in enumerate(rows)
        for start, stop in _runs(row)
    )
    logo = ""
    if drawing.logo is not None:
        at, wide = drawing.margin + hole.start + 1, len(hole) - 2
        data = base64.b64encode(drawing.logo).decode()
        logo = (
            f'<image x="{at}" y="{at}" width="{wide}" height="{wide}" '
            f'href="data:image/png;base64,{data}"/>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" '
        f'viewBox="0 0 {whole} {whole}" shape-rendering="crispEdges">'
        f'<path fill="{background}" d="M0 0h{whole}v{whole}h-{whole}z"/>'
        f'<path fill="{colour}" d="{runs}"/>{logo}</svg>\n'
    ).encode()


def _runs(row: bytearray) -> Iterator[tuple[int, int]]:
    start = None
    for x, dark in enumerate([*row, 0]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            yield start, x
            start = None


def _png(
    rows: Sequence[bytearray],
    hole: range,
    drawing: Drawing,
    colours: tuple[str, str],
    side: int,
) -> bytes:
    from PIL import Image, ImageColor

    colour, background = (ImageColor.getrgb(each) for each in colours)
    whole = len(rows) + 2 * drawing.margin
    scale = side // whole  # whole pixels, or edges were blurred; the rest widens the margin
    edge = (side - scale * len(rows)) // 2
    bits = Image.frombytes("L", (len(rows), len(rows)), b"".join(bytes(row) for row in rows))
    mask = bits.point(lambda value: 255 if value else 0).resize(
        (scale * len(rows),) * 2, Image.Resampling.NEAREST
    )
    paper = Image.new("RGB", (side, side), background)
    paper.paste(colour, (edge, edge), mask)
    if drawing.logo is not None:
        _paste(paper, drawing.logo, edge + scale * (hole.start + 1), scale * (len(hole) - 2))
    written = io.BytesIO()
    paper.save(written, "PNG", optimize=True)
    return written.getvalue()


def _paste(paper: "Image", logo: bytes, at: int, wide: int) -> None:
    """Put a logo into a square, as large as it fits, in the middle."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(logo), formats=("PNG",)) as opened:
        fit = ImageOps.contain(opened.convert("RGBA"), (wide, wide))
    place = (at + (wide - fit.width) // 2, at + (wide - fit.height) // 2)
    paper.paste(fit, place, fit)
