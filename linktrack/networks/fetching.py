"""Asking a network for JSON: politely, with limits, and never at a private address by accident."""

import ipaddress
import json
import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, cast
from urllib.parse import urlsplit

import httpx

from linktrack import __version__
from linktrack.errors import NotFound, Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.errors import Pause
from linktrack.networks.in_time import httpx_hooks
from linktrack.networks.texts import moment, whole

PATIENCE: Final = 20.0  # seconds for connecting, and for each read
MOST_BYTES: Final = 10_000_000
SPARE: Final = 5  # requests that are left to others before the network's limit
MISREADINGS: Final = (AttributeError, LookupError, TypeError, ValueError)
"""What networks' clients raise where an answer has another shape than they take for granted."""

WAIT: Final = timedelta(minutes=5)
"""How long to leave a network alone that refuses and does not say how long."""

LONGEST: Final = timedelta(days=1)
"""No network is left alone for longer, whatever it says: some send milliseconds for seconds."""


def refuse_private(host: str) -> None:
    """Raise `Unavailable` for a host that nobody has set on purpose, and that is not public."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"{host} cannot be found.") from error
    for *_, address in found:
        if not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global:
            raise Unavailable(f"{host} is a private address: it is not asked.")


class Fetcher:
    """Fetches JSON from one server, and stops where the server asks for a pause.

    `may_be_private` is for an address that somebody has set on purpose.
    """

    def __init__(self, base_url: str, *, may_be_private: bool = False) -> None:
        self._base_url = base_url
        self._name = urlsplit(base_url).hostname or base_url
        self._may_be_private = may_be_private
        self._client = httpx.Client(
            timeout=PATIENCE,
            follow_redirects=False,
            headers={"User-Agent": f"linktrack/{__version__}", "Accept": "application/json"},
            event_hooks=httpx_hooks(),
        )
        self._pause: datetime | None = None

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()

    def get(self, path: str, arguments: Mapping[str, str | int | list[str]]) -> Fields:
        """Return the JSON object at a path.

        Raises `NotFound` where the server says so, `Unavailable` where it cannot be asked, and
        `Pause` where it wants to be left alone.
        """
        found = self._ask(path, arguments)
        if not isinstance(found, dict):
            raise Unavailable(f"{self._name} answers with status 200 and something else.")
        return cast("Fields", found)

    def get_list(self, path: str, arguments: Mapping[str, str | int | list[str]]) -> list[Fields]:
        """Return the JSON objects of the list at a path; raises what `get` raises."""
        found = self._ask(path, arguments)
        if not isinstance(found, list):
            raise Unavailable(f"{self._name} answers with status 200 and something else.")
        return [cast("Fields", row) for row in found if isinstance(row, dict)]

    def _ask(self, path: str, arguments: Mapping[str, str | int | list[str]]) -> object:
        if self._pause is not None and datetime.now(UTC) < self._pause:
            raise Pause(self._pause)
        if not self._may_be_private:
            refuse_private(self._name)
        try:
            with self._client.stream("GET", self._base_url + path, params=arguments) as answer:
                content = b""
                for block in answer.iter_bytes():
                    content += block
                    if len(content) > MOST_BYTES:
                        raise Unavailable(f"{self._name} answers with more than it should.")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(f"{self._name} cannot be reached: {error}.") from error
        self._heed(answer)
        return self._understand(answer.status_code, content)

    def _heed(self, answer: httpx.Response) -> None:
        """Read how many more requests are wanted: Bluesky's and Mastodon's headers."""
        headers = answer.headers
        remaining = whole(headers.get("ratelimit-remaining", headers.get("x-ratelimit-remaining")))
        reset = headers.get("ratelimit-reset", headers.get("x-ratelimit-reset"))
        now = datetime.now(UTC)
        latest = now + LONGEST
        # Seconds since 1970 on Bluesky, an ISO time on Mastodon.
        seconds, until = whole(reset), moment(reset)
        if seconds is not None:
            until = datetime.fromtimestamp(min(seconds, int(latest.timestamp())), UTC)
        if answer.status_code == 429:
            after = whole(headers.get("retry-after"))
            if after is not None:
                until = now + timedelta(seconds=min(after, LONGEST.total_seconds()))
            raise Pause(min(until, latest) if until is not None and until > now else now + WAIT)
        if remaining is not None and remaining < SPARE and until is not None:
            self._pause = min(until, latest)

    def _understand(self, status: int, content: bytes) -> object:
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        said = found.get("message") or found.get("error") if isinstance(found, dict) else None
        if status == 404 or (status == 400 and "not found" in str(said).casefold()):
            raise NotFound(f"{self._name} knows no such account.")
        if status != 200 or not isinstance(found, dict | list):
            told = f": {said}" if isinstance(said, str) else ""
            raise Unavailable(f"{self._name} answers with status {status}{told[:200]}.")
        return found
