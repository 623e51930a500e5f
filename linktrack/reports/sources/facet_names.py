"""Countries, devices and languages by their keys, and in English words. Pure."""

from functools import cache
from typing import Final, TypeAlias

from babel import Locale

from linktrack.clicks.vocabulary import unpack_country, unpack_language

Named: TypeAlias = tuple[str | None, str]
"""A key, and its name; None: it isn't known."""

NOT_KNOWN: Final = "Not known"

DEVICES: Final = {"mobile": "Phone", "desktop": "Computer", "tablet": "Tablet", "other": "Other"}
"""Kinds of devices in words."""


def device_named(device: str | None) -> Named:
    """Return a kind of device with its name."""
    return device, NOT_KNOWN if device is None else DEVICES.get(device, device)


def as_sent(text: str | None) -> Named:
    """Return a browser or a system, whose name is its key."""
    return text, text or NOT_KNOWN


def country_named(value: int) -> Named:
    """Return the country of a value of vocabulary.FACETS, as ISO 3166 alpha-2."""
    code = unpack_country(value - 1) if value else None
    return code, NOT_KNOWN if code is None else _english().territories.get(code, code)


def language_named(value: int) -> Named:
    """Return the language of a value of vocabulary.FACETS, as ISO 639."""
    code = unpack_language(value)
    return code, NOT_KNOWN if code is None else _english().languages.get(code, code)


@cache
def _english() -> Locale:
    """Names of countries and languages, as the Unicode CLDR has them.

    Making it takes 20 us, for each of hundreds of cities.
    """
    return Locale("en")
