"""What a page's address narrows its report to."""

import re
from typing import Final

from flask import request

from linktrack.reports.narrowing.wanted import FILTERS, UNWRITTEN, Wanted, wanted_of
from linktrack.web.fields import text

LONGEST: Final = 80
"""Letters that filters have in the name of a file."""


def asked_for() -> Wanted:
    """Return the filters in the address; raises `Invalid` for a value that none can have."""
    return wanted_of({name: text(request.args, name, f"The {name}") for name in FILTERS})


def in_file_name(wanted: Wanted) -> str:
    """Return the filters as the end of a file's name, "" without any."""
    named = wanted.written.items()
    words = "-".join(
        f"{name}-{'unknown' if value == UNWRITTEN else value}" for name, value in named
    )
    plain = re.sub(r"[^A-Za-z0-9]+", "-", words)[:LONGEST].strip("-")
    return f"-{plain}" if plain else ""
