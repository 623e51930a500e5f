"""Tables of clicks and of the counts kept beside them.

Plain tables: millions of rows pass through them in batches, never as objects. A segment of 0
stands for "unattributed", since a null cannot be part of a key.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from linktrack.clicks.vocabulary import HUMAN, RECOGNISED_BY, WINDOWS
from linktrack.db import Base, BigId, Utc

metadata = Base.metadata

agents = Table(
    "agents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", String(32), nullable=False, unique=True),
    Column("user_agent", Text, nullable=False),
    Column("reason", SmallInteger, nullable=False),
    Column("rule", String(60)),
    Column("device", String(20)),
    Column("browser", String(60)),
    Column("os", String(60)),
    Column("rules_version", SmallInteger, nullable=False),
    Column("device_id", Integer, nullable=False, server_default="0"),
)
"""Each distinct user agent, classified once.

`device_id` is the row of `devices` under which its clicks are counted.
"""

sources = Table(
    "sources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("medium", String(10), nullable=False),
    UniqueConstraint("name", "medium"),
)
"""Where clicks come from; the empty name is "no referrer"."""

referrers = Table(
    "referrers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("referrer", String(255), nullable=False, unique=True),
    Column("host", String(255)),
    Column("source_id", ForeignKey("sources.id"), nullable=False),
    Column("rule", String(60), nullable=False),
    Column("rules_version", SmallInteger, nullable=False),
    # A row of this table; no foreign key, since imports write rows in no order.
    Column("host_id", Integer),
)
"""Each distinct referrer without its query, classified once; the empty one is "none".

`host_id` is set where a referrer says more than its host, as X's codes do (`//t.co/03elZC4Q`):
clicks are counted under the row of the host alone, of which there are few.
"""

IS_RECOGNISED: Final = text(f"attribution IN ({', '.join(map(str, RECOGNISED_BY))})")
"""Clicks of browsers that said hello, in SQL.

The numbers are written out, so that the database sees that it may use the index of such clicks.
"""

IS_LEFT_OUT: Final = text(f"reason <> {HUMAN}")

clicks = Table(
    "clicks",
    metadata,
    Column("seq", BigId, primary_key=True),
    Column("clicked_at", BigInteger, nullable=False),  # milliseconds since 1970, UTC
    Column("link_id", Integer, nullable=False),
    Column("segment_id", Integer, nullable=False),
    Column("follower_id", Integer),
    Column("attribution", SmallInteger, nullable=False),
    Column("agent_id", Integer, nullable=False),
    Column("referrer_id", Integer, nullable=False),
    Column("visitor", BigInteger),
    Column("country", SmallInteger),
    Column("language", SmallInteger, nullable=False, server_default="0"),
    Column("city_id", Integer),  # mostly null, which takes no room
    Column("option_id", Integer),  # where a link with rules led it; 0 is its own destination
    Column("reason", SmallInteger, nullable=False),
    Column("flags", SmallInteger, nullable=False),
    # All that is asked of a link's single clicks by time: the rows themselves are not read.
    Index("ix_clicks_of_link", "link_id", "clicked_at", "reason", "referrer_id"),
    # Of the few clicks that name a person or come from one who said hello; others cost nothing.
    Index(
        "ix_clicks_personal",
        "follower_id",
        "link_id",
        sqlite_where=text("follower_id IS NOT NULL"),
        postgresql_where=text("follower_id IS NOT NULL"),
    ),
    Index(
        "ix_clicks_recognised",
        "segment_id",
        "clicked_at",
        sqlite_where=IS_RECOGNISED,
        postgresql_where=IS_RECOGNISED,
    ),
    # Of the clicks that are left out: what they are is read from the index alone.
    Index(
        "ix_clicks_left_out",
        "clicked_at",
        "link_id",
        "reason",
        "agent_id",
        sqlite_where=IS_LEFT_OUT,
        postgresql_where=IS_LEFT_OUT,
    ),
    sqlite_autoincrement=True,  # a number is never given twice: exports resume by it
)
"""Every click. No foreign keys: the loader has just looked up what it writes."""

journals = Table(
    "journals",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("position", BigInteger, nullable=False),  # bytes loaded
    Column("bad_lines", Integer, nullable=False, server_default="0"),
    Column("finished_at", Utc),
)
"""How far each journal file is loaded; moves in the transaction that loads."""

click_facts = Table(
    "click_facts",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""What holds for all clicks: how often rules were applied anew, and before when clicks are gone."""

counted_by = Table(
    "counted_by",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", String(80), nullable=False),
)
"""The settings with which all counts were made: the time zone and the visitor period."""

imported_clicks = Table(
    "imported_clicks",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("identity", String(32), primary_key=True),
    sqlite_with_rowid=False,
)
"""Which lines of old click logs are in, so that importing again adds only what is new."""

forwarded_links = Table(
    "forwarded_links",
    metadata,
    Column("link_id", Integer, primary_key=True),
    Column("follower_id", Integer, primary_key=True),
    sqlite_with_rowid=False,
)
"""Personal links that more visitors clicked than one person has browsers: they name nobody."""

forwarded_followers = Table(
    "forwarded_followers",
    metadata,
    Column("follower_id", Integer, primary_key=True, autoincrement=False),
    Column("last_link", Integer),
    sqlite_with_rowid=False,
)
"""Followers whose personal links were passed on together, as in a feed that leaked.

None of their links names them up to the one numbered `last_link`; null: no link at all, until the
leak is closed.
"""

first_clicks = Table(
    "first_clicks",
    metadata,
    # The post's number; of a link on its own, that link's with a minus.
    Column("post_or_link", Integer, primary_key=True),
    Column("visitor", BigInteger, primary_key=True),
    Column("link_id", Integer, primary_key=True),
    Column("first_at", BigInteger, nullable=False),
    Column("segment_id", Integer, nullable=False),
    Column("referrer_id", Integer, nullable=False),
    Column("source_id", Integer, nullable=False),
    Column("attribution", SmallInteger, nullable=False, server_default="0"),
    Column("country", SmallInteger, nullable=False, server_default="0"),
    Column("device_id", Integer, nullable=False, server_default="0"),
    Column("language", SmallInteger, nullable=False, server_default="0"),
    Column("city_id", Integer, nullable=False, server_default="0"),
    Column("option", Integer, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)
"""A visitor's first human click on each link; the earliest of a post's is that on the post."""


def _counts(*names: str) -> list[Column[int]]:
    return [Column(name, Integer, nullable=False) for name in names]


post_segments = Table(
    "post_segments",
    metadata,
    Column("post_id", Integer, primary_key=True),
    Column("segment_id", Integer, primary_key=True),
    *_counts(*(f"{what}_{window}" for window in WINDOWS for what in ("clicks", "unique_clicks"))),
    sqlite_with_rowid=False,
)
"""Human clicks of a post by segment, each in the narrowest window that holds it (vocabulary.py)."""

post_totals = Table(
    "post_totals",
    metadata,
    Column("post_id", Integer, primary_key=True),
    *_counts(
        *(
            f"{what}_{window}"
            for window in WINDOWS
            for what in ("clicks", "unique_clicks", "without_visitor", "unattributed")
        )
    ),
    sqlite_with_rowid=False,
)
"""The same of all segments in one row; `without_visitor` are clicks of readers nobody can tell.

`unattributed` are the unique clicks of no segment. Reports of all posts read one row a post.
"""

post_sources = Table(
    "post_sources",
    metadata,
    Column("post_id", Integer, primary_key=True),
    Column("source_id", Integer, primary_key=True),
    Column("window", SmallInteger, primary_key=True),
    *_counts("clicks", "unique_clicks"),
    sqlite_with_rowid=False,
)
"""The same by source."""

post_reasons = Table(
    "post_reasons",
    metadata,
    Column("post_id", Integer, primary_key=True),
    Column("reason", SmallInteger, primary_key=True),
    Column("window", SmallInteger, primary_key=True),
    *_counts("clicks"),
    sqlite_with_rowid=False,
)
"""Clicks left out, by the reason why."""

post_hours = Table(
    "post_hours",
    metadata,
    Column("post_id", Integer, primary_key=True),
    Column("hour", SmallInteger, primary_key=True),  # 0 to 167 since it was posted
    *_counts("clicks"),
    sqlite_with_rowid=False,
)
"""Human clicks of a post's first 7 days by the hour; those before it lie in the first."""

link_days = Table(
    "link_days",
    metadata,
    Column("link_id", Integer, primary_key=True),
    Column("day", Integer, primary_key=True),  # proleptic ordinal of the date
    *_counts("clicks", "unique_clicks", "not_human"),
    sqlite_with_rowid=False,
)
"""Clicks of a link by day; unique clicks on the day of the visitor's first click on the link."""

link_options_clicked = Table(
    "link_options_clicked",
    metadata,
    Column("link_id", Integer, primary_key=True),
    Column("option", Integer, primary_key=True),
    *_counts("clicks", "unique_clicks", "with_click_id"),
    sqlite_with_rowid=False,
)
"""The same by where a link with rules led them: 1 is its own destination, an option its number + 1.

`with_click_id` are those of the clicks that carried a click id.
"""

link_totals = Table(
    "link_totals",
    metadata,
    Column("link_id", Integer, primary_key=True),
    *_counts("clicks", "unique_clicks", "not_human"),
    sqlite_with_rowid=False,
)
"""The same of all days in one row: reports of all links read one row a link."""

account_days = Table(
    "account_days",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("day", Integer, primary_key=True),
    *_counts("clicks", "unique_clicks", "not_human"),
    sqlite_with_rowid=False,
)
"""Clicks of an account by day; unique clicks on the day of the visitor's first on the post."""

account_hours = Table(
    "account_hours",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("hour", SmallInteger, primary_key=True),  # of the clock in the owner's zone, 0 to 23
    *_counts("clicks"),
    sqlite_with_rowid=False,
)
"""Human clicks of an account by day and hour."""

account_ways = Table(
    "account_ways",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("month", Integer, primary_key=True),  # 12 * year + month - 1
    *_counts("unattributed", "personal", "variant", "recognised", "recognised_network"),
    sqlite_with_rowid=False,
)
"""Unique clicks of an account by month and by how their segment is known (`ATTRIBUTIONS`)."""

visitor_accounts = Table(
    "visitor_accounts",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("period", Integer, primary_key=True),  # first day of the visitor period, an ordinal
    Column("visitor", BigInteger, primary_key=True),
    *_counts("first_half", "second_half"),
    sqlite_with_rowid=False,
)
"""How many of an account's links a visitor clicked first in each half of a visitor period."""

account_visits = Table(
    "account_visits",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("period", Integer, primary_key=True),
    Column("first_half", Integer, primary_key=True),
    Column("second_half", Integer, primary_key=True),
    *_counts("visitors"),
    sqlite_with_rowid=False,
)
"""How many visitors have each pair of `visitor_accounts`: a few dozen rows tell of a month."""

account_referrer_days = Table(
    "account_referrer_days",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("segment_id", Integer, primary_key=True),
    Column("referrer_id", Integer, primary_key=True),
    *_counts("clicks", "unique_clicks"),
    sqlite_with_rowid=False,
)
"""The same for people by segment and referrer: where each segment's clicks come from.

Of referrers that say more than their host, the host's own (`referrers.host_id`).
"""

account_referrer_months = Table(
    "account_referrer_months",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("month", Integer, primary_key=True),  # 12 * year + month - 1
    Column("segment_id", Integer, primary_key=True),
    Column("referrer_id", Integer, primary_key=True),
    *_counts("clicks", "unique_clicks"),
    sqlite_with_rowid=False,
)
"""The same by month, so that long ranges read few rows."""

account_referrer_years = Table(
    "account_referrer_years",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("segment_id", Integer, primary_key=True),
    Column("referrer_id", Integer, primary_key=True),
    *_counts("clicks", "unique_clicks"),
    sqlite_with_rowid=False,
)
"""The same by year."""
