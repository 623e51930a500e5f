"""Counts that lie in the narrowest window that holds each click: summed up to a window."""

from functools import reduce
from operator import add

from sqlalchemy import ColumnElement, Table

from linktrack.clicks.vocabulary import WINDOWS


def within_window(table: Table, what: str, window: int) -> ColumnElement[int]:
    """Return what a row of `post_totals` or `post_segments` has of something up to a window."""
    return reduce(add, [table.c[f"{what}_{name}"] for name in WINDOWS[: window + 1]])
