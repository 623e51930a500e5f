"""An installation that publishes to a fake network."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from fakenetwork import Clock, FakeNetwork
from world import NOON, World

from linktrack.audience.models import Account, StoredCredential
from linktrack.calendar.days import Days
from linktrack.errors import LinktrackError
from linktrack.links.models import Post
from linktrack.links.posts import Wish, wrap_post
from linktrack.publishing import queue
from linktrack.publishing.attempts import Publisher
from linktrack.publishing.models import Sending
from linktrack.publishing.sender import Sender
from linktrack.publishing.sendings import sending_of

TEXT = "Read this: http://example.org/a-long-address"


@dataclass
class Office:
    """An installation whose accounts are connected to a fake network, and a clock."""

    world: World
    clock: Clock = field(default_factory=lambda: Clock(NOON))
    refusal: LinktrackError | None = None

    def __post_init__(self) -> None:
        self.network = FakeNetwork(self.clock)
        self.open: Callable[[], Publisher] = lambda: self.network
        self.days = Days(self.world.settings.timezone, "month")
        self.sender = self.another()

    def another(self) -> Sender:
        """A sender as another process, or another machine, has one."""
        world = self.world
        return Sender(world.database, world.shortener, self.days, self._open, self.clock)

    def _open(self, _account: Account) -> Publisher:
        if self.refusal is not None:
            raise self.refusal
        return self.open()

    def draft(self, account: Account, text: str = TEXT) -> Post:
        session = self.world.session
        connect(self.world, account)
        wish = Wish(text, state="draft")
        post = wrap_post(session, self.world.shortener, account, wish, self.clock.now)
        assert post is not None
        session.commit()
        return post

    def enqueue(self, post: Post, due_in: timedelta | None = None, confirmed: bool = False) -> None:
        queue.enqueue(
            self.world.session,
            post,
            None if due_in is None else self.clock.now + due_in,
            self.clock.now,
            self.days,
            base_url=self.world.settings.base_url,
            confirmed=confirmed,
        )
        self.world.session.commit()

    def send(self, **later: float) -> Sending:
        """Move the clock, send what is due, and return the newest post's sending."""
        self.clock.move(**later)
        self.sender.send_due()
        return self.sending()

    def sending(self, post: Post | None = None) -> Sending:
        session = self.world.session
        session.rollback()
        session.expire_all()
        newest = post or session.query(Post).order_by(Post.id.desc()).first()
        assert newest is not None
        found = sending_of(session, newest.id)
        assert found is not None
        session.rollback()
        return found

    def state(self, post: Post) -> str:
        session = self.world.session
        session.refresh(post)
        state = post.state
        session.rollback()
        return state


def connect(world: World, account: Account) -> None:
    """Make an account one that is signed in; what signs it in is never opened here."""
    if world.session.get(StoredCredential, account.id) is None:
        stored = StoredCredential(account_id=account.id, sealed="", connected_at=NOON)
        world.session.add(stored)
        world.session.commit()
