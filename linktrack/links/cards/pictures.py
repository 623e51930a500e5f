"""Make a picture small enough for a card. Pure."""

import io
import logging
from typing import TYPE_CHECKING, Final

from linktrack.links.looks.encoding import MOST_PIXELS, MOST_SCANS

if TYPE_CHECKING:
    from PIL.Image import Image

log = logging.getLogger(__name__)

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
SIDES: Final = (1200, 800, 400)
"""Pixels of the longer side that are tried: networks show cards about 600 wide."""

_SCAN: Final = b"\xff\xda"


def fitted(picture: bytes, kind: str, most: int) -> tuple[bytes, str] | None:
    """Return a picture of at most `most` bytes and its MIME type: this one, or it scaled down.

    None if it cannot be: it is broken, or made to take more memory or time than a picture does.
    An animated one becomes its first frame, what is transparent becomes white.
    """
    if len(picture) <= most:
        return picture, kind
    if picture.count(_SCAN) > MOST_SCANS:
        return None
    from PIL import Image

    try:
        with Image.open(io.BytesIO(picture), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                return None
            return _scaled(opened, most)
    except Exception as error:  # noqa: BLE001 - decoders raise whatever they like
        log.info("A picture could not be read for a card: %s", type(error).__name__)
        return None


def _scaled(picture: "Image", most: int) -> tuple[bytes, str] | None:
    from PIL import Image, ImageOps

    picture.draft("RGB", (SIDES[0], SIDES[0]))  # a JPEG is decoded no larger than that takes
    turned: Image.Image = ImageOps.exif_transpose(picture)
    shown = turned.convert("RGBA")
    for side in SIDES:
        shown.thumbnail((side, side))
        paper = Image.new("RGB", shown.size, "white")
        paper.paste(shown, mask=shown)
        written = io.BytesIO()
        paper.save(written, "JPEG", quality=85, optimize=True)
        if written.tell() <= most:
            return written.getvalue(), "image/jpeg"
    return None
