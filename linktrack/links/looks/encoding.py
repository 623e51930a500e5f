"""Uploaded pictures: checked, scaled and written anew, without whatever else is in the file. Pure.

Only formats of pixels are taken: an SVG is a document that may hold scripts and addresses.
"""

import base64
import io
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

from linktrack.errors import Invalid, TooLarge

if TYPE_CHECKING:
    from PIL.Image import Image

log = logging.getLogger(__name__)

MOST_BYTES: Final = 10_000_000
"""Of an uploaded file; a page and the API take less (serving/bodies.py)."""

MOST_PIXELS: Final = 25_000_000
"""Of a picture that is decoded: 100 MB of memory. A few bytes can claim any size."""

MOST_SCANS: Final = 100
"""Of a JPEG: each goes over the whole picture, and takes a few bytes of the file."""

LOGO_FORMATS: Final = ("PNG", "JPEG")
LOGO_SIDE: Final = 256
"""Pixels: a logo is at most a third as wide as its code, so this is sharp on a poster."""

CARD_FORMATS: Final = ("PNG", "JPEG", "WEBP")
CARD_BOX: Final = (1200, 630)
"""Pixels: the shape in which networks show large cards."""

MOST_CARD: Final = 400_000
"""Bytes of a card's picture as it is kept; networks take 1,000,000 and more."""

THUMBNAIL_BOX: Final = (600, 315)
MOST_THUMBNAIL: Final = 60_000
ANY_FORMATS: Final = (*CARD_FORMATS, "GIF")

_QUALITIES: Final = (88, 75, 55, 30)
_SCAN: Final = b"\xff\xda"


def logo_of(file: bytes) -> bytes:
    """Return a logo as a PNG of at most LOGO_SIDE pixels a side, transparent where it was.

    Raises `Invalid` or `TooLarge`.
    """
    shown = _opened(file, LOGO_FORMATS, (LOGO_SIDE, LOGO_SIDE))
    return _written(shown, "PNG", optimize=True)


def card_picture_of(file: bytes) -> bytes:
    """Return a picture for a card as a JPEG within CARD_BOX and MOST_CARD bytes, on white.

    Raises `Invalid` or `TooLarge`.
    """
    return _on_white(_opened(file, CARD_FORMATS, CARD_BOX), MOST_CARD)


def thumbnail_of(file: bytes) -> bytes:
    """Return a small copy of a page's picture, as `card_picture_of` does; GIFs are taken too."""
    return _on_white(_opened(file, ANY_FORMATS, THUMBNAIL_BOX), MOST_THUMBNAIL)


def _on_white(shown: "Image", most: int) -> bytes:
    from PIL import Image

    paper = Image.new("RGB", shown.size, "white")
    paper.paste(shown, mask=shown)
    for quality in _QUALITIES:
        written = _written(paper, "JPEG", quality=quality, optimize=True, progressive=True)
        if len(written) <= most:
            return written
    raise TooLarge("The picture can't be made small enough: choose a simpler one.")


def read_file(path: Path) -> bytes:
    """Return what a file holds, at most MOST_BYTES and one; raises `Invalid` without one."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Invalid(f"{path} can't be read: {error.strerror}.") from error


def from_text(written: str) -> bytes:
    """Return the bytes of a picture written in base64, "" for none; raises `Invalid`."""
    try:
        return base64.b64decode(written, validate=True)
    except ValueError as error:
        raise Invalid('A picture is written in base64; "" removes it.') from error


def _opened(file: bytes, formats: tuple[str, ...], box: tuple[int, int]) -> "Image":
    """Return the pixels of a picture, upright and fitted into `box`, with transparency."""
    from PIL import Image

    if len(file) > MOST_BYTES:
        raise TooLarge(f"The picture has {len(file):,} bytes: at most {MOST_BYTES:,} are taken.")
    refusal = Invalid(f"The file isn't a whole {' or '.join(formats)} picture.")
    if file.count(_SCAN) > MOST_SCANS:
        raise refusal
    try:
        with Image.open(io.BytesIO(file), formats=formats) as opened:
            pixels = opened.width * opened.height
            shown = _upright(opened, box) if pixels <= MOST_PIXELS else None
    except Exception as error:  # decoders raise whatever they like
        log.info("An uploaded picture could not be read: %s", type(error).__name__)
        raise refusal from error
    if shown is None:
        raise TooLarge(f"The picture has {pixels:,} pixels: at most {MOST_PIXELS:,} are taken.")
    return shown


def _upright(picture: "Image", box: tuple[int, int]) -> "Image":
    from PIL import ImageOps

    side = 2 * max(box)
    picture.draft("RGB", (side, side))  # a JPEG is decoded no larger than that takes
    shown: Image = ImageOps.exif_transpose(picture).convert("RGBA")
    shown.thumbnail(box)
    shown.info.clear()
    return shown


def _written(shown: "Image", form: str, **options: object) -> bytes:
    file = io.BytesIO()
    shown.save(file, form, **options)
    return file.getvalue()
