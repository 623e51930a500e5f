"""What the SQL database has counted ahead of its single clicks."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from linktrack.db import Base

click_stretches = Table(
    "click_stretches",
    Base.metadata,
    Column("link_id", Integer, primary_key=True, autoincrement=False),
    Column("begins", BigInteger, primary_key=True, autoincrement=False),
    Column("ends", BigInteger, nullable=False),
    Column("clicks", Integer, nullable=False),
    Column("referrers", Text, nullable=False),  # JSON: clicks by referrer
    Index("ix_click_stretches_ends", "ends"),
)
"""Stretches of time [begins, ends) in which a link has many of people's clicks, by referrer.

Those of a link don't overlap. A stretch goes as soon as any of its clicks changes.
"""
