"""Send the mails of the week in a process that is killed: run by test_feed_mails.py."""

from datetime import datetime
from pathlib import Path

from world import World

from linktrack.keys import load_keys
from linktrack.webhooks.feed_mails import FeedMails


def mail_due(data: Path, database_url: str, smtp_url: str, now: datetime) -> None:
    """Send what is due at a moment."""
    environ = {"LINKTRACK_SMTP_URL": smtp_url, "LINKTRACK_MAIL_TO": "owner@example.org"}
    with World.at(data, database_url, **environ) as world:
        keys = load_keys(world.settings.data)
        FeedMails(world.database, world.shortener, keys, lambda: now).mail_due()
