"""Bluesky by an account that lets people in: who follows whom."""

from linktrack.networks.bluesky.writer import BlueskyWriter
from linktrack.networks.errors import Refused
from linktrack.networks.records import Relation
from linktrack.networks.texts import text


class BlueskyHost(BlueskyWriter):
    """Lets people in for one account (`protocols.Host`)."""

    def is_locked(self) -> bool:
        """Return False: everybody may follow everybody there."""
        return False

    def relation(self, network_id: str) -> Relation:
        """Return how the account and a DID stand to each other, some seconds ago at the latest."""
        profile = self._server.get("/xrpc/app.bsky.actor.getProfile", {"actor": network_id})
        viewer = profile.get("viewer")
        seen = viewer if isinstance(viewer, dict) else {}
        return Relation(
            follows_us=text(seen.get("followedBy")) is not None,
            asked_us=False,
            followed=text(seen.get("following")),
        )

    def accept(self, network_id: str) -> None:  # noqa: ARG002 - as Host has it
        """Refuse: nobody has to be accepted there."""
        raise Refused("Bluesky has no requests to follow.")
