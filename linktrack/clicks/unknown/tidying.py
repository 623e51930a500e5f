"""Delete what is no longer needed of unknown codes: who asked, old days, codes of links."""

from datetime import datetime

from sqlalchemy import Engine, delete, exists, or_, select

from linktrack.calendar.days import Days
from linktrack.clicks.unknown.counting import delete_codes
from linktrack.clicks.unknown.listing import IS_LINK
from linktrack.clicks.unknown.models import (
    KEPT_DAYS,
    unknown_askers,
    unknown_code_days,
    unknown_codes,
)
from linktrack.db import to_ms, writing


def tidy_unknown_codes(engine: Engine, days: Days, now: datetime) -> None:
    """Forget who asked before yesterday, days that are too old, and codes with nothing left.

    Codes that have become a link's go too, in whatever way that was made.
    """
    today = days.day(to_ms(now))
    day, key = unknown_code_days.c, unknown_codes.c
    with writing(engine) as connection:
        connection.execute(delete(unknown_askers).where(unknown_askers.c.day < today - 1))
        connection.execute(delete(unknown_code_days).where(day.day <= today - KEPT_DAYS))
        is_asked = exists().where(day.code_id == key.id)
        over = select(key.id).where(or_(IS_LINK, ~is_asked & ~key.ignored))
        delete_codes(connection, connection.scalars(over).all())
