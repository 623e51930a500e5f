"""What a page's address narrows its report to."""

import re
from typing import Final

from flask import request

from linktrack.reports.narrowing.wanted import Wanted, wanted_of
from linktrack.reports.parts import UNKNOWN, Part
from linktrack.reports.sources.facet_days import FACET_NAMES
from linktrack.web.fields import text

NOTHING_SENT: Final = "-"
"""In addresses: clicks that did not say where they came from, or of which we can't tell who."""

LONGEST: Final = 80
"""Letters that filters have in the name of a file."""


def asked_for() -> Wanted:
    """Return the filters in the address; raises `Invalid` for a value that none can have."""
    part = Part(_unhyphened("source", "The source"), _unhyphened("segment", "The segment"))
    return wanted_of({name: text(request.args, name, f"The {name}") for name in FACET_NAMES}, part)


def _unhyphened(name: str, label: str) -> str | None:
    value = text(request.args, name, label)
    return UNKNOWN if value == NOTHING_SENT else value or None


def in_file_name(wanted: Wanted) -> str:
    """Return the filters as the end of a file's name, "" without any."""
    given = [("source", wanted.part.source), ("segment", wanted.part.segment)]
    named = [(name, value) for name, value in given if value is not None]
    named += [(facet.name, facet.key or "") for facet in wanted.facets]
    words = "-".join(f"{name}-{value or 'unknown'}" for name, value in named)
    plain = re.sub(r"[^A-Za-z0-9]+", "-", words)[:LONGEST].strip("-")
    return f"-{plain}" if plain else ""
