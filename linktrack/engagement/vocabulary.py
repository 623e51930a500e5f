"""The kinds of engagement, and the numbers they are stored as. Pure.

The numbers are part of the database's format: append, never renumber.
"""

from collections.abc import Mapping
from typing import Final

from linktrack.networks.engagement import NAMED, Kind

__all__ = ["KINDS", "KIND_NUMBER", "KIND_OF", "NAMED", "Kind"]

KINDS: Final[tuple[Kind, ...]] = (*NAMED, "bookmark", "view")
"""All kinds, in the order in which they are shown."""

KIND_OF: Final[Mapping[int, Kind]] = dict(enumerate(KINDS, start=1))
"""The kind of a stored number."""

KIND_NUMBER: Final[Mapping[Kind, int]] = {kind: number for number, kind in KIND_OF.items()}
"""The number by which a kind is stored."""
