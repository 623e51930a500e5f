"""Three accounts on Bluesky's own servers, with sixty posts, forty followers and two strangers.

Who does what is known beforehand, so that what linktrack says of it can be compared.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from atnetwork import MOMENTS, Network, Person, join

from linktrack.db import now
from linktrack.engagement.vocabulary import NAMED, Kind

FOLLOWERS: Final = 40
POSTS: Final = 20  # of each account
ROLES: Final = {"me": 2, "you": 1, "we": 4}  # every so many of the forty follow it
SEGMENTS: Final = {"community": range(10), "old friends": range(10, 22)}  # and everyone else

Post = dict[str, str]
"""A post's address (`uri`) and hash (`cid`)."""

Acts = dict[tuple[str, Kind], set[str]]
"""Who did what (DIDs), by the post's address and kind."""


@dataclass
class Engagers:
    """The people, what was posted, and what followers have `done`; strangers are apart."""

    network: Network
    owners: dict[str, Person]
    fans: list[Person]
    strangers: list[Person]
    posts: dict[str, list[Post]] = field(default_factory=dict)
    done: Acts = field(default_factory=dict)
    by_others: Acts = field(default_factory=dict)

    def follow(self, role: str) -> list[Person]:
        """Return who follows an account."""
        return self.fans[:: ROLES[role]]

    def named(self, role: str) -> Acts:
        """Return whom linktrack is to name: what followers of the account did with its posts."""
        own = {post["uri"] for post in self.posts[role]}
        followers = {fan.did for fan in self.follow(role)}
        return {
            key: here
            for key, who in self.done.items()
            if key[0] in own and (here := who & followers)
        }

    def counts(self, uri: str) -> dict[Kind, int]:
        """Return how much there is of each kind, by anybody."""
        return {
            kind: sum(len(acts.get((uri, kind), ())) for acts in (self.done, self.by_others))
            for kind in NAMED
        }

    @property
    def everywhere(self) -> list[Post]:
        """All posts."""
        return [post for some in self.posts.values() for post in some]

    def say(self, role: str, *texts: str) -> list[Post]:
        """Have an account post texts without links."""
        at = now().isoformat()
        words = [{"$type": "app.bsky.feed.post", "text": text, "createdAt": at} for text in texts]
        posts = write(self.network, self.owners[role], words)
        self.posts.setdefault(role, []).extend(posts)
        return posts


def gather(network: Network) -> Engagers:
    """Make the accounts; have them post, and all others follow and engage."""
    owners = {role: join(network, f"{role}-engages.test") for role in ROLES}
    fans = [join(network, f"engager{number}.test") for number in range(FOLLOWERS)]
    strangers = [join(network, f"passerby{number}.test") for number in range(2)]
    those = Engagers(network, owners, fans, strangers)
    for role in ROLES:
        those.say(role, *(f"{role} {number}" for number in range(POSTS)))
    for number, fan in enumerate(fans):
        records = [_follow(owners[role]) for role in ROLES if fan in those.follow(role)]
        for posts in those.posts.values():
            for kind, post in _doings(number, posts):
                records.append(act(kind, post))
                those.done.setdefault((post["uri"], kind), set()).add(fan.did)
        write(network, fan, records)
    for stranger in strangers:
        write(network, stranger, [act("like", post) for post in those.everywhere[::2]])
        for post in those.everywhere[::2]:
            those.by_others.setdefault((post["uri"], "like"), set()).add(stranger.did)
    first, second = those.posts["you"][:2]
    write(network, owners["you"], [act("like", first), act("reply", second)])
    those.by_others.setdefault((first["uri"], "like"), set()).add(owners["you"].did)
    those.by_others.setdefault((second["uri"], "reply"), set()).add(owners["you"].did)
    network.settle()
    return those


def _follow(person: Person) -> dict[str, Any]:
    at = next(MOMENTS)
    return {"$type": "app.bsky.graph.follow", "subject": person.did, "createdAt": at}


def _doings(person: int, posts: list[Post]) -> list[tuple[Kind, Post]]:
    """Return what a follower does: the community much, old friends some, all others little."""
    segment = next((name for name, those in SEGMENTS.items() if person in those), None)
    every = {"community": 3, "old friends": 7, None: 20}[segment]
    rules: tuple[tuple[Kind, int, int], ...] = (
        ("like", 1, 1), ("reply", 3, 4), ("repost", 5, 6), ("quote", 7, 9),
    )  # fmt: skip
    return [
        (kind, post)
        for number, post in enumerate(posts)
        for kind, step, seldom in rules
        if (number * step + person) % (every * seldom) == 0
    ]


def act(kind: Kind, post: Post) -> dict[str, Any]:
    """Return the record of somebody's doing something with a post."""
    at = now().isoformat()
    words = {"$type": "app.bsky.feed.post", "text": "Yes", "createdAt": at}
    match kind:
        case "reply":
            return {**words, "reply": {"root": post, "parent": post}}
        case "quote":
            return {**words, "embed": {"$type": "app.bsky.embed.record", "record": post}}
    return {"$type": f"app.bsky.feed.{kind}", "subject": post, "createdAt": at}


def write(network: Network, who: Person, records: list[dict[str, Any]]) -> list[Post]:
    """Have somebody write many records at once."""
    writes = [
        {"$type": "com.atproto.repo.applyWrites#create", "collection": one["$type"], "value": one}
        for one in records
    ]
    body = {"repo": who.did, "writes": writes}
    done = network.call("com.atproto.repo.applyWrites", body, who.token)
    return [{"uri": row["uri"], "cid": row["cid"]} for row in done["results"]]


def take_back(network: Network, who: Person, collection: str, subject: str) -> None:
    """Delete somebody's record about a post or a person."""
    arguments = {"repo": who.did, "collection": collection, "limit": "100"}
    answer = httpx.get(f"{network.pds}/xrpc/com.atproto.repo.listRecords", params=arguments)
    for row in answer.json()["records"]:
        about = row["value"]["subject"]
        if (about["uri"] if isinstance(about, dict) else about) == subject:
            delete(network, who, row["uri"])


def delete(network: Network, who: Person, uri: str) -> None:
    """Delete somebody's record."""
    did, collection, rkey = uri.removeprefix("at://").split("/")
    body = {"repo": did, "collection": collection, "rkey": rkey}
    network.call("com.atproto.repo.deleteRecord", body, who.token)
