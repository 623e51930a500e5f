"""Tables of unknown codes, and of who asked for them within the last days."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, false

from linktrack.db import Base

metadata = Base.metadata

KEPT_DAYS: Final = 90
"""Days for which is kept how often a code was asked for; today is one of them."""

unknown_codes = Table(
    "unknown_codes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(80), nullable=False, unique=True),
    Column("domain_id", ForeignKey("domains.id", ondelete="CASCADE"), index=True),
    Column("code", String(64), nullable=False),
    Column("ignored", Boolean, nullable=False, server_default=false()),
    sqlite_autoincrement=True,  # a page that is open names a code by its number
)
"""Each code that people asked for, spelt as by the first; spellings that lead to one are one `key`.

It was asked for on a domain, null is the first. One that is `ignored` is shown to nobody, and no
longer counted.
"""

unknown_code_days = Table(
    "unknown_code_days",
    metadata,
    Column("code_id", ForeignKey("unknown_codes.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("requests", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""How often people asked for a code on a day, and how many visitors they were."""

unknown_askers = Table(
    "unknown_askers",
    metadata,
    Column("day", Integer, primary_key=True),
    Column("visitor", BigInteger, primary_key=True),
    Column("code_id", Integer, primary_key=True),
    Column("requests", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""Which visitor asked for which codes, of today and yesterday; then the rows are deleted.

A row with the code 0 says that the visitor asked for too many, and isn't counted that day.
"""
