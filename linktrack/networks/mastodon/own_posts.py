"""Addresses of posts on Mastodon's servers, whatever their names, and on those akin. Pure."""

import re
from typing import Final

_POST: Final = re.compile(
    r"https?://[^/?#]+/(?:"
    r"(?:web/|deck/)?@[a-z0-9_.-]+(?:@[^/?#]+)?/(?:posts/|statuses/)?[0-9]+"
    r"|(?:ap/)?users/[^/?#]+/statuses/[0-9a-z]+"
    r"|notice/[0-9a-z]{18}|objects/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|@[a-z0-9_.-]+/statuses/[0-9a-z]{26}"
    r")/?(?:[?#].*)?",
    re.IGNORECASE,
)


def is_own_post(address: str) -> bool:
    """Whether an address has the form of a post's on Mastodon, Akkoma, Pleroma or GoToSocial."""
    return _POST.fullmatch(address) is not None
