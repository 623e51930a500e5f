"""The engagement with posts, as a server of Mastodon shows it: counts, and whose.

Everybody may read it; signed in, the server shows whole threads, and who has quoted a post.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Final

from linktrack.errors import NotFound, Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.credentials import Credential, Keeper, telling
from linktrack.networks.engagement import NAMED, Counts, EngagedPerson, Kind, PeoplePage
from linktrack.networks.fetching import Fetcher
from linktrack.networks.mastodon.followers import follower_record
from linktrack.networks.texts import moment, stable_id, whole
from linktrack.outside.visit import host_of

STATUSES: Final = 40  # the most that accounts/:id/statuses gives
PEOPLE: Final = 80  # the most that favourited_by and reblogged_by give
QUOTES: Final = 40

MARGIN: Final = timedelta(days=1)
"""Posts are listed by their numbers, and a number may be a little older than its post."""

_COUNTS: Final[Mapping[Kind, str]] = {
    "like": "favourites_count",
    "repost": "reblogs_count",
    "reply": "replies_count",
    "quote": "quotes_count",  # since Mastodon 4.5
}
_LISTS: Final[Mapping[Kind, tuple[str, int]]] = {
    "like": ("favourited_by", PEOPLE),
    "repost": ("reblogged_by", PEOPLE),
    "quote": ("quotes", QUOTES),
}


class MastodonEngagement:
    """Asks the server of an account (`engagement.EngagementReader`)."""

    most = 400  # of the account's own list, 40 a page

    def __init__(
        self,
        handle: str,
        base_url: str | None = None,
        *,
        number: str | None = None,
        token: str | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        """The server is that of the handle, `@name@server`, or one set on purpose.

        `number` is the account's on its server. With a `token` it is asked as the account, and
        `keeper` learns whether the token is taken.
        """
        self._user, _, self._host = handle.removeprefix("@").partition("@")
        self._number = number
        self._keeper = keeper
        self._statuses: dict[str, Fields] = {}
        self._cursor: str | None = None
        self._oldest: datetime | None = None
        self._is_whole = False
        self._fetcher = Fetcher(
            base_url or f"https://{self._host}", may_be_private=base_url is not None, token=token
        )
        self.names: tuple[Kind, ...] = (
            NAMED if token is not None else tuple(kind for kind in NAMED if kind != "quote")
        )

    def close(self) -> None:
        """Give back the connections."""
        self._fetcher.close()

    def counts(self, posted: Mapping[str, datetime]) -> dict[str, Counts]:
        """Return the counts of posts, from the account's list: forty cost one request."""
        until = min(posted.values()) - MARGIN
        while not self._is_whole and not posted.keys() <= self._statuses.keys():
            if self._oldest is not None and self._oldest < until:
                break
            self._read_on()
        return {name: _counts(self._statuses[name]) for name in posted if name in self._statuses}

    def people(self, network_id: str, kind: Kind, cursor: str | None) -> PeoplePage:
        """Return a page of people; a reply counts where it answers the post itself."""
        number = stable_id(self._statuses.get(network_id, {}).get("id"))
        if number is None or not number.isalnum():
            raise NotFound("Mastodon doesn't show this post.")
        path = f"/api/v1/statuses/{number}"
        if kind == "reply":
            with self._telling():
                thread = self._fetcher.get(f"{path}/context", {})
            return PeoplePage(list(_replies(thread, number)), None)
        name, most = _LISTS[kind]
        arguments: dict[str, str | int | list[str]] = {"limit": most}
        if cursor is not None:
            arguments["max_id"] = cursor
        with self._telling():
            rows, more = self._fetcher.get_page(f"{path}/{name}", arguments)
        people = (_person(kind, row) for row in rows)
        return PeoplePage([one for one in people if one is not None], more)

    def _read_on(self) -> None:
        """Read one page more of the account's posts."""
        with self._telling():
            if self._number is None:
                found = self._fetcher.get("/api/v1/accounts/lookup", {"acct": self._user})
                self._number = stable_id(found.get("id"))
            if self._number is None or not self._number.isalnum():
                raise Unavailable(f"{self._host} answers without the account's number.")
            arguments: dict[str, str | int | list[str]] = {
                "limit": STATUSES,
                "exclude_reblogs": "true",
            }
            if self._cursor is not None:
                arguments["max_id"] = self._cursor
            rows = self._fetcher.get_list(f"/api/v1/accounts/{self._number}/statuses", arguments)
        for row in rows:
            uri, at = stable_id(row.get("uri")), moment(row.get("created_at"))
            if uri is not None:
                self._statuses[uri] = row
            if at is not None:
                self._oldest = min(at, self._oldest or at)
        self._cursor = stable_id(rows[-1].get("id")) if rows else None
        self._is_whole = self._cursor is None

    def _telling(self) -> AbstractContextManager[None]:
        return nullcontext() if self._keeper is None else telling(self._keeper)


def signed_in(credential: Credential, keeper: Keeper) -> MastodonEngagement:
    """Return the engagement with the posts of an account that is signed in."""
    values = credential.values
    is_set = (
        "server_is_set" in values
        or host_of(credential.server) != values["handle"].rpartition("@")[2]
    )
    return MastodonEngagement(
        values["handle"],
        credential.server if is_set else None,
        number=values["id"],
        token=values["access_token"],
        keeper=keeper,
    )


def _counts(status: Fields) -> Counts:
    told = {kind: whole(status.get(name)) for kind, name in _COUNTS.items()}
    return {kind: count for kind, count in told.items() if count is not None}


def _replies(thread: Fields, number: str) -> Iterator[EngagedPerson]:
    rows = thread.get("descendants")
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and stable_id(row.get("in_reply_to_id")) == number:
            person = _person("reply", row)
            if person is not None:
                yield person


def _person(kind: Kind, row: Fields) -> EngagedPerson | None:
    """Return who a row is of: an account, which has no time of a like, or a status's author."""
    account = row.get("account")
    is_status = isinstance(account, dict)
    record = follower_record(account if isinstance(account, dict) else row)
    if record is None or record.network_id is None:
        return None
    at = moment(row.get("created_at")) if is_status else None
    return EngagedPerson(kind, record.network_id, record.handle, at)
