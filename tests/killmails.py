"""Send the mails of the week in a process that is killed: run by test_feed_mails.py.

python killmails.py DATA DATABASE_URL SMTP_URL CLOCK
"""

import sys
from datetime import datetime
from pathlib import Path

from world import World

from linktrack.keys import load_keys
from linktrack.webhooks.feed_mails import FeedMails


def main() -> None:
    """Send what is due at a moment."""
    data, database_url, smtp_url, clock = sys.argv[1:]
    now = datetime.fromisoformat(clock)
    environ = {"LINKTRACK_SMTP_URL": smtp_url, "LINKTRACK_MAIL_TO": "owner@example.org"}
    with World.at(Path(data), database_url, **environ) as world:
        keys = load_keys(world.settings.data)
        FeedMails(world.database, world.shortener, keys, lambda: now).mail_due()


if __name__ == "__main__":
    main()
