"""A network that tells of engagement, for tests: posts, and who has done what with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fakenetwork import Clock
from sqlalchemy import select
from world import World

from linktrack.audience.models import Account, Follower
from linktrack.engagement.models import Engagement, NetworkPost
from linktrack.engagement.reading import Engaged, read_engagement
from linktrack.engagement.vocabulary import KIND_OF, NAMED, Kind
from linktrack.links.models import UnwrappedPost
from linktrack.networks.engagement import Counts, EngagedPerson, PeoplePage


@dataclass
class Gathering:
    """Tells `most` posts at once and three people a page; `trouble` is raised once, when asked.

    What is asked is `counts`, or (post, kind, cursor). `hidden` are posts that are not shown.
    """

    most: int = 25
    names: tuple[Kind, ...] = NAMED
    done: dict[str, dict[Kind, list[str]]] = field(default_factory=dict)
    views: dict[str, int] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    asked: list[object] = field(default_factory=list)
    trouble: dict[object, BaseException] = field(default_factory=dict)

    def act(self, post: str, kind: Kind, *people: str) -> None:
        """Have people do something with a post."""
        self.done.setdefault(post, {}).setdefault(kind, []).extend(people)

    def take_back(self, post: str, kind: Kind, person: str) -> None:
        self.done[post][kind].remove(person)

    def counts(self, posted: Mapping[str, datetime]) -> Mapping[str, Counts]:
        self._ask("counts")
        found: dict[str, Counts] = {}
        for post in posted:
            if post not in self.hidden:
                kinds = self.done.get(post, {})
                told: dict[Kind, int] = {kind: len(kinds.get(kind, [])) for kind in NAMED}
                if post in self.views:
                    told["view"] = self.views[post]
                found[post] = told
        return found

    def people(self, network_id: str, kind: Kind, cursor: str | None) -> PeoplePage:
        self._ask((network_id, kind, cursor))
        people = self.done.get(network_id, {}).get(kind, [])
        start = int(cursor or 0)
        more = str(start + 3) if start + 3 < len(people) else None
        return PeoplePage([EngagedPerson(kind, who) for who in people[start : start + 3]], more)

    def _ask(self, what: object) -> None:
        self.asked.append(what)
        if what in self.trouble:
            raise self.trouble.pop(what)

    def close(self) -> None:
        """Nothing is held."""


def said(world: World, account: Account, name: str, at: datetime) -> None:
    """Have an account say something without a link, as the watcher of posts keeps it."""
    world.session.add(
        UnwrappedPost(
            account_id=account.id, network_id=name, posted_at=at, is_repost=False, text="Words",
            addresses=0,
        )
    )  # fmt: skip
    world.session.commit()


def engage(world: World, account: Account, gathering: Gathering | None, clock: Clock) -> Engaged:
    """Read what is due."""
    world.session.rollback()
    if gathering is not None:
        gathering.asked.clear()
    try:
        return read_engagement(world.database, account, lambda _: gathering, clock)
    finally:
        world.session.rollback()
        world.session.expire_all()


def post_named(world: World, name: str) -> NetworkPost:
    return world.session.scalars(select(NetworkPost).where(NetworkPost.network_id == name)).one()


def named(world: World, name: str) -> list[tuple[Kind, str]]:
    """Return who is named with a post, by kind and network's id."""
    query = (
        select(Engagement.kind, Follower.network_id)
        .join(Follower, Follower.id == Engagement.follower_id)
        .join(NetworkPost, NetworkPost.id == Engagement.network_post_id)
        .where(NetworkPost.network_id == name)
        .order_by(Engagement.kind, Follower.network_id)
    )
    return [(KIND_OF[kind], who) for kind, who in world.session.execute(query)]
