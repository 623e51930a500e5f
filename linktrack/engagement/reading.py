"""Watch the engagement with an account's own posts, by its network.

Counts are read for many posts at once; then the people of each post, page by page. Each page is
committed before the next is asked for: whatever ends the process, reading goes on behind it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from linktrack.audience.claims import accounts_due, claim_turn
from linktrack.audience.models import Account
from linktrack.db import Database
from linktrack.db import now as this_moment
from linktrack.engagement.facts import keep_engaged
from linktrack.engagement.finding import due_posts, find_network_posts, posts_numbered
from linktrack.engagement.models import EngagementWatch, NetworkPost
from linktrack.engagement.schedule import NO_LISTS, lists_to_read, next_reading
from linktrack.engagement.storing import (
    begin_people,
    changed_kinds,
    drop_people,
    end_people,
    keep_counts,
    keep_people,
)
from linktrack.engagement.tallies import keep_tallies
from linktrack.engagement.vocabulary import KIND_NUMBER, KIND_OF, Kind
from linktrack.errors import LinktrackError, NotFound
from linktrack.ids import AccountId
from linktrack.networks.engagement import Counts, EngagementReader, PeoplePage
from linktrack.networks.errors import Pause
from linktrack.networks.registry import network_of, networks

LEASE: Final = timedelta(minutes=10)
"""For how long an account that is being read is left to its reader; each page renews it."""

EVERY: Final = timedelta(minutes=10)
"""How often is looked for posts that are due; also when a network that is away is asked again."""

LATER: Final = timedelta(hours=1)
"""When a post is read again whose people could not be."""

Open = Callable[[Account], EngagementReader | None]
"""Opens what tells of an account's engagement; None where nobody may read it."""


@dataclass(frozen=True, slots=True)
class Engaged:
    """What reading an account's engagement gave: how many posts were read, how many are gone.

    `pages` of people were read. `problem` is why reading did not come to its end.
    """

    handle: str
    posts: int = 0
    gone: int = 0
    pages: int = 0
    problem: str | None = None


def due_engagement(session: Session, at: datetime) -> list[Account]:
    """Return the accounts whose engagement is due to be read, or never was."""
    shown = [each.name for each in networks() if each.shows_engagement]
    return accounts_due(session, EngagementWatch, at, Account.network.in_(shown))


def claim_engagement(session: Session, account_id: int, at: datetime) -> bool:
    """Reserve a due account for this process; of several that try at once one gets it."""
    return claim_turn(session, EngagementWatch, account_id, at, LEASE)


def read_engagement(
    database: Database,
    account: Account,
    open_engagement: Open,
    clock: Callable[[], datetime] = this_moment,
) -> Engaged:
    """Read the engagement with an account's posts of the last 30 days, as far as it is due.

    What the network has against it is returned as `problem`, and kept.
    """
    with database.session(writes=True) as session:
        _reserve(session, account.id, clock())
        find_network_posts(session, account.id, clock())
        session.commit()
    done = Engaged(account.handle)
    next_at = clock() + EVERY
    try:
        reader = open_engagement(account)
        if reader is not None:
            with closing(reader):
                for part in _Reading(database, account, reader, clock).parts():
                    done = _sum(done, part)
    except Pause as pause:
        done, next_at = replace(done, problem=f"{account.handle}: {pause}."), pause.until
    except LinktrackError as error:
        done = replace(done, problem=f"{account.handle}: {error.sentence}")
        next_at = clock() + EVERY
    with database.session(writes=True) as session:
        if done.posts:
            keep_tallies(session, account.id)
            keep_engaged(session, account.id, clock())
        session.execute(
            update(EngagementWatch)
            .where(EngagementWatch.account_id == account.id)
            .values(next_at=next_at, problem=done.problem)
        )
        session.commit()
    return done


class _Reading:
    """One turn at an account."""

    def __init__(
        self,
        database: Database,
        account: Account,
        reader: EngagementReader,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._account_id = account.id
        self._reader = reader
        self._clock = clock
        self._fresh_every = network_of(account.network).engagement_every

    def parts(self) -> Iterator[Engaged]:
        """Read what is due, until nothing is; each part is committed when it is yielded."""
        while posts := self._due():
            counts = self._reader.counts({post.network_id: post.posted_at for post in posts})
            wanted = self._take_counts(posts, counts)
            gone = sum(post.network_id not in counts for post in posts)
            yield Engaged("", posts=len(posts), gone=gone)
            for number, network_id, kinds in wanted:
                yield from self._read_people(number, network_id, kinds)

    def _due(self) -> Sequence[NetworkPost]:
        with self._database.session() as session:
            watch = session.get_one(EngagementWatch, self._account_id)
            return due_posts(
                session, self._account_id, self._clock(), self._reader.most, watch.network_post_id
            )

    def _take_counts(
        self, due: Sequence[NetworkPost], counts: Mapping[str, Counts]
    ) -> list[tuple[int, str, tuple[Kind, ...]]]:
        """Store what was counted; return the posts whose people are to be read, all others done."""
        wanted = []
        with self._writing() as (session, watch, now):
            posts = posts_numbered(session, [post.id for post in due])
            found = {
                post.id: counts[post.network_id] for post in posts if post.network_id in counts
            }
            keep_counts(session, found, now)
            changed = changed_kinds(session, posts)
            for post in posts:
                lists = NO_LISTS
                if post.id in found:
                    post.gone_at, post.read_at = None, now
                    lists = lists_to_read(
                        post.posted_at,
                        now,
                        counts=found[post.id],
                        changed=changed.get(post.id),
                        names=self._reader.names,
                    )
                else:
                    post.gone_at = post.gone_at or now
                drop_people(session, post, lists.empty)
                if lists.read:
                    wanted.append((post.id, post.network_id, lists.read))
                else:
                    self._finish(watch, post, now, named_at=now if post.id in found else None)
        return wanted

    def _read_people(
        self, number: int, network_id: str, kinds: tuple[Kind, ...]
    ) -> Iterator[Engaged]:
        """Read the people of one post, from where the last process was stopped."""
        cursor = None
        with self._writing() as (session, watch, now):
            begun = KIND_OF.get(watch.kind or 0)
            if watch.network_post_id == number and begun in kinds:
                kinds, cursor = kinds[kinds.index(begun) :], watch.cursor
            else:
                begin_people(session.get_one(NetworkPost, number))
                watch.network_post_id, watch.begun_at = number, now
        for kind in kinds:
            more = True
            while more:
                page = self._page(number, network_id, kind, cursor)
                if page is None:
                    return
                cursor, more = page.cursor, page.cursor is not None
                with self._writing() as (session, watch, now):
                    post = session.get_one(NetworkPost, number)
                    keep_people(session, post, page.people, now)
                    watch.kind, watch.cursor = KIND_NUMBER[kind], cursor
                    if not more:
                        end_people(session, post, [kind])
                    if not more and kind == kinds[-1]:
                        self._finish(watch, post, now, named_at=watch.begun_at)
                yield Engaged("", pages=1)

    def _page(
        self, number: int, network_id: str, kind: Kind, cursor: str | None
    ) -> PeoplePage | None:
        """Return a page; a post whose people cannot be read waits, so that others are read."""
        try:
            return self._reader.people(network_id, kind, cursor)
        except LinktrackError as error:
            with self._writing() as (session, watch, now):
                session.get_one(NetworkPost, number).next_at = now + LATER
                watch.network_post_id = watch.kind = watch.cursor = watch.begun_at = None
            if isinstance(error, NotFound):  # deleted since it was counted: the next turn tells
                return None
            raise

    def _finish(
        self, watch: EngagementWatch, post: NetworkPost, now: datetime, *, named_at: datetime | None
    ) -> None:
        """A post is read; its names are as they were at `named_at`."""
        if self._reader.names and named_at is not None:
            post.names_read_at = named_at
        post.next_at = next_reading(post.posted_at, now, self._fresh_every)
        if watch.network_post_id == post.id:
            watch.network_post_id = watch.kind = watch.cursor = watch.begun_at = None

    @contextmanager
    def _writing(self) -> Iterator[tuple[Session, EngagementWatch, datetime]]:
        """One transaction that renews the claim; it is committed at its end."""
        now = self._clock()
        with self._database.session(writes=True) as session:
            yield session, _reserve(session, self._account_id, now), now
            session.commit()


def _reserve(session: Session, account_id: AccountId, at: datetime) -> EngagementWatch:
    """Keep others from reading the account for a while."""
    watch = session.get(EngagementWatch, account_id)
    if watch is None:
        watch = EngagementWatch(account_id=account_id, next_at=at + LEASE)
        session.add(watch)
    watch.next_at = at + LEASE
    session.flush()
    return watch


def _sum(one: Engaged, other: Engaged) -> Engaged:
    return replace(
        one,
        posts=one.posts + other.posts,
        gone=one.gone + other.gone,
        pages=one.pages + other.pages,
    )
