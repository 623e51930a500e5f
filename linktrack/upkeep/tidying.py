"""Once an hour: destroy and delete what is old, by a clock that can be believed."""

import logging
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from linktrack.clicks.capture.visitors import Visitors
from linktrack.clicks.keeping.opening import tidy_clicks
from linktrack.clicks.nodes.shared_keys import agrees_with
from linktrack.clicks.unknown.tidying import tidy_unknown_codes
from linktrack.errors import Unavailable
from linktrack.installation import Installation
from linktrack.upkeep.ahead import take_back_the_future

log = logging.getLogger(__name__)


def tidy(installation: Installation, visitors: Visitors, now: datetime) -> None:
    """Destroy what is old, and bring back what lies too far ahead, by a clock that runs evenly.

    What all nodes share goes only if the database's clock says the same.
    """
    at = now.timestamp()
    if not visitors.believes(at):  # looked at again in an hour
        return
    visitors.destroy_old(at)
    engine = installation.database.engine
    every = timedelta(hours=installation.settings.sync_hours)
    try:
        if not agrees_with(engine, at):
            log.error("Nothing old is deleted: this machine's clock isn't the database server's.")
            return
        visitors.destroy_shared(at)
        installation.delete_old_clicks(now)
        tidy_unknown_codes(engine, installation.days(), now)
        tidy_clicks(engine, now)
        brought_back = take_back_the_future(installation.database, now, every)
    except (SQLAlchemyError, Unavailable) as error:  # tried again in an hour
        log.error("Old clicks, or times that lie too far ahead, stay for now: %s", error)
        return
    if brought_back:
        log.warning("A clock had run ahead: %d stored times are brought back.", brought_back)
