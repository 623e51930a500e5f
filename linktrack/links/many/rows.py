"""Rows of a table that are to become links, and what is wrong with them. Pure."""

from dataclasses import dataclass
from typing import Final

MOST_MADE: Final = 1_000
"""Links that are made at once."""

TOO_MANY: Final = f"At most {MOST_MADE:,} links are made at once: split the table."


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row as it was written; `number` is that of its line, or its place in a list, from 1.

    `account` is a handle, `domain` a host, `expires_at` a date or time. `unreadable` says why the
    row could not be read.
    """

    number: int
    address: str
    slug: str | None = None
    title: str | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    account: str | None = None
    domain: str | None = None
    expires_at: str | None = None
    unreadable: str | None = None
