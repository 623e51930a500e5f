"""Do what letting people in takes, in a process that may be killed: run by the tests of that.

python killhost.py DATA DATABASE_URL SMTP_URL CLOCK. The mail server may be "".
"""

import sys
from datetime import datetime
from functools import partial
from pathlib import Path

from world import World

from linktrack.audience.credentials import open_host
from linktrack.community.letting_in.messages import Addresses
from linktrack.community.letting_in.worker import LettingIn, Mailing
from linktrack.keys import load_keys


def do_due(data: Path, database_url: str, smtp: str, now: datetime) -> None:
    """Do what is due at a moment."""
    settings = {"LINKTRACK_SMTP_URL": smtp, "LINKTRACK_MAIL_TO": "jesse@example.org"}
    with World.at(data, database_url, **(settings if smtp else {})) as world:
        keys = load_keys(world.settings.data)
        addresses = Addresses(world.settings.base_url, keys.markers())
        LettingIn(
            world.database,
            Mailing(world.settings.mail, keys.sealing(), addresses),
            partial(open_host, world.database, keys),
            lambda: now,
        ).do_all_due()


if __name__ == "__main__":
    do_due(Path(sys.argv[1]), sys.argv[2], sys.argv[3], datetime.fromisoformat(sys.argv[4]))
