"""Tables of what clicks were made with and where: distinct devices, and counts by facet."""

from sqlalchemy import Column, Integer, SmallInteger, String, Table, UniqueConstraint

from linktrack.db import Base

metadata = Base.metadata

devices = Table(
    "devices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("device", String(20), nullable=False),
    Column("browser", String(60), nullable=False),
    Column("os", String(60), nullable=False),
    UniqueConstraint("device", "browser", "os"),
)
"""Each distinct device, browser and system that user agents told of; "" where one isn't known."""

cities = Table(
    "cities",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("country", SmallInteger, nullable=False),
    Column("region", String(80), nullable=False),
    Column("name", String(80), nullable=False),
    UniqueConstraint("country", "region", "name"),
)
"""Each distinct city that clicks came from; "" where the region isn't known."""

account_facet_days = Table(
    "account_facet_days",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("facet", SmallInteger, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("value", Integer, primary_key=True),
    Column("clicks", Integer, nullable=False),
    Column("unique_clicks", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""Human clicks of an account by day and country, device or language (vocabulary.FACETS).

Not by city: of those, months are enough, and tell less of a single person.
"""

account_facet_months = Table(
    "account_facet_months",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("facet", SmallInteger, primary_key=True),
    Column("month", Integer, primary_key=True),  # 12 * year + month - 1
    Column("value", Integer, primary_key=True),
    Column("clicks", Integer, nullable=False),
    Column("unique_clicks", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""The same by month, so that long ranges read few rows; and by city, where it is known."""

account_agent_months = Table(
    "account_agent_months",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("month", Integer, primary_key=True),  # 12 * year + month - 1
    Column("reason", SmallInteger, primary_key=True),
    Column("agent_id", Integer, primary_key=True),
    Column("clicks", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""Clicks of an account that are left out, by month, by the reason why and by user agent."""

account_link_months = Table(
    "account_link_months",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("month", Integer, primary_key=True),  # 12 * year + month - 1
    Column("link_id", Integer, primary_key=True),
    Column("unique_clicks", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""Unique clicks of an account by month and link: which of its links anybody clicked.

A month's links lie together, where `link_days` has each link's days together.
"""

link_facets = Table(
    "link_facets",
    metadata,
    Column("link_id", Integer, primary_key=True),
    Column("facet", SmallInteger, primary_key=True),
    Column("value", Integer, primary_key=True),
    Column("clicks", Integer, nullable=False),
    Column("unique_clicks", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""The same of a link, of all days; unique clicks are visitors' first on the link.

What isn't known has no row: it is what the known ones lack of the link's total, and most links
would have a row of it for each facet.
"""
