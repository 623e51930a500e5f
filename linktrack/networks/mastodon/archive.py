"""Mastodon's archive: actor.json says whose it is, outbox.json what they published."""

import json
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from linktrack.errors import Invalid
from linktrack.networks.archives import Archive, Fields, items
from linktrack.networks.mastodon.content import read_content
from linktrack.networks.records import FollowerRecord, PostRecord
from linktrack.networks.texts import moment, stable_id, text

_OUTBOX: Final = re.compile(r"(?:^|/)outbox\.json$")
_ACTOR: Final = re.compile(r"(?:^|/)actor\.json$")
_PROFILE: Final = re.compile(r"/(?:users/|@)([A-Za-z0-9_.-]+)(?:/|$)")
_KINDS: Final = ("Create", "Announce")
_PUBLIC: Final = (
    "https://www.w3.org/ns/activitystreams#Public",
    "as:Public",
    "Public",
)


class MastodonArchive:
    """One archive of Mastodon, or its outbox.json alone."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._outbox = next(name for name in archive.openers if _OUTBOX.search(name))
        self.account_id: str | None = None  # its address
        self.handle: str | None = None
        actor = next((name for name in archive.openers if _ACTOR.search(name)), None)
        if actor is not None:
            self._read_actor(actor)
        else:
            self._guess_actor()

    @staticmethod
    def is_one(archive: Archive) -> bool:
        """Whether an archive looks like one of Mastodon."""
        return any(_OUTBOX.search(name) for name in archive.openers)

    @property
    def taken_at(self) -> None:
        """Mastodon's archives do not say when they were made."""

    @property
    def has_followers(self) -> bool:
        """Whether the archive has a follower list: none of Mastodon has."""
        return False

    def followers(self) -> Iterator[FollowerRecord]:
        """Yield nobody."""
        return iter(())

    def posts(self, broken: list[str]) -> Iterator[PostRecord]:
        """Yield what was published, reposts too; direct messages are passed over unread."""
        seen: set[str] = set()
        for number, activity in enumerate(self._activities(), 1):
            if activity.get("type") not in _KINDS or not _is_published(activity):
                continue
            found = _post(activity)
            if found is None:
                broken.append(f"Activity {number:,} of the outbox has no id, no time or no post.")
            if found is not None and found.network_id not in seen:
                seen.add(found.network_id)
                yield found

    def _activities(self) -> Iterator[Fields]:
        with self._archive.open(self._outbox) as file:
            yield from items(file, self._outbox, behind='"orderedItems"')

    def _read_actor(self, name: str) -> None:
        try:
            actor = json.loads(self._archive.read(name))
        except (ValueError, RecursionError) as error:
            raise Invalid(f"{name} in {self._archive.label} is broken.") from error
        if not isinstance(actor, dict):
            return
        self.account_id = stable_id(actor.get("url")) or stable_id(actor.get("id"))
        webfinger = text(actor.get("webfinger"))
        user = text(actor.get("preferredUsername"))
        host = urlsplit(self.account_id or "").hostname
        if webfinger is not None:
            self.handle = "@" + webfinger.removeprefix("@")
        elif user is not None and host is not None:
            self.handle = f"@{user}@{host}"

    def _guess_actor(self) -> None:
        """An outbox alone names its owner in the addresses of the posts."""
        for activity in self._activities():
            post = activity.get("object")
            named = [activity.get("actor"), post.get("url") if isinstance(post, dict) else None]
            for address in named:
                found = _PROFILE.search(urlsplit(str(address)).path)
                if found:
                    host = urlsplit(str(address)).hostname
                    self.handle = f"@{found[1]}@{host}"
                    return


def _post(activity: Fields) -> PostRecord | None:
    """Return a published post or repost; None for a broken one."""
    posted_at = moment(activity.get("published"))
    network_id = stable_id(activity.get("id"))
    if posted_at is None or network_id is None:
        return None
    if activity.get("type") == "Announce":
        return PostRecord(network_id, posted_at, True, "", ())
    post = activity.get("object")
    if not isinstance(post, dict):
        return None
    said = read_content(str(post.get("content") or ""))
    number = stable_id(post.get("id")) or network_id
    return PostRecord(number, posted_at, False, said.text, said.links)


def _is_published(activity: Fields) -> bool:
    """Whether everybody, or the followers, were to see it; else it is a message."""
    for field in ("to", "cc"):
        named = activity.get(field)
        for reader in named if isinstance(named, list) else [named]:
            if isinstance(reader, str) and (
                reader in _PUBLIC or urlsplit(reader).path.endswith("/followers")
            ):
                return True
    return False
