"""Replies to posts of others: which post is answered, and whether a reply is there. Pure."""

from collections.abc import Callable

from linktrack.networks.archives import Fields
from linktrack.networks.errors import Refused
from linktrack.networks.looking_back import CLOCKS, PAGES
from linktrack.networks.mastodon.content import is_written_so
from linktrack.networks.mastodon.posts import post_record
from linktrack.networks.records import Message
from linktrack.networks.texts import stable_id
from linktrack.networks.tids import tid_moment

Statuses = Callable[[str | None], tuple[list[Fields], str | None]]
"""Returns one page of the account's own posts, newest first, and where the next begins."""


def number_of(found: object) -> str:
    """Return the number of the post that a search has found; raises `Refused` if there is none."""
    statuses = found.get("statuses") if isinstance(found, dict) else None
    rows = statuses if isinstance(statuses, list) else []
    number = next((stable_id(row.get("id")) for row in rows if isinstance(row, dict)), None)
    if number is None:
        raise Refused("The post to reply to is no longer there, or its server doesn't show it.")
    return number


def find_reply(message: Message, answered: str, statuses: Statuses) -> Fields | None:
    """Return a reply whose sending ended unclear, by the post it answers and by its text.

    Servers write names in a way of their own, so their servers are not compared.
    """
    earliest = tid_moment(message.key) - CLOCKS
    cursor: str | None = None
    for _ in range(PAGES):
        found, cursor = statuses(cursor)
        for status in found:
            post = post_record(status)
            if post is None or post.is_repost:
                continue
            if post.posted_at < earliest:
                return None
            is_answer = stable_id(status.get("in_reply_to_id")) == answered
            if is_answer and is_written_so(message.text, post.text):
                return status
        if cursor is None:
            return None
    return None
