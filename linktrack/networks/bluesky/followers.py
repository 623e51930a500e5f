"""One person of a follower list, from the JSON that Bluesky gives. Pure."""

from linktrack.networks.archives import Fields
from linktrack.networks.records import FollowerRecord
from linktrack.networks.texts import handle, stable_id, text, whole


def follower_record(fields: Fields, counts: Fields | None = None) -> FollowerRecord | None:
    """Return a follower of app.bsky.graph.getFollowers; None where it has no DID.

    `counts` is the same person from app.bsky.actor.getProfiles, which alone has figures.
    `createdAt` is what the profile says of itself, so it isn't a fact about the account's age.
    """
    did = stable_id(fields.get("did"))
    if did is None:
        return None
    known = {} if counts is None else counts
    viewer = fields.get("viewer")
    return FollowerRecord(
        network_id=did,
        handle=handle(fields.get("handle")),
        followers=whole(known.get("followersCount")),
        following=whole(known.get("followsCount")),
        posts=whole(known.get("postsCount")),
        has_description=text(fields.get("description")) is not None,
        has_picture=text(fields.get("avatar")) is not None,
        followed_back="following" in viewer if isinstance(viewer, dict) and viewer else None,
    )
