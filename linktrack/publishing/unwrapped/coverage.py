"""Coverage: the share of the links in an account's own posts that were wrapped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from linktrack.links.models import Link, Post, UnwrappedPost, Watch

INSTANT: Final = timedelta(milliseconds=1)  # the last post that is known is within


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of what an account published can be measured: links in its own words.

    Reposts are apart: nobody wraps another's links. What was posted is known from `known_from`
    to `known_until`, of the days asked for; both are None where other posts were not checked.
    """

    posts: int = 0
    posts_with_links: int = 0
    reposts: int = 0
    not_wrapped: int = 0
    wrapped: int = 0
    known_from: datetime | None = None
    known_until: datetime | None = None

    @property
    def links(self) -> int:
        """All links of its own words."""
        return self.wrapped + self.not_wrapped

    @property
    def share(self) -> float | None:
        """The part of its links that were wrapped, a fraction.

        None without any link, and where it was not checked what else was posted.
        """
        return self.wrapped / self.links if self.links and self.known_until else None


def coverage(
    session: Session,
    account_id: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Coverage:
    """Return the coverage of one account, as `coverages` does."""
    return coverages(session, [account_id], since, until)[account_id]


def coverages(
    session: Session,
    account_ids: Sequence[int],
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[int, Coverage]:
    """Return for each account how many of the links in its own posts were wrapped.

    With `since` or `until` (exclusive), of the posts in this time, as far as it is known what was
    posted: what was wrapped before or after that is left out, since nothing stands beside it.
    Without both, of all posts there are.
    """
    known = _known(session, account_ids)
    if since is not None or until is not None:
        known = {
            account_id: (max(since or first, first), min(until or last, last))
            for account_id, (first, last) in known.items()
        }
        known = {number: times for number, times in known.items() if times[0] < times[1]}
        unwrapped_then = _within(UnwrappedPost.account_id, UnwrappedPost.posted_at, known)
        wrapped_then = _within(Post.account_id, Post.posted_at, known)
    else:
        unwrapped_then = UnwrappedPost.account_id.in_(account_ids)
        wrapped_then = Post.account_id.in_(account_ids)
    own = ~UnwrappedPost.is_repost
    whole = own & ~UnwrappedPost.partly  # the others are counted among those with short links
    unwrapped = session.execute(
        select(
            UnwrappedPost.account_id,
            func.count().filter(whole),
            func.count().filter(whole, UnwrappedPost.addresses > 0),
            func.count().filter(UnwrappedPost.is_repost),
            func.coalesce(func.sum(UnwrappedPost.addresses).filter(own), 0),
        )
        .where(unwrapped_then)
        .group_by(UnwrappedPost.account_id)
    )
    posts: dict[int, list[int]] = {number: counts for number, *counts in unwrapped}
    wrapped = session.execute(
        select(Post.account_id, func.count(Post.id.distinct()), func.count(Link.id))
        .outerjoin(Link, and_(Link.post_id == Post.id, _is_in_text()))
        .where(wrapped_then, Post.state == "published")
        .group_by(Post.account_id)
    )
    links: dict[int, list[int]] = {number: counts for number, *counts in wrapped}
    found = {}
    for account_id in account_ids:
        others, with_links, reposts, not_wrapped = posts.get(account_id, (0, 0, 0, 0))
        ours, short = links.get(account_id, (0, 0))
        known_from, known_until = known.get(account_id, (None, None))
        found[account_id] = Coverage(
            posts=others + ours,
            posts_with_links=with_links + ours,
            reposts=reposts,
            not_wrapped=int(not_wrapped),
            wrapped=short,
            known_from=known_from,
            known_until=known_until,
        )
    return found


def _is_in_text() -> ColumnElement[bool]:
    """Whether a post's text has a link: one that an edit took out stays with the post.

    By REPLACE, which both databases have and which tells small letters from large ones. A code that
    begins another of the post counts as in it.
    """
    return func.replace(Post.text, "/" + Link.code, "") != Post.text


def _known(session: Session, account_ids: Sequence[int]) -> dict[int, tuple[datetime, datetime]]:
    """Return from when to when it is known what accounts posted, by readings and archives."""
    archived = session.execute(
        select(
            UnwrappedPost.account_id,
            func.min(UnwrappedPost.posted_at),
            func.max(UnwrappedPost.posted_at),
        )
        .where(UnwrappedPost.account_id.in_(account_ids))
        .group_by(UnwrappedPost.account_id)
    )
    read = session.execute(
        select(Watch.account_id, Watch.known_from, Watch.known_until).where(
            Watch.account_id.in_(account_ids), Watch.known_until.is_not(None)
        )
    )
    known: dict[int, tuple[datetime, datetime]] = {}
    for account_id, first, last in [*archived, *read]:
        begun, ended = known.get(account_id, (first, last))
        known[account_id] = min(begun, first), max(ended, last + INSTANT)
    return known


def _within(
    account: InstrumentedAttribute[int],
    moment: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    known: dict[int, tuple[datetime, datetime]],
) -> ColumnElement[bool]:
    return or_(
        false(),
        *(
            and_(account == account_id, moment >= first, moment < last)
            for account_id, (first, last) in known.items()
        ),
    )
