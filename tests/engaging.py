"""Posts on a network and what people did with them, for tests."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from world import NOON, World

from linktrack.audience.models import Account
from linktrack.engagement.models import NetworkPost
from linktrack.engagement.storing import store_reading
from linktrack.engagement.vocabulary import Kind
from linktrack.ids import PostId
from linktrack.networks.engagement import EngagedPerson


def network_post(
    world: World,
    account: Account,
    number: int = 0,
    at: datetime = NOON,
    post_id: PostId | None = None,
) -> NetworkPost:
    """Put a post of an account's own on its network."""
    post = NetworkPost(
        account_id=account.id, network_id=f"at://me/{number}", posted_at=at, post_id=post_id
    )
    world.session.add(post)
    world.session.flush()
    return post


def engage(
    world: World,
    post: NetworkPost,
    at: datetime,
    did: Mapping[Kind, Iterable[str]],
    strangers: int = 0,
    **counts: int,
) -> None:
    """Store a reading of a post: who did what, and so many likes of strangers beside them."""
    people = [EngagedPerson(kind, name) for kind, names in did.items() for name in names]
    told: dict[Kind, int] = {
        kind: sum(one.kind == kind for one in people) for kind in ("like", "repost", "reply")
    }
    told["like"] += strangers
    for kind in ("quote", "bookmark", "view"):
        if kind in counts:
            told[kind] = counts[kind]
    store_reading(world.session, post, told, people, at)
    world.session.commit()
