"""Addresses of Bluesky's own posts. Pure."""

import re
from typing import Final

_POST: Final = re.compile(
    r"(?:https?://(?:(?:www|main|staging)\.)?bsky\.app/profile/[^/?#]+/post/[a-z0-9]+(?:[/?#].*)?"
    r"|at://[^/]+/app\.bsky\.feed\.post/[^/]+)",
    re.IGNORECASE,
)


def is_own_post(address: str) -> bool:
    """Whether an address is a post on Bluesky, in its app or as records are named."""
    return _POST.fullmatch(address) is not None
