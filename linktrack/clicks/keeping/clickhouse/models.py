"""What the SQL database knows of clicks on ClickHouse: which batches count, and what is to come."""

from typing import Final

from sqlalchemy import BigInteger, Column, SmallInteger, Table, Text

from linktrack.db import Base

metadata = Base.metadata

LAST_BATCH: Final = "last_batch"
"""The fact that says which number was given last, of those that count."""

LAST_SEQ: Final = "last_seq"
"""The fact that says which click was stored last."""

LAST_CHANGE: Final = "last_change"
"""The fact that says which number the last change of stored clicks was given."""

LOOKED_UPTO: Final = "gaps_empty_upto"
"""The fact that says up to which number the last look has found no row in any gap."""

LOOKED_AT: Final = "gaps_looked_at"
"""The fact that says when that was (milliseconds since 1970 UTC)."""

HERE: Final = (LAST_BATCH, LAST_SEQ, LAST_CHANGE, LOOKED_UPTO, LOOKED_AT)
"""All facts that are true of clicks on ClickHouse only."""

click_batch_gaps = Table(
    "click_batch_gaps",
    metadata,
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
)
"""Numbers that were given to transactions which never came about: their rows don't count."""

click_changes = Table(
    "click_changes",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # a number like a batch's
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("data", Text, nullable=False),
)
"""Changes that are committed here and, for all that is known, not made on ClickHouse yet."""

ROWS: Final = 0
"""Whole rows that replace what is there (JSON: lists of all columns)."""

NAMES: Final = 1
"""Clicks by `seq` whose older rows name somebody: the names go for good (JSON: a list)."""

LINKS: Final = 2
"""Links whose clicks are to be deleted (JSON: a list)."""
