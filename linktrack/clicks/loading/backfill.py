"""Backfill counts introduced by a migration from the clicks stored before it."""

from sqlalchemy import Engine, delete

from linktrack.calendar.days import Days
from linktrack.clicks.counts.rebuild import rebuild
from linktrack.clicks.facts import COUNTS_ADDED, read_fact
from linktrack.clicks.models import click_facts
from linktrack.db import writing


def count_added(engine: Engine, days: Days, *, last: bool = True) -> bool:
    """Make all counts right where a migration says that it added some; return whether it did.

    In one transaction: loading waits, redirects do not. Where this is not the `last` time, it is
    done again: a service of the version before may still be loading, without the new counts.
    """
    with engine.connect() as connection:
        if read_fact(connection, COUNTS_ADDED) is None:
            return False
    with writing(engine) as connection:
        if read_fact(connection, COUNTS_ADDED) is None:
            return False  # another loader did it while we waited for our turn
        rebuild(connection, days)
        if last:
            connection.execute(delete(click_facts).where(click_facts.c.name == COUNTS_ADDED))
    return True
