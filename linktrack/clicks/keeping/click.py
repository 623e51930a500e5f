"""A stored click as the counts take it, and the mark of a visitor's first one. Pure."""

from collections.abc import Callable
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias

import msgspec

from linktrack.ids import AccountId, LinkId, PostId, SegmentId


class Click(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the counts need to know of a click. Times are in milliseconds since 1970 UTC.

    `day` is the owner's calendar day, an ordinal; `window` the narrowest that holds the click.
    `country`, `device`, `language` and `city` are values of vocabulary.FACETS; `flags` the click's;
    `option` is 0 of a link without rules, else the option's number and one.
    """

    clicked_at: int
    link_id: LinkId
    post_id: PostId | None
    account_id: AccountId
    posted_at: int | None
    segment_id: SegmentId
    source_id: int
    visitor: int | None
    reason: int
    attribution: int
    referrer_id: int  # of a code of X, that of the host
    country: int
    device: int
    language: int
    city: int
    option: int
    day: int
    window: int
    flags: int = 0
    agent_id: int = 0


class Stored(NamedTuple):
    """A click that is stored, and its number there, which is never given twice."""

    seq: int
    click: Click


DayOf: TypeAlias = Callable[[int], int]
"""Returns the calendar day of a moment (`Days.day`)."""

Pair: TypeAlias = tuple[int, int]
"""The post (or the link on its own, with a minus), and the visitor."""

Key: TypeAlias = tuple[int, int, int]
"""The post (or the link on its own, with a minus), the visitor, and the link."""

Mark: TypeAlias = tuple[int, ...]
"""What is stored of a first click, in the order that decides which click is the first.

Of two clicks in the same millisecond that of the smaller segment, then of the referrer that was
known before the other, is taken as the first, whichever is loaded first.
"""

MARKED: Final = (
    "clicked_at", "segment_id", "referrer_id", "source_id", "attribution", "country", "device",
    "language", "city", "option",
)  # fmt: skip
"""What is stored of a first click, in the order of the table's columns."""

mark_of: Final[Callable[[Click], Mark]] = attrgetter(*MARKED)


def key_of(click: Click) -> Key:
    """Return the key of the mark of a click that has a visitor."""
    assert click.visitor is not None
    return (click.post_id or -click.link_id, click.visitor, click.link_id)
