"""Which clicks are meant, and what is asked of them: the same words for every engine. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

from sqlalchemy import Select

from linktrack.ids import LinkId

Numbers: TypeAlias = Collection[int] | Select[Any]
"""Numbers of links, agents and so on: as they are, or as a query of the SQL database."""

Column: TypeAlias = Literal[
    "seq",
    "clicked_at",
    "link_id",
    "segment_id",
    "follower_id",
    "attribution",
    "agent_id",
    "referrer_id",
    "visitor",
    "country",
    "language",
    "city_id",
    "option_id",
    "reason",
    "flags",
]
"""A click's own columns; what isn't known is None."""

COLUMNS: Final[tuple[Column, ...]] = tuple(name for name in get_args(Column) if name != "seq")
"""What is stored of a new click, in this order; its `seq` is given to it."""


class Span(NamedTuple):
    """The clicks of a link in [since, until): milliseconds since 1970 UTC."""

    link_id: LinkId
    since: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """The clicks that fit everything said here; with nothing said, all.

    `since` and `until` (exclusive) are milliseconds since 1970 UTC, `spans` several links' own.
    `accounts` are those of the clicks' links. `left_out` are the clicks that are no person's,
    `named` those that name a follower, `recognised` those of browsers that said hello;
    `without_flags` those that have none of these flags. `countries` and `languages` are as they
    are counted (vocabulary.FACETS); `devices`, `sources`, `referrers` and `agents` are rows of
    these tables. `after` (exclusive) and `upto` are `seq`s.
    """

    links: Numbers | None = None
    accounts: Collection[int] | None = None
    spans: Sequence[Span] | None = None
    since: int | None = None
    until: int | None = None
    reasons: Collection[int] | None = None
    left_out: bool = False
    segments: Numbers | None = None
    attributions: Collection[int] | None = None
    followers: Numbers | None = None
    named: bool = False
    recognised: bool = False
    agents: Numbers | None = None
    referrers: Numbers | None = None
    countries: Collection[int] | None = None
    languages: Collection[int] | None = None
    devices: Numbers | None = None
    sources: Numbers | None = None
    with_visitor: bool = False
    without_flags: int = 0
    after: int | None = None
    upto: int | None = None
    seqs: Collection[int] | None = None


EVERY: Final = Which()


class Every(NamedTuple):
    """Groups clicks by time: by the number of the span of `milliseconds` that each is in.

    Spans are counted from `after` (milliseconds since 1970 UTC); with `most` what is before it is
    in span 0, and what is later than the span `most` in that.
    """

    milliseconds: int
    after: int = 0
    most: int | None = None


By: TypeAlias = Column | Literal["has_visitor", "without_languages"] | Every
"""What clicks are grouped by: a column, whether one is 0 or not (0, 1), or time."""

Figure: TypeAlias = Literal[
    "clicks",
    "people",
    "bursts",
    "without_languages",
    "first_at",
    "last_at",
    "visitors",
    "agents",
    "links",
]
"""What is counted of a group: its clicks, and of them those that are people's, of a burst or
without languages, when the first and the last was, and how many distinct visitors, agents and links
there are."""


Facet: TypeAlias = Literal[
    "link_id", "quarter", "age", "segment_id", "referrer", "country", "device", "language"
]
"""What people's clicks are condensed by: the link; the quarter of an hour since 1970 UTC; whole
hours since the post (0 before it, at most 720, -1 without one); what they are counted under."""
