"""Whether a post whose sending ended unclear is there, on the author's own list. Pure."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from linktrack.networks.records import Message, PostPage, PostRecord
from linktrack.networks.tids import tid_moment

CLOCKS: Final = timedelta(minutes=10)
"""How far a network's clock may be behind ours."""

PAGES: Final = 5
"""How many pages are looked at: a post that was just sent is on the first."""


def find_sent(message: Message, pages: Callable[[str | None], PostPage]) -> PostRecord | None:
    """Return the newest post that is this message, none that is older than its key."""
    earliest = tid_moment(message.key) - CLOCKS
    cursor: str | None = None
    for _ in range(PAGES):
        page = pages(cursor)
        for post in page.posts:
            if post.posted_at < earliest:
                return None
            if not post.is_repost and is_same(message, post):
                return post
        cursor = page.cursor
        if cursor is None:
            return None
    return None


def is_same(message: Message, post: PostRecord) -> bool:
    """Whether a post is a message: by our addresses, which no other has; without any, by its text.

    An address as readers see it may be written in another way than it was sent; spaces may be too.
    """
    if message.short_urls:
        return set(message.short_urls) <= set(post.addresses)
    return message.text.split() == post.text.split()
