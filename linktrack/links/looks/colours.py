"""Colours of QR codes, and whether cameras can tell them apart. Pure."""

import re
from typing import Final

from linktrack.errors import Invalid

LEAST_CONTRAST: Final = 4.5
"""Of WCAG's ratio, 1 to 21: what text needs to be read, and cameras in poor light as well."""

BLACK: Final = "#000000"
WHITE: Final = "#ffffff"

_COLOUR: Final = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})", re.IGNORECASE | re.ASCII)


def parse_colour(written: str) -> str:
    """Return a colour as #rrggbb; raises `Invalid` for what is not written like #0a3d62 or #036."""
    found = _COLOUR.fullmatch(written.strip())
    if found is None:
        raise Invalid(f"{written[:40]!r} isn't a colour: write one such as #0a3d62.")
    digits = found[1].lower()
    return f"#{digits if len(digits) == 6 else ''.join(2 * digit for digit in digits)}"


def contrast(one: str, other: str) -> float:
    """Return WCAG's ratio of two colours, from 1 (the same) to 21 (black and white)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def check_colours(colour: str, background: str) -> None:
    """Raise `Invalid` unless the code is darker than its background, and clearly so."""
    if _luminance(colour) > _luminance(background):
        raise Invalid(
            f"A code in {colour} on {background} is lighter than its background, and many cameras "
            "don't read that: swap the two."
        )
    ratio = contrast(colour, background)
    if ratio < LEAST_CONTRAST:
        raise Invalid(
            f"{colour} on {background} has a contrast of {int(ratio * 10) / 10} to 1, and cameras "
            f"need {LEAST_CONTRAST}: choose a darker colour or a lighter background."
        )


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
