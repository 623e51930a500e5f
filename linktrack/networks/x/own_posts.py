"""Addresses of X's own posts. Pure."""

import re
from typing import Final

_POST: Final = re.compile(
    r"https?://(?:www\.|mobile\.|m\.)?(?:x|twitter)\.com/"
    r"(?:#!/)?(?:i/(?:web/)?|[a-z0-9_]{1,20}/)(?:status(?:es)?|article)/[0-9]+(?:[/?#].*)?",
    re.IGNORECASE,
)


def is_own_post(address: str) -> bool:
    """Whether an address is a post or an article on X."""
    return _POST.fullmatch(address) is not None
