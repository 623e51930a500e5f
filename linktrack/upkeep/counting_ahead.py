"""Every ten minutes: count ahead what pages would count of many single clicks each time."""

import logging
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from linktrack.clicks.keeping.interface import MANY
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.db import to_ms
from linktrack.errors import Unavailable

SETTLED: Final = timedelta(minutes=10)
"""Clicks that are older are loaded as a rule: a later one would have them counted again."""

log = logging.getLogger(__name__)


def count_ahead(engine: Engine, now: datetime, many: int = MANY) -> None:
    """Count what can be counted ahead; if that fails, it is tried again the next time."""
    try:
        with engine.connect() as connection:
            clicks_of(connection).count_ahead(to_ms(now - SETTLED), many)
    except (SQLAlchemyError, Unavailable) as error:  # pages count single clicks meanwhile
        log.error("Clicks of busy links aren't counted ahead for now: %s", error)
