"""Fields of UTM values: `{date}` and others, filled in when a link is made. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from linktrack.errors import Invalid

FIELDS: Final = ("account", "network", "date", "month", "tag", "slug")

_PART: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
"""An escaped brace, a field, or a brace that belongs to none."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a new link: its account, the day in the owner's zone, its first tag.

    `slug` is its code; `handle` is written as everywhere, with its @.
    """

    handle: str
    network: str
    day: date
    tag: str | None
    slug: str

    def values(self) -> Mapping[str, str]:
        """Return the text for each field.

        In small letters but for the code, since statistics take X and x for two things, and codes
        that differ in nothing else may be two links.
        """
        return {
            "account": self.handle.removeprefix("@").lower(),
            "network": self.network.lower(),
            "date": self.day.isoformat(),
            "month": f"{self.day:%Y-%m}",
            "tag": (self.tag or "").lower(),
            "slug": self.slug,
        }


def has_fields(written: str) -> bool:
    """Whether a value differs from link to link."""
    return any(found[1] in FIELDS for found in _PART.finditer(written))


def check_fields(name: str, written: str) -> None:
    """Raise `Invalid` for a field that isn't known, or a brace without its other half."""
    known = ", ".join(f"{{{field}}}" for field in FIELDS)
    for found in _PART.finditer(written):
        if found[0] in ("{{", "}}"):
            continue
        if found[1] is None:
            raise Invalid(f"{name} has a single {found[0]}: write {2 * found[0]} for the sign.")
        if found[1] not in FIELDS:
            raise Invalid(
                f"{name}: {{{found[1][:40]}}} isn't a field. The fields are {known};"
                " write {{ and }} for braces."
            )


def filled(written: str, values: Mapping[str, str]) -> str:
    """Return a value with its fields filled in; whatever else is in braces stays as it is.

    So a value that was stored before there were fields is never refused.
    """

    def text(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        return found[0] if found[1] is None else values.get(found[1], found[0])

    return _PART.sub(text, written)
