"""Members of a community, for tests that are not about how they were let in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from world import NOON, World

from linktrack.app import create_app
from linktrack.audience.models import Account, Consent, Follower
from linktrack.community.communities import open_community
from linktrack.community.feed.bringing_in import bring_in
from linktrack.community.feed_addresses import feed_token
from linktrack.community.models import FeedEntry, Member
from linktrack.installation import Installation
from linktrack.keys import Markers, load_keys


def add_member(
    session: Session,
    community: Account,
    handle: str = "@ada",
    *,
    network_id: str | None = None,
    agrees_links: bool = True,
    agrees_mail: bool = False,
    sealed_mail: str | None = None,
) -> Member:
    """Add somebody who was let in at NOON, known by a handle on the community's network."""
    member = Member(
        account_id=community.id,
        network=community.network,
        network_id=network_id or f"id of {handle}",
        handle=handle,
        handle_key=handle.lstrip("@").casefold(),
        sealed_mail=sealed_mail,
        introduction="I read you since 2009.",
        agrees_links=agrees_links,
        agrees_mail=agrees_mail,
        joined_at=NOON,
        feed_number=0,
    )
    session.add(member)
    session.flush()
    return member


@dataclass(frozen=True, slots=True)
class Club:
    """A community on Mastodon, the two other accounts, and Ada, who follows both and agreed."""

    world: World
    community: Account
    me: Account
    links: Account
    ada: Member

    @property
    def markers(self) -> Markers:
        """What signs members' addresses."""
        return load_keys(self.world.settings.data).markers()

    def token(self, member: Member | None = None) -> str:
        """Return what stands for a member's feed."""
        return feed_token(self.markers, member or self.ada)

    def bring(self, text: str, *, note: str = "", at: datetime = NOON) -> FeedEntry:
        """Publish a text on the account for links, and bring it in."""
        world = self.world
        post = world.post(self.links, text, at - timedelta(days=9))
        entry = bring_in(world.session, world.shortener, self.community, post, written=note, now=at)
        world.session.commit()
        return entry

    @contextmanager
    def pages(self) -> Iterator[FlaskClient]:
        """Serve the pages."""
        world = self.world
        keys = load_keys(world.settings.data)
        app = create_app(Installation(world.settings, keys, world.database, world.shortener))
        yield app.test_client()


def club(world: World, *, agrees_links: bool = True) -> Club:
    """Open a community with one member."""
    session = world.session
    community, me, links = (
        world.account(handle, "mastodon", role)
        for handle, role in (
            ("@we@example.social", "we"),
            ("@me@example.social", "me"),
            ("@links@example.social", "you"),
        )
    )
    open_community(session, community, NOON)
    who = "https://example.social/@ada"
    ada = add_member(
        session, community, "@ada@example.social", network_id=who, agrees_links=agrees_links
    )
    for account in (me, links):
        follower = Follower(
            account_id=account.id,
            network_id=who,
            handle="@ada@example.social",
            handle_key="ada@example.social",
        )
        session.add(follower)
        session.flush()
        session.add(Consent(follower_id=follower.id, agreed_at=NOON))
    session.commit()
    return Club(world, community, me, links, ada)
