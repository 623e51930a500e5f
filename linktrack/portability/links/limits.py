"""What limits a link of another shortener, as far as it can limit one here. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from linktrack.links.redirects.limits import LONGEST_PASSWORD, MOST_CLICKS, SHORTEST_PASSWORD

NAMED: Final = frozenset({"true", "yes", "y", "1", "on", "enabled", "protected", "set"})
"""What a field says that has no password but tells of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLimits:
    """What limits a link there, as far as it can limit one here; `used` of its clicks are used."""

    valid_from: datetime | None = None
    expires_at: datetime | None = None
    most_clicks: int | None = None
    used: int = 0
    password: str | None = None
    ended_to: str | None = None

    @property
    def is_any(self) -> bool:
        """Whether there is one."""
        return self != FoundLimits(used=self.used)


def is_password(text: str) -> bool:
    """Whether this is a password itself: no word that tells of one, and no hash."""
    is_word = text.casefold() in NAMED or text.startswith("$")
    return not is_word and SHORTEST_PASSWORD <= len(text) <= LONGEST_PASSWORD


def is_limit(text: str) -> bool:
    """Whether this is a number of clicks that a link may have."""
    return text.isascii() and text.isdigit() and len(text) < 12 and 0 < int(text) <= MOST_CLICKS


NO_LIMITS: Final = FoundLimits()
