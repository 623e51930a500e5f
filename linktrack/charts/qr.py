"""QR codes. Pure."""

from io import BytesIO
from typing import Final

TYPES: Final = {"svg": "image/svg+xml", "png": "image/png"}

_SCALE: Final = 10  # pixels a module of the PNG: sharp on a slide, and in print at 4 cm
_QUIET_ZONE: Final = 4  # modules of white around it, as ISO 18004 asks


def qr_code(address: str, form: str) -> bytes:
    """Return the code of an address as one of TYPES: svg, which scales, or png.

    Always black on white, which scanners need. Up to a quarter of it may be covered.
    """
    import segno

    file = BytesIO()
    segno.make_qr(address, error="q").save(
        file, kind=form, scale=_SCALE, border=_QUIET_ZONE, light="#fff"
    )
    return file.getvalue()
