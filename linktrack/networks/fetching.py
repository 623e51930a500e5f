"""Asking a network for JSON: politely, with limits, and never at a private address by accident."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, cast
from urllib.parse import parse_qs, urlencode, urlsplit

from linktrack import __version__
from linktrack.errors import NotFound, Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.errors import Pause, SignedOut
from linktrack.networks.texts import moment, whole
from linktrack.outside.errors import NotPublic, Unanswered, UnknownName
from linktrack.outside.finding import Guard, Lookup, look_up
from linktrack.outside.visit import Answer, Client, Limits, host_of

PATIENCE: Final = 20.0  # seconds for connecting, and for each read
TOTAL: Final = 60.0  # seconds from a request to the end of its answer
MOST_BYTES: Final = 10_000_000
SPARE: Final = 5  # requests that are left to others before the network's limit
MISREADINGS: Final = (AttributeError, LookupError, TypeError, ValueError)
"""What networks' clients raise where an answer has another shape than they take for granted."""

_NEXT: Final = re.compile(r'<([^<>]+)>\s*;\s*rel="?next"?')

WAIT: Final = timedelta(minutes=5)
"""How long to leave a network alone that refuses and does not say how long."""

LONGEST: Final = timedelta(days=1)
"""No network is left alone for longer, whatever it says: some send milliseconds for seconds."""


def limits() -> Limits:
    """Return what one answer of a network may take."""
    return Limits(TOTAL, MOST_BYTES, patience=PATIENCE)


def guard_for(server: str, *, may_be_private: bool, lookup: Lookup = look_up) -> Guard:
    """Return who may be asked by a client of a server, which may be private if it was set."""
    return Guard(named=host_of(server) if may_be_private else None, lookup=lookup)


class Fetcher:
    """Fetches JSON from one server, and stops where the server asks for a pause.

    `may_be_private` is for an address that somebody has set on purpose. With `token` it asks as
    the account that the token signs in.
    """

    def __init__(
        self,
        base_url: str,
        *,
        may_be_private: bool = False,
        lookup: Lookup = look_up,
        token: str | None = None,
    ) -> None:
        self._base_url = base_url
        self._token = token
        self._name = urlsplit(base_url).hostname or base_url
        self._client = Client(guard_for(base_url, may_be_private=may_be_private, lookup=lookup))
        self._pause: datetime | None = None

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()

    def get(self, path: str, arguments: Mapping[str, str | int | list[str]]) -> Fields:
        """Return the JSON object at a path.

        Raises `NotFound` if the server says so, `Unavailable` if it cannot be asked, and
        `Pause` where it wants to be left alone.
        """
        found, _ = self._ask(path, arguments)
        if not isinstance(found, dict):
            raise Unavailable(f"{self._name} answers with status 200, but with something else.")
        return cast("Fields", found)

    def get_list(self, path: str, arguments: Mapping[str, str | int | list[str]]) -> list[Fields]:
        """Return the JSON objects of the list at a path; raises what `get` raises."""
        return self.get_page(path, arguments)[0]

    def get_page(
        self, path: str, arguments: Mapping[str, str | int | list[str]]
    ) -> tuple[list[Fields], str | None]:
        """Return the list at a path, and the `max_id` with which its next page begins.

        That is said by the Link header (RFC 8288); None: there is no more. Raises what `get` does.
        """
        found, answer = self._ask(path, arguments)
        if not isinstance(found, list):
            raise Unavailable(f"{self._name} answers with status 200, but with something else.")
        next_page = _NEXT.search(answer.header("link") or "")
        more = parse_qs(urlsplit(next_page[1]).query).get("max_id") if next_page else None
        rows = [cast("Fields", row) for row in found if isinstance(row, dict)]
        return rows, more[0] if more else None

    def _ask(
        self, path: str, arguments: Mapping[str, str | int | list[str]]
    ) -> tuple[object, Answer]:
        if self._pause is not None and datetime.now(UTC) < self._pause:
            raise Pause(self._pause)
        query = f"?{urlencode(arguments, doseq=True)}" if arguments else ""
        headers = {
            "User-Agent": f"linktrack/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
        }
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            answer = self._client.ask(
                "GET", self._base_url + path + query, headers=headers, limits=limits()
            )
        except NotPublic as error:
            raise Unavailable(
                f"{error.host} is a private address, so it isn't contacted."
            ) from error
        except UnknownName as error:
            raise Unavailable(f"{self._name} cannot be found.") from error
        except Unanswered as error:
            raise Unavailable(f"{self._name} cannot be reached. {error.sentence}") from error
        self._heed(answer)
        return self._understand(answer.status, answer.body), answer

    def _heed(self, answer: Answer) -> None:
        """Read how many more requests are wanted: Bluesky's and Mastodon's headers."""
        said = answer.header
        remaining = whole(said("ratelimit-remaining") or said("x-ratelimit-remaining"))
        reset = said("ratelimit-reset") or said("x-ratelimit-reset")
        now = datetime.now(UTC)
        latest = now + LONGEST
        # Seconds since 1970 on Bluesky, an ISO time on Mastodon.
        seconds, until = whole(reset), moment(reset)
        if seconds is not None:
            until = datetime.fromtimestamp(min(seconds, int(latest.timestamp())), UTC)
        if answer.status == 429:
            after = whole(said("retry-after"))
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
        if status == 401 and self._token is not None:
            raise SignedOut(
                f"{self._name} no longer accepts the sign-in: connect the account again."
            )
        if status == 404 or (status == 400 and "not found" in str(said).casefold()):
            raise NotFound(f"{self._name} knows no such account.")
        if status != 200 or not isinstance(found, dict | list):
            told = f": {said}" if isinstance(said, str) else ""
            raise Unavailable(f"{self._name} answers with status {status}{told[:200]}.")
        return found
