"""Pages: `limit`, and `after`, the last item of the previous page."""

from typing import Final

from linktrack.api.read import Fields
from linktrack.errors import Invalid

MOST: Final = 100


def page_size(fields: Fields) -> int:
    """Return the page size; raises `Invalid`."""
    limit = fields.whole("limit", MOST) or 0
    if not 1 <= limit <= MOST:
        raise Invalid(f"A page has 1 to {MOST}, not {limit}.")
    return limit
