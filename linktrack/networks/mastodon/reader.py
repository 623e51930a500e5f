"""Mastodon's public API: an account's follower count. Its follower list is not for everybody."""

from collections.abc import Callable
from contextlib import suppress

from linktrack.errors import LinktrackError, Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.errors import Pause
from linktrack.networks.fetching import Fetcher
from linktrack.networks.mastodon.followers import server_limits
from linktrack.networks.records import Page, Profile, TextLimits
from linktrack.networks.texts import stable_id, whole


def limits_said(ask: Callable[[], Fields]) -> TextLimits | None:
    """Return what a server says of the length of posts; None where it cannot be asked just now.

    What else is read of an account does not wait for it.
    """
    with suppress(LinktrackError, Pause):
        return server_limits(ask())
    return None


class Mastodon:
    """Reads the server of an account (`protocols.Reader`)."""

    def __init__(self, handle: str, base_url: str | None = None) -> None:
        """The server is that of the handle, `@name@server`, or one set on purpose."""
        self._host = handle.rpartition("@")[2]
        self._fetcher = Fetcher(
            base_url or f"https://{self._host}", may_be_private=base_url is not None
        )

    def close(self) -> None:
        """Give back the connections."""
        self._fetcher.close()

    def profile(self, name: str) -> Profile:
        """Return an account by its handle."""
        user = name.removeprefix("@").partition("@")[0]
        found = self._fetcher.get("/api/v1/accounts/lookup", {"acct": user})
        url, followers = stable_id(found.get("url")), whole(found.get("followers_count"))
        if url is None or followers is None:
            raise Unavailable(f"{self._host} answers without an address or a follower count.")
        return Profile(url, f"@{user}@{self._host}", followers, self._limits())

    def _limits(self) -> TextLimits | None:
        return limits_said(lambda: self._fetcher.get("/api/v2/instance", {}))

    def followers(self, name: str, cursor: str | None) -> Page | None:  # noqa: ARG002 - Reader's
        """Return None: only the owner, signed in, is shown the whole list."""
        return None
