"""Bluesky's public AppView: an account's follower count and its follower list, by anybody."""

from collections.abc import Mapping
from typing import Final, Protocol

from linktrack.chunks import chunked
from linktrack.errors import NotFound, Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.bluesky.followers import follower_record
from linktrack.networks.fetching import Fetcher
from linktrack.networks.records import FollowerRecord, Page, Profile
from linktrack.networks.texts import stable_id, text, whole

PUBLIC: Final = "https://public.api.bsky.app"
PAGE: Final = 100  # the most that getFollowers gives
PROFILES: Final = 25  # the most that getProfiles takes


class Asked(Protocol):
    """Who answers: an AppView, or the server of an account that is signed in."""

    def get(self, path: str, arguments: Mapping[str, str | int | list[str]]) -> Fields:
        """Return the JSON object at a path."""
        ...

    def close(self) -> None:
        """Give back the connections."""
        ...


class Bluesky:
    """Reads an AppView (`protocols.Reader`)."""

    def __init__(
        self, base_url: str = PUBLIC, page: int = PAGE, asked: Asked | None = None
    ) -> None:
        """Another address than the public one is set on purpose, and may be private.

        `page` is how many people are asked for at a time, at most 100. With `asked`, that is
        asked instead of the address.
        """
        self._page = page
        self._fetcher = asked or Fetcher(base_url, may_be_private=base_url != PUBLIC)

    def close(self) -> None:
        """Give back the connections."""
        self._fetcher.close()

    def profile(self, name: str) -> Profile:
        """Return an account by its handle or DID."""
        found = self._fetcher.get("/xrpc/app.bsky.actor.getProfile", {"actor": name})
        did, handle = stable_id(found.get("did")), text(found.get("handle"))
        followers = whole(found.get("followersCount"))
        if did is None or handle is None or followers is None:
            raise Unavailable("Bluesky answers without a DID, a handle or a follower count.")
        return Profile(did, "@" + handle, followers)

    def followers(self, name: str, cursor: str | None) -> Page:
        """Return one page of followers, newest first, with their figures.

        Newest first: who comes while the list is read is not on it. A page may be empty though
        it was promised; only a missing cursor ends the list.
        """
        return self._people("app.bsky.graph.getFollowers", "followers", name, cursor)

    def follows(self, name: str, cursor: str | None) -> Page:
        """Return one page of whom an account follows, as `followers` does."""
        return self._people("app.bsky.graph.getFollows", "follows", name, cursor)

    def _people(self, method: str, key: str, name: str, cursor: str | None) -> Page:
        arguments: dict[str, str | int | list[str]] = {"actor": name, "limit": self._page}
        if cursor is not None:
            arguments["cursor"] = cursor
        found = self._fetcher.get(f"/xrpc/{method}", arguments)
        rows = found.get(key)
        people = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        dids = [did for row in people if (did := stable_id(row.get("did"))) is not None]
        figures = self._figures(dids)
        records: list[FollowerRecord] = []
        for row in people:
            record = follower_record(row, figures.get(str(row.get("did"))))
            if record is not None:
                records.append(record)
        return Page(records, text(found.get("cursor")))

    def _figures(self, dids: list[str]) -> dict[str, dict[str, object]]:
        """Return what only profiles have; somebody may be gone since."""
        known: dict[str, dict[str, object]] = {}
        for part in chunked(dids, PROFILES):
            try:
                found = self._fetcher.get("/xrpc/app.bsky.actor.getProfiles", {"actors": part})
            except NotFound:
                continue
            profiles = found.get("profiles")
            for row in profiles if isinstance(profiles, list) else []:
                if isinstance(row, dict):
                    known[str(row.get("did"))] = row
        return known
