"""Whole numbers as people and programs write them. Pure."""

import re
from typing import Final

MOST: Final = 2**53

_PLAIN: Final = re.compile(r"[0-9]+(?:[.,]0{1,2})?")  # some programs write whole numbers as 15.0
# Groups of three are plain to see with a comma, a space or an apostrophe; with a point only where
# there are two, since 1.234 may be a fraction.
_GROUPED: Final = re.compile(
    r"[0-9]{1,3}(?:(?:,[0-9]{3})+|(?:[ \u00a0\u2009\u202f][0-9]{3})+|(?:['’][0-9]{3})+"
    r"|(?:\.[0-9]{3}){2,})(?:\.0{1,2})?"
)
_SHORT: Final = re.compile(r"([0-9]{1,6})(?:[.,]([0-9]{1,3}))?\s?([kKmMbB])")
_UNITS: Final = {"k": 3, "m": 6, "b": 9}


def whole_number(written: str) -> int | None:
    """Return what 1234, 1,234, 1 234, 1'234, 1.234.567, 1234.0 or 1.2K stand for.

    None where it isn't a whole number, or could be read in two ways, as 1.234 could.
    """
    text = written.strip()
    if len(text) > 30:
        return None
    if _PLAIN.fullmatch(text):
        number = int(re.split("[.,]", text)[0])
    elif _GROUPED.fullmatch(text):
        number = int(re.sub("[^0-9]", "", re.sub(r"(?<=[0-9]{3})\.0{1,2}\Z", "", text)))
    elif short := _SHORT.fullmatch(text):
        whole, fraction, unit = short.groups(default="")
        number = int(whole + fraction.ljust(_UNITS[unit.lower()], "0"))
    else:
        return None
    return number if number < MOST else None
