"""Read an account's own posts: find which of ours are out, and which were not wrapped.

Every page is worked in as soon as it is read. Whatever ends the process, or however long the
network asks to wait, reading goes on behind the last page.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from linktrack.audience.claims import accounts_due, claim_turn
from linktrack.audience.models import Account
from linktrack.calendar.days import Days
from linktrack.db import Database
from linktrack.db import now as this_moment
from linktrack.errors import LinktrackError
from linktrack.links.catalog import Shortener
from linktrack.links.models import Watch
from linktrack.networks.errors import Pause
from linktrack.networks.protocols import Feed
from linktrack.networks.records import PostPage
from linktrack.networks.registry import network_of, networks
from linktrack.publishing.unwrapped.matching import match_posts
from linktrack.publishing.unwrapped.posts import host_of, keep_posts

LEASE: Final = timedelta(minutes=10)
"""For how long an account that is being read is left to its reader; each page renews it."""

EVERY: Final = timedelta(hours=1)
AGAIN: Final = timedelta(minutes=15)
"""When a network that could not be asked is asked again."""

OVERLAP: Final = timedelta(days=1)
"""So much of what is already known is read again: posts show late, and are edited."""

STALE: Final = timedelta(days=1)
"""A reading begun longer ago begins anew: networks forget where a page was."""

ALL: Final = timedelta(days=365 * 50)

Open = Callable[[Account], Feed | None]
"""Opens the own posts of an account; None where nobody may read them."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What reading an account's posts gave.

    `published` are the numbers of our posts that were found to be out, `not_wrapped` is how many
    new posts have links of their own. `problem` is why reading did not come to its end.
    """

    handle: str
    posts: int = 0
    published: tuple[int, ...] = ()
    not_wrapped: int = 0
    problem: str | None = None


def due_watches(session: Session, at: datetime) -> list[Account]:
    """Return the accounts whose own posts are due to be read, or never were."""
    shown = [each.name for each in networks() if each.shows_posts]
    return accounts_due(session, Watch, at, Account.network.in_(shown))


def watch_of(session: Session, account_id: int) -> Watch | None:
    """Return how far an account's own posts have been read, None where they never were."""
    return session.get(Watch, account_id)


def claim_watch(session: Session, account_id: int, at: datetime) -> bool:
    """Reserve a due account for this process; of several that try at once one gets it."""
    return claim_turn(session, Watch, account_id, at, LEASE)


def watch_account(
    database: Database,
    shortener: Shortener,
    account: Account,
    open_feed: Open,
    days: Days,
    clock: Callable[[], datetime] = this_moment,
) -> Watched:
    """Read an account's own posts since last time, the first time all of them.

    It commits after each page. What the network has against it is returned as `problem`, and kept.
    """
    with database.session(writes=True) as session:
        _reserve(session, account.id, clock())
        session.commit()
    done = Watched(account.handle)
    next_at = clock() + EVERY
    try:
        feed = open_feed(account)
        if feed is not None:
            with closing(feed):
                for part in _pages(database, shortener, account.id, feed, days=days, clock=clock):
                    done = _sum(done, part)
    except Pause as pause:
        done, next_at = replace(done, problem=f"{account.handle}: {pause}."), pause.until
    except LinktrackError as error:
        done = replace(done, problem=f"{account.handle}: {error.sentence}")
        next_at = clock() + AGAIN
    with database.session(writes=True) as session:
        session.execute(
            update(Watch)
            .where(Watch.account_id == account.id)
            .values(next_at=next_at, problem=done.problem)
        )
        session.commit()
    return done


def _pages(
    database: Database,
    shortener: Shortener,
    account_id: int,
    feed: Feed,
    *,
    days: Days,
    clock: Callable[[], datetime],
) -> Iterator[Watched]:
    """Read and work in page by page, until what is already known or the end."""
    with database.session() as session:
        cursor = session.get_one(Watch, account_id).cursor
    more = True
    while more:
        page = feed.posts(cursor)
        cursor = page.cursor
        with database.session(writes=True) as session:
            account = session.get_one(Account, account_id)
            watch = _reserve(session, account_id, clock())
            part = _take(session, shortener, account, page, days=days, now=clock())
            more = _go_on(watch, account.network, page, clock())
            session.commit()
        yield part


def _reserve(session: Session, account_id: int, at: datetime) -> Watch:
    """Keep others from reading the account for a while; a reading begun long ago begins anew."""
    watch = session.get(Watch, account_id)
    if watch is None:
        watch = Watch(account_id=account_id, next_at=at + LEASE)
        session.add(watch)
    watch.next_at = at + LEASE
    if watch.begun_at is None or at - watch.begun_at > STALE:
        watch.begun_at, watch.cursor, watch.oldest = at, None, None
    session.flush()
    return watch


def _take(
    session: Session,
    shortener: Shortener,
    account: Account,
    page: PostPage,
    *,
    days: Days,
    now: datetime,
) -> Watched:
    host = host_of(shortener.base_url) or ""
    published = match_posts(session, shortener, account, page.posts, now=now, days=days)
    kept = keep_posts(session, account, page.posts, host)
    return Watched(account.handle, kept.posts, tuple(published), kept.around)


def _go_on(watch: Watch, network: str, page: PostPage, now: datetime) -> bool:
    """Keep how far reading has come; say whether there is more to read.

    Networks give posts by their time. Some let a post claim an earlier one, and sort it there.
    """
    begun_at = watch.begun_at or now
    if page.posts:
        last = page.posts[-1].posted_at
        watch.oldest = min(watch.oldest or last, last)
    watch.cursor = page.cursor
    if watch.known_until is not None:
        until = watch.known_until - OVERLAP
    else:
        until = begun_at - (network_of(network).first_reading or ALL)
    reached = watch.oldest is not None and watch.oldest < until
    if page.cursor is not None and not reached:
        return True
    if watch.known_from is None:
        watch.known_from = until if reached else min(watch.oldest or begun_at, begun_at)
    watch.known_until = begun_at
    watch.begun_at = watch.cursor = watch.oldest = None
    return False


def _sum(one: Watched, other: Watched) -> Watched:
    return replace(
        one,
        posts=one.posts + other.posts,
        published=(*one.published, *other.published),
        not_wrapped=one.not_wrapped + other.not_wrapped,
    )
