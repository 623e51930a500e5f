"""X's archive of 2012 to 2018 ("Grailbird"): a script for each month, and the same as a table.

`data/js/tweets/2013_01.js` has the posts as the API of that time gave them, `tweets.csv` their
texts and addresses, `data/js/user_details.js` whose they are. It has no followers.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from linktrack.errors import Invalid
from linktrack.networks.archives import Archive, Fields, items
from linktrack.networks.records import FollowerRecord, PostRecord
from linktrack.networks.texts import moment, stable_id, text
from linktrack.networks.x.archive import assigned, post_of

_MONTH: Final = re.compile(r"(?:^|/)\d{4}_\d{2}\.js$")
_TABLE: Final = re.compile(r"(?:^|/)tweets\.csv$")
_OWNER: Final = re.compile(r"(?:^|/)user_details\.js$")
_SHORT: Final = re.compile(r"https?://t\.co/[A-Za-z0-9]+")
_PICTURE: Final = re.compile(r"/status/\d+/(?:photo|video)/\d+$")


class GrailbirdArchive:
    """One such archive, opened; its months are read, its table only if there are none."""

    has_followers = False

    def __init__(self, archive: Archive) -> None:
        """Raises `Invalid` if the file that says whose it is cannot be read."""
        self._archive = archive
        self._months = sorted(name for name in archive.openers if _MONTH.search(name))
        self._table = next((name for name in archive.openers if _TABLE.search(name)), None)
        owner: Fields = {}
        for name in archive.openers:
            if _OWNER.search(name):
                owner = assigned(archive, name)
        self.account_id = stable_id(owner.get("id"))
        self.handle = text(owner.get("screen_name"))

    @staticmethod
    def is_one(archive: Archive) -> bool:
        """Whether an archive looks like one of these years."""
        return any(_MONTH.search(name) or _TABLE.search(name) for name in archive.openers)

    @property
    def taken_at(self) -> datetime | None:
        """These archives do not say when they were made."""
        return None

    def followers(self) -> Iterator[FollowerRecord]:
        """Yield nobody."""
        return iter(())

    def posts(self, broken: list[str]) -> Iterator[PostRecord]:
        """Yield the posts, each id once, and name the broken ones."""
        seen: set[str] = set()
        for number, row in enumerate(self._rows(), 1):
            network_id = stable_id(row.get("id_str") or row.get("id"))
            posted_at = moment(row.get("created_at"))
            if network_id is None or posted_at is None:
                broken.append(f"Post {number:,} of the archive has no id, or no time.")
                continue
            if network_id not in seen:
                seen.add(network_id)
                yield post_of(row, network_id, posted_at)

    def _rows(self) -> Iterator[Fields]:
        for name in self._months:
            with self._archive.open(name) as file:
                yield from items(file, name)
        if not self._months and self._table is not None:
            content = self._archive.read(self._table).decode("utf-8-sig", "replace")
            yield from _table_rows(content, self._table)


def _table_rows(content: str, name: str) -> Iterator[Fields]:
    """Yield the rows of tweets.csv as posts; its addresses are in the order of the text."""
    reader = csv.DictReader(io.StringIO(content, newline=""))
    if not {"tweet_id", "timestamp", "text"} <= set(reader.fieldnames or ()):
        raise Invalid(f"{name} has no columns tweet_id, timestamp and text: it is not X's.")
    for row in reader:
        written = row["text"] or ""
        shorts = list(_SHORT.finditer(written))
        listed = (row.get("expanded_urls") or "").split(",")
        wholes = [address for address in dict.fromkeys(listed) if address]
        same = zip(shorts, wholes, strict=True) if len(shorts) == len(wholes) else ()
        urls: list[object] = []
        pictures: list[object] = []
        for short, whole in same:
            entity = {"url": short[0], "expanded_url": whole, "indices": list(short.span())}
            (pictures if _PICTURE.search(whole) else urls).append(entity)
        yield {
            "id_str": row["tweet_id"],
            "created_at": row["timestamp"],
            "text": written,
            "entities": {"urls": urls, "media": pictures},
            **({"retweeted_status": True} if row.get("retweeted_status_id") else {}),
        }
