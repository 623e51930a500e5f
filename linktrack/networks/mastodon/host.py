"""Mastodon by an account that lets people in: follow requests, and who follows whom."""

from linktrack.errors import Unavailable
from linktrack.networks.errors import Refused
from linktrack.networks.mastodon.writer import OUT_OF_SCOPE, MastodonWriter, fields_of
from linktrack.networks.records import Relation


class MastodonHost(MastodonWriter):
    """Lets people in for one account (`protocols.Host`)."""

    def is_locked(self) -> bool:
        """Whether the account accepts each person who follows it."""
        found = fields_of(self._ask(self._client.account_verify_credentials, sends=False))
        return found.get("locked") is True

    def relation(self, network_id: str) -> Relation:
        """Return how the account and somebody stand to each other, by their address.

        Where they are locked, the account's own request to follow them counts as following.
        """
        number = self._number(network_id)
        found = self._ask(lambda: self._client.account_relationships([number]), sends=False)
        row = fields_of(found[0] if isinstance(found, list) and found else None)
        follows = row.get("following") is True or row.get("requested") is True
        return Relation(
            follows_us=row.get("followed_by") is True,
            asked_us=row.get("requested_by") is True,
            followed=number if follows else None,
        )

    def accept(self, network_id: str) -> None:
        """Accept somebody's request to follow the account."""
        number = self._number(network_id)
        try:
            self._ask(lambda: self._client.follow_request_authorize(number), sends=True)
        except Refused as error:
            if OUT_OF_SCOPE in error.sentence:  # the token's fault, and not theirs
                raise Unavailable(f"{error.sentence} Connect it with a token that may.") from error
            raise
