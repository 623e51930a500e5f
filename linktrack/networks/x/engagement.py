"""The engagement with an account's own posts, as X tells it when it is signed in: counts only.

X names those who like and repost only to who pays for them, one by one: nobody is named here.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final, cast

from linktrack.errors import NotFound
from linktrack.networks.archives import Fields
from linktrack.networks.credentials import Credential, Keeper, telling
from linktrack.networks.engagement import Counts, Kind, PeoplePage
from linktrack.networks.texts import stable_id, whole
from linktrack.networks.x.writer import asking, client_of

FIELDS: Final = "public_metrics,non_public_metrics"
"""The latter are shown to a post's own account, for 30 days."""

_COUNTS: Final[Mapping[Kind, str]] = {
    "like": "like_count",
    "repost": "retweet_count",
    "reply": "reply_count",
    "quote": "quote_count",
    "bookmark": "bookmark_count",
    "view": "impression_count",
}


_NOT_FOUND: Final = "/resource-not-found"
"""How the type of X's error ends for what was deleted."""


class XEngagement:
    """Asks X as the account (`engagement.EngagementReader`)."""

    most = 100  # posts that one request may name
    names: Collection[Kind] = ()

    def __init__(self, credential: Credential, keeper: Keeper) -> None:
        """Nothing is asked yet."""
        self._keeper = keeper
        self._client = client_of(credential)

    def close(self) -> None:
        """Give back the connections."""
        self._client.session.close()

    def counts(self, posted: Mapping[str, datetime]) -> dict[str, Counts]:
        """Return the counts of posts; of one that X gives no metrics of, none.

        Gone is what X says it doesn't find.
        """
        with telling(self._keeper), asking(sends=False):
            answer = self._client.get_tweets(list(posted), tweet_fields=FIELDS, user_auth=True)
        found = cast("Fields", answer)
        counted: dict[str, Counts] = {
            stable_id(row.get("id")) or "": _counts(row) for row in _rows(found.get("data"))
        }
        gone = {
            str(row.get("resource_id") or row.get("value"))
            for row in _rows(found.get("errors"))
            if str(row.get("type")).endswith(_NOT_FOUND)
        }
        return {number: counted.get(number, {}) for number in posted if number not in gone}

    def people(self, network_id: str, kind: Kind, cursor: str | None) -> PeoplePage:  # noqa: ARG002
        """Name nobody: raises `NotFound`."""
        raise NotFound("X doesn't say who it was.")


def _rows(value: object) -> list[Fields]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _counts(row: Fields) -> Counts:
    found: dict[Kind, int] = {}
    for name in ("public_metrics", "non_public_metrics"):
        metrics = row.get(name)
        for kind, field in _COUNTS.items():
            count = whole(metrics.get(field)) if isinstance(metrics, dict) else None
            if count is not None:
                found[kind] = count
    return found
